"""StartQuery, GetQueryResults, DescribeQueries and StopQuery."""

from __future__ import annotations

import asyncio
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.insights import commands, records, run
from backendctl.sandbox.insights.commands import ROWS
from backendctl.sandbox.logs import store
from backendctl.sandbox.world import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backendctl.sandbox.insights.tree import Command
    from backendctl.sandbox.timing import Pace

GROUPS = 50
"""Log groups one query reads at most (K15)."""

AT_ONCE = 100
"""Queries that run at the same time in a region."""

SCHEDULED, RUNNING = 0.5, 2.0
"""AWS's seconds until a query runs, and until it is complete."""

_STATISTICS = ("recordsMatched", "recordsScanned", "bytesScanned")


@dataclass(kw_only=True, slots=True)
class Query:
    """One query.

    Attributes:
        runs, ends: moments of the pace's clock.
        created: seconds since the epoch.
        answer: its rows and statistics.
    """

    id: str
    region: str
    groups: Sequence[str]
    text: str
    created: float
    runs: float
    ends: float
    stopped: bool = False
    answer: asyncio.Future[tuple[run.Result, dict[str, float]]]


@dataclass(kw_only=True, slots=True)
class Queries:
    """All queries since the sandbox was started."""

    pace: Pace
    _known: dict[str, Query] = field(default_factory=dict)

    def start(self, region: str, groups: Sequence[str], asked: Mapping[str, Any]) -> str:
        """Begin a query over groups that exist; its id.

        Raises:
            MalformedError, UnknownError: what its text may be wrong in.
        """
        read = commands.read(asked["queryString"])
        span = asked["startTime"] * 1000, asked["endTime"] * 1000 + 999
        limit = asked.get("limit") or ROWS
        known = {name: found for name in groups if (found := store.group(region, name)) is not None}
        loop = asyncio.get_running_loop()
        query = Query(
            id=str(uuid.uuid4()),
            region=region,
            groups=groups,
            text=asked["queryString"],
            created=time.time(),
            runs=self.pace.due(SCHEDULED),
            ends=self.pace.due(SCHEDULED + RUNNING),
            answer=loop.run_in_executor(None, _answered, known, read, span, limit),
        )
        self._known[query.id] = query
        return query.id

    def is_busy(self, region: str) -> bool:
        """Whether no further query may begin in a region."""
        running = [query for query in self._of(region) if self._status(query) in {"Scheduled", "Running"}]
        return len(running) >= AT_ONCE

    async def results(self, region: str, query_id: str) -> dict[str, Any] | None:
        """The answer of GetQueryResults; None for a query nobody knows."""
        query = self._found(region, query_id)
        if query is None:
            return None
        status = self._status(query)
        if status != "Complete":
            empty = dict.fromkeys(_STATISTICS, 0.0)
            return {"queryLanguage": "CWLI", "results": [], "statistics": empty, "status": status}
        result, statistics = await asyncio.shield(query.answer)
        rows = [[{"field": name, "value": value} for name, value in row] for row in result.rows]
        return {"queryLanguage": "CWLI", "results": rows, "statistics": statistics, "status": status}

    def stop(self, region: str, query_id: str) -> bool | None:
        """End a query that runs; whether it did, None for one nobody knows."""
        query = self._found(region, query_id)
        if query is None:
            return None
        is_running = self._status(query) in {"Scheduled", "Running"}
        query.stopped = query.stopped or is_running
        return is_running

    def described(self, region: str, *, group: str | None, status: str | None) -> list[dict[str, Any]]:
        """Queries of a region as DescribeQueries lists them, the latest first."""
        return [
            {
                "queryLanguage": "CWLI",
                "queryId": query.id,
                "queryString": query.text,
                "status": self._status(query),
                "createTime": int(query.created * 1000),
                "logGroupName": query.groups[0],
            }
            for query in reversed(self._of(region))
            if (group is None or group in query.groups) and status in {None, self._status(query)}
        ]

    def _found(self, region: str, query_id: str) -> Query | None:
        query = self._known.get(query_id)
        return query if query is not None and query.region == region else None

    def _of(self, region: str) -> list[Query]:
        return [query for query in self._known.values() if query.region == region]

    def _status(self, query: Query) -> str:
        if query.stopped:
            return "Cancelled"
        if not self.pace.is_past(query.runs):
            return "Scheduled"
        return "Complete" if self.pace.is_past(query.ends) else "Running"


def _answered(
    known: Mapping[str, store.Record], read: Sequence[Command], span: tuple[int, int], limit: int
) -> tuple[run.Result, dict[str, float]]:
    rows: list[records.Row] = []
    scanned = 0
    for name, group in known.items():
        for event in store.events(group, start=span[0], end=span[1]):
            scanned += len(event.message.encode())
            rows.append(records.row(event, name))
    rows.sort(key=lambda row: int(row["@timestamp"]))
    result = run.run(read, reversed(rows), limit=limit)
    figures = (result.matched, len(rows), scanned)
    return result, {name: float(figure) for name, figure in zip(_STATISTICS, figures, strict=True)}


def where(asked: Mapping[str, Any]) -> list[str] | None:
    """The names of the groups a request names; None unless it does so in one way."""
    ways = [asked.get(name) for name in ("logGroupName", "logGroupNames", "logGroupIdentifiers")]
    given = [way for way in ways if way]
    if len(given) != 1:
        return None
    return [given[0]] if isinstance(given[0], str) else [store.bare(each) for each in given[0]]


def too_early(known: Sequence[store.Record], asked: Mapping[str, Any]) -> bool:
    """Whether a query ends before all of its groups were made."""
    end: int = asked["endTime"] * 1000 + 999
    return all(group["creationTime"] > end for group in known)


def no_group(name: str) -> str:
    """AWS's sentence for a group that is not there."""
    return f"Log group '{name}' does not exist for account ID '{ACCOUNT}'"
