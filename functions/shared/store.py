"""A DynamoDB table, opened once at cold start and kept for the life of the execution environment."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import boto3
from boto3.dynamodb.conditions import Key
from botocore.config import Config

Item = dict[str, Any]

# The defaults, 60 s and several attempts, outlive every caller: a mobile user is gone after a few seconds,
# and the function itself after ten. Two attempts of at most 2 + 2 s leave time to answer 503.
TIGHT = Config(
    connect_timeout=2,
    read_timeout=2,
    retries={"mode": "standard", "total_max_attempts": 2},
    tcp_keepalive=True,
)


class Table(Protocol):
    """The part of a boto3 table that is used; small enough to stand in for it in a test."""

    def get_item(self, *, Key: Item) -> Any: ...  # noqa: N803  boto3's own spelling
    def put_item(self, *, Item: Item) -> Any: ...  # noqa: N803
    def delete_item(self, *, Key: Item) -> Any: ...  # noqa: N803
    def query(self, **arguments: Any) -> Any: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Store:
    """A table and the names of its hash and range key, both strings."""

    table: Table
    key: tuple[str, str]

    def touch(self) -> None:
        """Open the connection by a read that finds nothing: the next user does not wait for DNS and TLS."""
        self.table.get_item(Key=dict.fromkeys(self.key, "-"))

    def put(self, item: Item) -> None:
        self.table.put_item(Item=item)

    def delete(self, item: Item) -> None:
        self.table.delete_item(Key={name: item[name] for name in self.key})

    def find(self, attribute: str, value: str, *, index: str | None = None, newest: bool = False) -> Iterator[Item]:
        """Items whose hash key is `value`, in the order of the range key; pages are fetched as needed."""
        arguments: dict[str, Any] = {
            "KeyConditionExpression": Key(attribute).eq(value),
            "ScanIndexForward": not newest,
        }
        if index is not None:
            arguments["IndexName"] = index
        while True:
            page = self.table.query(**arguments)
            yield from page["Items"]
            if "LastEvaluatedKey" not in page:
                return
            arguments["ExclusiveStartKey"] = page["LastEvaluatedKey"]


def open_store(variable: str, *, key: tuple[str, str]) -> Store:
    """The table named by an environment variable, in the function's own region: replication does the rest."""
    resource: Any = boto3.resource("dynamodb", region_name=os.environ["AWS_REGION"], config=TIGHT)
    return Store(table=resource.Table(os.environ[variable]), key=key)
