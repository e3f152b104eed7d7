"""Reads and writes of items: whether they can be answered by now, and what CloudWatch hears of them."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections.answers import Refusal, invalid
from backendctl.sandbox.corrections.table_own import group_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backendctl.sandbox.corrections.table_times import TableTimes
    from backendctl.sandbox.inner import Inner


@dataclass(frozen=True, kw_only=True, slots=True)
class TableAccess:
    """Judges reads and writes of items, which need an ACTIVE table and a filled index."""

    times: TableTimes

    def refusal(self, region: str, asked: dict[str, Any]) -> Refusal | None:
        """Why a request cannot be answered yet."""
        for name in tables_of(asked):
            place = region, name.rpartition(":table/")[2]
            if self.times.creating.lasts(place) or self.times.is_joining(place):
                return Refusal(code="ResourceNotFoundException", message="Requested resource not found")
            index = asked.get("IndexName")
            if index is not None and index in self.times.indexing(place):  # C42
                return invalid(f"Cannot read from backfilling global secondary index: {index}")
        return None


def tables_of(asked: dict[str, Any]) -> Iterator[str]:
    """Names or ARNs of the tables that a request about items is about."""
    name = asked.get("TableName")
    if isinstance(name, str):
        yield name
    items = asked.get("RequestItems")
    if isinstance(items, dict):
        yield from items
    for one in asked.get("TransactItems") or ():
        yield from (part["TableName"] for part in one.values() if isinstance(part, dict) and "TableName" in part)


async def measured(
    inner: Inner, region: str, metric: str, dimensions: Mapping[str, str], *, value: float, unit: str
) -> None:
    """Put one figure of AWS/DynamoDB into the emulated CloudWatch of a region."""
    datum = {
        "MetricName": metric,
        "Dimensions": [{"Name": name, "Value": one} for name, one in dimensions.items()],
        "Value": value,
        "Unit": unit,
    }
    await inner.ask_json(
        service="monitoring",
        region=region,
        target="GraniteServiceVersion20100801.PutMetricData",
        document={"Namespace": "AWS/DynamoDB", "MetricData": [datum]},
    )


WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "TransactWriteItems"})
"""What makes a table's replicas change."""

_EVERY = 1.0
"""Seconds between two figures of one table, at least."""


@dataclass(kw_only=True, slots=True)
class Lags:
    """How long a group's regions take to have what is written in one of them (C34)."""

    inner: Inner
    _last: dict[tuple[str, str], float] = field(default_factory=dict)

    async def written(self, region: str, name: str, milliseconds: float) -> None:
        """Something was written there, and was in all other regions after so long."""
        others = [other for other in group_of(region, name) if other != region]
        if not others or time.monotonic() - self._last.get((region, name), -_EVERY) < _EVERY:
            return
        self._last[region, name] = time.monotonic()
        for other in others:
            dimensions = {"TableName": name, "ReceivingRegion": other}
            await measured(
                self.inner, region, "ReplicationLatency", dimensions, value=milliseconds, unit="Milliseconds"
            )
