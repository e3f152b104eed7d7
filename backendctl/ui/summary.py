"""What a deploy ends with: what was done, and where to try it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from backendctl.endpoints import Url
from backendctl.engine.plan import Plan


def show_summary(plan: Plan, urls: Sequence[Url], console: Console, *, seconds: float, path: str = "/") -> None:
    """One line for the work, one command line per URL.

    Args:
        path: what to ask for, below the stage.
    """
    regions = ", ".join(plan.regions)
    console.print(Text(f"Done: {len(plan.changes)} changes in {regions}, {seconds:.1f} s.", style="ok"))
    if not urls:
        return
    console.print(Text("Try it:", style="name"))
    for url in urls:
        where = url.region or "nearest region"
        console.print(Text(f"  {where:<15}", style="region").append(url.curl(path), style="default"), soft_wrap=True)
