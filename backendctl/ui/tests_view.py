"""What came of tests: a row for each, a column for each region, then what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from backendctl.errors import unreachable_data
from backendctl.hints import runnable
from backendctl.secrets import KNOWN
from backendctl.testing.model import RequestRow, Result, TestRun
from backendctl.ui.plan_data import markdown_cell


def show_tests(run: TestRun, console: Console) -> None:
    """The table, the reasons, a last line."""
    if run.rows:
        console.print(_table(run))
    for row in run.rows:
        for line in _reasons(row):
            console.print(Text(KNOWN.redact(line)), soft_wrap=True)
    console.print(Text(_summary(run), style="ok" if run.exit_code == 0 else "bad"))


def tests_markdown(run: TestRun) -> str:
    """The same for a pull request."""
    regions = _answered(run)
    heads = ["test", *regions, "alike"]
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for row in run.rows:
        cells = [KNOWN.redact(row.case.name), *(_told(row.results[region]) for region in regions), _alike(row)]
        lines.append("| " + " | ".join(markdown_cell(cell) for cell in cells) + " |")
    reasons = [f"- {markdown_cell(KNOWN.redact(line))}" for row in run.rows for line in _reasons(row)]
    return "\n".join([*lines, "", *reasons, *([""] if reasons else []), _summary(run)])


def tests_document(run: TestRun) -> dict[str, Any]:
    """The JSON document of `test`: the same keys for ever."""
    return {
        "backend": run.backend,
        "through": str(run.through),
        "passed": run.exit_code == 0,
        "tests": [_document(row) for row in run.rows],
        "summary": {
            "passed": sum(row.passed for row in run.rows),
            "failed": sum(not row.passed for row in run.rows),
        },
        "unreachable": unreachable_data(run.unreachable),
    }


def _document(row: RequestRow) -> dict[str, Any]:
    return {
        "file": row.case.file,
        "line": row.case.line,
        "name": KNOWN.redact(row.case.name),
        "request": KNOWN.redact(row.case.request),
        "passed": row.passed,
        "results": [
            {
                "region": region,
                "passed": not result.failures,
                "status": None if result.response is None else result.response.status,
                "latency_ms": None if result.response is None else round(result.response.latency_ms, 1),
                "request_id": (result.response.request_id or None) if result.response is not None else None,
                "failures": [KNOWN.redact(told) for told in result.failures],
            }
            for region, result in row.results.items()
        ],
        "differences": [{"path": one.path, "values": KNOWN.redact_data(dict(one.values))} for one in row.differences],
    }


def _table(run: TestRun) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="region")
    table.add_column("test")
    regions = _answered(run)
    for region in regions:
        table.add_column(region, no_wrap=True)
    if len(regions) > 1:
        table.add_column("alike", no_wrap=True)
    for row in run.rows:
        cells = [Text(_told(row.results[region]), style=_style(row.results[region])) for region in regions]
        last = [Text(_alike(row), style="bad" if row.differences else "")] if len(regions) > 1 else []
        table.add_row(Text(KNOWN.redact(row.case.name), style="name"), *cells, *last)
    return table


def _answered(run: TestRun) -> list[str]:
    return [region for region in run.regions if region not in run.unreachable]


def _told(result: Result) -> str:
    mark = "✗" if result.failures else "✓"
    response = result.response
    return f"{mark} not sent" if response is None else f"{mark} {response.status} {response.latency_ms:.0f} ms"


def _style(result: Result) -> str:
    return "bad" if result.failures else "ok"


def _alike(row: RequestRow) -> str:
    return "✗" if row.differences else "✓" if row.case.compare else "-"


def _reasons(row: RequestRow) -> Iterator[str]:
    place = f"{row.case.file}:{row.case.line}: {row.case.name}"
    for region, result in row.results.items():
        for told in result.failures:
            yield f"{place}: {region}: {told}"
    for one in row.differences:
        yield f"{place}: the regions differ at {one}"
    for region in row.suspects:
        response = row.results[region].response
        if response is not None and response.logged_as:
            asked = f"backendctl logs --request {response.logged_as}"
            where = f" -r {region}" if len(row.results) > 1 else ""
            yield f"{place}: {region}: next: {runnable(asked + where)}"


def _summary(run: TestRun) -> str:
    bad = sum(not row.passed for row in run.rows)
    told = f"{len(run.rows) - bad} of {len(run.rows)} tests passed"
    return told + (f"; no answer from {', '.join(run.unreachable)}" if run.unreachable else "")
