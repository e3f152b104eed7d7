"""What a canary must show to pass, and what makes it fail; the `canary:` section of the spec."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

# How the risk of a false alarm is shared out among what is compared; together 1.
ERRORS_SHARE = 0.6
PARTS_SHARE = 0.1
REJECTIONS_SHARE = 0.1
LATENCY_SHARE = 0.2
WINDOWS = 4
"""Shares of traffic that one release tries, at most, each with a latency comparison of its own."""


class OnNoData(StrEnum):
    """What it means that nobody, or hardly anybody, called the canary."""

    HOLD = "hold"
    SYNTHETIC = "synthetic"
    PASS = "pass"
    FAIL = "fail"


@dataclass(frozen=True, kw_only=True, slots=True)
class Thresholds:
    """The defaults work unconfigured; `verdict` says what they find, and how often they are wrong.

    Attributes:
        confidence: per cent; how sure a pass must be that the canary is not worse by more than the limits below.
        false_alarms: per cent; the risk, over all looks of a release, that a canary which is no worse is failed.
        min_requests: canary requests at the present share, below which `on_no_data` speaks. A fail may come sooner.
        max_error_increase: percentage points by which the canary's proportion of errors may exceed the baseline's.
        max_rejection_increase: percentage points for answers that blame the caller (4xx), which a new definition may
            rightly give more of; they can fail a canary but are not needed for a pass. None ignores them.
        max_latency_increase: per cent by which the canary's latency may exceed the baseline's; None ignores latency.
        tolerated_latency: milliseconds; a smaller increase is no increase, whatever its percentage.
        quantile: per cent; of the latency to compare: 95 is what 19 of 20 requests do not exceed.
        on_no_data: what to say of fewer requests, none above all: hold (inconclusive), synthetic (inconclusive, and
            the caller should send requests of its own), pass or fail.
        accept_blind: whether a verdict may pass that cannot see what a handler answers.
    """

    confidence: float = 95.0
    false_alarms: float = 1.0
    min_requests: int = 50
    max_error_increase: float = 1.0
    max_rejection_increase: float | None = 5.0
    max_latency_increase: float | None = 25.0
    tolerated_latency: float = 20.0
    quantile: float = 95.0
    on_no_data: OnNoData = OnNoData.HOLD
    accept_blind: bool = False

    @property
    def level(self) -> float:
        """The quantile, 0 to 1."""
        return self.quantile / 100

    @property
    def pass_risk(self) -> float:
        """The risk of each bound that a pass rests on; 0 to 1."""
        return 1.0 - self.confidence / 100

    def fail_risk(self, share: float, *, among: int) -> float:
        """The risk of one comparison that may fail a canary; 0 to 1.

        Args:
            share: of the false alarms. among: how many verdicts and comparisons share them.
        """
        return self.false_alarms / 100 * share / max(1, among)

    def latency_risk(self, *, among: int) -> float:
        """The same for each bound of a latency comparison; there are two, at every share of the traffic."""
        return self.fail_risk(LATENCY_SHARE, among=among * 2 * WINDOWS)
