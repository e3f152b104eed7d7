"""What stands in the files: every cold start, labels, tooltips; the same bytes every time."""

from __future__ import annotations

import re
import struct
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from backendctl.ui.charts.palette import Role
from backendctl.ui.charts.writing import write_memory_chart, write_timelines
from backendctl.warmth.memory_chart import MemoryChart
from backendctl.warmth.timeline import Bin, Event, Point, Timeline
from tests.bench.chart_samples import NOW, busy, eventful, many, memory, seven_hours

SVG = "{http://www.w3.org/2000/svg}"


def _svg(tmp_path: Path, *timelines: Timeline) -> ET.Element:
    write_timelines(timelines, tmp_path / "chart.svg", title="Invocations of places")
    return ET.parse(tmp_path / "chart.svg").getroot()  # noqa: S314 - written a line above


def _marks(root: ET.Element, kind: str) -> list[str]:
    """Tooltips of all marks of that kind."""
    groups = [group for group in root.iter(f"{SVG}g") if (group.get("id") or "").startswith(f"{kind}-")]
    return [use.findtext(f"{SVG}title") or "" for group in groups for use in group.iter(f"{SVG}use")]


def _texts(root: ET.Element) -> list[str]:
    return [element.text or "" for element in root.iter(f"{SVG}text")]


def _cold(timeline: Timeline) -> int:
    return sum(point.init_ms is not None for point in timeline.points)


def test_every_invocation_is_in_the_svg_with_its_tooltip(tmp_path: Path) -> None:
    timeline = seven_hours(days=2)
    root = _svg(tmp_path, timeline)
    cold = _marks(root, "cold") + _marks(root, "coldping")
    assert len(cold) == _cold(timeline) > 5
    assert all("cold start" in told and "loading" in told and told.count("UTC") == 1 for told in cold)
    drawn = len(cold) + sum(len(_marks(root, kind)) for kind in ("warm", "ping", "error"))
    cold_errors = sum(point.is_error and point.init_ms is not None for point in timeline.points)
    assert drawn == len(timeline.points) + cold_errors


def test_of_very_many_invocations_every_cold_start_remains_and_the_file_stays_small(tmp_path: Path) -> None:
    timeline = busy(15_000, cold=300)
    root = _svg(tmp_path, timeline)
    assert len(_marks(root, "cold")) + len(_marks(root, "coldping")) == 300
    assert 1000 < len(_marks(root, "warm")) <= 6000
    assert sum(int(told.split("·")[1].split()[0].replace(",", "")) for told in _marks(root, "bin")) == sum(
        point.init_ms is None and not point.is_ping and not point.is_error for point in timeline.points
    )
    assert any("every cold start is drawn" in text for text in _texts(root))
    assert (tmp_path / "chart.svg").stat().st_size < 2_000_000


def test_a_total_is_higher_the_longer_it_took(tmp_path: Path) -> None:
    points = tuple(Point(at=NOW - 50 + n, duration_ms=1, init_ms=10.0**n) for n in range(1, 5))
    root = _svg(tmp_path, Timeline(region="r", function="f", alias="a", since=NOW - 60, until=NOW, points=points))
    heights = [float(use.get("y") or 0) for use in root.iter(f"{SVG}use") if use.find(f"{SVG}title") is not None]
    steps = [before - after for before, after in pairwise(heights)]
    assert all(step > 10 for step in steps)
    assert steps[-1] == pytest.approx(steps[-2], rel=0.01)  # a power of ten is one step


def test_texts_are_texts(tmp_path: Path) -> None:
    texts = _texts(_svg(tmp_path, seven_hours(days=2)))
    assert {"places · us-east-1", "1024 MB", "10 s", "100 ms", "27 Nov", "cold start, loading included"} <= set(texts)


def test_labels_without_room_are_named_below(tmp_path: Path) -> None:
    root = _svg(tmp_path, eventful())
    lines = [group for group in root.iter(f"{SVG}g") if (group.get("id") or "").startswith("event-")]
    assert len(lines) > 15
    assert any(text.startswith("Without a label for lack of room: version") for text in _texts(root))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("ending", ["svg", "png"])
def test_texts_may_hold_anything_that_can_be_written(ending: str, tmp_path: Path) -> None:
    label = "$a_b^ <&> \N{CJK UNIFIED IDEOGRAPH-65E5}"
    timeline = replace(busy(9), events=(Event(at=NOW - 99, label=label),))
    write_timelines([timeline], tmp_path / f"chart.{ending}", title="100 $ and 200 $")
    if ending == "svg":
        assert {label, "100 $ and 200 $"} <= set(_texts(ET.parse(tmp_path / "chart.svg").getroot()))  # noqa: S314


def test_an_event_outside_the_window_is_not_drawn(tmp_path: Path) -> None:
    timeline = replace(busy(20, cold=1), events=(Event(at=NOW - 9e6, label="long ago"),))
    assert "long ago" not in _texts(_svg(tmp_path, timeline))


