"""One trace as a tree: when each step began, how long it took, and what failed."""

from __future__ import annotations

from typing import Any

from rich.console import Console
from rich.text import Text

from backendctl.errors import unreachable_data
from backendctl.hints import runnable
from backendctl.secrets import KNOWN
from backendctl.traces.one_trace import OneTrace, Step
from backendctl.visible import visible

_BEGIN = 9
_LONGEST = 240


def show_trace(trace: OneTrace, console: Console) -> None:
    """A line for each step, inner ones further to the right, then the next command."""
    if not trace.steps:
        console.print(Text(f"{_where(trace)} trace {trace.id}; X-Ray keeps them for 30 days", style="bad"))
        return
    console.print(Text(f"{trace.id} in {trace.region}", style="name"))
    for step in trace.steps:
        console.print(Text(_line(step), style="bad" if step.failed else ""), soft_wrap=True)
    asked = runnable(f"backendctl logs --request {trace.id}")
    console.print(Text(f"{asked} gathers what was written meanwhile"), soft_wrap=True)


def trace_document(trace: OneTrace) -> dict[str, Any]:
    """The JSON document of `traces TRACE_ID`: the same keys for ever. Times in milliseconds."""
    return {
        "trace_id": trace.id,
        "region": trace.region or None,
        "steps": [_document(step) for step in trace.steps],
        "unreachable": unreachable_data(trace.unreachable),
    }


def trace_markdown(trace: OneTrace) -> str:
    """The same lines as a block of code."""
    if not trace.steps:
        return f"{_where(trace)} trace {trace.id}"
    lines = [visible(_line(step)).replace("```", "` ` `") for step in trace.steps]
    return "\n".join([f"{trace.id} in {trace.region}", "", "```", *lines, "```"])


def in_one_line(text: str) -> str:
    """Without secrets, line feeds and tabs, and no longer than a few lines of a terminal."""
    return KNOWN.redact_short(" ".join(text.split()), _LONGEST)


def _where(trace: OneTrace) -> str:
    return "the regions that answered have no" if trace.unreachable else "no region has a"


def _line(step: Step) -> str:
    took = "under way" if step.seconds is None else f"{step.seconds * 1000:,.0f} ms"
    name = in_one_line(step.name)
    told = name if step.part == step.name else f"{step.part} {name}" if step.part not in _PHASES else step.part
    request = f" {in_one_line(step.request)}" if step.request else ""
    status = f" → {step.status}" if step.status else ""
    why = f"  {in_one_line(step.why)}" if step.why else "  failed" if step.failed and not step.status else ""
    return f"{step.begin * 1000:>{_BEGIN},.0f} ms {took:>10}  {'  ' * step.depth}{told}{request}{status}{why}"


_PHASES = frozenset({"init", "restore", "handler", "Lambda's overhead"})


def _document(step: Step) -> dict[str, Any]:
    return {
        "depth": step.depth,
        "begin_ms": round(step.begin * 1000, 3),
        "ms": None if step.seconds is None else round(step.seconds * 1000, 3),
        "name": KNOWN.redact(step.name),
        "part": KNOWN.redact(step.part),
        "request": KNOWN.redact(step.request) or None,
        "status": step.status or None,
        "failed": step.failed,
        "why": KNOWN.redact(step.why) or None,
    }
