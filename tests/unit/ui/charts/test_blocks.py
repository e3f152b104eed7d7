"""Timelines on a terminal."""

from __future__ import annotations

import pytest

from backendctl.ui.charts.blocks import blocks
from backendctl.warmth.timeline import Bin, Event, Point, Timeline

NOON = 1_764_244_800
"""27 November 2025, 12:00 UTC."""
HOUR = 3600
AXIS = 9
"""Columns before the frame."""


def _timeline(
    *points: Point, bins: tuple[Bin, ...] = (), events: tuple[Event, ...] = (), function: str = "places"
) -> Timeline:
    return Timeline(
        region="us-east-1", function=function, alias="live", since=NOON, until=NOON + HOUR, points=points, bins=bins,
        events=events,
    )  # fmt: skip


def _plain(timeline: Timeline, *, width: int = 80) -> list[str]:
    return [line.plain for line in blocks([timeline], width=width)]


def _row(lines: list[str], name: str) -> str:
    return next(line for line in lines if line.strip().startswith(name))


COLD = Point(at=NOON + HOUR / 2, duration_ms=2_000, init_ms=10_000)
WARM = tuple(Point(at=NOON + 60 * n, duration_ms=12) for n in range(60))


def test_a_cold_start_is_marked_below_its_column_and_reaches_the_top() -> None:
    lines = _plain(_timeline(*WARM, COLD))
    at = _row(lines, "cold").index("▲")
    assert at == AXIS + (80 - AXIS) // 2
    assert lines[1][at] in "▅▆▇█"
    assert {line for line in lines[1] if line not in "▅▆▇█ ┤1s0"} == set()


def test_warm_cold_and_pings_differ_in_colour() -> None:
    lines = blocks([_timeline(*WARM, COLD, Point(at=NOON + HOUR - 1, duration_ms=1, is_ping=True))])
    styles = {str(span.style) for line in lines[1:5] for span in line.spans}
    assert {"region", "update", "quiet"} <= styles


def test_errors_have_a_row_only_where_there_are_any() -> None:
    assert "✗" in _row(_plain(_timeline(*WARM, Point(at=NOON, duration_ms=3, is_error=True))), "error")
    assert not any("error" in line for line in _plain(_timeline(*WARM))[1:])


def test_events_are_marked_with_their_labels() -> None:
    events = (Event(at=NOON + HOUR / 4, label="1024 MB"), Event(at=NOON + HOUR - 1, label="version 8"))
    row = next(line for line in _plain(_timeline(*WARM, events=events)) if "│" in line)
    assert "│ 1024 MB" in row
    assert row.endswith("version 8 │")


def test_bins_are_drawn_where_they_are_and_counted() -> None:
    bins = tuple(Bin(at=NOON + 600 * n, seconds=600, count=40, p50_ms=10, p95_ms=20) for n in (0, 1, 4))
    lines = _plain(_timeline(bins=bins))
    assert "120 invocations" in lines[0]
    assert lines[4][AXIS] == "█"
    assert lines[4][AXIS + 35] == " "


def test_a_duration_of_zero_is_seen_too() -> None:
    lines = _plain(_timeline(Point(at=NOON, duration_ms=0), *WARM[5:]))
    assert lines[4][AXIS] != " "
    assert lines[3][AXIS] == " "


def test_without_invocations_it_says_so() -> None:
    assert "no invocations" in "\n".join(_plain(_timeline()))


def test_the_axis_tells_round_moments() -> None:
    axis = _plain(_timeline(*WARM))[-2]
    assert axis.startswith("UTC")
    assert "╵12:10" in axis


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal_or_80_columns(width: int) -> None:
    events = tuple(Event(at=NOON + 90 * n, label=f"version {n} of a long story") for n in range(40))
    lines = _plain(_timeline(*WARM, COLD, events=events, function="f" * 64), width=width)
    assert max(len(line) for line in lines) <= min(80, width)
