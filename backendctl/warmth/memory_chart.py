"""What a function costs and how long it takes at each memory size, as a chart shows it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Spread:
    """A duration with how far it varied, all in milliseconds.

    Attributes:
        middle: the median. low, high: where the middle half (or another stated share) of the runs lies.
    """

    middle: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True, slots=True)
class MemoryPoint:
    """One memory size.

    Attributes:
        memory_mb: as configured. cost_per_million: US dollars for a million warm invocations.
        warm: duration of a warm invocation; None when none was measured.
        cold: loading and the first invocation together; None when none was measured.
    """

    memory_mb: int
    cost_per_million: float
    warm: Spread | None
    cold: Spread | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class MemoryChart:
    """One function in one region.

    Attributes:
        points: one per size, in any order.
        current_mb: what it has now; None when not known.
        cheapest_mb, fastest_mb, balanced_mb: the recommended sizes; None where nothing is recommended.
        runs: warm invocations per size; 0 when not known.
    """

    function: str
    region: str
    points: tuple[MemoryPoint, ...]
    current_mb: int | None = None
    cheapest_mb: int | None = None
    fastest_mb: int | None = None
    balanced_mb: int | None = None
    runs: int = 0
