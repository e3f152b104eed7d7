"""Timelines on a terminal: a few lines of text each, at most 80 columns."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from backendctl.ui.charts.labels import joined, place
from backendctl.ui.charts.scales import (
    LEAST_MS,
    duration_range,
    duration_ticks,
    time_range,
    time_ticks,
    total_ms,
)
from backendctl.ui.charts.told import events_within, figures_of, fitted_name, is_empty, told_apart, told_figures
from backendctl.ui.sparks import BLOCKS
from backendctl.warmth.timeline import Event, Timeline

_WIDTH = 80
_EIGHTHS = 8
"""Of a character: so many blocks are drawn in one row."""
_ROWS = 4
_MARGIN = 9
"""Columns before the frame: the durations."""
_WARM, _COLD, _PING, _ERROR = "region", "update", "quiet", "bad"
"""Styles of the console's theme."""


@dataclass(slots=True)
class Column:
    """What ran in one stretch of time.

    Attributes:
        warm_ms: longest of warm users' requests. ping_ms: longest of warm pings. cold_ms: longest cold start.
        cold, errors: how many.
    """

    warm_ms: float = 0.0
    ping_ms: float = 0.0
    cold_ms: float = 0.0
    cold: int = 0
    errors: int = 0


def blocks(timelines: Sequence[Timeline], *, width: int = _WIDTH) -> list[Text]:
    """Lines of all timelines, on one scale of time and one of durations.

    Args:
        width: of the terminal; never more than 80 columns are used.
    """
    since, until = time_range(timelines)
    low, high = duration_range(timelines)
    scale = _Scale(since=since, until=until, low=low, high=high, columns=max(20, min(_WIDTH, width) - _MARGIN))
    return [line for one in told_apart(timelines) for line in (*scale.lines(one), Text())]


