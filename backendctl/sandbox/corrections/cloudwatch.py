"""CloudWatch over JSON: what is refused of metrics and alarms, how they are read, and how alarms are shown.

Clients which speak another of its protocols get what the emulated one says.
"""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import math
import time
import uuid
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections import constraints
from backendctl.sandbox.corrections.answers import Refusal, retold
from backendctl.sandbox.http import BAD_REQUEST, NOT_FOUND, OK, Response
from backendctl.sandbox.metrics import data, statistics, store
from backendctl.sandbox.metrics.faults import DataError, TokenError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backendctl.sandbox.http import Request
    from backendctl.sandbox.inner import Inner
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
    refusal = _unfit_statistics(asked, basic, extended)
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


def _unfit_statistics(asked: Mapping[str, Any], basic: list[str], extended: list[str]) -> Refusal | None:
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


DATAPOINTS = 1440
"""How many GetMetricStatistics may give at once."""

_READS = {
    "GetMetricData": metric_data,
    "GetMetricStatistics": metric_statistics,
    "ListMetrics": listed,
}
_JUDGE = constraints.Judge(
    service="cloudwatch",
    enums={"StateValue": ("INSUFFICIENT_DATA", "ALARM", "OK")},
    silent=frozenset({"Timestamp"}),
)


@dataclass(frozen=True, kw_only=True, slots=True)
class CloudWatch:
    """CloudWatch in front of the emulated one."""

    inner: Inner

    async def handle(self, request: Request) -> Response:
        """Answer a request."""
        request = _unpacked(request)
        operation = request.headers.get("x-amz-target", "").rpartition(".")[2]
        if not operation:
            return await self.inner.forward(request)
        refused = _refusal(operation, request)
        if refused is not None:
            return refused
        if operation in _READS:
            # A large one takes long, and requests to APIs are not to wait for it.
            return _told(await asyncio.to_thread(_READS[operation], request.region, request.json()))
        return self._retold(operation, await self.inner.forward(request))

    def _retold(self, operation: str, answer: Response) -> Response:
        if operation == "DescribeAlarms" and answer.status == OK:
            return retold(answer, _alarms(json.loads(answer.body)))
        if answer.status == NOT_FOUND and operation == "ListTagsForResource":
            return Response.of_json({"Tags": []})  # of an alarm that is gone as of one without tags
        if answer.status == NOT_FOUND and operation == "SetAlarmState":
            return _error("ResourceNotFound", "", name="ResourceNotFound", status=NOT_FOUND)
        return answer


def _unpacked(request: Request) -> Request:
    """SDKs compress PutMetricData from 10 KB on."""
    if request.headers.get("content-encoding") != "gzip":
        return request
    body = gzip.decompress(request.body)
    kept = {name: value for name, value in request.headers.items() if name != "content-encoding"}
    return replace(request, body=body, headers={**kept, "content-length": str(len(body))})


def _refusal(operation: str, request: Request) -> Response | None:
    broken = _JUDGE.refusal(operation, request)
    if broken is not None:
        return _error("ValidationError", broken.message, name=broken.code)
    asked = request.json()
    if operation == "GetMetricStatistics":
        return _statistics(asked)
    if operation == "PutMetricData":
        if asked["Namespace"].startswith("AWS/"):
            return _error("InvalidParameterValue", "The value AWS/ for parameter Namespace is invalid.")
        data = enumerate(asked.get("MetricData", []), start=1)
        return next((refused for number, one in data if (refused := _datum(one, f"MetricData.member.{number}."))), None)
    return None


def _told(found: dict[str, Any] | Refusal) -> Response:
    if not isinstance(found, Refusal):
        return Response.of_json(found, headers={"Content-Type": "application/x-amz-json-1.0"})
    name = found.code if found.code in {"ValidationError", "InvalidNextToken"} else ""
    return _error(found.code, found.message, name=name)


def _statistics(asked: Mapping[str, Any]) -> Response | None:
    start, end, period = asked["StartTime"], asked["EndTime"], asked["Period"]
    if not isinstance(start, (int, float)) or not isinstance(end, (int, float)):
        return None  # written out by a client of its own making
    if start >= end:
        return _error("InvalidParameterValue", "The parameter StartTime must be less than the parameter EndTime.")
    points = math.ceil((end - start) / period)
    if points <= DATAPOINTS:
        return None
    return _error(
        "InvalidParameterCombination",
        f"You have requested up to {points} datapoints, which exceeds the limit of {DATAPOINTS}. You may reduce the "
        "datapoints requested by increasing Period, or decreasing the time range.",
    )


def _datum(datum: Mapping[str, Any], place: str) -> Response | None:
    others = [name for name in ("Values", "StatisticValues") if datum.get(name) is not None]
    if others and datum.get("Value") is not None:
        return _error(
            "InvalidParameterCombination",
            f"The parameters {place}Value and {place}{others[0]} are mutually exclusive and you have specified both.",
        )
    counts = datum.get("Counts")
    if counts is not None and len(counts) != len(datum.get("Values") or []):
        return _error(
            "InvalidParameterValue", f"The parameters {place}Values and {place}Counts must be of the same size."
        )
    return None


def _alarms(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "MetricAlarms": [_alarm(alarm) for alarm in document.get("MetricAlarms", [])]}


def _alarm(alarm: dict[str, Any]) -> dict[str, Any]:
    """Without what was not set, and with the moment its state became what it is."""
    unset = {"AlarmDescription": (None, ""), "TreatMissingData": (None, "missing")}
    shown = {name: value for name, value in alarm.items() if value not in unset.get(name, ())}
    return {"StateTransitionedTimestamp": alarm["StateUpdatedTimestamp"], **shown}


def _error(code: str, message: str, *, name: str = "", status: int = BAD_REQUEST) -> Response:
    """An error under both names it has: the one of today's model, and that of the days of forms and XML."""
    kind = f"com.amazonaws.cloudwatch.v2010_08_01#{name or f'{code}Exception'}"
    return Response.of_json(
        {"__type": kind, **({"message": message} if message else {})},
        status=status,
        headers={
            "Content-Type": "application/x-amz-json-1.0",
            "x-amzn-query-error": f"{code};Sender",
            "x-amzn-RequestId": str(uuid.uuid4()),
        },
    )
