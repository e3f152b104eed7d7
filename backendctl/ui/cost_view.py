"""The screen of `cost`: the bill of a month, what a change would add, and what to know of both."""

from __future__ import annotations

from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from backendctl.ui import cost_rows as rows
from backendctl.warmth.cost.estimate import Estimate

_TOTAL = "total at list prices"


def show_cost(found: Estimate, console: Console) -> None:
    """Everything; readable at 80 columns."""
    console.print(Text(rows.head(found), style="name"))
    for label in rows.labels(found):
        console.print(Text(label, style="update"))
    console.print(_bill(found))
    if found.priced.free:
        console.print(_table(rows.FREE, [(row, "default") for row in rows.free(found)]))
    console.print(Text(rows.totals(found), style="name"))
    for line in rows.pings(found):
        console.print(Text(line))
    console.print()
    if found.deltas:
        console.print(_changes(found))
    if found.memory:
        console.print(Text("Other memory sizes, at the same duration; USD at list prices:", style="quiet"))
        console.print(_table(rows.memory_heads(), [(row, "default") for row in rows.memory(found)]))
    for title, lines in rows.notes(found):
        if lines:
            console.print(Text(f"{title}:", style="quiet"))
            for line in lines:
                console.print(Padding(Text(f"• {line}"), (0, 0, 0, 2), expand=False))


def _bill(found: Estimate) -> Table:
    told: list[tuple[Sequence[str], str]] = []
    for row in rows.bill(found):
        style = "name" if row.cells[0] == _TOTAL else "quiet" if row.level else "region"
        told.append((("  " * row.level + row.cells[0], *row.cells[1:]), style))
    return _table(rows.HEADS, told)


def _changes(found: Estimate) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="region")
    for place, head in enumerate(rows.CHANGES):
        table.add_column(head, justify="right" if place in {1, 2} else "left", no_wrap=place in {1, 2})
    for change, cost, with_free, note in rows.changes(found):
        table.add_row(Text(change), _signed(cost), _signed(with_free), Text(note, style="quiet"))
    return table


def _table(heads: Sequence[str], cells: Sequence[tuple[Sequence[str], str]]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="region")
    for place, head in enumerate(heads):
        table.add_column(head, justify="right" if place else "left", no_wrap=bool(place))
    for row, style in cells:
        table.add_row(*(Text(cell, style=style) for cell in row))
    return table


def _signed(text: str) -> Text:
    return Text(text, style="create" if text.startswith(rows.MINUS) else "default")
