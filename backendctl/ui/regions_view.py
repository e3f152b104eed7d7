"""What `check-regions` found: a matrix for a terminal, Markdown, and data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from backendctl.draining.check import Outcome, RegionChecks
from backendctl.engine.resource import GLOBAL
from backendctl.errors import unreachable_data
from backendctl.hints import runnable
from backendctl.secrets import KNOWN
from backendctl.ui.plan_data import markdown_cell

_MARKS = {
    Outcome.OK: ("✓", "ok"),
    Outcome.BAD: ("✗", "bad"),
    Outcome.UNKNOWN: ("?", "update"),
    Outcome.SKIPPED: ("-", "quiet"),
}


def show_checks(found: RegionChecks, console: Console, *, verbose: bool) -> None:
    """One column for the drain of each region, then a sentence for each that would not work, and a verdict.

    Args:
        verbose: a sentence too for what is well.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="region")
    table.add_column("a drain of", style="name", no_wrap=True)
    for region in found.regions:
        table.add_column(region, no_wrap=True)
    for name, row in found.rows.items():
        marks = [_MARKS[row[region].outcome] for region in found.regions]
        table.add_row(name, *[Text(mark, style=style) for mark, style in marks])
    console.print(table)
    for region, name, mark, style, said in _sentences(found, verbose=verbose):
        line = Text(f"{mark} ", style=style).append(f"{region} {name}", style="name").append(f"  {said}")
        console.print(line, soft_wrap=True)
    console.print(Text(verdict(found), style="ok" if found.exit_code == 0 else "bad"), soft_wrap=True)


def checks_markdown(found: RegionChecks) -> str:
    """The same as a Markdown table and a list."""
    lines = ["| a drain of | " + " | ".join(found.regions) + " |", "|---" * (len(found.regions) + 1) + "|"]
    for name, row in found.rows.items():
        cells = [_MARKS[row[region].outcome][0] for region in found.regions]
        lines.append(f"| {markdown_cell(name)} | " + " | ".join(cells) + " |")
    told = [f"- {mark} {region} {name}: {said}" for region, name, mark, _, said in _sentences(found, verbose=False)]
    return "\n".join([*lines, "", *([*told, ""] if told else []), verdict(found)])


def checks_document(found: RegionChecks) -> dict[str, Any]:
    """The JSON document of `check-regions`: the same keys for ever."""
    return {
        "backend": found.backend,
        "regions": {
            region: {
                "drainable": found.would_work(region),
                "checks": {
                    name: {
                        "outcome": str(row[region].outcome),
                        "message": KNOWN.redact(row[region].said),
                        "next": runnable(row[region].command) or None,
                    }
                    for name, row in found.rows.items()
                },
            }
            for region in found.regions
        },
        "unreachable": unreachable_data(found.unreachable),
    }


def verdict(found: RegionChecks) -> str:
    """One sentence."""
    told: list[str] = []
    works = [region for region in found.regions if found.would_work(region)]
    fails = [region for region in found.regions if found.would_work(region) is False]
    others = [region for region in found.regions if region not in {*works, *fails}]
    if works:
        told.append(f"a drain of {', '.join(works)} would work now")
    if fails:
        told.append(f"a drain of {', '.join(fails)} would not")
    if others:
        told.append(f"of {', '.join(others)} it cannot be told, or it is drained")
    if found.unreachable:
        quiet = ["Route 53's control plane" if one == GLOBAL else one for one in found.unreachable]
        told.append(f"no answer from {', '.join(quiet)}")
    text = "; ".join(told)
    return f"{text[:1].upper()}{text[1:]}."


def _sentences(found: RegionChecks, *, verbose: bool) -> Iterator[tuple[str, str, str, str, str]]:
    """Region, check, mark, style and what was found."""
    shown = set(Outcome) if verbose else {Outcome.BAD, Outcome.UNKNOWN}
    for region in found.regions:
        for name, row in found.rows.items():
            one = row[region]
            if one.outcome in shown and one.said:
                mark, style = _MARKS[one.outcome]
                following = f". Next: {runnable(one.command)}" if one.command else ""
                yield region, name, mark, style, KNOWN.redact(one.said) + following
