"""Reading many reports by Logs Insights, which costs by the gigabyte scanned and not by the page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
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
    "| filter {filter} | stats count(*) as n, pct(coalesce(json, text), 50) as p50, pct(coalesce(json, text), 95) as p95 "
    "by @log as group, bin({minutes}m) as at"
)
_WAIT = 900.0
"""Seconds that a query may take; AWS stops it after an hour."""
_LEAST = 60.0
"""Seconds of log below which a query is not split any more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """What the log of one group tells.

    Attributes:
        events: reports; only those of cold starts where there are bins.
        bins: of warm invocations, where there were too many for rows.
    """

    events: tuple[LogEvent, ...] = ()
    bins: tuple[Bin, ...] = ()


def reports(
    aws: Aws, region: str, groups: Sequence[str], *, since: float, until: float, count: int, most: int
) -> dict[str, Found]:
    """The reports of each group.

    Args:
        since, until: seconds since the epoch.
        count: invocations that metrics counted; above `most` the warm ones come in bins, the cold ones as they are.
    """
    found: dict[str, Found] = {}
    for start in range(0, len(groups), GROUPS):
        some = groups[start : start + GROUPS]
        wanted = _IS_REPORT if count <= most else f"{_IS_REPORT} and {_IS_COLD}"
        events: dict[str, list[LogEvent]] = {group: [] for group in some}
        for group, event in _rows(aws, region, some, wanted, since, until):
            events[group].append(event)
        bins = {} if count <= most else _bins(aws, region, some, since, until)
        for group in some:
            found[group] = Found(events=tuple(events[group]), bins=tuple(bins.get(group, ())))
    return found


def _rows(
    aws: Aws, region: str, groups: Sequence[str], wanted: str, since: float, until: float
) -> Iterator[tuple[str, LogEvent]]:
    """All rows; a stretch of time with too many is read in halves, which scans no more."""
    results = _query(aws, region, groups, _ROWS.format(filter=wanted, rows=ROWS), since, until)
    if len(results) >= ROWS and until - since > _LEAST:
        middle = float(int((since + until) / 2))
        yield from _rows(aws, region, groups, wanted, since, middle)
        yield from _rows(aws, region, groups, wanted, middle + 1, until)
        return
    for row in results:
        group = row["@log"].partition(":")[2] or row["@log"]
        yield group, LogEvent(at=_moment(row["@timestamp"]), stream=row["@logStream"], message=row["@message"])


def _bins(aws: Aws, region: str, groups: Sequence[str], since: float, until: float) -> dict[str, list[Bin]]:
    minutes = max(1, round((until - since) / 60 * len(groups) / (ROWS / 2)) or 1)
    text = _BINS.format(filter=f"{_IS_REPORT} and not {_IS_COLD}", minutes=minutes)
    found: dict[str, list[Bin]] = {}
    for row in _query(aws, region, groups, text, since, until):
        group = row["group"].partition(":")[2] or row["group"]
        found.setdefault(group, []).append(
            Bin(
                at=_moment(row["at"]),
                seconds=minutes * 60.0,
                count=round(float(row["n"])),
                p50_ms=float(row.get("p50", 0)),
                p95_ms=float(row.get("p95", 0)),
            )
        )
    return {group: sorted(bins, key=lambda one: one.at) for group, bins in found.items()}


def _query(aws: Aws, region: str, groups: Sequence[str], text: str, since: float, until: float) -> list[dict[str, str]]:
    client, doing = aws.logs(region), f"query {region}/logs"
    query = client.start_query(logGroupNames=list(groups), startTime=int(since), endTime=int(until), queryString=text)[
        "queryId"
    ]

    def probe() -> GetQueryResultsResponseTypeDef | None:
        answer = client.get_query_results(queryId=query)
        return None if answer["status"] in {"Scheduled", "Running"} else answer

    answer = wait_until(aws, f"Logs Insights in {region}", probe, limit=_WAIT, step=1.0)
    if answer["status"] != "Complete":
        raise AwsError(f"the query ended as {answer['status']}", doing=doing, code=answer["status"])
    return [{cell["field"]: cell.get("value", "") for cell in row} for row in answer["results"]]


def _moment(text: str) -> float:
    """Seconds since the epoch of Insights' "2026-11-28 13:00:00.000", which is UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()
