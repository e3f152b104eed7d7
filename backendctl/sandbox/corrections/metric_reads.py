"""GetMetricData, GetMetricStatistics and ListMetrics, answered from the points themselves."""

from __future__ import annotations

import base64
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections.answers import Refusal
from backendctl.sandbox.metrics import data, statistics, store
from backendctl.sandbox.metrics.faults import DataError, TokenError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backendctl.sandbox.metrics.store import Point

LISTED = 500
"""Metrics of one page."""

RECENT = 3 * 3600.0
"""Seconds within which a metric is recently active."""


def metric_data(region: str, asked: Mapping[str, Any]) -> dict[str, Any] | Refusal:
    """GetMetricData."""
    whole = _timed(asked)
    try:
        data.judge(whole)
        return data.page(region, whole)
    except DataError as problem:
        return Refusal(code="ValidationError", message=str(problem))
    except TokenError:
        return Refusal(code="InvalidNextToken", message="The NextToken value is invalid.")


def metric_statistics(region: str, asked: Mapping[str, Any]) -> dict[str, Any] | Refusal:
    """GetMetricStatistics, whose limit of data points was looked at."""
    basic, extended = asked.get("Statistics") or [], asked.get("ExtendedStatistics") or []
    refusal = _statistics(asked, basic, extended)
    if refusal is not None:
        return refusal
    whole, period = _timed(asked), int(asked["Period"])
    points = store.points(
        region, store.Metric.of(asked), start=whole["StartTime"], end=whole["EndTime"], unit=asked.get("Unit")
    )
    found = statistics.by_period(points, period)
    rows = [_datapoint(moment, some, basic, extended) for moment, some in found.items()]
    return {"Label": asked["MetricName"], "Datapoints": rows}


def listed(region: str, asked: Mapping[str, Any]) -> dict[str, Any] | Refusal:
    """ListMetrics."""
    since = time.time() - RECENT if asked.get("RecentlyActive") else 0
    every = [metric for metric in store.metrics(region, since=since) if store.fits(metric, asked)]
    start = _start(asked.get("NextToken"))
    if start is None:
        return Refusal(code="InvalidParameterValue", message="Invalid nextToken")
    told = [
        {
            "Namespace": metric.namespace,
            "MetricName": metric.name,
            "Dimensions": [{"Name": name, "Value": value} for name, value in metric.dimensions.items()],
        }
        for metric in every[start : start + LISTED]
    ]
    end = str(start + LISTED)
    more = {"NextToken": base64.b64encode(end.encode()).decode()} if start + LISTED < len(every) else {}
    return {"Metrics": told, **more}


def _statistics(asked: Mapping[str, Any], basic: list[str], extended: list[str]) -> Refusal | None:
    if bool(basic) is bool(extended):
        why = "are mutually exclusive and you have specified both" if basic else "are both missing"
        return Refusal(
            code="InvalidParameterCombination", message=f"The parameters Statistics and ExtendedStatistics {why}."
        )
    unknown = next((name for name in extended if not statistics.is_extended(name)), None)
    if unknown is not None:
        words = f"The value {unknown} for parameter ExtendedStatistics is not supported."
        return Refusal(code="InvalidParameterValue", message=words)
    if not data.is_period(int(asked["Period"])):
        words = "The parameter Period must be 1, 5, 10, 20, 30 or a multiple of 60."
        return Refusal(code="InvalidParameterValue", message=words)
    return None


def _datapoint(moment: int, points: list[Point], basic: list[str], extended: list[str]) -> dict[str, Any]:
    found = {name: statistics.value(points, name) for name in basic}
    more = {name: value for name in extended if (value := statistics.value(points, name)) is not None}
    told = {"Timestamp": moment, "Unit": points[0].unit, **found}
    return {**told, "ExtendedStatistics": more} if more else told


def _timed(asked: Mapping[str, Any]) -> dict[str, Any]:
    """A request with its moments in seconds since the epoch, however they were written."""
    return {**asked, **{name: _seconds(asked[name]) for name in ("StartTime", "EndTime")}}


def _seconds(moment: float | str) -> float:
    if isinstance(moment, str):
        return datetime.fromisoformat(moment).timestamp()
    return float(moment)


def _start(token: str | None) -> int | None:
    """How many metrics have been told before; None for a token that is none."""
    if token is None:
        return 0
    try:
        return int(base64.b64decode(token))
    except ValueError:
        return None
