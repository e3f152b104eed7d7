"""The rights of commands as a table for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from backendctl.ui.plan_data import markdown_cell

if TYPE_CHECKING:
    from backendctl.permissions.row import Right


def rights_markdown(rows: Iterable[Right]) -> str:
    """One row per action: on what, who needs it, and why where no call has its name."""
    lines = ["| action | on | needed by | why |", "|---|---|---|---|"]
    for row in rows:
        on = f"{row.on} for {row.service}" if row.service else row.on
        cells = (f"`{row.action}`", on, ", ".join(sorted(row.commands)), row.reason or "the call itself")
        lines.append("| " + " | ".join(markdown_cell(cell) for cell in cells) + " |")
    return "\n".join(lines)
