"""Small drawings of one line: a course over time, and an interval on a scale."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

from backendctl.release.observed import Minute

BLOCKS = "▁▂▃▄▅▆▇█"
_NOTHING = "·"
Worth = Callable[[Sequence[Minute]], float | None]


def course(minutes: Sequence[Minute], *, since: int, until: int, width: int, worth: Worth) -> list[float | None]:
    """What some minutes at a time are worth, from left to right; None where there was nothing."""
    length = max(1, until - since)
    slots: list[list[Minute]] = [[] for _ in range(width)]
    for minute in minutes:
        if since <= minute.at < until:
            slots[(minute.at - since) * width // length].append(minute)
    return [worth(slot) if slot else None for slot in slots]


def slots(*sides: Sequence[Minute], since: int, until: int, most: int) -> int:
    """How many columns a course takes: one for each of the minutes (or seconds) counted, where there is room."""
    moments = sorted({minute.at for side in sides for minute in side})
    step = min((after - before for before, after in itertools.pairwise(moments)), default=until - since)
    return max(1, min(most, (until - since) // max(1, step)))


def failing(minutes: Sequence[Minute]) -> float | None:
    """The proportion of errors."""
    requests = sum(minute.requests for minute in minutes)
    return sum(minute.errors for minute in minutes) / requests if requests else None


def slowest(minutes: Sequence[Minute]) -> float | None:
    """The highest p95, in milliseconds."""
    return max((minute.p95 for minute in minutes if minute.p95 is not None), default=None)


def spark(values: Sequence[float | None], *, top: float) -> str:
    """Blocks as high as the values, `top` the highest."""

    def block(value: float | None) -> str:
        if value is None:
            return _NOTHING
        return BLOCKS[min(len(BLOCKS) - 1, round(value / top * (len(BLOCKS) - 1)) if top > 0 else 0)]

    return "".join(block(value) for value in values)


def interval(low: float, seen: float, high: float, *, top: float, width: int) -> str:
    """`  ├──●────┤`: what was seen, and how far off it may be, on a scale from 0 to `top`."""

    def place(value: float) -> int:
        return min(width - 1, max(0, round(value / top * (width - 1)) if top > 0 else 0))

    cells = [" "] * width
    for index in range(place(low), place(high) + 1):
        cells[index] = "─"
    cells[place(low)], cells[place(high)] = "├", "┤" if high <= top else "→"
    cells[place(seen)] = "●"
    return "".join(cells)
