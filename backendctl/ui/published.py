"""Versions across regions, with the proof that they are the same bits."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from backendctl.release.publish import Published, same_bits
from backendctl.ui.plan_data import markdown_cell

_SHORT = 10


def show_published(found: Sequence[Published], console: Console, *, silent: Collection[str] = ()) -> None:
    """One row per function, one column per region.

    Args:
        silent: regions that did not answer.
    """
    regions = list(dict.fromkeys(one.region for one in found))
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="region")
    table.add_column("function", style="name", no_wrap=True)
    for region in regions:
        table.add_column(region, no_wrap=True)
    for function in dict.fromkeys(one.function for one in found):
        cells = {one.region: one for one in found if one.function == function}
        same = same_bits(list(cells.values()))
        table.add_row(function, *[_cell(cells.get(region), same=same) for region in regions])
    console.print(table)
    if found and same_bits(found):
        console.print(Text(_same(silent), style="ok"))
    elif found:
        console.print(Text("Regions differ: somebody else may have changed one; publish again.", style="bad"))


def published_markdown(found: Sequence[Published], *, silent: Collection[str] = ()) -> str:
    """The same as a Markdown table."""
    regions = list(dict.fromkeys(one.region for one in found))
    lines = ["| function | " + " | ".join(regions) + " |", "|---" * (len(regions) + 1) + "|"]
    for function in dict.fromkeys(one.function for one in found):
        cells = {one.region: one for one in found if one.function == function}
        row = [_cell(cells.get(region), same=True).plain for region in regions]
        lines.append(f"| {markdown_cell(function)} | " + " | ".join(row) + " |")
    said = _same(silent) if same_bits(found) else "Regions differ."
    return "\n".join([*lines, "", said])


def _same(silent: Collection[str]) -> str:
    if not silent:
        return "The same code in every region."
    return f"The same code in every region that answered; {', '.join(silent)} did not."


def _cell(one: Published | None, *, same: bool) -> Text:
    if one is None:
        return Text("-", style="quiet")
    text = Text(f"version {one.version} ", style="ok" if same else "bad")
    return text.append(one.code_sha256[:_SHORT], style="quiet")
