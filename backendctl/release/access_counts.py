"""Base and canary as the stage's access log tells them: every request, with its status, latency and route.

The access log knows of a 5xx that a handler returns by itself, and no warmer's call is in it. Few requests are read
line by line, and only once however often it is looked; many are added up by Logs Insights.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from backendctl.release.access_log import AccessLog, Line
from backendctl.release.observed import ACCESS_LOG, Curve, Minute, Observed, curve_of
from backendctl.warmth.logs import LogReader

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

_SERVER, _CLIENT = range(500, 600), range(400, 500)
Key = tuple[bool, str]
"""Whether it is the canary's, and the route; "" is all of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """What to read: seconds since the epoch, as `metrics.Scope` has them. resolution: seconds of one slot."""

    region: str
    begin: int
    settled: int
    end: int
    resolution: int


@dataclass(slots=True)
class _Side:
    """What is added up of base or canary, or of one route of either. slots: requests, 5xx and 4xx of each."""

    slots: dict[int, list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0, 0]))
    times: list[float] = field(default_factory=list)
    curve: Curve = ()
    sampled: int = 0

    def add(self, at: int, status: int, times: int) -> None:
        counts = self.slots[at]
        counts[0] += times
        counts[1] += times * (status in _SERVER)
        counts[2] += times * (status in _CLIENT)


@dataclass(slots=True)
class Counting:
    """Adds up base and canary, the API as one and route by route."""

    span: Span
    sides: dict[Key, _Side] = field(default_factory=lambda: defaultdict(_Side))

    def add(self, at: int, line: Line, *, times: int = 1) -> None:
        """Requests at that second that were answered like this, with their latency if they have one."""
        slot = int(at // self.span.resolution) * self.span.resolution
        for key in dict.fromkeys(((line.is_canary, ""), (line.is_canary, line.route))):
            side = self.sides[key]
            side.add(slot, line.status, times)
            if slot >= self.span.settled and line.latency is not None:
                side.times.append(line.latency)

    def add_route(self, at: int, line: Line, *, times: int) -> None:
        """The same for its route only."""
        if line.route:
            self.sides[line.is_canary, line.route].add(at, line.status, times)

    def time(self, key: Key, curve: Curve, *, sampled: int) -> None:
        """How long so many requests took, where they are not known one by one."""
        side = self.sides[key]
        if sampled > side.sampled:
            side.curve, side.sampled = curve, sampled

    def routes(self, *, is_canary: bool) -> list[str]:
        """In order."""
        return sorted(route for is_new, route in self.sides if is_new is is_canary and route)

    def present(self, *, is_canary: bool) -> int:
        """Requests at the present share."""
        slots = self.sides[is_canary, ""].slots
        return sum(counts[0] for at, counts in slots.items() if at >= self.span.settled)

    def observed(self, *, is_canary: bool) -> Observed:
        """One side, with its routes as parts."""
        parts = tuple(self._of((is_canary, route)) for route in self.routes(is_canary=is_canary))
        return replace(self._of((is_canary, "")), parts=parts)

    def _of(self, key: Key) -> Observed:
        side = self.sides[key]
        return Observed(
            name=key[1],
            since=self.span.begin,
            until=self.span.end,
            steady=self.span.settled,
            minutes=tuple(
                Minute(at=at, requests=requests, errors=errors, rejections=rejections)
                for at, (requests, errors, rejections) in sorted(side.slots.items())
            ),
            curve=side.curve or curve_of(side.times),
            sampled=side.sampled or len(side.times),
            source=ACCESS_LOG,
        )


def read_lines(aws: Aws, reader: LogReader, log: AccessLog, span: Span) -> tuple[Observed, Observed] | None:
    """Base and canary, line by line; None when there is no such log group.

    Args:
        reader: the same at every look, so that a line is read once.

    Raises:
        ClientError: CloudWatch Logs refused.
    """
    seen, is_there = set[str](), False
    counting = Counting(span)
    for group in log.groups:
        events = reader.events(aws, span.region, group, since=span.begin, until=span.end)
        is_there = is_there or events is not None
        for event in events or ():
            line = log.line(event.message, in_canary_group=group != log.group)
            if line is not None and span.begin <= event.at < span.end and line.request not in seen:
                seen |= {line.request} if line.request else set()
                counting.add(int(event.at), line)
    return (counting.observed(is_canary=False), counting.observed(is_canary=True)) if is_there else None


def requests_of(aws: Aws, reader: LogReader, log: AccessLog, span: Span) -> Iterator[Line]:
    """The lines of that time that name a request, for whoever has made it."""
    for group in log.groups:
        for event in reader.events(aws, span.region, group, since=span.begin, until=span.end) or ():
            line = log.line(event.message, in_canary_group=group != log.group)
            if line is not None and line.request:
                yield line
