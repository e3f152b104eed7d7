"""The figure of many timelines: panels on shared axes, a title, a legend, and remarks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from backendctl.ui.charts.drawing import Drawn, measure, sheet, write_text
from backendctl.ui.charts.grid import Grid, Look, grid_of
from backendctl.ui.charts.labels import Placed, fitted, joined, place
from backendctl.ui.charts.palette import Role
from backendctl.ui.charts.panel import MARKS, WARM, Panel, sorted_out, style
from backendctl.ui.charts.scales import (
    duration_range,
    duration_ticks,
    time_range,
    time_ticks,
    told_moment,
    told_span,
)
from backendctl.ui.charts.told import counted, events_within, figures_of, name_of, told_apart, told_figures
from backendctl.warmth.timeline import Event, Timeline

_LEFT = 12.0
_NEAR = 2.0
"""Lines nearer than this, in points, are one."""
_GAP = 3.0
_SMALL, _REMARK = 7.5, 13.0
_MOST_REMARKED = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class _Ranges:
    """Of the axes that all panels share: seconds since the epoch and milliseconds."""

    since: float
    until: float
    low: float
    high: float

    def across(self, look: Look) -> Callable[[float], float]:
        """Where a moment is, in points from the left of a panel."""
        return lambda at: (at - self.since) / (self.until - self.since) * look.width

    def raised(self, look: Look, rows: int) -> _Ranges:
        """With room above the highest value for so many rows of labels."""
        if not rows:
            return self
        share = (rows * look.text * 1.45 + 6) / look.height
        return replace(self, high=self.low * (self.high / self.low) ** (1 / (1 - share)))


def timeline_figure(timelines: Sequence[Timeline], *, title: str) -> Drawn:
    """Draw them all."""
    timelines = told_apart(timelines)
    grid = grid_of(timelines)
    (since, until), (low, high) = time_range(timelines), duration_range(timelines)
    ranges = _Ranges(since=since, until=until, low=low, high=high)
    ticks = duration_ticks(low, high, most=grid.look.duration_ticks)
    across = ranges.across(grid.look)
    events = [joined(events_within(one, since, until), x_of=across, nearer_than=_NEAR) for one in timelines]
    labels = [_labels(found, grid.look, across) for found in events]
    remarks = _remarks(timelines, labels, grid.look)
    grid = replace(grid, notes=_REMARK * len(remarks))
    ranges = ranges.raised(grid.look, max((one.rows for one in labels), default=0))
    figure = sheet(*grid.size)
    tooltips: dict[str, list[str]] = {}
    for number, (timeline, cell) in enumerate(zip(timelines, grid.cells, strict=True)):
        axes = figure.add_axes(grid.box(cell))
        _prepare(axes, grid, cell, ranges)
        axes.set_yticks(
            [tick.at for tick in ticks], [tick.label for tick in ticks] if grid.tells_duration(cell) else []
        )
        panel = Panel(
            axes=axes, timeline=timeline, number=number, look=grid.look, since=since, until=until,
            events=events[number], labels=labels[number],
        )  # fmt: skip
        tooltips |= panel.draw()
    _head(figure, timelines, grid, title=title, span=told_span(since, until) if timelines else "no function was read")
    for n, remark in enumerate(remarks):
        top = grid.size[1] - grid.notes + n * _REMARK - 2
        write_text(figure, _cut(remark, grid), left=_LEFT, top=top, size=_SMALL, role=Role.MUTED)
    return Drawn(figure=figure, name=title, text=_text(timelines), tooltips=tooltips)


def _labels(events: Sequence[Event], look: Look, across: Callable[[float], float]) -> Placed:
    return place(events, x_of=across, width=look.width, rows=look.label_rows, measure=measure(look.text, gap=_GAP))


def _prepare(axes: Axes, grid: Grid, cell: tuple[int, int], ranges: _Ranges) -> None:
    look = grid.look
    axes.set_facecolor(Role.SURFACE.light)
    axes.set_yscale("log")
    axes.set_xlim(ranges.since, ranges.until)
    axes.set_ylim(ranges.low, ranges.high)
    axes.margins(0)
    ticks = time_ticks(ranges.since, ranges.until, most=look.time_ticks)
    axes.set_xticks([tick.at for tick in ticks], [tick.label for tick in ticks] if grid.tells_time(cell) else [])
    axes.minorticks_off()
    axes.tick_params(
        labelsize=look.text, labelcolor=Role.MUTED.light, color=Role.FRAME.light, length=3, width=0.6, pad=3
    )
    axes.grid(visible=True, color=Role.GRID.light, linewidth=0.6)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side in {"left", "bottom"})
        spine.set_color(Role.FRAME.light)
        spine.set_linewidth(0.8)


def _head(figure: Figure, timelines: Sequence[Timeline], grid: Grid, *, title: str, span: str) -> None:
    write_text(figure, title, left=_LEFT, top=10, size=13, role=Role.TEXT, bold=True)
    write_text(figure, span, left=_LEFT, top=29, size=9, role=Role.MUTED)
    handles = _handles(timelines, grid.look)
    if handles:
        width, height = grid.size
        legend = figure.legend(
            handles=handles, loc="upper left", bbox_to_anchor=(_LEFT / width, 1 - 45 / height), borderpad=0,
            ncols=len(handles), frameon=False, fontsize=8.5, handlelength=1.6, handletextpad=0.5, columnspacing=1.6,
            labelcolor=Role.TEXT.light, borderaxespad=0,
        )  # fmt: skip
        legend.set_gid("legend")


def _handles(timelines: Sequence[Timeline], look: Look) -> list[Artist]:
    """Of what occurs."""
    kinds = [sorted_out(one.points) for one in timelines]
    big = replace(look, dot=4, cold=7)
    handles: list[Artist] = [
        Line2D([], [], label=mark.legend, **style(mark, big))
        for mark in MARKS
        if any(found[mark.kind] for found in kinds)
    ]
    if any(one.bins for one in timelines) or any(len(found[WARM.kind]) > look.most_dots for found in kinds):
        handles.append(Patch(facecolor=Role.BAND.light, alpha=0.28, linewidth=0, label="warm, p50 to p95"))
    if any(one.events for one in timelines):
        handles.append(
            Line2D([], [], color=Role.EVENT.light, linewidth=0.9, dashes=(4, 2.5), label="release or change")
        )
    return handles


def _remarks(timelines: Sequence[Timeline], labels: Sequence[Placed], look: Look) -> list[str]:
    """What the picture leaves out."""
    remarks = []
    dots = [len(found) for one in timelines for kind, found in sorted_out(one.points).items() if "cold" not in kind]
    if any(count > look.most_dots for count in dots):
        remarks.append("Dots that would lie on each other are left out; every cold start is drawn.")
    missing = [
        (f"{name_of(one)}: " if len(timelines) > 1 else "") + f"{event.label} ({told_moment(event.at)})"
        for one, found in zip(timelines, labels, strict=True)
        for event in found.left_out
    ]
    if missing:
        told = [f"Without a label for lack of room: {missing[0]}", *missing[1:_MOST_REMARKED]]
        more = len(missing) - len(told)
        remarks += told if not more else [*told, f"and {more} more"]
    return remarks


def _cut(remark: str, grid: Grid) -> str:
    return fitted(remark, width=grid.size[0] - 2 * _LEFT, measure=measure(_SMALL))


def _text(timelines: Sequence[Timeline]) -> str:
    """For readers who do not see it; the first ones, and how many there are."""
    if not timelines:
        return "No function was read."
    told = [f"{name_of(one)}: {told_figures(figures_of(one))}" for one in timelines[:_MOST_REMARKED]]
    more = len(timelines) - len(told)
    rest = [f"and {counted(more, 'panel', 'panels')} more"] if more else []
    return "Duration of every invocation over time, on a log scale. " + "; ".join([*told, *rest]) + "."
