"""What the invocations of one function say about its warmth: counts, quantiles, intervals. Pure functions."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from backendctl.warmth.cold import Cause
from backendctl.warmth.invocations import Caller, Invocation
from backendctl.warmth.timeline import Bin

_Z = 1.959964
"""Of the normal distribution, for 95 %."""
_TOGETHER = 30.0
"""Seconds within which pings belong to one firing of their rule, at most."""
_LAPSED = frozenset({Cause.IDLE, Cause.RECYCLED})


@dataclass(frozen=True, kw_only=True, slots=True)
class Quantiles:
    """Milliseconds; None without a sample."""

    p50: float | None = None
    p95: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """A proportion and its 95 % interval (Wilson's), from 0 to 1; None without a sample."""

    of: float | None = None
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """One function in one region over the time that was read.

    Attributes:
        invocations: all. pings, users, others: by who called.
        is_estimated: whether the callers were told by the rule's minutes, not by an access log.
        cold_users: users' requests that met a cold start. cold_share: of the users' requests.
        init: of users' cold starts. cold: of those requests, with loading; warm: of the others.
        absorbed: cold starts that pings met, so that no user did.
        lapsed: those of them for which an environment had been there before and was gone.
        causes: of users' cold starts.
        ping: duration of pings that met a warm environment. failed_pings: that raised, timed out or were cut off.
        ping_gb_seconds: billed for pings.
        alive: environments of the version users hit that ran within the idle time.
        overlap: pings of one firing that ran at the same time, at most.
        first: of the first user's request in environments that a ping had loaded; later: of those behind it.
    """

    invocations: int = 0
    pings: int = 0
    users: int = 0
    others: int = 0
    is_estimated: bool = False
    cold_users: int = 0
    cold_share: Share = field(default_factory=Share)
    init: Quantiles = field(default_factory=Quantiles)
    cold: Quantiles = field(default_factory=Quantiles)
    warm: Quantiles = field(default_factory=Quantiles)
    absorbed: int = 0
    lapsed: int = 0
    causes: Mapping[Cause, int] = field(default_factory=dict)
    ping: Quantiles = field(default_factory=Quantiles)
    failed_pings: int = 0
    ping_gb_seconds: float = 0.0
    alive: int = 0
    overlap: int = 0
    first: Quantiles = field(default_factory=Quantiles)
    later: Quantiles = field(default_factory=Quantiles)
    first_count: int = 0
    later_count: int = 0
    is_binned: bool = False


def figures(
    found: Sequence[Invocation],
    causes: Mapping[int, Cause],
    *,
    version: str | None,
    now: float,
    idle: float,
    is_estimated: bool,
    interval: float | None = None,
) -> Figures:
    """Count and measure.

    Args:
        found: in order of time. causes: by number in `found`.
        version: what users hit now; only its environments can be alive for them. None counts those of all.
        now: seconds since the epoch. idle: seconds after which an unused environment is taken to be gone.
        interval: seconds between two firings of the rule; None when it has no fixed rate.
    """
    pings = [one for one in found if one.caller is Caller.PING]
    users = [one for one in found if one.caller is Caller.USER]
    cold = [one for one in users if one.is_cold]
    first, later = _first_and_later(found)
    return Figures(
        invocations=len(found),
        pings=len(pings),
        users=len(users),
        others=len(found) - len(pings) - len(users),
        is_estimated=is_estimated,
        cold_users=len(cold),
        cold_share=wilson(len(cold), len(users)),
        init=quantiles([one.init_ms for one in cold if one.init_ms is not None]),
        cold=quantiles([one.total_ms for one in cold]),
        warm=quantiles([one.duration_ms for one in users if not one.is_cold]),
        absorbed=sum(one.is_cold for one in pings),
        lapsed=sum(causes.get(n) in _LAPSED for n, one in enumerate(found) if one.caller is Caller.PING),
        causes=dict(Counter(causes[n] for n, one in enumerate(found) if n in causes and one.caller is Caller.USER)),
        ping=quantiles([one.duration_ms for one in pings if not one.is_cold]),
        failed_pings=sum(one.is_error for one in pings),
        ping_gb_seconds=sum(one.billed_ms / 1000 * one.memory_mb / 1024 for one in pings),
        alive=len({one.stream for one in found if one.version == (version or one.version) and one.ended > now - idle}),
        overlap=overlap([one for one in pings if version is None or one.version == version], interval=interval),
        first=quantiles([one.duration_ms for one in first]),
        later=quantiles([one.duration_ms for one in later]),
        first_count=len(first),
        later_count=len(later),
    )


def with_bins(found: Figures, bins: Sequence[Bin], *, pings: int, alive_since: float) -> Figures:
    """The figures of cold starts, with warm invocations added that are known in bins only; all of it estimated.

    Args:
        pings: that metrics counted. alive_since: seconds since the epoch; what ran later is alive, in one environment
            at least.
    """
    warm = sum(one.count for one in bins)
    if not warm:
        return found
    pings = min(pings, warm)
    users = found.users + warm - pings
    middle = sorted((one.p50_ms, one.count) for one in bins)
    return replace(
        found,
        invocations=found.invocations + warm,
        pings=found.pings + pings,
        users=users,
        is_estimated=True,
        is_binned=True,
        cold_share=wilson(found.cold_users, users),
        warm=Quantiles(p50=_weighted(middle), p95=max(one.p95_ms for one in bins)),
        ping=Quantiles(),
        alive=max(found.alive, int(any(one.at >= alive_since for one in bins))),
    )


def _weighted(values: Sequence[tuple[float, int]]) -> float:
    """The value at which half of the weight is reached."""
    half, reached = sum(weight for _, weight in values) / 2, 0
    for value, weight in values:
        reached += weight
        if reached >= half:
            return value
    return values[-1][0]


def quantiles(values: Sequence[float]) -> Quantiles:
    """The median and the 95th percentile, both values that occurred."""
    if not values:
        return Quantiles()
    ordered = sorted(values)
    return Quantiles(p50=_at(ordered, 0.50), p95=_at(ordered, 0.95))


def _at(ordered: Sequence[float], level: float) -> float:
    return ordered[max(0, math.ceil(level * len(ordered)) - 1)]


def wilson(hits: int, trials: int) -> Share:
    """A proportion with Wilson's 95 % interval; nothing without trials."""
    if not trials:
        return Share()
    p, z = hits / trials, _Z
    middle = (p + z * z / (2 * trials)) / (1 + z * z / trials)
    half = z / (1 + z * z / trials) * math.sqrt(p * (1 - p) / trials + z * z / (4 * trials * trials))
    return Share(of=p, low=max(0.0, middle - half), high=min(1.0, middle + half))


def overlap(pings: Sequence[Invocation], *, interval: float | None = None) -> int:
    """How many pings ran at the same time, at most: a typical firing's, so that one lucky firing proves nothing.

    Args:
        interval: seconds between two firings, where it is known.
    """
    together = _TOGETHER if interval is None else min(_TOGETHER, interval / 2)
    firings: list[list[Invocation]] = []
    for one in sorted(pings, key=lambda ping: ping.came):
        if firings and one.came - firings[-1][0].came <= together:
            firings[-1].append(one)
        else:
            firings.append([one])
    depths = sorted(_depth(firing) for firing in firings)
    return depths[(len(depths) - 1) // 2] if depths else 0


def _depth(firing: Sequence[Invocation]) -> int:
    edges = sorted([(one.came, 1) for one in firing] + [(one.ended, -1) for one in firing])
    deepest = depth = 0
    for _, step in edges:
        depth += step
        deepest = max(deepest, depth)
    return deepest


def _first_and_later(found: Sequence[Invocation]) -> tuple[list[Invocation], list[Invocation]]:
    """The first user's request of each environment that no user had to load, and the users' requests behind it."""
    loaded: set[str] = set()
    served: set[str] = set()
    first: list[Invocation] = []
    later: list[Invocation] = []
    for one in found:
        if one.is_cold and one.caller is not Caller.USER:
            loaded.add(one.stream)
        elif one.caller is Caller.USER and one.stream in loaded:
            (later if one.stream in served else first).append(one)
            served.add(one.stream)
    return first, later
