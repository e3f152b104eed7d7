"""What `doctor` found: for a terminal, for a pull request, as data, and as annotations of GitHub Actions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.text import Text

from backendctl.doctor.finding import Diagnosis, Finding, Severity
from backendctl.errors import unreachable_data
from backendctl.hints import runnable
from backendctl.secrets import KNOWN
from backendctl.ui.annotations import Level, annotation
from backendctl.ui.plan_data import markdown_cell

_STYLES = {Severity.BAD: "bad", Severity.WARNING: "update", Severity.UNKNOWN: "update", Severity.ADVICE: "quiet"}
_MARKS = {Severity.BAD: "✗", Severity.WARNING: "!", Severity.UNKNOWN: "?", Severity.ADVICE: "·"}
_LEVELS = {
    Severity.BAD: Level.ERROR,
    Severity.WARNING: Level.WARNING,
    Severity.UNKNOWN: Level.WARNING,
    Severity.ADVICE: Level.NOTICE,
}


def show_diagnosis(found: Diagnosis, console: Console, *, verbose: bool) -> None:
    """Each finding with why it matters and the next command, then how many of each.

    Args:
        verbose: the snippets too.
    """
    for one in found.findings:
        head = Text(f"{_MARKS[one.severity]} {one.severity:<8}", style=_STYLES[one.severity])
        head.append(f"{one.where}", style="name").append(f"  {_told(one.what)}")
        console.print(head, soft_wrap=True)
        console.print(Text(f"    {_told(one.why)}", style="quiet"), soft_wrap=True)
        console.print(Text(f"    next: {_next(one)}"), soft_wrap=True)
        for line in one.snippet.splitlines() if verbose else ():
            console.print(Text(f"      {line}", style="quiet"), soft_wrap=True)
    console.print(Text(_summary(found), style="ok" if found.exit_code == 0 else "bad"))


def diagnosis_markdown(found: Diagnosis) -> str:
    """A table."""
    lines = ["| | where | what | why | next |", "|---|---|---|---|---|"]
    for one in found.findings:
        cells = (str(one.severity), f"`{one.where}`", _told(one.what), _told(one.why), f"`{_next(one)}`")
        lines.append("| " + " | ".join(markdown_cell(cell) for cell in cells) + " |")
    return "\n".join([*lines, "", _summary(found)])


def diagnosis_document(found: Diagnosis, fixed: list[str]) -> dict[str, Any]:
    """The JSON document of `doctor`: the same keys for ever.

    Args:
        fixed: what `--fix` did.
    """
    counts = Counter(one.severity for one in found.findings)
    return {
        "backend": found.backend,
        "healthy": found.exit_code == 0,
        "findings": [_document(one) for one in found.findings],
        "summary": {str(severity): counts[severity] for severity in Severity},
        "fixed": fixed,
        "checks": list(found.looked),
        "unreachable": unreachable_data(found.unreachable),
    }


def annotation_lines(found: Diagnosis, file: str) -> Iterator[str]:
    """A line of GitHub Actions for each finding. file: the spec."""
    for one in found.findings:
        yield annotation(
            _LEVELS[one.severity], title=one.where, file=file, message=f"{_told(one.what)}. Next: {_next(one)}"
        )


def _document(one: Finding) -> dict[str, Any]:
    return {
        "check": one.check,
        "severity": str(one.severity),
        "where": one.where,
        "what": _told(one.what),
        "why": _told(one.why),
        "next": _next(one),
        "snippet": one.snippet or None,
        "fixable": one.fixable,
    }


def _told(text: str) -> str:
    return KNOWN.redact(text)


def _next(one: Finding) -> str:
    return KNOWN.redact(runnable(one.next_step)) + (" (--fix does it)" if one.fixable else "")


def _summary(found: Diagnosis) -> str:
    counts = Counter(one.severity for one in found.findings)
    told = ", ".join(f"{counts[severity]} {severity}" for severity in Severity if counts[severity])
    silent = f"; no answer from {', '.join(found.unreachable)}" if found.unreachable else ""
    return f"{len(found.looked)} checks in {', '.join(found.regions)}: {told or 'nothing found'}{silent}"
