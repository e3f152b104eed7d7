"""What a function answered, region by region."""

from __future__ import annotations

import json
from typing import Any

from rich.console import Console
from rich.text import Text

from backendctl.errors import unreachable_data
from backendctl.invoking.run import Invocations, Invoked
from backendctl.secrets import KNOWN
from backendctl.ui.logs_view import report_document, report_told

_LAMBDA_S_OWN = ("START RequestId", "END RequestId", "REPORT RequestId", "INIT_START", "XRAY TraceId")


def show_invocations(found: Invocations, console: Console, *, verbose: bool) -> None:
    """A head, the answer and the log of every region, then what differs.

    Args:
        verbose: the log with Lambda's own lines.
    """
    for row in found.rows:
        console.print(_head(found.function, row), soft_wrap=True)
        for line, style in _answer(row):
            console.print(Text(f"  {line}", style=style), soft_wrap=True)
        log = [line for line in KNOWN.redact(row.log).splitlines() if verbose or _is_own(line)]
        if log:
            console.print(Text("  log:", style="quiet"))
        for line in log:
            console.print(Text(f"    {line}", style="quiet"), soft_wrap=True)
    if found.differences:
        console.print(Text("The regions answer differently:", style="update"))
        for one in found.differences:
            console.print(Text(f"  {KNOWN.redact(str(one))}"), soft_wrap=True)
    elif sum(row.failure is None for row in found.rows) > 1:
        console.print(Text("The regions answer alike.", style="ok"))


def invocations_document(found: Invocations) -> dict[str, Any]:
    """The JSON document of `invoke`: the same keys for ever."""
    return {
        "function": found.function,
        "answers": [_document(row) for row in found.rows],
        "differences": [{"path": one.path, "values": KNOWN.redact_data(dict(one.values))} for one in found.differences],
        "unreachable": unreachable_data(found.unreachable),
    }


def _document(row: Invoked) -> dict[str, Any]:
    failure = row.failure
    return {
        "region": row.region,
        "alias": row.alias,
        "version": row.version or None,
        "request_id": row.request_id or None,
        "trace_id": row.trace_id or None,
        "ok": failure is None,
        "answer": KNOWN.redact_data(row.said),
        "error": None
        if failure is None
        else KNOWN.redact_data({"type": failure.type, "message": failure.message, "stack": list(failure.stack)}),
        "cold": None if row.report is None else row.report.is_cold,
        "report": None if row.report is None else report_document(row.report),
        "log": [KNOWN.redact(line) for line in row.log.splitlines()],
    }


def _head(function: str, row: Invoked) -> Text:
    told = Text()
    mark, style = ("✓", "ok") if row.failure is None else ("✗", "bad")
    told.append(f"{mark} ", style=style)
    told.append(row.region, style="region")
    told.append(f" {function}:{row.alias or '$LATEST'}", style="name")
    parts = [f"version {row.version}"] if row.version and row.version != row.alias else []
    if row.report is not None:
        parts += [report_told(row.report), *([] if row.report.is_cold else ["warm"])]
    parts += [f"request {row.request_id}"] if row.request_id else []
    parts += [f"trace {row.trace_id}"] if row.trace_id else []
    told.append(f"  {', '.join(parts)}", style="quiet")
    return told


def _answer(row: Invoked) -> list[tuple[str, str]]:
    """Lines and their styles."""
    if row.failure is not None:
        stack = [(f"  {line}", "") for line in row.failure.stack]
        lines = [(f"{row.failure.type}: {row.failure.message}", "bad"), *stack]
    else:
        said = row.said
        text = said if isinstance(said, str) else json.dumps(said, indent=2, ensure_ascii=False)
        lines = [(line, "") for line in text.splitlines()]
    return [(KNOWN.redact(line), style) for line, style in lines]


def _is_own(line: str) -> bool:
    """Whether the handler wrote it."""
    return bool(line.strip()) and not line.startswith(_LAMBDA_S_OWN)
