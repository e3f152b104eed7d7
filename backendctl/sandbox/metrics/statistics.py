"""Statistics over the points of one period."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from backendctl.sandbox.metrics.store import Point

Samples = list[tuple[float, float]]
"""Values and how often each was there, the least first."""

BASIC: dict[str, Callable[[Sequence[Point]], float]] = {
    "SampleCount": lambda points: sum(point.count for point in points),
    "Sum": lambda points: sum(point.total for point in points),
    "Average": lambda points: sum(point.total for point in points) / sum(point.count for point in points),
    "Minimum": lambda points: min(point.low for point in points),
    "Maximum": lambda points: max(point.high for point in points),
}

_PERCENT = r"(?:100|\d{1,2}(?:\.\d{1,10})?)"
_ONE = re.compile(rf"(p|tm|tc|ts|wm)({_PERCENT})")
_RANGE = re.compile(rf"(TM|TC|TS|WM)\(({_PERCENT})%:({_PERCENT})?%?\)|(TM|TC|TS|WM)\(:({_PERCENT})%\)")
_MIDDLE = "IQM"


def is_extended(name: str) -> bool:
    """Whether a statistic is a percentile, a trimmed mean or the like."""
    return name == _MIDDLE or _ONE.fullmatch(name) is not None or _RANGE.fullmatch(name) is not None


def is_known(name: str) -> bool:
    """Whether there is such a statistic."""
    return name in BASIC or is_extended(name)


def value(points: Sequence[Point], name: str) -> float | None:
    """A statistic of a period's points; None when it cannot be told of them."""
    counted = [point for point in points if point.count > 0]
    if not counted:
        return None
    if name in BASIC:
        return BASIC[name](counted)
    samples = _samples(counted)
    return None if samples is None else _extended(samples, name)


def by_period(points: Iterable[Point], period: int) -> dict[int, list[Point]]:
    """The points of each period, by its beginning in seconds since the epoch, in order."""
    found: defaultdict[int, list[Point]] = defaultdict(list)
    for point in points:
        found[int(point.moment // period) * period].append(point)
    return dict(sorted(found.items()))


def _samples(points: Sequence[Point]) -> Samples | None:
    """None when values are not known one by one, or are negative."""
    if any(point.low < 0 or point.low != point.high for point in points):
        return None
    return sorted((point.low, point.count) for point in points)


def _extended(samples: Samples, name: str) -> float | None:
    kind, low, high = _bounds(name)
    if kind == "p":
        return percentile(samples, high)
    least = percentile(samples, low) if low > 0 else float("-inf")
    most = percentile(samples, high) if high < 100 else float("inf")  # noqa: PLR2004 - percent
    if kind == "wm":
        return _mean([(min(max(each, least), most), count) for each, count in samples])
    kept = [(each, count) for each, count in samples if least <= each <= most]
    if kind == "tc":
        return sum(count for _, count in kept)
    return sum(each * count for each, count in kept) if kind == "ts" else _mean(kept)


def _bounds(name: str) -> tuple[str, float, float]:
    """Kind of a statistic, and between which percentiles it looks."""
    if name == _MIDDLE:
        return "tm", 25.0, 75.0
    one = _ONE.fullmatch(name)
    if one is not None:
        return one[1], 0.0, float(one[2])
    found = _RANGE.fullmatch(name)
    kind, low, high = (found[1] or found[4], found[2], found[3] or found[5]) if found else ("TM", None, None)
    return kind.lower(), float(low or 0), float(high or 100)


def percentile(samples: Samples, percent: float) -> float:
    """Between the two nearest ranks."""
    total = sum(count for _, count in samples)
    rank = percent / 100 * (total - 1)
    low, part = int(rank), rank - int(rank)
    least = _at(samples, low)
    return least + part * (_at(samples, low + 1) - least) if part else least


def _at(samples: Samples, place: int) -> float:
    seen = 0.0
    for each, count in samples:
        seen += count
        if place < seen:
            return each
    return samples[-1][0]


def _mean(samples: Samples) -> float | None:
    count = sum(number for _, number in samples)
    return sum(each * number for each, number in samples) / count if count else None
