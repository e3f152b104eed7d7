"""How far each region lags behind another, by items of our own: written in one region, awaited in all others.

A region's marker has always the same key, so that whatever a kill left behind is removed by the next run. It is
written only where there is nothing, or a marker: never over an item of the user's.
"""

from __future__ import annotations

import time
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from backendctl.aws.crew import together
from backendctl.aws.errors import BotoCoreError, ClientError, code_of, explain, is_missing
from backendctl.aws.progress import note
from backendctl.errors import BackendctlError
from backendctl.tables.replication import Lags, Pair, pairs_of, summary

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.spec.model import Attribute, TableSpec

T = TypeVar("T")

_MARK = "backendctl:replication-test"
_NUMBER = -87_654_321_098_765_432_109_000
"""Of markers whose key is a number: nobody counts down so far."""
_PAUSE = 0.05
_PATIENCE = 60.0
"""Seconds in which a marker has to arrive."""
_KEPT = 3600
"""Seconds after which DynamoDB may remove a marker by itself, where the table has TTL."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Reader:
    """Who reads a table's stream, and so gets to see markers too."""

    region: str
    what: str


@dataclass(kw_only=True)
class Markers:
    """The markers of one table.

    Attributes:
        clock: seconds, from any origin.
    """

    aws: Aws
    table: TableSpec
    regions: Sequence[str]
    clock: Callable[[], float] = field(default=time.monotonic)

    def measure(self, rounds: int) -> Lags:
        """So many markers from each region to each other; all of them are removed in the end.

        Raises:
            AwsError: DynamoDB refused a marker.
            BackendctlError: an item of the user's has a marker's key.
        """
        found: dict[Pair, list[float]] = defaultdict(list)
        lost: dict[Pair, int] = defaultdict(int)
        with self._removed():
            for number in range(1, rounds + 1):
                for source in self.regions:
                    note(f"round {number} of {rounds}: from {source}")
                    for pair, lag in self._round(source).items():
                        if lag is None:
                            lost[pair] += 1
                        else:
                            found[pair].append(lag)
        pairs = {pair: summary(found[pair], lost=lost[pair]) for pair in pairs_of(self.table, self.regions)}
        return Lags(how="markers", pairs=pairs, unreachable={})

    def readers(self) -> list[Reader]:
        """Who reads the table's stream in each region, as far as AWS tells.

        Raises:
            AwsError: a region did not tell.
        """
        return [one for each in together(partial(self._readers, region) for region in self.regions) for one in each]

    @contextmanager
    def _removed(self) -> Iterator[None]:
        """Before, because a run that was killed may have left some; and after, whatever happens."""
        self._remove()
        try:
            yield
        finally:
            self._remove()

    def _remove(self) -> None:
        """Of every region, also when another does not answer.

        Raises:
            AwsError: a region's marker may still be there.
        """
        failed = [error for error in map(self._removed_from, self.regions) if error is not None]
        if failed:
            raise failed[0]

    def _removed_from(self, region: str) -> BackendctlError | None:
        try:
            self.aws.dynamodb(region).delete_item(
                TableName=self.table.physical,
                Key=self._key(region),
                ConditionExpression="attribute_exists(#mark)",
                ExpressionAttributeNames={"#mark": _MARK},
            )
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and code_of(error) == "ConditionalCheckFailedException":
                return None
            return explain(error, doing=f"remove the marker from {region}/table/{self.table.name}")
        return None

    def _round(self, source: str) -> dict[Pair, float | None]:
        stamp = uuid.uuid4().hex
        self._write(source, stamp)
        sent = self.clock()
        targets = [region for region in self.regions if region != source]
        seen = together(partial(self._await, target, source, stamp, sent) for target in targets)
        name = self.table.name
        return {Pair(table=name, source=source, target=one): lag for one, lag in zip(targets, seen, strict=True)}

    def _write(self, region: str, stamp: str) -> None:
        client = self.aws.dynamodb(region)
        item: dict[str, Any] = {**self._key(region), _MARK: {"S": stamp}}
        ttl = self.table.ttl
        if ttl and ttl not in item:
            item[ttl] = {"N": str(int(time.time()) + _KEPT)}
        try:
            client.put_item(
                TableName=self.table.physical,
                Item=item,
                ConditionExpression="attribute_not_exists(#hash) OR attribute_exists(#mark)",
                ExpressionAttributeNames={"#hash": self.table.key.hash.name, "#mark": _MARK},
            )
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and code_of(error) == "ConditionalCheckFailedException":
                raise BackendctlError(
                    f"{region}/table/{self.table.name} has an item of its own where the marker would be: "
                    f"{self._key(region)}",
                    hint="nothing of it has been touched; leave --write out to go by CloudWatch",
                ) from error
            raise explain(error, doing=f"write a marker to {region}/table/{self.table.name}") from error

    def _await(self, target: str, source: str, stamp: str, sent: float) -> float | None:
        """Milliseconds until it was seen there, None when it was not."""
        client = self.aws.dynamodb(target)
        while True:
            try:
                found = client.get_item(TableName=self.table.physical, Key=self._key(source), ConsistentRead=True)
            except (ClientError, BotoCoreError) as error:
                raise explain(error, doing=f"read the marker in {target}/table/{self.table.name}") from error
            passed = self.clock() - sent
            if found.get("Item", {}).get(_MARK, {}).get("S") == stamp:
                return max(passed, 0.0) * 1000
            if passed > _PATIENCE:
                return None
            self.aws.sleep(_PAUSE)

    def _key(self, region: str) -> dict[str, Any]:
        """The key of a region's marker, the same in every run."""
        parts = [self.table.key.hash, *([self.table.key.range] if self.table.key.range else [])]
        return {part.name: self._part(part, region) for part in parts}

    def _part(self, part: Attribute, region: str) -> Mapping[str, Any]:
        text = f"{_MARK}:{region}"
        if part.type == "N":
            return {"N": str(_NUMBER - sorted(self.table.regions).index(region))}
        return {"B": text.encode()} if part.type == "B" else {"S": text}

    def _readers(self, region: str) -> list[Reader]:
        client, name = self.aws.dynamodb(region), self.table.physical
        stream = self._asked(region, lambda: client.describe_table(TableName=name))["Table"].get("LatestStreamArn", "")
        functions = self._asked(region, lambda: self._functions(region, stream)) if stream else []
        told = self._asked(region, lambda: client.describe_kinesis_streaming_destination(TableName=name))
        streams = [
            one["StreamArn"].rpartition("/")[2]
            for one in told.get("KinesisDataStreamDestinations", ())
            if one.get("DestinationStatus") not in {"DISABLED", "DISABLING"}
        ]
        named = [f"function {one}" for one in functions] + [f"Kinesis stream {one}" for one in streams]
        return [Reader(region=region, what=what) for what in named]

    def _asked(self, region: str, ask: Callable[[], T]) -> T:
        try:
            return ask()
        except (ClientError, BotoCoreError) as error:
            if isinstance(error, ClientError) and is_missing(error):
                raise BackendctlError(f"there is no table {self.table.physical} in {region}") from error
            raise explain(error, doing=f"ask who reads {region}/table/{self.table.name}") from error

    def _functions(self, region: str, stream: str) -> list[str]:
        pages = self.aws.lambda_(region).get_paginator("list_event_source_mappings").paginate(EventSourceArn=stream)
        return [one["FunctionArn"].partition(":function:")[2] for page in pages for one in page["EventSourceMappings"]]
