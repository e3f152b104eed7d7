"""What a region has of each aspect, in words that are equal only where the regions are."""

from __future__ import annotations

from typing import Any, cast

import pytest

from backendctl.spec import model
from backendctl.tables.aspects import Seen, aspects_of

EAST, WEST = "us-east-1", "us-west-2"
ID, AT, TOTAL = (model.Attribute(name=name, type="S") for name in ("id", "at", "total"))
ORDERS = model.TableSpec(
    name="orders",
    physical="shop-orders",
    key=model.Key(hash=ID, range=AT),
    regions=(EAST, WEST),
    local_indexes=(model.LocalIndex(name="by-total", range=TOTAL, projection="KEYS_ONLY"),),
)


def seen(region: str = EAST, *, encryption: str = "aws-owned", **changes: Any) -> Seen:
    """A table there, with one local index of all attributes."""
    schema = [{"AttributeName": name, "KeyType": kind} for name, kind in (("id", "HASH"), ("total", "RANGE"))]
    described: Any = {
        "TableName": "shop-orders",
        "TableStatus": "ACTIVE",
        "KeySchema": [*schema[:1], {"AttributeName": "at", "KeyType": "RANGE"}],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in ("id", "at", "total")],
        "LocalSecondaryIndexes": [
            {"IndexName": "by-total", "KeySchema": schema, "Projection": {"ProjectionType": "ALL"}}
        ],
    }
    fields = {"ttl": "", "recovery": False, "tags": {}, "policy": {}, "scaling": {}, **changes}
    return Seen(region=region, description=described, encryption=encryption, **cast("Any", fields))


def value(name: str, one: Seen) -> str:
    return next(aspect.value(one) for aspect in aspects_of(ORDERS, [one], "shop") if aspect.name == name)


def test_local_indexes_with_other_projections_read_differently() -> None:
    (aspect,) = (one for one in aspects_of(ORDERS, [seen()], "shop") if one.name == "local index by-total")
    assert aspect.wanted(EAST) == "range: total S, projection: keys"
    assert aspect.value(seen()) == "range: total S"


def test_a_policy_is_told_by_its_statements_and_a_digest() -> None:
    one, two = ({"Statement": [{"Effect": "Allow", "Sid": str(n)} for n in range(count)]} for count in (1, 2))
    assert value("resource policy", seen()) == "none"
    assert value("resource policy", seen(policy=one)).startswith("1 statement (")
    assert value("resource policy", seen(policy=two)).startswith("2 statements (")


@pytest.mark.parametrize(("wanted", "suits"), [("aws-managed", False), (f"arn:aws:kms:{EAST}:1:key/a", True)])
def test_a_key_of_the_account_suits_another_regions_key_and_not_one_that_aws_manages(
    wanted: str,
    suits: bool,  # noqa: FBT001  # a parameter of the table above
) -> None:
    one = seen(WEST, encryption=f"arn:aws:kms:{WEST}:1:key/b")
    (aspect,) = (aspect for aspect in aspects_of(ORDERS, [one], "shop") if aspect.name == "encryption")
    assert aspect.suits(aspect.value(one), wanted) is suits
