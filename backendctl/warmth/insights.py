"""Reading many reports by Logs Insights, which costs by the gigabyte scanned and not by the page."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from backendctl.aws.wait import until as wait_until
from backendctl.errors import AwsError
from backendctl.warmth.invocations import LogEvent
from backendctl.warmth.timeline import Bin

if TYPE_CHECKING:
    from mypy_boto3_logs.type_defs import GetQueryResultsResponseTypeDef

    from backendctl.aws.connection import Aws

GROUPS = 50
"""Log groups in one query, at most (K15)."""
ROWS = 10_000
"""Rows of one query, at most (K15)."""
_IS_REPORT = '(@message like /^REPORT RequestId/ or @message like /"platform.report"/)'
_IS_COLD = "(@message like /(Init|Restore) Duration: / or @message like /(init|restore)DurationMs/)"
_ROWS = "fields @timestamp, @log, @logStream, @message | filter {filter} | sort @timestamp asc | limit {rows}"
_BINS = (
    'parse @message /"durationMs": ?(?<json>[0-9.]+)/ | parse @message /Duration: (?<text>[0-9.]+) ms/ '
    "| filter {filter} | stats count(*) as n, pct(coalesce(json, text), 50) as p50, "
    "pct(coalesce(json, text), 95) as p95 by @log as group, bin({minutes}m) as at | limit {rows}"
)
_WAIT = 900.0
"""Seconds that a query may take; AWS stops it after an hour."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """Which logs to query. since, until: seconds since the epoch."""

    region: str
    groups: tuple[str, ...]
    since: float
    until: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What the log of one group tells.

    Attributes:
        events: reports; only those of cold starts where there are bins.
        bins: of warm invocations, where there were too many for rows.
    """

    events: tuple[LogEvent, ...] = ()
    bins: tuple[Bin, ...] = ()


def reports(aws: Aws, scope: Scope, *, count: int, most: int) -> dict[str, Found]:
    """The reports of each group.

    Args:
        count: invocations that metrics counted; above `most` the warm ones come in bins, the cold ones as they are.
    """
    found: dict[str, Found] = {}
    for start in range(0, len(scope.groups), GROUPS):
        some = replace(scope, groups=scope.groups[start : start + GROUPS])
        wanted = _IS_REPORT if count <= most else f"{_IS_REPORT} and {_IS_COLD}"
        events: dict[str, list[LogEvent]] = {group: [] for group in some.groups}
        for group, event in _rows(aws, some, wanted):
            events[group].append(event)
        bins = {} if count <= most else _bins(aws, some)
        for group in some.groups:
            found[group] = Found(events=tuple(events[group]), bins=tuple(bins.get(group, ())))
    return found


def _rows(aws: Aws, scope: Scope, wanted: str) -> Iterator[tuple[str, LogEvent]]:
    """All rows from `since` to `until`, each once."""
    seen: set[str] = set()
    for row in _halves(aws, replace(scope, until=float(math.ceil(scope.until))), wanted):
        at = moment_of(row["@timestamp"])
        if row["@ptr"] not in seen and scope.since <= at <= scope.until:
            seen.add(row["@ptr"])
            yield _group(row["@log"]), LogEvent(at=at, stream=row["@logStream"], message=row["@message"])


def _halves(aws: Aws, scope: Scope, wanted: str) -> Iterator[dict[str, str]]:
    """The rows; a stretch of time with too many is read in halves, which scans little more.

    StartQuery takes whole seconds, and both ends belong to it: halves share the second in the middle, so that its
    events come twice and none is lost.
    """
    results = query(aws, scope, _ROWS.format(filter=wanted, rows=ROWS))
    if len(results) < ROWS:
        yield from results
        return
    since, until = int(scope.since), int(scope.until)
    if until - since > 1:
        middle = (since + until) // 2
        yield from _halves(aws, replace(scope, until=float(middle)), wanted)
        yield from _halves(aws, replace(scope, since=float(middle)), wanted)
    elif len(scope.groups) > 1:
        for group in scope.groups:
            yield from _halves(aws, replace(scope, groups=(group,)), wanted)
    else:
        told = f"{scope.groups[0]} has {ROWS:,} reports or more within two seconds, and a query answers no more"
        raise AwsError(told, doing=f"query the logs of {scope.region}", code="TooManyRows")


def _bins(aws: Aws, scope: Scope) -> dict[str, list[Bin]]:
    minutes = max(1, round((scope.until - scope.since) / 60 * len(scope.groups) / (ROWS / 2)))
    text = _BINS.format(filter=f"{_IS_REPORT} and not {_IS_COLD}", minutes=minutes, rows=ROWS)
    found: dict[str, list[Bin]] = {}
    for row in query(aws, scope, text):
        one = Bin(
            at=moment_of(row["at"]),
            seconds=minutes * 60.0,
            count=round(float(row["n"])),
            p50_ms=float(row["p50"]),
            p95_ms=float(row["p95"]),
        )
        found.setdefault(_group(row["group"]), []).append(one)
    return {group: sorted(bins, key=lambda one: one.at) for group, bins in found.items()}


def query(aws: Aws, scope: Scope, text: str) -> list[dict[str, str]]:
    """The rows that a query answers, at most `ROWS`: field → value.

    Raises:
        AwsError: it ended otherwise than complete.
    """
    client = aws.logs(scope.region)
    query = client.start_query(
        logGroupNames=list(scope.groups), startTime=int(scope.since), endTime=int(scope.until), queryString=text
    )["queryId"]

    def probe() -> GetQueryResultsResponseTypeDef | None:
        answer = client.get_query_results(queryId=query)
        return None if answer["status"] in {"Scheduled", "Running"} else answer

    answer = wait_until(aws, f"Logs Insights in {scope.region}", probe, limit=_WAIT, step=1.0)
    if answer["status"] != "Complete":
        told = f"the query ended as {answer['status']}"
        raise AwsError(told, doing=f"query the logs of {scope.region}", code=answer["status"])
    return [{cell["field"]: cell.get("value", "") for cell in row} for row in answer["results"]]


def _group(log: str) -> str:
    """The name of Insights' "<account>:<log group>"."""
    return log.partition(":")[2] or log


def moment_of(text: str) -> float:
    """Seconds since the epoch of Insights' "2026-11-28 13:00:00.000", which is UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
