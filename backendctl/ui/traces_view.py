"""Traces: where the time goes, by part and region; then the slowest and the failing ones."""

from __future__ import annotations

import time
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from backendctl.errors import unreachable_data
from backendctl.hints import runnable
from backendctl.secrets import KNOWN
from backendctl.traces.reading import Trace
from backendctl.traces.run import RegionTraces, Share, TraceReport
from backendctl.ui.plan_data import markdown_cell
from backendctl.ui.trace_view import in_one_line

SHOWN = 5
"""Traces told one by one, of the slowest and of the failing."""


def show_traces(report: TraceReport, console: Console) -> None:
    """The table, single traces, what is not traced, a last line."""
    regions = [here for here in report.regions if here.shares]
    if regions:
        console.print(_table(regions))
    for title, traces in (("slowest", report.slowest(SHOWN)), ("failing", report.failing(SHOWN))):
        if traces:
            console.print(Text(f"The {title}:", style="name"))
        for one in traces:
            console.print(Text(f"  {_line(one, report)}", style="bad" if one.failed else ""), soft_wrap=True)
    for line in untraced(report):
        console.print(Text(line, style="update"), soft_wrap=True)
    console.print(Text(_summary(report), style="ok" if report.all else "bad"), soft_wrap=True)


def traces_markdown(report: TraceReport) -> str:
    """The same for a pull request."""
    regions = [here for here in report.regions if here.shares]
    lines = ["| part | " + " | ".join(here.region for here in regions) + " |", "|---" * (len(regions) + 1) + "|"]
    rows = {part: " | ".join(_cell(_share(here, part)) for here in regions) for part in _parts(regions)}
    lines += [f"| {markdown_cell(part)} | {cells} |" for part, cells in rows.items()]
    told = [f"- {markdown_cell(_line(one, report))}" for one in [*report.slowest(SHOWN), *report.failing(SHOWN)]]
    return "\n".join([*(lines if regions else []), "", *dict.fromkeys(told), *untraced(report), "", _summary(report)])


def traces_document(report: TraceReport) -> dict[str, Any]:
    """The JSON document of `traces`: the same keys for ever. Times in milliseconds."""
    return {
        "backend": report.backend,
        "since": int(report.since),
        "until": int(report.until),
        "regions": {here.region: _region(here) for here in report.regions},
        "slowest": [_document(one, report) for one in report.slowest(SHOWN)],
        "failing": [_document(one, report) for one in report.failing(SHOWN)],
        "unreachable": unreachable_data(report.unreachable),
    }


def untraced(report: TraceReport) -> list[str]:
    """What is not traced, and what to set; one sentence for each kind."""
    functions = {one.partition(" ")[2] for here in report.regions for one in here.off if one.startswith("function ")}
    stages = {one.partition(" ")[2] for here in report.regions for one in here.off if one.startswith("stage ")}
    found = []
    if functions:
        named = ", ".join(sorted(functions))
        found.append(f"Tracing is off for {named}: write tracing: true into these functions of the spec, then deploy.")
    if stages:
        named = ", ".join(sorted(stages))
        found.append(f"Tracing is off for the stage {named}: write tracing: true into api.stages, then deploy.")
    return found


def _table(regions: list[RegionTraces]) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column("part", style="name")
    for here in regions:
        table.add_column(here.region, justify="right")
    for part in _parts(regions):
        table.add_row(part, *(_cell(_share(here, part)) for here in regions))
    return table


def _parts(regions: list[RegionTraces]) -> list[str]:
    totals: dict[str, float] = {}
    for here in regions:
        for share in here.shares:
            totals[share.part] = totals.get(share.part, 0.0) + share.of_all
    return sorted(totals, key=lambda part: -totals[part])


def _share(here: RegionTraces, part: str) -> Share | None:
    return next((one for one in here.shares if one.part == part), None)


def _cell(share: Share | None) -> str:
    return "" if share is None else f"{share.of_all:.0%}, {share.mean * 1000:,.0f} ms in {share.traces}"


def _line(one: Trace, report: TraceReport) -> str:
    parts = _parts_of(one, report)
    told = ", ".join(f"{part} {seconds * 1000:,.0f} ms" for part, seconds in parts[:4] if round(seconds, 3))
    status = f" → {one.status}" if one.status else " → failed" if one.fault else ""
    moment = time.strftime("%H:%M:%S", time.gmtime(one.began))
    request = KNOWN.redact(one.request) or "(no request)"
    why = f"  {_reason(one, report)}" if one.failed and _reason(one, report) else ""
    return f"{moment} {one.region} {one.response * 1000:,.0f} ms {request}{status}  {one.id}" + (
        f"  ({told}){why}" if told else why
    )


def _reason(one: Trace, report: TraceReport) -> str:
    found = next((here.reasons.get(one.id, "") for here in report.regions if here.region == one.region), "")
    return in_one_line(found)


def _parts_of(one: Trace, report: TraceReport) -> list[tuple[str, float]]:
    found = next((here.parts.get(one.id, {}) for here in report.regions if here.region == one.region), {})
    return sorted(found.items(), key=lambda pair: -pair[1])


def _summary(report: TraceReport) -> str:
    count, failing = len(report.all), sum(one.failed for one in report.all)
    if not count:
        traced = any(here.traced for here in report.regions)
        return "No trace in that time." if traced else "Nothing is traced, so there is nothing to see."
    one, logs = runnable("backendctl traces TRACE_ID"), runnable("backendctl logs --request TRACE_ID")
    more = f"; {one} shows one of them step by step, {logs} what it wrote"
    word = "trace" if count == 1 else "traces"
    return f"{count} {word}, {failing} of them failing{more}"


def _region(here: RegionTraces) -> dict[str, Any]:
    return {
        "traces": len(here.traces),
        "failing": sum(one.failed for one in here.traces),
        "looked_into": here.cut,
        "parts": [
            {
                "part": one.part,
                "traces": one.traces,
                "mean_ms": round(one.mean * 1000, 3),
                "share": round(one.of_all, 4),
            }
            for one in here.shares
        ],
        "untraced": list(here.off),
    }


def _document(one: Trace, report: TraceReport) -> dict[str, Any]:
    return {
        "region": one.region,
        "trace_id": one.id,
        "began": int(one.began),
        "response_ms": round(one.response * 1000, 3),
        "request": KNOWN.redact(one.request) or None,
        "status": one.status or None,
        "failed": one.failed,
        "reason": _reason(one, report) or None,
        "parts_ms": {part: round(seconds * 1000, 3) for part, seconds in _parts_of(one, report)},
    }
