"""The region matrix: one row per thing a user thinks of, one column per region."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from backendctl.engine.traits import MatrixRow
from backendctl.hints import runnable
from backendctl.resources import rows, traits_of_kind
from backendctl.survey import Cell, State, Survey
from backendctl.telemetry import telemetry_rows
from backendctl.ui.plan_data import markdown_cell

_MARKS = {
    State.OK: ("✓", "ok"),
    State.DIFFERS: ("≠", "update"),
    State.MISSING: ("✗ missing", "bad"),
    State.EXTRA: ("+ not in the spec", "update"),
    State.UNREACHABLE: ("?", "bad"),
}
_GLOBAL = "global"
_DETAIL = 24
_FIELDS = 48
# A cell tells the worst of what it stands for.
_WORST = (State.UNREACHABLE, State.MISSING, State.DIFFERS, State.EXTRA, State.OK)


def show_matrix(survey: Survey, console: Console, *, verbose: bool = False) -> None:
    """The matrix, then one sentence: in sync or what is not.

    Args:
        verbose: a row for every resource, not only for what they belong to.
    """
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="region")
    table.add_column(survey.backend, style="name", no_wrap=True)
    regions = [region for region in survey.regions if verbose or region != _GLOBAL]
    for region in regions:
        table.add_column(region, no_wrap=True)
    last = ""
    for (kind, name), row in _rows(survey, verbose=verbose):
        if last not in {"", kind}:
            table.add_section()
        last = kind
        label = Text(f"{kind} ", style="quiet").append(name, style="name")
        table.add_row(label, *[_cell(row.get(region, ())) for region in regions])
    console.print(table)
    if recorded := telemetry_rows(survey.telemetry):
        console.print(_recorded(survey, recorded))
    for line in drained_lines(survey):
        console.print(Text(line, style="update"), soft_wrap=True)
    for region, why in survey.unreachable.items():
        console.print(Text(f"{region} did not answer: {why}", style="bad"), soft_wrap=True)
    for address, note in survey.notes:
        console.print(Text("note: ", style="update").append(f"{address} is {note}", style="default"), soft_wrap=True)
    for line in survey.differences:
        console.print(Text("table ", style="update").append(line, style="default"), soft_wrap=True)
    console.print(_verdict(survey))


def survey_document(survey: Survey) -> dict[str, Any]:
    """The JSON document of `status`."""
    return {
        "backend": survey.backend,
        "in_sync": survey.in_sync,
        "regions": {region: _region_document(survey, region) for region in survey.regions},
        "canaries": list(survey.canaries),
        "telemetry": {region: one.data() for region, one in survey.telemetry.items()},
        "tables": list(survey.tables),
        "unreachable": dict(survey.unreachable),
        "drained": {region: mark.document for region, mark in survey.drained.items()},
    }


def survey_markdown(survey: Survey) -> str:
    """The matrix as a Markdown table, a row for every resource."""
    lines = ["| resource | " + " | ".join(survey.regions) + " |", "|---" * (len(survey.regions) + 1) + "|"]
    for (kind, name), row in _rows(survey, verbose=True):
        cells = [markdown_cell(_cell(row.get(region, ())).plain) for region in survey.regions]
        lines.append(f"| {kind}/{markdown_cell(name)} | " + " | ".join(cells) + " |")
    notes = [f"- {line}" for line in drained_lines(survey)]
    notes += [f"- {address} is {note}" for address, note in survey.notes]
    notes += [f"- table {line}" for line in survey.differences]
    lines += _recorded_markdown(survey)
    return "\n".join([*lines, "", *([*notes, ""] if notes else []), _verdict(survey).plain])


def _recorded(survey: Survey, rows: list[tuple[str, dict[str, str]]]) -> Table:
    """What is traced, measured and logged; one line where all regions are alike."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="region")
    table.add_column("recorded")
    regions = list(survey.telemetry)
    alike = all(len(set(cells.values())) == 1 and set(cells) == set(regions) for _, cells in rows)
    columns = regions[:1] if alike else regions
    for region in columns:
        table.add_column("every region" if alike and len(regions) > 1 else region)
    for name, cells in rows:
        table.add_row(Text(name, style="name"), *(cells.get(region, "") for region in columns))
    return table


