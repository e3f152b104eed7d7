"""GetMetricData: queries of metrics and expressions over one span of time, in pages."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.metrics import expressions, statistics, store
from backendctl.sandbox.metrics.faults import DataError, TokenError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backendctl.sandbox.metrics.expressions import Series

QUERIES = 500
POINTS = 100_800
"""Data points of one answer at most."""

_ID = re.compile(r"[a-z][a-zA-Z0-9_]*")
_SHORT = frozenset({1, 5, 10, 20, 30})
_MINUTE = 60
_NOT_OF_THE_TOKEN = {"NextToken", "MaxDatapoints"}

Query = dict[str, Any]


def is_period(seconds: int) -> bool:
    """Whether CloudWatch has periods of so many seconds."""
    return seconds in _SHORT or (seconds > 0 and seconds % _MINUTE == 0)


def judge(asked: Mapping[str, Any]) -> None:
    """Look for what CloudWatch refuses at once.

    Raises:
        DataError: the first of it.
    """
    queries: Sequence[Query] = asked["MetricDataQueries"]
    if len(queries) > QUERIES:
        raise DataError(f"The collection MetricDataQueries must not have a size greater than {QUERIES}.")
    if asked["StartTime"] >= asked["EndTime"]:
        raise DataError("The parameter StartTime must be less than the parameter EndTime.")
    if not 1 <= (asked.get("MaxDatapoints") or POINTS) <= POINTS:
        raise DataError(f"The parameter MaxDatapoints must be between 1 and {POINTS}.")
    for number, query in enumerate(queries, start=1):
        _judge_one(query, f"MetricDataQueries.member.{number}")
    if len({query["Id"] for query in queries}) < len(queries):
        raise DataError("The values for parameter id in MetricDataQueries are not unique.")


def _judge_one(query: Query, place: str) -> None:
    if not _ID.fullmatch(query["Id"]):
        raise DataError(
            f"The value {query['Id']} for parameter {place}.Id is not matching the expected pattern "
            "^[a-z][a-zA-Z0-9_]*$."
        )
    stat, expression = query.get("MetricStat"), query.get("Expression")
    if (stat is None) is (expression is None):
        both = "are mutually exclusive and you have specified both" if stat else "are both missing"
        raise DataError(f"The parameters {place}.Expression and {place}.MetricStat {both}.")
    if "${" in (query.get("Label") or ""):
        raise DataError(f"The sandbox does not emulate dynamic labels ({place}.Label).")
    if stat is None:
        return
    if not is_period(int(stat["Period"])):
        raise DataError(f"The parameter {place}.MetricStat.Period must be 1, 5, 10, 20, 30 or a multiple of 60.")
    if not statistics.is_known(stat["Stat"]):
        raise DataError(f"The value {stat['Stat']} for parameter {place}.MetricStat.Stat is not supported.")


@dataclass(kw_only=True, slots=True)
class _Found:
    """The series of a request, each computed when it is first needed."""

    region: str
    asked: Mapping[str, Any]
    _series: dict[str, Series] = field(default_factory=dict)
    _points: dict[str, list[store.Point]] = field(default_factory=dict)
    _open: list[str] = field(default_factory=list)

    def series(self, query_id: str) -> Series:
        """That of a query; KeyError when there is no such id."""
        if query_id not in self._series:
            query = {query["Id"]: query for query in self.asked["MetricDataQueries"]}[query_id]
            if query_id in self._open:
                raise DataError(f"Error in expression '{query.get('Expression')}': it refers to itself")
            self._open.append(query_id)
            stat = query.get("MetricStat")
            self._series[query_id] = self._measured(stat) if stat else self._computed(query)
            self._open.remove(query_id)
        return self._series[query_id]

    def _measured(self, stat: Mapping[str, Any]) -> Series:
        period = int(stat["Period"])
        points = statistics.by_period(self._kept(stat), period)
        values = {at: statistics.value(some, stat["Stat"]) for at, some in points.items()}
        return {at: value for at, value in values.items() if value is not None}

    def _kept(self, stat: Mapping[str, Any]) -> list[store.Point]:
        """The points of a metric, which most requests ask for several statistics of."""
        start, end, unit = self.asked["StartTime"], self.asked["EndTime"], stat.get("Unit")
        key = json.dumps([stat["Metric"], unit], sort_keys=True)
        if key not in self._points:
            metric = store.Metric.of(stat["Metric"])
            self._points[key] = store.points(self.region, metric, start=start, end=end, unit=unit)
        return self._points[key]

    def _computed(self, query: Query) -> Series:
        metrics = [one for one in self.asked["MetricDataQueries"] if one.get("MetricStat")]
        periods = [int(one["MetricStat"]["Period"]) for one in metrics]
        period = int(query.get("Period") or max(periods, default=_MINUTE))
        begin, end = int(self.asked["StartTime"]) // period * period, self.asked["EndTime"]
        scope = expressions.Scope(
            series=self.series,
            metrics=[(label(one), self.series(one["Id"])) for one in metrics],
            periods=[moment for moment in range(begin, int(end) + 1, period) if moment < end],
        )
        return expressions.evaluate(query["Expression"], scope)


def label(query: Query) -> str:
    """Of a query: its own, or the name of its metric, or for an expression its id."""
    given: str | None = query.get("Label")
    metric = (query.get("MetricStat") or {}).get("Metric") or {}
    return given or metric.get("MetricName") or query["Id"]


def page(region: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a request which was judged.

    Raises:
        DataError: an expression is none.
        TokenError: the token is none.
    """
    found = _Found(region=region, asked=asked)
    is_down = asked.get("ScanBy", "TimestampDescending") != "TimestampAscending"
    begin, most = _place(asked), asked.get("MaxDatapoints") or POINTS
    results, seen = [], 0
    for query in asked["MetricDataQueries"]:
        series = sorted(found.series(query["Id"]).items(), reverse=is_down)
        if not query.get("ReturnData", True):
            continue
        part = series[max(0, begin - seen) : max(0, begin + most - seen)]
        seen += len(series)
        results.append(
            {
                "Id": query["Id"],
                "Label": label(query),
                "Timestamps": [moment for moment, _ in part],
                "Values": [value for _, value in part],
                "StatusCode": "Complete" if seen <= begin + most else "PartialData",
            }
        )
    more = {"NextToken": _token(asked, begin + most)} if seen > begin + most else {}
    return {"MetricDataResults": results, "Messages": [], **more}


def _token(asked: Mapping[str, Any], place: int) -> str:
    return base64.urlsafe_b64encode(f"{_digest(asked)}/{place}".encode()).decode()


def _place(asked: Mapping[str, Any]) -> int:
    """How many points have been told before this page."""
    token = asked.get("NextToken")
    if token is None:
        return 0
    try:
        digest, _, place = base64.urlsafe_b64decode(token).decode().partition("/")
    except ValueError as problem:
        raise TokenError from problem
    if digest != _digest(asked) or not place.isdigit():
        raise TokenError
    return int(place)


def _digest(asked: Mapping[str, Any]) -> str:
    rest = {name: value for name, value in asked.items() if name not in _NOT_OF_THE_TOKEN}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()[:16]