@dataclass(frozen=True, kw_only=True, slots=True)
class _Scale:
    """Where things stand. since, until: seconds since the epoch. low, high: milliseconds, from bottom to top."""

    since: float
    until: float
    low: float
    high: float
    columns: int

    def lines(self, timeline: Timeline) -> list[Text]:
        head = self._head(timeline)
        if is_empty(timeline):
            return [*head, Text(" " * _MARGIN + "no invocations", style="quiet")]
        columns = self._columns(timeline)
        marks = [
            self._marks("cold", ["▲" if column.cold else " " for column in columns], _COLD),
            self._marks("error", ["✗" if column.errors else " " for column in columns], _ERROR),
        ]
        shown = [line for line, count in zip(marks, _counts(columns), strict=True) if count]
        return [
            *head,
            *self._rows(columns),
            *shown,
            *self._events(events_within(timeline, self.since, self.until)),
            self._axis(),
        ]

    def _head(self, timeline: Timeline) -> list[Text]:
        told = told_figures(figures_of(timeline)) if not is_empty(timeline) else ""
        width = self.columns + _MARGIN
        name = Text(fitted_name(timeline, width=width, measure=len), style="name")
        if len(name) + 2 + len(told) <= width:
            return [name.append(" " * (width - len(name) - len(told))).append(told, style="quiet")]
        return [name, Text(f"{told:>{width}}", style="quiet")]

    def _columns(self, timeline: Timeline) -> list[Column]:
        columns = [Column() for _ in range(self.columns)]
        for point in timeline.points:
            column = columns[self._column(point.at)]
            column.errors += point.is_error
            if point.init_ms is not None:
                column.cold += 1
                column.cold_ms = max(column.cold_ms, LEAST_MS, total_ms(point))
            elif point.is_ping:
                column.ping_ms = max(column.ping_ms, LEAST_MS, point.duration_ms)
            else:
                column.warm_ms = max(column.warm_ms, LEAST_MS, point.duration_ms)
        for one in timeline.bins:
            last = self._column(one.at + one.seconds - 1e-6)
            for column in columns[self._column(one.at) : last + 1]:
                column.warm_ms = max(column.warm_ms, LEAST_MS, one.p95_ms)
        return columns

    def _column(self, at: float) -> int:
        return min(self.columns - 1, max(0, int((at - self.since) / (self.until - self.since) * self.columns)))

    def _height(self, milliseconds: float) -> int:
        """In eighths of a row; what ran is at least one high."""
        if not milliseconds:
            return 0
        share = math.log(milliseconds / self.low) / math.log(self.high / self.low)
        return max(1, min(_EIGHTHS * _ROWS, round(share * _EIGHTHS * _ROWS)))

    def _rows(self, columns: Sequence[Column]) -> list[Text]:
        labels = self._labels()
        lines = []
        for row in reversed(range(_ROWS)):
            line = Text(f"{labels.get(row, ''):>{_MARGIN - 2}} ┤", style="quiet")
            for column in columns:
                self._cell(line, column, row)
            lines.append(line)
        return lines

    def _labels(self) -> dict[int, str]:
        """The round duration that each row begins with or holds."""
        labels: dict[int, str] = {}
        for tick in duration_ticks(self.low, self.high, most=_ROWS):
            labels.setdefault(min(_ROWS - 1, (self._height(tick.at) - 1) // _EIGHTHS), tick.label)
        return labels

    def _cell(self, line: Text, column: Column, row: int) -> None:
        """One character, in the colour of what fills it: users' requests first, cold starts only above the others."""
        for milliseconds, style in ((column.warm_ms, _WARM), (column.ping_ms, _PING), (column.cold_ms, _COLD)):
            height = self._height(milliseconds) - _EIGHTHS * row
            is_last = style == _COLD or height >= self._tallest(column) - _EIGHTHS * row
            if height >= _EIGHTHS or (height > 0 and is_last):  # a whole row
                line.append(BLOCKS[min(_EIGHTHS, height) - 1], style=style)
                return
        line.append(" ")

    def _tallest(self, column: Column) -> int:
        return self._height(max(column.ping_ms, column.warm_ms, column.cold_ms))

    def _marks(self, name: str, cells: Sequence[str], style: str) -> Text:
        return Text(f"{name:>{_MARGIN - 2}}  ", style="quiet").append("".join(cells).rstrip(), style=style)

    def _events(self, events: Sequence[Event]) -> list[Text]:
        """A mark at each with its label beside it; those without room only marked."""

        def x_of(at: float) -> float:
            return float(self._column(at))

        found = joined(events, x_of=x_of, nearer_than=1)
        if not found:
            return []
        # the mark itself takes the column: "│ version 8", or "version 8 │" at the right end
        placed = place(found, x_of=x_of, width=self.columns, rows=2, measure=lambda text: len(text) + 3)
        lines = []
        for row in range(max(1, placed.rows)):
            cells = [" "] * self.columns
            for event in found:
                cells[self._column(event.at)] = "│"
            for label in (label for label in placed.labels if label.row == row):
                at = int(label.left) + 2
                cells[at : at + len(label.text)] = label.text
            lines.append(self._marks("", cells, "default"))
        return lines

    def _axis(self) -> Text:
        """The moments, each beginning below its column; the date where no midnight tells it."""
        cells = [" "] * (self.columns + _MARGIN)
        free = 0
        for tick in time_ticks(self.since, self.until, most=max(2, self.columns // 9)):
            at = _MARGIN + self._column(tick.at)
            if at >= free and at + len(tick.label) + 1 <= len(cells):
                cells[at : at + len(tick.label) + 1] = f"╵{tick.label}"
                free = at + len(tick.label) + 2
        cells[:4] = "UTC "
        return Text("".join(cells).rstrip(), style="quiet")


def _counts(columns: Sequence[Column]) -> tuple[int, int]:
    return sum(column.cold for column in columns), sum(column.errors for column in columns)
