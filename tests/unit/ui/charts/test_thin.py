"""Dots that hide each other are thinned out."""

from __future__ import annotations

from backendctl.ui.charts.thin import bins_of, thinned
from backendctl.warmth.timeline import Point


def _points(count: int) -> list[Point]:
    return [Point(at=n / 10, duration_ms=1 + n % 7) for n in range(count)]


def _place(point: Point) -> tuple[float, float]:
    return point.at, point.duration_ms


def test_few_dots_are_all_kept() -> None:
    assert thinned(_points(50), place=_place, cell=5, most=50) == _points(50)


def test_of_many_dots_no_more_remain_than_asked_for() -> None:
    kept = thinned(_points(5000), place=_place, cell=0.5, most=300)
    assert 100 <= len(kept) <= 300


def test_a_dot_far_from_all_others_remains() -> None:
    lonely = Point(at=100, duration_ms=900)
    assert lonely in thinned([*_points(5000), lonely], place=_place, cell=0.5, most=300)


def test_bins_hold_every_invocation_once_and_know_its_spread() -> None:
    bins = bins_of(_points(1000), since=0, until=100, count=10)
    assert sum(one.count for one in bins) == 1000
    assert {(one.p50_ms, one.p95_ms) for one in bins} == {(4, 7)}


def test_there_is_no_bin_where_nothing_ran() -> None:
    bins = bins_of([Point(at=1, duration_ms=5), Point(at=99, duration_ms=6)], since=0, until=100, count=10)
    assert [one.at for one in bins] == [0, 90]
