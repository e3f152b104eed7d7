"""Draws a chart and writes it as its file's ending says."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path

from backendctl.ui.charts.drawing import Drawn, settings
from backendctl.ui.charts.html import Table, memory_table, page, timeline_table
from backendctl.ui.charts.memory_figure import memory_figure
from backendctl.ui.charts.svg import svg_of
from backendctl.ui.charts.target import check_ending, write
from backendctl.ui.charts.timeline_figure import timeline_figure
from backendctl.warmth.memory_chart import MemoryChart
from backendctl.warmth.timeline import Timeline

_PIXELS = 20_000
"""A PNG is no taller: it would fill the memory."""


def write_timelines(timelines: Sequence[Timeline], path: Path, *, title: str) -> None:
    """Draw every invocation over time, a panel for each timeline.

    Raises:
        UsageError: see `check_ending`.
        BackendctlError: the file cannot be written.
    """
    check_ending(path)
    with settings():
        _save(timeline_figure(timelines, title=title), path, timeline_table(timelines))


def write_memory_chart(chart: MemoryChart, path: Path) -> None:
    """Draw cost against time at each memory size.

    Raises:
        UsageError: see `check_ending`.
        BackendctlError: the file cannot be written.
    """
    check_ending(path)
    with settings():
        _save(memory_figure(chart), path, memory_table(chart))


def _save(drawn: Drawn, path: Path, table: Table) -> None:
    """Write it as the ending says; `table` has the same in figures, for a page."""
    ending = path.suffix.lower()
    if ending == ".svg":
        write(path, svg_of(drawn, inline=False).encode())
    elif ending == ".html":
        write(path, page(drawn, table).encode())
    else:
        out = io.BytesIO()
        dots = min(192.0, _PIXELS / float(drawn.figure.get_size_inches()[1]))  # twice the 96 of a screen
        drawn.figure.savefig(out, format="png", dpi=dots, metadata={"Software": None})
        write(path, out.getvalue())
