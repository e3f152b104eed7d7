"""The figure of `tune`: how long a function takes, and what it costs, at each memory size."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from backendctl.ui.charts.drawing import BEHIND_LABEL, Drawn, measure, sheet, write_text
from backendctl.ui.charts.labels import place
from backendctl.ui.charts.palette import Role
from backendctl.ui.charts.scales import Tick, duration_ticks, told_ms
from backendctl.ui.charts.told import counted
from backendctl.warmth.memory_chart import MemoryChart, MemoryPoint, Spread
from backendctl.warmth.timeline import Event


@dataclass(frozen=True, kw_only=True, slots=True)
class _Look:
    """How a line is drawn. shape: of its marks. dash: of the line between them."""

    legend: str
    role: Role
    shape: str
    dash: Literal["-", "--"]


_WIDTH, _HEIGHT = 800.0, 450.0
_LEFT, _BOTTOM, _ACROSS, _DOWN = 64.0, 46.0, 662.0, 318.0
"""The frame, in points."""
_TEXT, _EDGE = 9.0, 14.0
_LOOKS: dict[str, _Look] = {
    "warm": _Look(legend="warm", role=Role.WARM, shape="o", dash="-"),
    "cold": _Look(legend="cold, loading included", role=Role.COLD, shape="^", dash="--"),
    "cost": _Look(legend="cost", role=Role.COST, shape="s", dash="-"),
}
_LOG_FROM = 20.0
"""A range of durations wider than this is drawn on a log scale."""


def memory_figure(chart: MemoryChart) -> Drawn:
    """Draw it; sizes stand at their logarithm, so that doubling is one step."""
    points = sorted(chart.points, key=lambda point: point.memory_mb)
    figure = sheet(_WIDTH, _HEIGHT)
    axes = figure.add_axes((_LEFT / _WIDTH, _BOTTOM / _HEIGHT, _ACROSS / _WIDTH, _DOWN / _HEIGHT))
    costs = axes.twinx()
    _sizes(axes, points)
    room = 1 - (_marked(axes, chart) * _TEXT * 1.5 + 10) / _DOWN
    tooltips = _durations(axes, points, room) | _costs(costs, points, room)
    for one in (axes, costs):
        _prepare(one)
    costs.grid(visible=False)
    _words(figure, axes, costs, chart)
    return Drawn(figure=figure, name=_name(chart), text=_text(chart), tooltips=tooltips)


def _name(chart: MemoryChart) -> str:
    return f"Cost and duration of {chart.function} · {chart.region}"


def _sizes(axes: Axes, points: Sequence[MemoryPoint]) -> None:
    sizes = [point.memory_mb for point in points] or [1024]
    axes.set_xscale("log", base=2)
    axes.set_xlim(min(sizes) / 1.25, max(sizes) * 1.25)
    axes.set_xticks(sizes, _told_sizes(sizes, across=_across(axes)))
    axes.minorticks_off()


def _across(axes: Axes) -> Callable[[float], float]:
    """Where a size stands, in points from the left of the frame."""
    low, high = (math.log(value) for value in axes.get_xlim())
    return lambda size: (math.log(size) - low) / (high - low) * _ACROSS


def _told_sizes(sizes: Sequence[int], *, across: Callable[[float], float]) -> list[str]:
    """The sizes in words; nothing for one that would touch the one before."""
    width, told, free = measure(_TEXT, gap=3), [], -math.inf
    for size in sizes:
        text = f"{size} MB"
        left = across(size) - width(text) / 2
        told.append(text if left >= free else "")
        free = left + width(text) if left >= free else free
    return told


def _marked(axes: Axes, chart: MemoryChart) -> int:
    """Lines at the sizes that are recommended or in use, with what they are; returns the rows of labels used."""
    named = {
        "cheapest": chart.cheapest_mb,
        "balanced": chart.balanced_mb,
        "fastest": chart.fastest_mb,
        "now": chart.current_mb,
    }
    x_of = _across(axes)
    sizes = sorted({size for size in named.values() if size is not None})
    names = {size: [name for name, its in named.items() if its == size] for size in sizes}
    events = [Event(at=size, label=f"{', '.join(names[size])}: {size} MB") for size in sizes]
    placed = place(events, x_of=x_of, width=_ACROSS, rows=3, measure=measure(_TEXT, gap=4))
    for event in events:
        is_now = names[int(event.at)] == ["now"]
        axes.axvline(
            event.at, color=Role.MUTED.light if is_now else Role.EVENT.light, linewidth=1, zorder=1,
            dashes=(1, 2) if is_now else (4, 2.5),
        )  # fmt: skip
    for label in placed.labels:
        axes.annotate(
            label.text, (0, 1), (label.left + label.width / 2, -3 - label.row * _TEXT * 1.5), ha="center", va="top",
            xycoords="axes fraction", textcoords="offset points", fontsize=_TEXT, color=Role.EVENT.light, zorder=9,
            bbox=BEHIND_LABEL,
        )  # fmt: skip
    return placed.rows


def _durations(axes: Axes, points: Sequence[MemoryPoint], room: float) -> dict[str, list[str]]:
    lines = {
        "warm": [(point.memory_mb, point.warm) for point in points if point.warm is not None],
        "cold": [(point.memory_mb, point.cold) for point in points if point.cold is not None],
    }
    values = [value for line in lines.values() for _, one in line for value in (one.low, one.high, one.middle)]
    _scale(axes, [value for value in values if value > 0], room)
    for kind, line in lines.items():
        if line:
            _line(axes, line, _LOOKS[kind], gid=f"{kind}-0")
    return {
        f"{kind}-0": [
            f"{size} MB · {kind} {told_ms(one.middle)} · {told_ms(one.low)} to {told_ms(one.high)}"
            for size, one in line
        ]
        for kind, line in lines.items()
        if line
    }


def _line(axes: Axes, line: Sequence[tuple[int, Spread]], look: _Look, *, gid: str) -> None:
    sizes, middles = [size for size, _ in line], [one.middle for _, one in line]
    lows, highs = [one.low for _, one in line], [one.high for _, one in line]
    axes.fill_between(sizes, lows, highs, color=look.role.light, alpha=0.15, linewidth=0, zorder=3)
    _marked_line(axes, sizes, middles, look, gid=gid)


def _marked_line(axes: Axes, sizes: Sequence[int], values: Sequence[float], look: _Look, *, gid: str) -> None:
    """Line and marks apart, so that the group of that id holds the marks only."""
    color = look.role.light
    axes.plot(sizes, values, color=color, linewidth=1.8, linestyle=look.dash, zorder=4)
    axes.plot(
        sizes, values, linestyle="none", marker=look.shape, markersize=6.5, color=color, markeredgewidth=0, zorder=5,
        gid=gid,
    )  # fmt: skip


def _scale(axes: Axes, values: Sequence[float], room: float) -> None:
    """From zero; or on a log scale where the least would be lost beside the greatest. The labels keep their room."""
    low, high = (min(values), max(values)) if values else (1.0, 10.0)
    if high > low * _LOG_FROM:
        low, high = low / 1.4, high * 1.2
        axes.set_yscale("log")
        axes.set_ylim(low, low * (high / low) ** (1 / room))
        _ticks(axes, duration_ticks(low, high, most=9))
    else:
        axes.set_ylim(0, high * 1.05 / room)
        _ticks(axes, [Tick(at=value, label=told_ms(value) if value else "0") for value in round_steps(high * 1.05)])


def round_steps(high: float) -> list[float]:
    """From 0 to `high` in steps of 1, 2 or 5 times a power of ten; about five of them."""
    power = 10.0 ** math.floor(math.log10(high / 5)) if high > 0 else 1.0
    step = next(part * power for part in (1, 2, 5, 10) if part * power * 6 >= high)
    return [n * step for n in range(int(high / step) + 1)]


def _ticks(axes: Axes, ticks: Sequence[Tick]) -> None:
    axes.set_yticks([tick.at for tick in ticks], [tick.label for tick in ticks])
    axes.minorticks_off()


def _costs(axes: Axes, points: Sequence[MemoryPoint], room: float) -> dict[str, list[str]]:
    sizes = [point.memory_mb for point in points]
    costs = [point.cost_per_million for point in points]
    high = max(costs, default=0.0) * 1.05 or 1.0
    axes.set_ylim(0, high / room)
    steps = round_steps(high)
    digits = max(0, -math.floor(math.log10(steps[1]))) if len(steps) > 1 else 2
    _ticks(axes, [Tick(at=step, label=f"${step:,.{digits}f}") for step in steps])
    _marked_line(axes, sizes, costs, _LOOKS["cost"], gid="cost-0")
    return {"cost-0": [f"{size} MB · {told_cost(cost)}" for size, cost in zip(sizes, costs, strict=True)]}


def told_cost(cost: float) -> str:
    """Such as "$1.23 for a million invocations"."""
    return f"${cost:,.2f} for a million invocations"


def _prepare(axes: Axes) -> None:
    axes.set_facecolor("none")
    axes.tick_params(labelsize=_TEXT, labelcolor=Role.MUTED.light, color=Role.FRAME.light, length=3, width=0.6, pad=4)
    axes.grid(visible=True, axis="y", color=Role.GRID.light, linewidth=0.6)
    axes.set_axisbelow(True)
    for side, spine in axes.spines.items():
        spine.set_visible(side == "bottom")
        spine.set_color(Role.FRAME.light)


def _words(figure: Figure, axes: Axes, costs: Axes, chart: MemoryChart) -> None:
    write_text(figure, _name(chart), left=_EDGE, top=10, size=13, role=Role.TEXT, bold=True)
    runs = f"{counted(chart.runs, 'warm run', 'warm runs')} at each size; " if chart.runs else ""
    told = f"{runs}lines are medians, bands the spread" if chart.points else "nothing was measured"
    write_text(figure, told, left=_EDGE, top=29, size=_TEXT, role=Role.MUTED)
    axes.set_ylabel("duration", color=Role.MUTED.light, fontsize=_TEXT)
    costs.set_ylabel("cost of a million warm invocations", color=Role.COST.light, fontsize=_TEXT)
    axes.set_xlabel("memory", color=Role.MUTED.light, fontsize=_TEXT)
    _legend(figure, chart)


def _legend(figure: Figure, chart: MemoryChart) -> None:
    """Of the lines that are there."""
    is_there = {
        "warm": any(point.warm for point in chart.points),
        "cold": any(point.cold for point in chart.points),
        "cost": bool(chart.points),
    }
    handles = [
        Line2D(
            [], [], label=look.legend, color=look.role.light, marker=look.shape, linestyle=look.dash, linewidth=1.8,
            markersize=6,
        )
        for kind, look in _LOOKS.items()
        if is_there[kind]
    ]  # fmt: skip
    if handles:
        figure.legend(
            handles=handles, loc="upper left", bbox_to_anchor=(_EDGE / _WIDTH, 1 - 47 / _HEIGHT), borderpad=0,
            ncols=3, frameon=False, fontsize=_TEXT, handlelength=2.6, columnspacing=1.8, borderaxespad=0,
            labelcolor=Role.TEXT.light,
        )  # fmt: skip


def _text(chart: MemoryChart) -> str:
    """For readers who do not see it."""
    named = {"cheapest": chart.cheapest_mb, "balanced": chart.balanced_mb, "fastest": chart.fastest_mb}
    told = [f"{name} {size} MB" for name, size in named.items() if size is not None]
    sizes = counted(len(chart.points), "memory size", "memory sizes")
    return f"{_name(chart)} at {sizes}. " + (
        "Recommended: " + ", ".join(told) + "." if told else "No size is recommended."
    )
