"""Every invocation of a function over a stretch of time, as a chart shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """One invocation.

    Attributes:
        at: when it began, seconds since the epoch.
        duration_ms: of the handler, without loading. init_ms: of loading; None when the environment was warm.
        is_ping: whether no user called, as far as that is known: a warmer, a deploy, a person.
        is_error: whether it raised or timed out.
    """

    at: float
    duration_ms: float
    init_ms: float | None = None
    is_ping: bool = False
    is_error: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Bin:
    """Warm invocations that were too many to be kept one by one.

    Attributes:
        at: beginning, seconds since the epoch. seconds: length.
        count: invocations. p50_ms, p95_ms: of their durations.
    """

    at: float
    seconds: float
    count: int
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """Something that explains a step in the chart: a release or a change of memory.

    Attributes:
        at: seconds since the epoch.
        label: short, e.g. "version 8" or "1024 MB".
    """

    at: float
    label: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Timeline:
    """One function in one region.

    Attributes:
        function: its name in the spec. alias: what users call.
        since, until: seconds since the epoch.
        points: in order of time. bins: of warm invocations, where there were too many for points.
    """

    region: str
    function: str
    alias: str
    since: float
    until: float
    points: tuple[Point, ...] = ()
    bins: tuple[Bin, ...] = ()
    events: tuple[Event, ...] = ()
