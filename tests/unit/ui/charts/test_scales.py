"""The axes of a timeline."""

from __future__ import annotations

import pytest

from backendctl.ui.charts.scales import (
    duration_range,
    duration_ticks,
    quantile,
    time_range,
    time_ticks,
    told_moment,
    told_ms,
    told_span,
)
from backendctl.warmth.timeline import Bin, Point, Timeline

NOON = 1_764_244_800
"""27 November 2025, 12:00 UTC."""
HOUR, DAY = 3600, 86400


def _timeline(*points: Point, bins: tuple[Bin, ...] = ()) -> Timeline:
    return Timeline(
        region="us-east-1", function="f", alias="live", since=NOON, until=NOON + HOUR, points=points, bins=bins
    )


@pytest.mark.parametrize(
    ("milliseconds", "told"),
    [
        (0.4, "0.4 ms"),
        (1, "1 ms"),
        (12.34, "12.3 ms"),
        (999.4, "999 ms"),
        (999.7, "1 s"),
        (12_340, "12.3 s"),
        (9e5, "900 s"),
    ],
)
def test_a_duration_is_told_in_three_digits(milliseconds: float, told: str) -> None:
    assert told_ms(milliseconds) == told


def test_durations_have_a_tick_at_each_power_of_ten() -> None:
    assert [tick.label for tick in duration_ticks(0.8, 25_000, most=6)] == ["1 ms", "10 ms", "100 ms", "1 s", "10 s"]


def test_a_small_range_of_durations_has_ticks_between_the_powers_of_ten() -> None:
    assert [tick.label for tick in duration_ticks(15, 300, most=6)] == ["20 ms", "50 ms", "100 ms", "200 ms"]


def test_there_are_never_more_ticks_of_durations_than_asked_for() -> None:
    assert len(duration_ticks(0.1, 900_000, most=4)) <= 4


def test_a_single_duration_gives_a_range_around_it() -> None:
    low, high = duration_range([_timeline(Point(at=NOON, duration_ms=50))])
    assert low < 50 < high
    assert high / low == pytest.approx(10)


def test_the_range_of_durations_holds_bins_and_whole_cold_starts() -> None:
    bins = (Bin(at=NOON, seconds=60, count=9, p50_ms=2, p95_ms=30),)
    low, high = duration_range([_timeline(Point(at=NOON, duration_ms=100, init_ms=9_900), bins=bins)])
    assert low < 2
    assert high > 10_000


def test_the_range_of_time_holds_what_ran_outside_the_window() -> None:
    assert time_range([_timeline(Point(at=NOON - 5, duration_ms=1))]) == (NOON - 5, NOON + HOUR)


def test_the_range_of_time_is_never_empty() -> None:
    since, until = time_range([])
    assert until > since


def test_a_day_has_ticks_at_round_hours_and_the_date_at_midnight() -> None:
    ticks = time_ticks(NOON, NOON + DAY, most=5)
    assert [tick.label for tick in ticks] == ["12:00", "18:00", "28 Nov", "06:00", "12:00"]


def test_a_minute_has_ticks_of_seconds() -> None:
    assert [tick.label for tick in time_ticks(NOON + 1, NOON + 40, most=3)] == ["12:00:15", "12:00:30"]


@pytest.mark.parametrize("length", [3, 61, HOUR, 7 * HOUR, DAY, 9 * DAY, 400 * DAY])
def test_no_window_has_more_ticks_of_time_than_asked_for(length: int) -> None:
    assert 1 <= len(time_ticks(NOON, NOON + length, most=6)) <= 7


def test_moments_and_spans_name_the_day_and_utc() -> None:
    assert told_moment(NOON + 61) == "27 Nov 2025 12:01:01 UTC"
    assert told_span(NOON, NOON + DAY) == "27 Nov 12:00 to 28 Nov 2025 12:00 UTC"
    assert told_span(NOON, NOON + 90) == "27 Nov 2025, 12:00:00 to 12:01:30 UTC"


def test_a_quantile_is_a_value_that_occurred() -> None:
    assert quantile([30, 10, 20], 0.5) == 20
    assert quantile(list(range(1, 101)), 0.95) == 95
    assert quantile([7], 0.95) == 7
