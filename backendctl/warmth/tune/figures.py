"""What the calls of one size took and cost, and how far off that may be.

The spread comes from drawing the same number of calls from those that were made, again and again (bootstrap): it
asks for no shape of their distribution, and durations have none.
"""

from __future__ import annotations

import math
import random
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backendctl.warmth.report_line import Report

DRAWS = 1000
_OUTSIDE = 0.025
"""On each side of a 95 % interval."""
MILLION = 1_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Rates:
    """Prices in US dollars.

    Attributes:
        gb_second: of the function's architecture. request: one.
        region: whose list they are from, which may be another's.
    """

    gb_second: float
    request: float
    region: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """A figure, and the interval that holds it with 95 % confidence."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Size:
    """One memory size, measured.

    Attributes:
        memory: MB.
        time: ms, the median of warm calls. p95: ms, of warm calls.
        billed: ms, the mean of warm calls.
        cost: US dollars for a million warm calls; None without a price. cold_cost: the same if every call were cold.
        calls: number of warm calls. cold_calls: of cold ones.
        cold_time: ms, median of init (or restore) and handler together. init: ms, median. None without a cold call.
        warm_times, cold_times: ms, of every call.
        used: MB that an environment has used at most.
        draws: (mean billed ms, median ms) of every bootstrap draw of the warm calls.
    """

    memory: int
    time: Spread
    p95: float
    billed: Spread
    cost: Spread | None
    calls: int
    cold_time: float | None
    init: float | None
    cold_billed: float | None
    cold_cost: float | None
    cold_calls: int
    used: int
    warm_times: tuple[float, ...] = field(repr=False)
    cold_times: tuple[float, ...] = field(repr=False)
    draws: tuple[tuple[float, float], ...] = field(repr=False, compare=False)


def size_of(memory: int, *, warm: Sequence[Report], cold: Sequence[Report], rates: Rates | None) -> Size:
    """The figures of one size.

    Args:
        memory: MB. warm: at least one. rates: None where there is no price.
    """
    times, billed = [one.duration_ms for one in warm], [float(one.billed_ms) for one in warm]
    draws = _draws(times, billed, seed=memory)
    bill = _spread(statistics.fmean(billed), [mean for mean, _ in draws])
    inits = [one.init_ms if one.init_ms is not None else (one.restore_ms or 0.0) for one in cold]
    whole = [one.duration_ms + init for one, init in zip(cold, inits, strict=True)]
    cold_billed = statistics.fmean(one.billed_ms + (one.billed_restore_ms or 0) for one in cold) if cold else None
    return Size(
        memory=memory,
        time=_spread(statistics.median(times), [median for _, median in draws]),
        p95=quantile(times, 0.95),
        billed=bill,
        cost=None
        if rates is None
        else Spread(
            value=cost_of(memory, bill.value, rates),
            low=cost_of(memory, bill.low, rates),
            high=cost_of(memory, bill.high, rates),
        ),
        calls=len(warm),
        cold_time=statistics.median(whole) if whole else None,
        init=statistics.median(inits) if inits else None,
        cold_billed=cold_billed,
        cold_cost=None if rates is None or cold_billed is None else cost_of(memory, cold_billed, rates),
        cold_calls=len(cold),
        used=max(one.max_memory_mb for one in (*warm, *cold)),
        warm_times=tuple(times),
        cold_times=tuple(whole),
        draws=draws,
    )


def cost_of(memory: int, billed_ms: float, rates: Rates) -> float:
    """US dollars for a million calls of so many billed milliseconds each."""
    return MILLION * (rates.request + memory / 1024 * billed_ms / 1000 * rates.gb_second)


def quantile(values: Sequence[float], level: float) -> float:
    """The smallest value that so large a share of the values does not exceed."""
    return sorted(values)[max(0, math.ceil(level * len(values)) - 1)]


def _draws(times: Sequence[float], billed: Sequence[float], *, seed: int) -> tuple[tuple[float, float], ...]:
    """The same calls give the same draws, so that a result can be told twice."""
    dice = random.Random(seed)  # noqa: S311 - no secret
    pairs = list(zip(billed, times, strict=True))
    made = []
    for _ in range(DRAWS):
        drawn = dice.choices(pairs, k=len(pairs))
        made.append((statistics.fmean(one for one, _ in drawn), statistics.median(one for _, one in drawn)))
    return tuple(made)


def _spread(value: float, drawn: Sequence[float]) -> Spread:
    return Spread(value=value, low=quantile(drawn, _OUTSIDE), high=quantile(drawn, 1 - _OUTSIDE))
