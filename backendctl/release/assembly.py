"""From series of CloudWatch to minutes of users' requests."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from backendctl.aws.metrics import Values
from backendctl.release.observed import Minute, Observed


@dataclass(frozen=True, kw_only=True, slots=True)
class Warm:
    """Calls of a warmer.

    Attributes:
        fired: calls of all targets of a rule. part: of them, those on this alias.
    """

    fired: Values
    part: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Counts:
    """The series of one side of one function or API.

    Attributes:
        calls: without those that were throttled for a function (Lambda does not count them), with them for an API.
        levels: p50, p95 and p99, in milliseconds.
    """

    calls: Values
    errors: Values
    throttles: Values
    rejections: Values
    levels: tuple[Values, ...]
    warm: Sequence[Warm] = field(default_factory=tuple)


def minutes_of(counts: Counts) -> tuple[Minute, ...]:
    """Minute by minute, without the warmer's calls."""
    found: list[Minute] = []
    waiting = 0.0
    for at in sorted(counts.calls.keys() | counts.throttles.keys() | _fired(counts)):
        calls, errors = round(counts.calls.get(at, 0)), round(counts.errors.get(at, 0))
        throttles = round(counts.throttles.get(at, 0))
        waiting += sum(warm.fired.get(at, 0) * warm.part for warm in counts.warm)
        # A call is counted in the minute it was served, which may be the one after its rule fired.
        warmed = max(0, min(round(waiting), calls - errors))
        waiting -= warmed
        if calls + throttles:
            p50, p95, p99 = (level.get(at) for level in counts.levels)
            found.append(
                Minute(
                    at=at,
                    requests=calls - warmed + throttles,
                    errors=errors + throttles,
                    throttles=throttles,
                    rejections=round(counts.rejections.get(at, 0)),
                    warmed=warmed,
                    p50=p50,
                    p95=p95,
                    p99=p99,
                )
            )
    return tuple(found)


def _fired(counts: Counts) -> set[int]:
    return {at for warm in counts.warm for at in warm.fired}


def summed(parts: Iterable[Observed]) -> tuple[Minute, ...]:
    """The minutes of several functions as one; their latencies do not add up."""
    by_time: dict[int, list[Minute]] = {}
    for part in parts:
        for minute in part.minutes:
            by_time.setdefault(minute.at, []).append(minute)
    return tuple(
        Minute(
            at=at,
            requests=sum(minute.requests for minute in minutes),
            errors=sum(minute.errors for minute in minutes),
            throttles=sum(minute.throttles for minute in minutes),
            rejections=sum(minute.rejections for minute in minutes),
            warmed=sum(minute.warmed for minute in minutes),
        )
        for at, minutes in sorted(by_time.items())
    )
