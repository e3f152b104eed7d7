"""Tables over regions: a matrix for each table, with what AWS keeps alike by itself and what each region has."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from backendctl.engine.plan import Plan
from backendctl.engine.safety import Refusal
from backendctl.errors import unreachable_data
from backendctl.hints import runnable
from backendctl.resources.ssm.region_index import RegionIndex
from backendctl.tables.parity import Cell, Parity, ParityRow, State, TableParity
from backendctl.ui.plan_data import markdown_cell, plan_document

_MARKS = {
    State.OK: ("✓", "ok"),
    State.DIFFERS: ("≠", "update"),
    State.MISSING: ("✗", "bad"),
    State.ABSENT: ("✗", "bad"),
    State.UNKNOWN: ("?", "quiet"),
    State.UNREACHABLE: ("?", "bad"),
}
_GROUPS = ((True, "AWS keeps alike by itself"), (False, "each region has its own"))
_WANTED, _WANTED_OF_THREE, _VALUE = 24, 18, 12
_VALUES, _WISHES = 2, 3
"""So many regions have room for their values in 80 columns, and so many for what is wanted; more have marks alone."""
_NEXT = "backendctl sync-tables"


def show_parity(parity: Parity, plan: Plan, console: Console, *, refusal: Refusal, verbose: bool = False) -> None:
    """The matrices, then one sentence for each difference, then what to do.

    Args:
        verbose: nothing is shortened.
    """
    for table in parity.tables:
        console.print(_matrix(table, verbose=verbose))
        for note in table.notes:
            console.print(Text(f"note: {table.name} is {note}", style="update"), soft_wrap=True)
    for line in parity.differences():
        console.print(Text("≠ ", style="update").append(line, style="default"), soft_wrap=True)
    for line in _beside(parity, plan):
        console.print(Text("≠ ", style="update").append(line, style="default"), soft_wrap=True)
    for reason in refusal.reasons:
        console.print(Text("refused: ", style="bad").append(reason, style="default"), soft_wrap=True)
    console.print(_verdict(parity, plan, refusal), soft_wrap=True)


def parity_document(parity: Parity, plan: Plan, refusal: Refusal) -> dict[str, Any]:
    """The JSON document of `sync-tables --check`: the same keys for ever."""
    return {
        "backend": plan.backend,
        "in_sync": parity.in_sync and not plan.changes,
        "unreachable": unreachable_data(plan.unreachable),
        "tables": parity.data(),
        "plan": plan_document(plan, refusal=refusal),
    }


def parity_markdown(parity: Parity, plan: Plan, refusal: Refusal) -> str:
    """The matrices as Markdown tables, with every value."""
    lines: list[str] = []
    for table in parity.tables:
        lines += [f"### {table.name} ({table.physical})", ""]
        lines.append("| aspect | brought by AWS | wanted | " + " | ".join(table.regions) + " |")
        lines.append("|---" * (3 + len(table.regions)) + "|")
        for row in table.rows:
            cells = [markdown_cell(f"{_MARKS[cell.state][0]} {cell.value}".strip()) for cell in row.cells.values()]
            brought = "yes" if row.replicated else "no"
            lines.append(f"| {row.aspect} | {brought} | {markdown_cell(_wanted(row))} | " + " | ".join(cells) + " |")
        lines += ["", *(f"- {table.name} is {note}" for note in table.notes)]
    lines += [f"- {line}" for line in (*parity.differences(), *_beside(parity, plan))]
    lines += [f"- refused: {reason}" for reason in refusal.reasons]
    return "\n".join([*lines, "", _verdict(parity, plan, refusal).plain])


def _matrix(table: TableParity, *, verbose: bool) -> Table:
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="region", padding=(0, 1, 0, 0))
    made.add_column(Text(table.name, style="name"), no_wrap=True)
    shows_wanted = verbose or len(table.regions) <= _WISHES
    if shows_wanted:
        made.add_column("wanted", style="quiet", no_wrap=True)
    for region in table.regions:
        made.add_column(region, no_wrap=True)
    brief = not verbose and len(table.regions) > _VALUES
    most = _WANTED_OF_THREE if brief else _WANTED
    for replicated, title in _GROUPS:
        made.add_row(Text(title, style="quiet"))
        for row in (row for row in table.rows if row.replicated is replicated):
            cells = [_cell(cell, brief=brief, verbose=verbose) for cell in row.cells.values()]
            wanted = [_cut(_wanted(row), most, verbose=verbose)] if shows_wanted else []
            made.add_row(f"  {row.aspect}", *wanted, *cells)
    return made


def _wanted(row: ParityRow) -> str:
    """What is wanted in the first region; where it differs by region each cell tells its own."""
    wanted = list(dict.fromkeys(cell.wanted for cell in row.cells.values()))
    return wanted[0] or "as it is" if len(wanted) == 1 else "by region"


def _cell(cell: Cell, *, brief: bool, verbose: bool) -> Text:
    mark, style = _MARKS[cell.state]
    text = Text(mark, style=style)
    if cell.state is State.OK or brief or not cell.value:
        return text
    return text.append(f" {_cut(cell.value, _VALUE, verbose=verbose)}")


def _cut(text: str, most: int, *, verbose: bool) -> str:
    return text if verbose or len(text) <= most else text[: most - 1] + "…"


def _beside(parity: Parity, plan: Plan) -> Iterator[str]:
    """What a sync would do that no row tells, such as the removal of a table that the spec has no more."""
    told = {table.name for table in parity.tables if not table.in_sync}
    for change in plan.changes:
        if change.name.partition("/")[0] not in told and not isinstance(change.resource, RegionIndex):
            yield f"{change.address}: {change.action}"


def _verdict(parity: Parity, plan: Plan, refusal: Refusal) -> Text:
    regions = len({region for table in parity.tables for region in table.regions})
    if parity.unreachable:
        return Text(f"{', '.join(parity.unreachable)} did not answer.", style="bad")
    if parity.in_sync and not plan.changes:
        where = "in the region" if regions == 1 else f"in all {regions} regions"
        return Text(f"In sync: every table is as specified {where}.", style="ok")
    if refusal:
        return Text(f"Not in sync, and a sync would be refused. {runnable(refusal.hint)}".rstrip(), style="bad")
    return Text("Not in sync. " + runnable(f"Next: {_NEXT}"), style="bad")
