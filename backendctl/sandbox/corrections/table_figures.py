"""Figures that DynamoDB gives CloudWatch."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backendctl.sandbox.corrections.table_own import group_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backendctl.sandbox.inner import Inner


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
