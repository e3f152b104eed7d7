"""How the canaries of a release stand: what `canary-status` shows and hooks are told."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from backendctl.release.observed import Observed
from backendctl.release.outcome import Outcome
from backendctl.release.statistics import rate_bounds
from backendctl.release.thresholds import Thresholds
from backendctl.release.verdict import Verdict

_SHARE_RISK = 0.01
_WORST = (Outcome.FAIL, Outcome.INCONCLUSIVE, Outcome.PASS)


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionStatus:
    """One stage in one region.

    Attributes:
        target_percent: of the requests, which the canary is to get; None when no canary runs.
        since: when it began, in seconds since the epoch; None when that is unknown.
        until: when its present step has been held as long as the spec says; the same.
        next_step: a command, or a sentence.
        error: why nothing is known; empty when all is.
    """

    region: str
    stage: str
    target_percent: float | None = None
    since: float | None = None
    until: float | None = None
    base: Observed = field(default_factory=Observed)
    canary: Observed = field(default_factory=Observed)
    verdict: Verdict | None = None
    next_step: str = ""
    error: str = ""

    @property
    def observed_percent(self) -> float | None:
        """Of the users' requests, what the canary got at its present step; None without requests."""
        canary, both = self._counted()
        return 100 * canary / both if both else None

    @property
    def is_share_kept(self) -> bool:
        """Whether what was seen can be chance around what was asked (A73)."""
        canary, both = self._counted()
        low, high = rate_bounds(canary, both, _SHARE_RISK)
        return self.target_percent is None or low <= self.target_percent / 100 <= high

    def _counted(self) -> tuple[int, int]:
        base, canary = (sum(minute.requests for minute in side.present) for side in (self.base, self.canary))
        return canary, base + canary


@dataclass(frozen=True, kw_only=True, slots=True)
class CanaryStatus:
    """All regions.

    Attributes:
        at: when it was looked, in seconds since the epoch.
        commit, author: whose release the canary is; empty when unknown.
        steps: per cent, as the spec has them.
        settings: what the verdicts were asked for.
        next_step: for all regions together.
    """

    backend: str
    at: float
    commit: str = ""
    author: str = ""
    steps: tuple[float, ...] = ()
    settings: Thresholds = field(default_factory=Thresholds)
    regions: tuple[RegionStatus, ...] = ()
    next_step: str = ""

    @property
    def outcome(self) -> Outcome | None:
        """The worst of all; a region of which nothing is known leaves it inconclusive. None when no canary runs."""
        found = [one.verdict.outcome for one in self.regions if one.verdict is not None]
        found += [Outcome.INCONCLUSIVE for one in self.regions if one.error]
        return min(found, key=_WORST.index) if found else None


def verdict_document(verdict: Verdict) -> dict[str, Any]:
    """A verdict as JSON: the same keys for ever."""
    return {
        "outcome": str(verdict.outcome),
        "confidence": round(verdict.confidence, 6),
        "reasons": list(verdict.reasons),
        "notes": list(verdict.notes),
        "error_increase": round(verdict.increase, 4),
        "error_increase_at_most": round(verdict.increase_at_most, 4),
        "p_value": verdict.p_value,
        "latency": [
            {
                "function": one.name,
                "quantile": one.quantile,
                "baseline": round(one.base, 2),
                "canary": round(one.canary, 2),
                "increase": round(one.increase, 2),
                "increase_at_most": None if one.increase_at_most is None else round(one.increase_at_most, 2),
                "outcome": str(one.finding.outcome),
            }
            for one in verdict.latency
        ],
        "requests_wanted": verdict.requests_wanted,
        "wants_synthetic": verdict.wants_synthetic,
    }