def _recorded_markdown(survey: Survey) -> list[str]:
    rows, regions = telemetry_rows(survey.telemetry), list(survey.telemetry)
    if not rows:
        return []
    lines = ["", "| recorded | " + " | ".join(regions) + " |", "|---" * (len(regions) + 1) + "|"]
    for name, cells in rows:
        told = (markdown_cell(cells.get(region, "")) for region in regions)
        lines.append(f"| {markdown_cell(name)} | " + " | ".join(told) + " |")
    return lines


def drained_lines(survey: Survey) -> list[str]:
    """One sentence for each region that users are kept away from."""
    return [
        f"{region} is {mark.phase}, {mark.told}: no users are sent there"
        + runnable(f". Next: backendctl restore {region}")
        for region, mark in survey.drained.items()
    ]


_Row = dict[str, Sequence[tuple[str, Cell]]]


def _rows(survey: Survey, *, verbose: bool) -> Iterator[tuple[tuple[str, str], _Row]]:
    """(kind, name) of a row, and for each region the resources in it: (kind, cell)."""
    folded: dict[tuple[str, str], dict[str, list[tuple[str, Cell]]]] = {}
    for (kind, name), cells in survey.rows.items():
        for region, cell in cells.items():
            label = (kind, name) if verbose else _label(survey, kind, name)
            folded.setdefault(label, {}).setdefault(region, []).append((f"{kind}/{name}", cell))
    order = rows()
    ranked = folded.items() if verbose else sorted(folded.items(), key=lambda item: order.index(item[0][0]))
    for label, row in ranked:
        if set(row) != {_GLOBAL} or verbose:
            yield label, dict(row)


def _label(survey: Survey, kind: str, name: str) -> tuple[str, str]:
    row = traits_of_kind(kind).row
    return row.title, row.name(name, survey.backend) or _only(survey, row) or name


def _only(survey: Survey, row: MatrixRow) -> str:
    """The name of the only thing with the title of this row."""
    others = ((traits_of_kind(kind).row, name) for kind, name in survey.rows)
    named = (other.name(name, survey.backend) for other, name in others if other.title == row.title)
    return next((name for name in named if name), "")


def _region_document(survey: Survey, region: str) -> dict[str, Any]:
    return {
        "in_sync": survey.region_in_sync(region),
        "reachable": region not in survey.unreachable,
        "resources": {
            f"{kind}/{name}": {"state": str(cell.state), "detail": cell.detail, "fields": list(cell.fields)}
            for (kind, name), row in survey.rows.items()
            if (cell := row.get(region)) is not None
        },
    }


def _cell(cells: Sequence[tuple[str, Cell]]) -> Text:
    if not cells:
        return Text("")
    state = min((cell.state for _, cell in cells), key=_WORST.index)
    mark, style = _MARKS[state]
    text = Text(mark, style=style)
    detail = next((cell.detail for _, cell in cells if cell.detail), "")
    bad = [(name, cell) for name, cell in cells if cell.state is not State.OK]
    if not bad and detail:
        return text.append(f" {detail if len(detail) <= _DETAIL else detail[: _DETAIL - 1] + '…'}", style="quiet")
    if state is State.UNREACHABLE:
        return text
    if len(cells) == 1 and not any(cell.fields for _, cell in bad):
        return text
    told = dict.fromkeys(what for name, cell in bad for what in cell.fields or (name,))
    return text.append(f" {_listed(list(told))}") if told else text


def _listed(names: list[str]) -> str:
    """Whole names, as many as have room; the first always has."""
    told = names[0]
    for place, name in enumerate(names[1:], start=1):
        if len(told) + len(name) > _FIELDS:
            return f"{told} and {len(names) - place} more"
        told = f"{told}, {name}"
    return told


def _verdict(survey: Survey) -> Text:
    regions = [region for region in survey.regions if region != _GLOBAL]
    if survey.in_sync:
        where = "the region is" if len(regions) == 1 else f"all {len(regions)} regions are"
        return Text(f"In sync: {where} as specified.", style="ok")
    return Text("Not in sync: " + "; ".join(_complaints(survey)) + runnable(". Next: backendctl plan"), style="bad")


def _complaints(survey: Survey) -> Iterator[str]:
    for region in survey.regions:
        if region in survey.unreachable:
            yield f"{region} did not answer"
            continue
        count = sum(1 for row in survey.rows.values() if region in row and row[region].state is not State.OK)
        if count:
            yield f"{count} in {region}"
