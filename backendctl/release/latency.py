"""Latency of the canary against the baseline's, by one quantile and the samples that enclose it."""

from __future__ import annotations

import math
from dataclasses import dataclass

from backendctl.release.observed import Observed
from backendctl.release.outcome import Finding, Outcome, ms
from backendctl.release.statistics import quantile_ranks
from backendctl.release.thresholds import Thresholds

SHOWN = (0.5, 0.95, 0.99)
"""Levels that people look at."""
_LEAST = 0.01
"""Milliseconds; so that a ratio can be had of anything."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LatencyComparison:
    """One quantile of both.

    Attributes:
        name: of the function, empty for the whole API. quantile: per cent.
        base, canary: milliseconds.
        increase: percent; negative when the canary is quicker.
        increase_at_most: percent, with the confidence of a pass; None while there are too few requests.
    """

    name: str
    quantile: float
    base: float
    canary: float
    increase: float
    increase_at_most: float | None
    finding: Finding


def comparisons(parts: int) -> int:
    """How many latencies one verdict compares: that of the whole, and of each part."""
    return parts + 1


def levels_wanted(sampled: int, settings: Thresholds, *, among: int = 1, curves: int = 1) -> tuple[float, ...]:
    """The levels, 0 to 1, at which the latency of so many requests has to be known to be judged and shown.

    One rank further out than needed: AWS does not say how its percentiles lie between samples.
    """
    wanted = {*SHOWN, settings.level} if sampled else set[float]()
    for risk in (settings.latency_risk(among=among * curves), settings.pass_risk):
        low, high = quantile_ranks(sampled, settings.level, risk)
        wanted |= {(low - 1) / sampled} if low > 1 else set()
        wanted |= {min(1.0, (high + 1) / sampled)} if high <= sampled else set()
    return tuple(sorted(wanted))


def compare_latency(
    base: Observed, canary: Observed, settings: Thresholds, *, among: int = 1, curves: int = 1
) -> LatencyComparison | None:
    """The comparison; None where the latency of one side is not known."""
    old, new = base.at_level(settings.level), canary.at_level(settings.level)
    if old is None or new is None or settings.max_latency_increase is None:
        return None
    old, new = max(old, _LEAST), max(new, _LEAST)
    at_most = _at_most(base, canary, settings, old=old, new=new)
    worse = _is_slower(base, canary, settings, risk=settings.latency_risk(among=among * curves))
    return LatencyComparison(
        name=canary.name,
        quantile=settings.quantile,
        base=old,
        canary=new,
        increase=(new / old - 1) * 100,
        increase_at_most=None if at_most is None else (at_most - 1) * 100,
        finding=_finding(canary.name, settings, old=old, new=new, at_most=at_most, worse=worse),
    )


def _finding(name: str, settings: Thresholds, *, old: float, new: float, at_most: float | None, worse: bool) -> Finding:
    limit = allowed(settings, old)
    of = f" of {name}" if name else ""
    told = f"latency{of}: {settings.quantile:g} % take at most {ms(new)}, baseline {ms(old)}"
    if worse and new > limit:
        why = f"{told}, more than the {settings.max_latency_increase:g} % allowed"
        return Finding(outcome=Outcome.FAIL, told=why, sure=1 - settings.false_alarms / 100)
    if at_most is None:
        return Finding(outcome=Outcome.INCONCLUSIVE, told=f"{told}; too few requests to tell")
    if old * at_most <= limit:
        sure = f"{told}, with {settings.confidence:g} % confidence at most {_more(at_most)}"
        return Finding(outcome=Outcome.PASS, told=sure, sure=settings.confidence / 100)
    open_ = f"{told}; up to {_more(at_most)} is possible, {settings.max_latency_increase:g} % allowed"
    return Finding(outcome=Outcome.INCONCLUSIVE, told=open_)


def allowed(settings: Thresholds, base: float) -> float:
    """Milliseconds that the canary's quantile may take, given the baseline's."""
    return base + max(base * (settings.max_latency_increase or 0.0) / 100, settings.tolerated_latency)


def _more(ratio: float) -> str:
    return f"{(ratio - 1) * 100:.0f} % more" if ratio > 1 else "no more"


def _is_slower(base: Observed, canary: Observed, settings: Thresholds, *, risk: float) -> bool:
    slowest = _bounds(base, settings.level, risk)[1]
    quickest = _bounds(canary, settings.level, risk)[0]
    return slowest is not None and quickest is not None and quickest > slowest


def _at_most(base: Observed, canary: Observed, settings: Thresholds, *, old: float, new: float) -> float | None:
    """The greatest ratio of the canary's quantile to the baseline's that is still likely."""
    low = _bounds(base, settings.level, settings.pass_risk)[0]
    high = _bounds(canary, settings.level, settings.pass_risk)[1]
    if low is None or high is None:
        return None
    above, below = math.log(max(high, new) / new), math.log(old / max(min(low, old), _LEAST))
    return new / old * math.exp(math.hypot(above, below))


def _bounds(seen: Observed, quantile: float, risk: float) -> tuple[float | None, float | None]:
    """Milliseconds that enclose the quantile; None on a side with too few samples."""
    low, high = quantile_ranks(seen.sampled, quantile, risk)
    return (
        seen.at_most_level(low / seen.sampled) if low >= 1 else None,
        seen.at_least_level(high / seen.sampled) if high <= seen.sampled else None,
    )