def test_each_of_many_panels_has_its_title_and_an_empty_one_says_so(tmp_path: Path) -> None:
    timelines = many(4, "us-east-1", "us-west-2")
    timelines[3] = replace(timelines[3], points=())
    texts = _texts(_svg(tmp_path, *timelines))
    titles = [text for text in texts if text.endswith((" · us-east-1", " · us-west-2"))]
    assert len(titles) == len(timelines)
    assert texts.count("no invocations") == 1


def test_two_aliases_of_one_function_are_told_apart(tmp_path: Path) -> None:
    one = busy(9)
    texts = _texts(_svg(tmp_path, one, replace(one, alias="live")))
    assert {"search:version1 · us-east-1", "search:live · us-east-1"} <= set(texts)


def test_bins_that_begin_before_the_window_are_drawn(tmp_path: Path) -> None:
    bins = (Bin(at=NOW - 900, seconds=600, count=5, p50_ms=9, p95_ms=20),)
    root = _svg(tmp_path, Timeline(region="r", function="f", alias="a", since=NOW - 600, until=NOW, bins=bins))
    assert len(_marks(root, "bin")) == 1


@pytest.mark.parametrize("ending", ["svg", "png", "html"])
def test_the_same_timelines_give_the_same_bytes(ending: str, tmp_path: Path) -> None:
    files = [tmp_path / f"{name}.{ending}" for name in "ab"]
    for file in files:
        write_timelines([busy(60, cold=3)], file, title="t")
    assert files[0].read_bytes() == files[1].read_bytes()


def test_nothing_read_is_a_chart_that_says_so(tmp_path: Path) -> None:
    assert "no function was read" in _texts(_svg(tmp_path))


def test_a_png_has_two_pixels_for_each_of_a_screen(tmp_path: Path) -> None:
    write_timelines([busy(9)], tmp_path / "chart.png", title="t")
    width, _ = struct.unpack(">II", (tmp_path / "chart.png").read_bytes()[16:24])
    assert 2200 < width < 2400


class _Page(HTMLParser):
    """Everything that would be fetched, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [
            f"{tag} {name}={value}"
            for name, value in attrs
            if name in {"src", "href", "xlink:href"} and not (value or "").startswith("#")
        ]

    def handle_data(self, data: str) -> None:
        self.words.append(data.strip())


def test_a_page_needs_nothing_else_and_has_the_figures_in_a_table(tmp_path: Path) -> None:
    timeline = replace(busy(30, cold=4), function="a<b>&c")
    write_timelines([timeline], tmp_path / "chart.html", title="Invocations <of> places")
    text = (tmp_path / "chart.html").read_text(encoding="utf-8")
    page = _Page(text)
    assert page.fetched == []
    assert "@import" not in text
    assert "url(http" not in text
    assert {"Invocations <of> places", "a<b>&c", "cold starts", "warm p95"} <= set(page.words)


def test_every_colour_of_a_chart_has_one_for_dark(tmp_path: Path) -> None:
    write_timelines([seven_hours(days=2)], tmp_path / "chart.html", title="t")
    text = (tmp_path / "chart.html").read_text(encoding="utf-8")
    used = set(re.findall(r"(?:fill|stroke): (#[0-9a-f]{6})", text))
    assert used <= {role.light for role in Role}
    assert all(f'[style*="fill: {color}"]{{fill:' in text for color in used)
    assert len({role.light for role in Role}) == len(Role)


def test_the_memory_chart_marks_the_recommended_sizes(tmp_path: Path) -> None:
    write_memory_chart(memory(best=(512, 1769, 512)), tmp_path / "chart.svg")
    root = ET.parse(tmp_path / "chart.svg").getroot()  # noqa: S314 - written a line above
    assert {"cheapest, balanced: 512 MB", "fastest: 1769 MB", "now: 256 MB", "1769 MB", "$2"} <= set(_texts(root))
    assert len(_marks(root, "warm")) == len(_marks(root, "cold")) == len(_marks(root, "cost")) == 6
    assert "for a million invocations" in _marks(root, "cost")[0]


def test_a_memory_chart_without_cold_starts_or_without_anything_is_drawn(tmp_path: Path) -> None:
    write_memory_chart(memory(has_cold=False), tmp_path / "chart.svg")
    assert "cold, loading included" not in (tmp_path / "chart.svg").read_text(encoding="utf-8")
    write_memory_chart(MemoryChart(function="f", region="r", points=()), tmp_path / "chart.html")
    assert "nothing was measured" in (tmp_path / "chart.html").read_text(encoding="utf-8")


def test_matplotlib_is_loaded_only_to_draw() -> None:
    code = (
        "import sys, backendctl.ui.charts, backendctl.ui.charts.blocks\n"
        "print([name for name in ('matplotlib', 'numpy') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
