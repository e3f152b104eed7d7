"""What was seen of one side of a canary: counts by the minute, and a curve of its latency."""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

ACCESS_LOG = "access log"
"""The source of what was read from the access log of a stage."""

Curve = tuple[tuple[float, float], ...]
"""(level, milliseconds), rising: that share of the requests, 0 to 1, took no longer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Minute:
    """One minute.

    Attributes:
        at: its start, in seconds since the epoch.
        requests: by users, throttled ones included.
        errors: requests that failed on our side: exceptions, timeouts, 5xx answers, throttled ones.
        throttles: those among the errors that were throttled.
        rejections: requests refused as the caller's fault (4xx), where they are known.
        warmed: calls of a warmer, which are not among the requests.
        p50, p95, p99: milliseconds, warmers included; None where nothing was measured.
    """

    at: int
    requests: int
    errors: int = 0
    throttles: int = 0
    rejections: int = 0
    warmed: int = 0
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Observed:
    """One side, base or canary, of one region, one API or one function.

    Attributes:
        since, until: seconds since the epoch, whole minutes; since the canary began.
        steady: since when it has had its present share of the traffic; None is `since`.
        minutes: those in which there were requests.
        curve: latency of all requests since `steady` as one; () where it is not known.
        sampled: how many requests the curve stands for.
        is_rough: the curve was put together from figures by the minute, because there was no better.
        is_blind: there is nothing to read it from, which is not the same as no traffic.
        unseen: why a 5xx that a handler returns by itself is not among the errors, as a clause; empty when it is.
        source: what it was read from: "AWS/Lambda", "AWS/ApiGateway", "access log".
        parts: the functions behind it, each by itself.
    """

    name: str = ""
    since: int = 0
    until: int = 0
    steady: int | None = None
    minutes: tuple[Minute, ...] = ()
    curve: Curve = ()
    sampled: int = 0
    is_rough: bool = False
    is_blind: bool = False
    unseen: str = ""
    source: str = ""
    parts: tuple[Observed, ...] = ()

    @property
    def requests(self) -> int:
        """Of all minutes."""
        return sum(minute.requests for minute in self.minutes)

    @property
    def errors(self) -> int:
        """Of all minutes."""
        return sum(minute.errors for minute in self.minutes)

    @property
    def throttles(self) -> int:
        """Of all minutes."""
        return sum(minute.throttles for minute in self.minutes)

    @property
    def rejections(self) -> int:
        """Of all minutes."""
        return sum(minute.rejections for minute in self.minutes)

    @property
    def warmed(self) -> int:
        """Calls of warmers at the present share."""
        return sum(minute.warmed for minute in self.present)

    @property
    def present(self) -> tuple[Minute, ...]:
        """The minutes at the present share."""
        start = self.since if self.steady is None else self.steady
        return tuple(minute for minute in self.minutes if minute.at >= start)

    def at_level(self, level: float) -> float | None:
        """Milliseconds that share of the requests did not exceed, 0 to 1, as near as the curve says."""
        return _between(self.curve, level)

    def at_most_level(self, level: float) -> float | None:
        """A lower bound of `at_level`: the curve's last point not above that level."""
        index = bisect.bisect_right([point[0] for point in self.curve], level + _SLACK)
        return self.curve[index - 1][1] if index else None

    def at_least_level(self, level: float) -> float | None:
        """An upper bound of `at_level`: the curve's first point not below that level."""
        index = bisect.bisect_left([point[0] for point in self.curve], level - _SLACK)
        return self.curve[index][1] if index < len(self.curve) else None


_SLACK = 1e-9


def curve_of(samples: Iterable[float]) -> Curve:
    """The curve of requests whose milliseconds are known one by one."""
    ordered = sorted(samples)
    return tuple((rank / len(ordered), value) for rank, value in enumerate(ordered, start=1))


def rough_curve(minutes: Sequence[Minute]) -> Curve:
    """A curve from each minute's p50, p95 and p99: all of a step count as what its slowest took.

    Too slow everywhere, and by the same measure for base and canary. Only for where the curve cannot be had.
    """
    steps: list[tuple[float, float]] = []
    for minute in minutes:
        for weight, value in ((0.5, minute.p50), (0.45, minute.p95), (0.05, minute.p99)):
            if value is not None:
                steps.append((value, weight * minute.requests))
    total = sum(weight for _, weight in steps)
    found: list[tuple[float, float]] = []
    seen = 0.0
    for value, weight in sorted(steps):
        seen += weight
        found.append((min(1.0, seen / total) if total else 0.0, value))
    return tuple(found)


def _between(curve: Curve, level: float) -> float | None:
    if not curve:
        return None
    index = bisect.bisect_left([point[0] for point in curve], level - _SLACK)
    if index >= len(curve):
        return curve[-1][1]
    if index == 0:
        return curve[0][1]
    (low, under), (high, over) = curve[index - 1], curve[index]
    return under + (over - under) * (level - low) / (high - low) if high > low else over
