"""The two axes of a timeline: UTC across, milliseconds upwards on a log scale; their ticks and words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from backendctl.warmth.timeline import Point, Timeline

LEAST_MS = 0.1
"""Shorter durations are drawn here: a log scale has no zero."""
_EMPTY = (1.0, 10_000.0)
_ROOM = 1.6
_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(n * _MINUTE for n in (1, 2, 5, 10, 15, 30)),
    *(n * _HOUR for n in (1, 2, 3, 6, 12)),
    *(n * _DAY for n in (1, 2, 7, 14, 28, 91, 182, 364)),
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_THREE_DIGITS = 999.5
"""From here on a figure would be rounded to four: 1e+03 is no duration."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tick:
    """A value of an axis and how it is written."""

    at: float
    label: str


def total_ms(point: Point) -> float:
    """What the caller waited for: loading and handler."""
    return point.duration_ms + (point.init_ms or 0.0)


def time_range(timelines: Iterable[Timeline]) -> tuple[float, float]:
    """From the first `since` to the last `until`, and whatever ran before or after; never empty."""
    moments = [
        moment
        for one in timelines
        for moment in (
            *(one.since, one.until),
            *(point.at for point in one.points),
            *(moment for each in one.bins for moment in (each.at, each.at + each.seconds)),
        )
    ]
    since = min(moments, default=0.0)
    return since, max(since + 1.0, *moments, since)


def duration_range(timelines: Iterable[Timeline]) -> tuple[float, float]:
    """The least and greatest duration in milliseconds with some room around; spans at least a power of ten."""
    values = [max(LEAST_MS, value) for one in timelines for value in _values(one)]
    if not values:
        return _EMPTY
    low, high = min(values) / _ROOM, max(values) * _ROOM
    if high < low * 10:
        middle = math.sqrt(low * high)
        low, high = middle / math.sqrt(10), middle * math.sqrt(10)
    return low, high


def _values(timeline: Timeline) -> Iterable[float]:
    for point in timeline.points:
        yield point.duration_ms
        yield total_ms(point)
    for one in timeline.bins:
        yield one.p50_ms
        yield one.p95_ms


def duration_ticks(low: float, high: float, *, most: int) -> list[Tick]:
    """1 ms, 10 ms, 100 ms, 1 s …; 2 and 5 between them where there is room, every other one where there is little."""
    powers = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    every = [[part * 10.0**power for power in powers for part in parts] for parts in ((1, 2, 5), (1,))]
    every.append([10.0**power for power in powers if power % 2 == 0])
    shown = [[value for value in values if low <= value <= high] for values in every]
    chosen = next((values for values in shown if len(values) <= most), shown[-1])
    return [Tick(at=value, label=told_ms(value)) for value in chosen]


def told_ms(milliseconds: float) -> str:
    """Three digits at most: "0.4 ms", "12.3 ms", "340 ms", "1.2 s", "12.3 s", "900 s"."""
    value, unit = (milliseconds, "ms") if milliseconds < _THREE_DIGITS else (milliseconds / 1000, "s")
    return f"{value:.3g} {unit}" if value < _THREE_DIGITS else f"{value:.0f} {unit}"


def time_ticks(since: float, until: float, *, most: int) -> list[Tick]:
    """Round moments of UTC, no more than `most`: "14:00", or "27 Nov" where a day begins."""
    step = next((step for step in _STEPS if (until - since) / step <= most), _STEPS[-1])
    first = math.ceil(since / step) * step
    moments = range(first, math.floor(until) + 1, step)
    return [Tick(at=float(moment), label=_label(moment, step)) for moment in moments]


def _label(moment: int, step: int) -> str:
    if moment % _DAY == 0:
        return _day(_utc(moment))
    return f"{_utc(moment):%H:%M:%S}" if step < _MINUTE else f"{_utc(moment):%H:%M}"


def told_moment(moment: float) -> str:
    """Such as "27 Nov 2026 14:03:07 UTC"."""
    at = _utc(moment)
    return f"{_day(at)} {at:%Y %H:%M:%S} UTC"


def told_span(since: float, until: float) -> str:
    """Such as "26 Nov 14:00 to 27 Nov 2026 14:00 UTC"; seconds where it is short."""
    first, last = _utc(since), _utc(until)
    clock = "%H:%M:%S" if until - since < 10 * _MINUTE else "%H:%M"
    if first.date() == last.date():
        return f"{_day(first)} {first:%Y}, {first.strftime(clock)} to {last.strftime(clock)} UTC"
    year = f" {first:%Y}" if first.year != last.year else ""
    return f"{_day(first)}{year} {first.strftime(clock)} to {_day(last)} {last:%Y} {last.strftime(clock)} UTC"


def _utc(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, tz=UTC)


def _day(at: datetime) -> str:
    """Named here, for strftime's months depend on the locale."""
    return f"{at.day} {_MONTHS[at.month - 1]}"


def quantile(values: Sequence[float], level: float) -> float:
    """The nearest rank; values need not be sorted, but there must be one."""
    ranked = sorted(values)
    return ranked[max(0, math.ceil(level * len(ranked)) - 1)]
