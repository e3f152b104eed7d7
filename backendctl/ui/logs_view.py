"""Lines of logs: coloured for people, one JSON document a line for programs, a table in Markdown."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from backendctl.errors import BackendctlError, unreachable_data
from backendctl.logs.lines import Line
from backendctl.logs.sources import Kind
from backendctl.secrets import KNOWN
from backendctl.ui.plan_data import markdown_cell
from backendctl.visible import visible
from backendctl.warmth.report_line import Report

_SHORT = 8
_COLOURS = ("cyan", "magenta", "blue", "green", "yellow")
_HEADS = ("time", "region", "log", "request", "message")


def writer(form: str, console: Console, echo: Callable[[str], None]) -> Callable[[Sequence[Line]], None]:
    """What writes lines, batch after batch, in that form: text, json or markdown."""
    if form == "json":
        return lambda lines: _write_json(lines, echo)
    if form == "markdown":
        return _Markdown(echo)
    return _Text(console)


def _write_json(lines: Sequence[Line], echo: Callable[[str], None]) -> None:
    for line in lines:
        echo(json.dumps(line_document(line)))


class _Text:
    """One colour for each region, so that their lines are told apart."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._colours: dict[str, str] = {}

    def __call__(self, lines: Sequence[Line]) -> None:
        for line in lines:
            self._console.print(self._told(line), soft_wrap=True)

    def _told(self, line: Line) -> Text:
        region = line.source.region
        colour = self._colours.setdefault(region, _COLOURS[len(self._colours) % len(_COLOURS)])
        told = Text()
        told.append(moment(line), style="quiet")
        told.append(f" {region}", style=colour)
        told.append(f" {log_name(line)}", style="name")
        told.append(f" {_short(line.request_id)} ", style="quiet")
        style = "bad" if line.is_trouble else "quiet" if line.report is not None else ""
        first, *rest = message(line).split("\n")
        told.append(visible(first), style=style)
        for more in rest:
            told.append(f"\n    {visible(more)}", style=style)
        return told


class _Markdown:
    """A table whose head comes before the first line."""

    def __init__(self, echo: Callable[[str], None]) -> None:
        self._echo = echo
        self._begun = False

    def __call__(self, lines: Sequence[Line]) -> None:
        if lines and not self._begun:
            self._begun = True
            self._echo("| " + " | ".join(_HEADS) + " |\n" + "|---" * len(_HEADS) + "|")
        for line in lines:
            cells = (moment(line), line.source.region, log_name(line), _short(line.request_id), message(line))
            self._echo("| " + " | ".join(markdown_cell(visible(cell)) for cell in cells) + " |")


def line_document(line: Line) -> dict[str, Any]:
    """One line of `logs -o json`: the same keys for ever."""
    source = line.source
    is_function = source.kind is Kind.FUNCTION
    return {
        "time": _time(line).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "region": source.region,
        "source": str(source.kind),
        "function": source.name if is_function else None,
        "stage": None if is_function else source.name,
        "canary": source.canary,
        "version": line.version,
        "request_id": line.request_id,
        "trace_id": line.trace_id,
        "message": KNOWN.redact(line.message),
        "report": None if line.report is None else report_document(line.report),
        "log_group": source.group,
        "log_stream": line.event.stream,
        "event_id": line.event.id,
    }


def unreachable_document(errors: Mapping[str, BackendctlError]) -> dict[str, Any]:
    """The line of `logs -o json` about regions that could not be read; it has this key alone."""
    return {"unreachable": unreachable_data(errors)}


def report_document(report: Report) -> dict[str, Any]:
    """What one invocation took; milliseconds and MB."""
    return {
        "duration_ms": report.duration_ms,
        "billed_ms": report.billed_ms,
        "init_ms": report.init_ms if report.init_ms is not None else report.restore_ms,
        "memory_mb": report.memory_mb,
        "max_memory_mb": report.max_memory_mb,
        "status": report.status,
        "error_type": report.error_type,
    }


def message(line: Line) -> str:
    """The text without secrets; the report of a request in a few words."""
    return KNOWN.redact(line.message) if line.report is None else report_told(line.report)


def report_told(report: Report) -> str:
    """`12.3 ms, billed 13 ms, 85 of 1024 MB, cold start 212 ms`."""
    init = report.init_ms if report.init_ms is not None else report.restore_ms
    parts = [
        f"{report.duration_ms:.1f} ms",
        f"billed {report.billed_ms} ms",
        f"{report.max_memory_mb} of {report.memory_mb} MB",
        *([] if init is None else [f"cold start {init:.0f} ms"]),
        *([] if report.status is None else [report.status]),
        *([] if report.error_type is None else [report.error_type]),
    ]
    return ", ".join(parts)


def log_name(line: Line) -> str:
    """`places:7`, `prodv1 access`, `prodv1/canary execution`."""
    source = line.source
    if source.kind is Kind.FUNCTION:
        return f"{source.name}:{line.version or '-'}"
    return f"{source.name}{'/canary' if source.canary else ''} {source.kind}"


def moment(line: Line) -> str:
    """`2026-11-28 16:45:57.123`, UTC."""
    return _time(line).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]


def _time(line: Line) -> datetime:
    return datetime.fromtimestamp(line.event.at / 1000, UTC)


def _short(request: str | None) -> str:
    return "-" * _SHORT if request is None else request[:_SHORT]
