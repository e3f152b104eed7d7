"""So many dots that one hides another: keep those that can be seen, and show the rest as a band."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from backendctl.ui.charts.scales import quantile, total_ms
from backendctl.warmth.timeline import Bin, Point

_WIDER = 1.3


def thinned(
    points: Sequence[Point], *, place: Callable[[Point], tuple[float, float]], cell: float, most: int
) -> list[Point]:
    """One point for each cell of a square grid, the first; cells grow until no more than `most` remain.

    Args:
        points: of one kind. place: where a point is drawn. cell: side of a cell at first, in the unit of `place`.
    """
    if len(points) <= most:
        return list(points)
    spots = [place(point) for point in points]
    while True:
        kept: dict[tuple[int, int], Point] = {}
        for point, (x, y) in zip(points, spots, strict=True):
            kept.setdefault((math.floor(x / cell), math.floor(y / cell)), point)
        if len(kept) <= most:
            return list(kept.values())
        cell *= _WIDER


def bins_of(points: Sequence[Point], *, since: float, until: float, count: int) -> tuple[Bin, ...]:
    """The warm invocations in `count` stretches of equal length; those without any are not there."""
    seconds = (until - since) / count
    slots: dict[int, list[float]] = {}
    for point in points:
        slots.setdefault(min(count - 1, max(0, int((point.at - since) / seconds))), []).append(total_ms(point))
    return tuple(
        Bin(
            at=since + slot * seconds,
            seconds=seconds,
            count=len(values),
            p50_ms=quantile(values, 0.5),
            p95_ms=quantile(values, 0.95),
        )
        for slot, values in sorted(slots.items())
    )
