"""The report of a game day: a table, Markdown for a file, and data."""

from __future__ import annotations

from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from backendctl.draining.game_day import BREAK, Act, GameDay

_HEADS = ("act", "last client left", "expected within", "failed until then", "first client back", "failed later", "")
_NAMES = {BREAK: "the region breaks", "drain": "the region is drained"}


def show_game_day(found: GameDay, console: Console) -> None:
    """The table and the verdict."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="region")
    for head in _HEADS:
        table.add_column(head)
    for act in found.acts:
        cells = _cells(act)
        table.add_row(*cells[:-1], Text(cells[-1], style="ok" if act.passed else "bad"))
    console.print(table)
    for note in found.notes:
        console.print(Text(note, style="quiet"), soft_wrap=True)
    console.print(Text(_verdict(found), style="ok" if found.exit_code == 0 else "bad"), soft_wrap=True)


def game_day_markdown(found: GameDay) -> str:
    """The report for a file."""
    lines = [
        f"# Game day: {found.backend}, {found.region}",
        "",
        f"* Begun {found.at} by {found.operator}, in {found.where}",
        f"* Clients: {', '.join(found.places) if found.places else 'the real users'}",
        "",
        "| " + " | ".join(_HEADS[:-1]) + " | verdict |",
        "|---" * len(_HEADS) + "|",
        *("| " + " | ".join(_cells(act)) + " |" for act in found.acts),
        "",
        *([*(f"* {note}" for note in found.notes), ""] if found.notes else []),
        _verdict(found),
    ]
    return "\n".join(lines)


def game_day_document(found: GameDay) -> dict[str, Any]:
    """The JSON document of `game-day`: the same keys for ever."""
    return {
        "backend": found.backend,
        "region": found.region,
        "at": found.at,
        "operator": found.operator,
        "where": found.where,
        "places": list(found.places),
        "passed": found.exit_code == 0,
        "acts": [
            {
                "act": act.name,
                "left_seconds": act.left,
                "expected_seconds": act.expected,
                "failed_until_left": act.lost,
                "returned_seconds": act.returned,
                "failed_later": act.lost_later,
                "requests": act.requests,
                "passed": act.passed,
            }
            for act in found.acts
        ],
        "notes": list(found.notes),
        "unreachable": {},  # a game day that began has read every region
    }


def _cells(act: Act) -> list[str]:
    return [
        _NAMES[act.name],
        _seconds(act.left),
        _seconds(act.expected),
        f"{act.lost} of {act.requests}",
        _seconds(act.returned),
        str(act.lost_later),
        "passed" if act.passed else "failed",
    ]


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f} s"


def _verdict(found: GameDay) -> str:
    bad = [act for act in found.acts if not act.passed]
    if not bad:
        return f"{found.region} was left and came back; the drain lost no request."
    told = [
        f"{_NAMES[act.name]}: "
        + ("clients stayed" if act.left is None else "nobody came back" if act.returned is None else "requests failed")
        for act in bad
    ]
    return f"Not as it should be: {'; '.join(told)}."
