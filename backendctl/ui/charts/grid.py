"""Where each panel of a chart stands, in points (1/72 inch): one big panel, a few, or a grid of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backendctl.warmth.timeline import Timeline

_MOST_COLUMNS = 4
_HALVES = 2
_FEW = 3
_TALL = 6
_LEGEND, _TITLE = 56.0, 24.0
_MOMENTS = 11.0
_BOTTOM, _LEFT, _RIGHT = 26.0, 48.0, 22.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Look:
    """Sizes that depend on how many panels there are; all in points.

    Attributes:
        gap_across, gap_down: between panels; the latter has room for the panel's title.
        dot, cold: sizes of the marks. text: of ticks and labels. label_rows: at most so many rows of labels.
        time_ticks, duration_ticks: at most so many. most_dots: of one kind in one panel; more are thinned out.
        is_brief: little room for words.
    """

    width: float
    height: float
    gap_across: float
    gap_down: float
    dot: float
    cold: float
    text: float
    label_rows: int
    time_ticks: int
    duration_ticks: int
    most_dots: int
    is_brief: bool


_ONE = Look(
    width=800,
    height=330,
    gap_across=0,
    gap_down=26,
    dot=3.6,
    cold=8,
    text=9,
    label_rows=4,
    time_ticks=13,
    duration_ticks=8,
    most_dots=6000,
    is_brief=False,
)
_ROW = Look(
    width=800,
    height=165,
    gap_across=0,
    gap_down=34,
    dot=3.0,
    cold=6.5,
    text=8.5,
    label_rows=3,
    time_ticks=13,
    duration_ticks=6,
    most_dots=3000,
    is_brief=False,
)
_HALF = Look(
    width=440,
    height=130,
    gap_across=18,
    gap_down=26,
    dot=2.4,
    cold=5.5,
    text=8,
    label_rows=2,
    time_ticks=7,
    duration_ticks=6,
    most_dots=1200,
    is_brief=False,
)
_SMALL = Look(
    width=262,
    height=84,
    gap_across=14,
    gap_down=24,
    dot=1.9,
    cold=4.6,
    text=7.5,
    label_rows=2,
    time_ticks=5,
    duration_ticks=4,
    most_dots=400,
    is_brief=True,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Grid:
    """The whole sheet.

    Attributes:
        cells: (row, column) of each timeline, in the order given.
        notes: height kept below for remarks, in points.
    """

    look: Look
    rows: int
    columns: int
    cells: tuple[tuple[int, int], ...]
    notes: float = 0.0

    @property
    def _down(self) -> float:
        return self.look.gap_down + (_MOMENTS if self.rows > _TALL else 0)

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the sheet."""
        look = self.look
        across = _LEFT + self.columns * look.width + (self.columns - 1) * look.gap_across + _RIGHT
        return across, _LEGEND + self.rows * look.height + (self.rows - 1) * self._down + _TITLE + _BOTTOM + self.notes

    def box(self, cell: tuple[int, int]) -> tuple[float, float, float, float]:
        """Left, bottom, width, height of a panel's frame, as shares of the sheet."""
        (row, column), (across, down) = cell, self.size
        left = _LEFT + column * (self.look.width + self.look.gap_across)
        bottom = self.notes + _BOTTOM + (self.rows - 1 - row) * (self.look.height + self._down)
        return left / across, bottom / down, self.look.width / across, self.look.height / down

    def tells_time(self, cell: tuple[int, int]) -> bool:
        """Whether the moments stand below: no other panel does, or the sheet is so tall that each has its own."""
        return self.rows > _TALL or not any(column == cell[1] and row > cell[0] for row, column in self.cells)

    def tells_duration(self, cell: tuple[int, int]) -> bool:
        """Whether the durations stand to the left: no other panel does."""
        return not any(row == cell[0] and column < cell[1] for row, column in self.cells)


def grid_of(timelines: Sequence[Timeline], *, notes: float = 0.0) -> Grid:
    """A function's regions stand side by side; where there is room, several functions in a row."""
    functions = list(dict.fromkeys(one.function for one in timelines))
    regions = list(dict.fromkeys(one.region for one in timelines))
    if len(timelines) <= _FEW:
        look = _ONE if len(timelines) <= 1 else _ROW
        cells = [(row, 0) for row in range(len(timelines))]
    elif len(regions) > _MOST_COLUMNS:
        look, cells = _SMALL, [divmod(n, _MOST_COLUMNS) for n in range(len(timelines))]
    else:
        side_by_side = max(1, (_MOST_COLUMNS if len(functions) > _FEW * 2 else _HALVES) // len(regions))
        look = _HALF if side_by_side * len(regions) <= _HALVES else _SMALL
        cells = [
            (
                functions.index(one.function) // side_by_side,
                functions.index(one.function) % side_by_side * len(regions) + regions.index(one.region),
            )
            for one in timelines
        ]
    return Grid(
        look=look,
        rows=max((row for row, _ in cells), default=0) + 1,
        columns=max((column for _, column in cells), default=0) + 1,
        cells=tuple(cells),
        notes=notes,
    )
