"""The same as `access_counts` for more requests than are read line by line: Logs Insights adds them up."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from backendctl.aws.errors import ClientError, is_missing
from backendctl.release.access_counts import Counting, Span
from backendctl.release.access_log import AccessLog, Line
from backendctl.release.latency import comparisons, levels_wanted
from backendctl.release.observed import Curve, Observed
from backendctl.release.thresholds import Thresholds
from backendctl.warmth import insights

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

Row = Mapping[str, str]
_ROWS_PER_SLOT = 16
"""Rows of one slot of time, as a rule: a status each, on both sides."""
_BY_SLOT = "stats count(*) as n by canary, status, bin({seconds}s) as at | limit {rows}"
_BY_ROUTE = "stats count(*) as n by canary, method, path, status | limit {rows}"
_BY_LEVEL = "filter latency like /^[0-9.]+$/ | stats count(*) as n, {levels} by {by} | limit {rows}"
_OF_API, _OF_ROUTES = "canary", "canary, method, path"


def query_counts(
    aws: Aws, log: AccessLog, span: Span, settings: Thresholds, *, among: int
) -> tuple[Observed, Observed] | None:
    """Base and canary; None when there is no such log group.

    Args:
        settings, among: as `judge` takes them; they say how much of the latency has to be known.

    Raises:
        AwsError: the query failed. ClientError: CloudWatch Logs refused.
    """
    asking = _Asking(aws=aws, log=log, span=span)
    slot = max(span.resolution, math.ceil((span.end - span.begin) * _ROWS_PER_SLOT / insights.ROWS))
    counting = Counting(span=span)
    for row, line in asking.lines(span.begin, _BY_SLOT.format(seconds=slot, rows=insights.ROWS)):
        at = int(insights.moment_of(row["at"]))
        counting.add(at, replace(line, route=""), times=round(float(row["n"])))
    if not asking.is_there:
        return None
    for row, line in asking.lines(span.settled, _BY_ROUTE.format(rows=insights.ROWS)):
        counting.add_route(span.settled, line, times=round(float(row["n"])))
    _add_latency(asking, counting, settings, among=among)
    return counting.observed(is_canary=False), counting.observed(is_canary=True)


def _add_latency(asking: _Asking, counting: Counting, settings: Thresholds, *, among: int) -> None:
    """The levels that the verdict on base and canary rests on; those of routes are the same, which is near enough."""
    if "latency" not in asking.log.named:
        return
    curves = comparisons(max(len(counting.routes(is_canary=True)), 1))
    levels = sorted(
        {
            level
            for is_canary in (False, True)
            for level in levels_wanted(counting.present(is_canary=is_canary), settings, among=among * curves)
        }
    )
    if not levels:
        return
    asked = ", ".join(f"pct(latency, {_percent(level)}) as p{number}" for number, level in enumerate(levels))
    for by in (_OF_API, _OF_ROUTES) if "path" in asking.log.named else (_OF_API,):
        text = _BY_LEVEL.format(levels=asked, by=by, rows=insights.ROWS)
        for row, line in asking.lines(asking.span.settled, text):
            key = (line.is_canary, line.route if by == _OF_ROUTES else "")
            counting.time(key, _curve(levels, row), sampled=round(float(row["n"])))


def _percent(level: float) -> str:
    return f"{level * 100:.4f}".rstrip("0").rstrip(".")


def _curve(levels: list[float], row: Row) -> Curve:
    found: list[tuple[float, float]] = []
    for number, level in enumerate(levels):
        value = float(row[f"p{number}"])
        found.append((level, max(value, found[-1][1]) if found else value))
    return tuple(found)


@dataclass(kw_only=True, slots=True)
class _Asking:
    """Queries to one stage's access log. is_there: whether any of its groups exists."""

    aws: Aws
    log: AccessLog
    span: Span
    is_there: bool = False

    def lines(self, since: int, tail: str) -> Iterator[tuple[Row, Line]]:
        """Each row, with what it stands for."""
        for group in self.log.groups:
            scope = insights.Scope(region=self.span.region, groups=(group,), since=since, until=self.span.end - 1)
            try:
                rows = insights.query(self.aws, scope, f"{self._head()} | {tail}")
            except ClientError as error:
                if not is_missing(error):
                    raise
                continue
            self.is_there = True
            for row in rows:
                yield row, self._line(row, in_canary_group=group != self.log.group)

    def _line(self, row: Row, *, in_canary_group: bool) -> Line:
        return Line(
            is_canary=in_canary_group or row.get("canary") == "true",
            status=int(row.get("status", 0)),
            route=f"{row.get('method', '')} {row['path']}".strip() if row.get("path") else "",
        )

    def _head(self) -> str:
        """Reads a line and leaves out those of others."""
        pattern = self.log.pattern.pattern.replace("(?P<", "(?<").replace("/", r"\/")
        ours = [r"status like /^[0-9]+$/"]
        ours += [f'{name} = "{value}"' for name, value in self.log.own.items()]
        return f"parse @message /^{pattern}\\s*$/ | filter {' and '.join(ours)}"
