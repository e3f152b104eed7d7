"""What a destroy has left, and why."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from backendctl.ui.plan_data import markdown_cell
from backendctl.visible import visible

if TYPE_CHECKING:
    from backendctl.sweep import Left

NOTHING = "Nothing is left."


def show_left(found: Sequence[Left], console: Console) -> None:
    """One line each; what should have gone comes first."""
    if not found:
        console.print(Text(NOTHING, style="ok"))
        return
    console.print(Text("Left:", style="name"))
    for left in found:
        line = Text(f"  {left.region:<15}", style="region")
        line.append(visible(left.what), style="bad" if left.failed else "default")
        console.print(line.append(f": {visible(left.why)}", style="default"), soft_wrap=True)


def left_markdown(found: Sequence[Left]) -> str:
    """The same below the table of the plan."""
    if not found:
        return f"\n{NOTHING}"
    return "\n".join(
        ["", *(f"- left: {left.region} {markdown_cell(left.what)}: {markdown_cell(left.why)}" for left in found)]
    )
