"""Markers are removed from every region that answers, whatever happens in another."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from backendctl.aws.connection import Access, Aws
from backendctl.errors import AwsError
from backendctl.spec import model
from backendctl.tables.markers import Markers

EAST, WEST = "us-east-1", "us-west-2"
ORDERS = model.TableSpec(
    name="orders",
    physical="shop-orders",
    key=model.Key(hash=model.Attribute(name="id", type="S")),
    regions=(EAST, WEST),
)


class Group:
    """A table in two regions; what is written in one is in the other at once, and a region may be silent."""

    exceptions = SimpleNamespace(ClientError=ClientError)

    def __init__(self) -> None:
        self.items: dict[str, dict[str, Any]] = {}
        self.silent: set[str] = set()

    def of(self, region: str) -> Any:
        """The client there."""
        return SimpleNamespace(
            exceptions=self.exceptions,
            put_item=lambda **request: self._put(region, request["Item"]),
            get_item=lambda **request: self._get(region, request["Key"]["id"]["S"]),
            delete_item=lambda **request: self._delete(region, request["Key"]["id"]["S"]),
        )

    def _reached(self, region: str) -> None:
        if region in self.silent:
            raise EndpointConnectionError(endpoint_url=f"https://dynamodb.{region}.amazonaws.com")

    def _put(self, region: str, item: dict[str, Any]) -> None:
        self._reached(region)
        self.items[item["id"]["S"]] = item

    def _get(self, region: str, key: str) -> dict[str, Any]:
        self._reached(region)
        return {"Item": self.items[key]} if key in self.items else {}

    def _delete(self, region: str, key: str) -> None:
        self._reached(region)
        if key not in self.items:
            raise ClientError({"Error": {"Code": "ConditionalCheckFailedException", "Message": ""}}, "DeleteItem")
        del self.items[key]


class LocalAws(Aws):
    """Aws whose DynamoDB is the group's."""

    def __init__(self, group: Group) -> None:
        super().__init__(Access(keys=("testing", "testing")), backend="shop")
        self._group = group

    def dynamodb(self, region: str) -> Any:
        return self._group.of(region)


def markers(group: Group) -> Markers:
    return Markers(aws=LocalAws(group), table=ORDERS, regions=(EAST, WEST))


def test_every_pair_is_measured_and_nothing_is_left() -> None:
    group = Group()
    lags = markers(group).measure(2)
    assert {(pair.source, pair.target): lag.samples for pair, lag in lags.pairs.items()} == {
        (EAST, WEST): 2,
        (WEST, EAST): 2,
    }
    assert group.items == {}


@pytest.mark.parametrize("silent", [EAST, WEST])
def test_a_region_that_does_not_answer_keeps_no_other_from_being_tidied(silent: str) -> None:
    group = Group()
    for region in (EAST, WEST):
        key = f"backendctl:replication-test:{region}"
        group.items[key] = {"id": {"S": key}}
    group.silent.add(silent)
    with pytest.raises(AwsError, match=f"remove the marker from {silent}/table/orders"):
        markers(group).measure(1)
    assert list(group.items) == [f"backendctl:replication-test:{silent}"]
