"""What came of warming functions now."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from backendctl.errors import Exit, unreachable_data
from backendctl.ui.plan_data import markdown_cell
from backendctl.warmth.calling import Warmed, Warming

_HEADS = ("region", "function", "environments", "new", "init ms", "handler ms")
_MARKS = {Exit.OK: ("✓", "ok"), Exit.INCONCLUSIVE: ("?", "update"), Exit.FAILED_VERDICT: ("✗", "bad")}


def show_warming(warming: Warming, console: Console) -> None:
    """One row per function and region, then what is wrong with which."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="region")
    for head in _HEADS:
        table.add_column(head, no_wrap=head == "region", justify="left" if head in _HEADS[:3] else "right")
    for row in warming.rows:
        mark, style = _MARKS[row.exit_code]
        region, function, environments, *rest = _cells(row)
        table.add_row(region, Text(function, style="name"), Text(f"{mark} {environments}", style=style), *rest)
    if warming.rows:
        console.print(table)
    for line in _reasons(warming):
        console.print(Text(line), soft_wrap=True)


def warming_markdown(warming: Warming) -> str:
    """The same as a Markdown table."""
    lines = ["| " + " | ".join(_HEADS) + " |", "|---" * len(_HEADS) + "|"]
    for row in warming.rows:
        mark, _ = _MARKS[row.exit_code]
        region, function, environments, *rest = _cells(row)
        cells = [region, function, f"{mark} {environments}", *rest]
        lines.append("| " + " | ".join(markdown_cell(cell) for cell in cells) + " |")
    return "\n".join([*lines, *(f"\n{markdown_cell(line)}" for line in _reasons(warming))])


def warming_document(warming: Warming) -> dict[str, Any]:
    """The JSON document of `warm`: the same keys for ever."""
    return {
        "backend": warming.backend,
        "functions": [
            {
                "region": row.region,
                "function": row.function,
                "alias": row.qualifier,
                "stages": list(row.stages),
                "requested": row.requested,
                "answered": row.answered,
                "environments": row.environments,
                "proven": row.exit_code is Exit.OK,
                "cold": row.cold,
                "init_ms": row.init_ms,
                "cold_ms": row.cold_ms,
                "warm_ms": row.warm_ms,
                "holds": row.holds,
                "errors": list(row.errors),
                "reason": row.reason,
            }
            for row in warming.rows
        ],
        "unreachable": unreachable_data(warming.unreachable),
    }


def _cells(row: Warmed) -> list[str]:
    many = "" if row.environments >= row.requested or not row.answered else "≥ "
    handler = [f"{ms:.0f} {word}" for ms, word in ((row.cold_ms, "cold"), (row.warm_ms, "warm")) if ms is not None]
    return [
        row.region,
        row.function if row.qualifier is None else f"{row.function}:{row.qualifier}",
        f"{many}{row.environments} of {row.requested}",
        "-" if row.cold is None else str(row.cold),
        "-" if row.init_ms is None else f"{row.init_ms:.0f}",
        ", ".join(handler) or "-",
    ]


def _reasons(warming: Warming) -> list[str]:
    return [
        f"{row.region} {row.function}{f':{row.qualifier}' if row.qualifier else ''}: {row.reason}"
        for row in warming.rows
        if row.reason
    ]
