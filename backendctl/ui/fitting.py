"""Tables on narrow terminals: a table that would have to cut its cells is written row by row instead."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console, ConsoleOptions, Group, RenderableType
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Column, Table
from rich.text import Text

_ANY_WIDTH = 10_000
_INDENT = 4


def fitted(table: Table, console: Console, options: ConsoleOptions) -> RenderableType:
    """The table, or its rows as blocks (the first cell, then a line for each other) where it is too wide.

    A table without a head is a layout and stays as it is.
    """
    if not table.show_header or not table.rows or _needed(table, console, options) <= options.max_width:
        return table
    return Group(*_blocks(table))


def _needed(table: Table, console: Console, options: ConsoleOptions) -> int:
    """Columns of the terminal without which something is cut."""
    wide = options.update(width=_ANY_WIDTH)
    _, right, _, left = table.padding
    edges = (2 if table.show_edge else 0) + len(table.columns) - 1 if table.box else 0
    return edges + sum(_least(column, console, wide) + left + right for column in table.columns)


def _least(column: Column, console: Console, options: ConsoleOptions) -> int:
    """A cell that may wrap needs its longest word, another one its whole line."""
    cells = [column.header, *column.cells]
    measured = [Measurement.get(console, options, cell) for cell in cells]
    return max(one.maximum if column.no_wrap else one.minimum for one in measured)


def _blocks(table: Table) -> Iterator[RenderableType]:
    columns = [list(column.cells) for column in table.columns]
    for number in range(len(table.rows)):
        first, *rest = (cells[number] for cells in columns)
        yield _text(first, "name")
        for column, cell in zip(table.columns[1:], rest, strict=True):
            told = _text(cell)
            if told.plain.strip():
                label = _text(column.header, "quiet").append(" " if _text(column.header).plain else "")
                yield Padding(label.append_text(told), (0, 0, 0, _INDENT), expand=False)


def _text(cell: RenderableType, style: str = "") -> Text:
    if isinstance(cell, Text):
        return cell.copy()
    return Text(str(cell), style=style)
