"""The three answers, and what one comparison finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

_TWO_DIGITS = 10
_TWO_HOURS = 120


class Outcome(StrEnum):
    """What a comparison, or all of them, say."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One comparison's answer.

    Attributes:
        outcome: None when it has nothing to say against or for the canary.
        told: a sentence, without its full stop.
        sure: 0 to 1, of a fail or a pass.
    """

    outcome: Outcome | None
    told: str
    sure: float = 0.0


def percent(proportion: float) -> str:
    """A proportion for people: "0.8 %"."""
    return f"{proportion * 100:.1f} %" if proportion < 1 else "100 %"


def points(proportion: float) -> str:
    """A difference of proportions in percentage points, for people: "0.8"."""
    return f"{proportion * 100:.1f}"


def limit_of(allowed: float) -> str:
    """A limit in percentage points, for people: "1 point", "2.5 points"."""
    return f"{allowed:g} point" if allowed == 1 else f"{allowed:g} points"


def ms(milliseconds: float) -> str:
    """For people: "340 ms"."""
    return f"{milliseconds:.0f} ms" if milliseconds >= _TWO_DIGITS else f"{milliseconds:.1f} ms"


def span(seconds: float) -> str:
    """A length of time for people: "40 s", "25 min", "3 h 20 min"."""
    minutes = int(max(0.0, seconds) // 60)
    if minutes < 1:
        return f"{max(0.0, seconds):.0f} s"
    return f"{minutes} min" if minutes < _TWO_HOURS else f"{minutes // 60} h {minutes % 60} min"
