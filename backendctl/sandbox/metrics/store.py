"""The data points which the emulated CloudWatch keeps."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from backendctl.sandbox import ministack_names
from backendctl.sandbox.world import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import ModuleType

_MOMENT = itemgetter("Timestamp")


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """A value, or a set of values, at one moment.

    Attributes:
        moment: seconds since the epoch.
        total: the sum of `count` values, which are `low` at least and `high` at most.
    """

    moment: float
    unit: str
    count: float
    total: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """What points are of."""

    namespace: str
    name: str
    dimensions: Mapping[str, str]

    @classmethod
    def of(cls, asked: Mapping[str, Any]) -> Metric:
        """The metric a request names; its dimensions are all that it has."""
        dimensions = {one["Name"]: one["Value"] for one in asked.get("Dimensions") or []}
        return cls(namespace=asked.get("Namespace", ""), name=asked.get("MetricName", ""), dimensions=dimensions)


def points(region: str, metric: Metric, *, start: float, end: float, unit: str | None = None) -> list[Point]:
    """The points of a metric from `start` on and before `end`, of one unit or of any."""
    dimensions = ministack_names.read(_cloudwatch(), "_dims_key")(dict(metric.dimensions))
    key = metric.namespace, metric.name, dimensions
    kept = list(ministack_names.kept("cloudwatch", "_metrics", region, key) or ())
    found = map(_point, _between(kept, start, end))
    return [point for point in found if unit in {None, point.unit}]


def _between(kept: list[dict[str, Any]], start: float, end: float) -> list[dict[str, Any]]:
    moments = list(map(_MOMENT, kept))
    order = sorted(moments)
    if moments != order:  # somebody put points of the past
        return [record for record in kept if start <= record["Timestamp"] < end]
    return kept[bisect_left(order, start) : bisect_left(order, end)]


def metrics(region: str, *, since: float = 0) -> Iterator[Metric]:
    """All metrics of a region that have a point since a moment."""
    for (account, where, key), kept in ministack_names.every(_cloudwatch(), "_metrics").items():
        if (account, where) != (ACCOUNT, region) or not any(record["Timestamp"] >= since for record in kept):
            continue
        yield Metric(namespace=key[0], name=key[1], dimensions=dict(kept[0]["Dimensions"]))


def fits(metric: Metric, asked: Mapping[str, Any]) -> bool:
    """Whether ListMetrics is to tell of a metric."""
    filters: Sequence[Mapping[str, str]] = asked.get("Dimensions") or []
    return (
        asked.get("Namespace") in {None, metric.namespace}
        and asked.get("MetricName") in {None, metric.name}
        and all(
            one["Name"] in metric.dimensions and one.get("Value") in {None, metric.dimensions[one["Name"]]}
            for one in filters
        )
    )


def _point(record: Mapping[str, Any]) -> Point:
    whole = record.get("_stat") or {}
    value, count = float(record["Value"]), float(record.get("Count", 1.0))
    return Point(
        moment=float(record["Timestamp"]),
        unit=record.get("Unit", "None"),
        count=float(whole.get("SampleCount", count)),
        total=float(whole.get("Sum", value * count)),
        low=float(whole.get("Minimum", value)),
        high=float(whole.get("Maximum", value)),
    )


def _cloudwatch() -> ModuleType:
    return ministack_names.module("services.cloudwatch")
