"""One panel of a timeline chart: every invocation of one function in one region."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from matplotlib.axes import Axes

from backendctl.ui.charts.drawing import BEHIND_LABEL, measure
from backendctl.ui.charts.grid import Look
from backendctl.ui.charts.labels import Placed
from backendctl.ui.charts.palette import Role
from backendctl.ui.charts.scales import LEAST_MS, total_ms
from backendctl.ui.charts.thin import bins_of, thinned
from backendctl.ui.charts.told import (
    bin_title,
    event_title,
    figures_of,
    fitted_name,
    is_empty,
    point_title,
    told_briefly,
    told_figures,
)
from backendctl.warmth.timeline import Bin, Event, Point, Timeline

_CELL = 0.9
"""Dots nearer than this, in points, look like one."""
_BINS = 120
_PALER = 0.5


@dataclass(frozen=True, kw_only=True, slots=True)
class Mark:
    """How one kind of invocation is drawn.

    Attributes:
        kind: begins the id of its group in the SVG. shape: matplotlib's marker. legend: what it means.
    """

    kind: str
    legend: str
    shape: str
    fill: Role
    edge: Role
    alpha: float
    order: int


WARM = Mark(kind="warm", legend="warm", shape="o", fill=Role.WARM, edge=Role.WARM, alpha=0.6, order=4)
PING = Mark(
    kind="ping",
    legend="ping or another call, no user's",
    shape="o",
    fill=Role.PING,
    edge=Role.PING,
    alpha=0.45,
    order=3,
)
COLD = Mark(
    kind="cold", legend="cold start, loading included", shape="^", fill=Role.COLD, edge=Role.SURFACE, alpha=1, order=7
)
COLD_PING = Mark(
    kind="coldping", legend="cold start that no user met", shape="^", fill=Role.SURFACE, edge=Role.COLD, alpha=1,
    order=6,
)  # fmt: skip
ERROR = Mark(kind="error", legend="error", shape="x", fill=Role.ERROR, edge=Role.ERROR, alpha=1, order=8)
MARKS = (WARM, COLD, COLD_PING, PING, ERROR)


def sorted_out(points: Sequence[Point]) -> dict[str, list[Point]]:
    """The points that each mark draws; an error that was a cold start is drawn as both."""
    cold = [point for point in points if point.init_ms is not None]
    warm = [point for point in points if point.init_ms is None and not point.is_error]
    return {
        WARM.kind: [point for point in warm if not point.is_ping],
        PING.kind: [point for point in warm if point.is_ping],
        COLD.kind: [point for point in cold if not point.is_ping],
        COLD_PING.kind: [point for point in cold if point.is_ping],
        ERROR.kind: [point for point in points if point.is_error],
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class Panel:
    """Draws one timeline.

    Attributes:
        axes: with their ranges and ticks. number: makes the ids of its groups unique.
        since, until: what the axes show, seconds since the epoch.
        events: lines to draw. labels: of them, measured in points from the left of the frame.
    """

    axes: Axes
    timeline: Timeline
    number: int
    look: Look
    since: float
    until: float
    events: Sequence[Event]
    labels: Placed

    def draw(self) -> dict[str, list[str]]:
        """Put everything on the axes.

        Returns:
            The tooltips of its marks, by the id of their group.
        """
        kinds = sorted_out(self.timeline.points)
        tooltips: dict[str, list[str]] = {}
        self._head()
        self._events(tooltips)
        if is_empty(self.timeline):
            self._nothing()
        if len(kinds[WARM.kind]) > self.look.most_dots:
            self._band(bins_of(kinds[WARM.kind], since=self.since, until=self.until, count=_BINS), tooltips)
        else:
            self._band(self.timeline.bins, tooltips)
        self._loading(kinds[COLD.kind] + kinds[COLD_PING.kind])
        for mark in MARKS:
            self._dots(mark, kinds[mark.kind], tooltips)
        return tooltips

    def _place(self, point: Point) -> tuple[float, float]:
        """Where it is drawn: seconds since the epoch, milliseconds."""
        return point.at, max(LEAST_MS, total_ms(point))

    def _spot(self, point: Point) -> tuple[float, float]:
        """The same in points from the lower left of the frame."""
        low, high = self.axes.get_ylim()
        return (
            (point.at - self.since) / (self.until - self.since) * self.look.width,
            math.log(self._place(point)[1] / low) / math.log(high / low) * self.look.height,
        )

    def _head(self) -> None:
        figures, size = figures_of(self.timeline), self.look.text
        told = (told_briefly if self.look.is_brief else told_figures)(figures) if not is_empty(self.timeline) else ""
        room = self.look.width - measure(size)(told) - 12
        name = fitted_name(self.timeline, width=room, measure=measure(size * 1.1 * 1.12))  # bold is wider
        above: dict[str, Any] = {
            "xycoords": "axes fraction",
            "textcoords": "offset points",
            "annotation_clip": False,
            "va": "bottom",
        }
        self.axes.annotate(
            name, (0, 1), (0, 5), ha="left", fontsize=size * 1.1, fontweight="bold", color=Role.TEXT.light, **above
        )
        self.axes.annotate(told, (1, 1), (0, 5), ha="right", fontsize=size, color=Role.MUTED.light, **above)

    def _nothing(self) -> None:
        self.axes.text(
            0.5, 0.45, "no invocations", transform=self.axes.transAxes, ha="center", va="center",
            fontsize=self.look.text * 1.2, color=Role.MUTED.light,
        )  # fmt: skip

    def _events(self, tooltips: dict[str, list[str]]) -> None:
        for n, event in enumerate(self.events):
            gid = f"event-{self.number}-{n}"
            self.axes.axvline(event.at, color=Role.EVENT.light, linewidth=0.9, dashes=(4, 2.5), zorder=2, gid=gid)
            tooltips[gid] = [event_title(event)]
        step = self.look.text * 1.45
        for label in self.labels.labels:
            self.axes.annotate(
                label.text, (0, 1), (label.left + label.width / 2, -3 - label.row * step), xycoords="axes fraction",
                textcoords="offset points", ha="center", va="top", fontsize=self.look.text, color=Role.EVENT.light,
                zorder=9, bbox=BEHIND_LABEL,
            )  # fmt: skip

    def _band(self, bins: Sequence[Bin], tooltips: dict[str, list[str]]) -> None:
        """From p50 to p95, with steps; broken where nothing ran."""
        for run in _runs(bins):
            edges = [(one.at, one.at + one.seconds) for one in run]
            across = [x for edge in edges for x in edge]
            lower = [max(LEAST_MS, one.p50_ms) for one in run for _ in range(2)]
            upper = [max(LEAST_MS, one.p95_ms) for one in run for _ in range(2)]
            self.axes.fill_between(across, lower, upper, color=Role.BAND.light, alpha=0.28, linewidth=0, zorder=4.2)
            self.axes.plot(across, lower, color=Role.BAND.light, linewidth=1.1, zorder=4.4)
        if bins:
            gid = f"bin-{self.number}"
            self.axes.plot(
                [one.at + one.seconds / 2 for one in bins], [max(LEAST_MS, one.p50_ms) for one in bins], gid=gid,
                linestyle="none", marker="o", markersize=1.4, markeredgewidth=0, color=Role.BAND.light, zorder=4.5,
            )  # fmt: skip
            tooltips[gid] = [bin_title(one) for one in bins]

    def _loading(self, cold: Sequence[Point]) -> None:
        """From the handler's share of a cold start up to its total."""
        if cold:
            self.axes.vlines(
                [point.at for point in cold], [max(LEAST_MS, point.duration_ms) for point in cold],
                [self._place(point)[1] for point in cold], colors=Role.COLD.light, linewidth=0.8, alpha=0.45,
                zorder=3.5, gid=f"loading-{self.number}",
            )  # fmt: skip

    def _dots(self, mark: Mark, points: Sequence[Point], tooltips: dict[str, list[str]]) -> None:
        """Every cold start, and as many of the others as can be told apart; paler where some are left out."""
        shown = points
        if mark not in {COLD, COLD_PING}:
            shown = thinned(points, place=self._spot, cell=_CELL, most=self.look.most_dots)
        if shown:
            gid = f"{mark.kind}-{self.number}"
            spots = [self._place(point) for point in shown]
            looks = style(mark, self.look)
            looks["alpha"] *= 1 if len(shown) == len(points) else _PALER
            self.axes.plot(
                [x for x, _ in spots], [y for _, y in spots], gid=gid, zorder=mark.order, clip_on=False, **looks
            )
            tooltips[gid] = [point_title(point) for point in shown]


def style(mark: Mark, look: Look) -> dict[str, Any]:
    """How matplotlib is told to draw it."""
    sizes = {WARM.shape: look.dot, COLD.shape: look.cold, ERROR.shape: look.cold * 0.8}
    widths = {WARM.kind: 0.0, PING.kind: 0.0, COLD.kind: look.cold / 12, COLD_PING.kind: look.cold / 7}
    return {
        "linestyle": "none",
        "marker": mark.shape,
        "markersize": sizes[mark.shape],
        "markerfacecolor": mark.fill.light,
        "markeredgecolor": mark.edge.light,
        "markeredgewidth": widths.get(mark.kind, look.cold / 5),
        "alpha": mark.alpha,
    }


def _runs(bins: Sequence[Bin]) -> list[list[Bin]]:
    """Those that follow each other without a gap."""
    runs: list[list[Bin]] = [[bins[0]]] if bins else []
    for before, after in pairwise(bins):
        if after.at - (before.at + before.seconds) > before.seconds / 1000:
            runs.append([])
        runs[-1].append(after)
    return runs
