"""`backendctl traces`."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING

import click

from backendctl.cli.options import Options, common_with_names
from backendctl.errors import UsageError

if TYPE_CHECKING:
    from backendctl.cli.opening import Opened


@click.command(name="traces")
@click.option(
    "--since", default="1h", show_default=True, metavar="TIME", help="From when: 90s, 15m, 24h, 7d, or an ISO time."
)
@common_with_names
def command(*, options: Options, names: tuple[str, ...], since: str) -> int:
    """Show where requests spend their time, by X-Ray: by segment and region, then the slowest and the failing ones.

    NAME chooses functions; the id of a trace shows that trace step by step. Exit 4 when there is no trace, 5 when a
    region does not answer.
    """
    from backendctl.cli.opening import opened_api
    from backendctl.cli.releasing import tell_silent
    from backendctl.logs.lines import TRACE
    from backendctl.spec.function_names import check_functions
    from backendctl.traces.run import read_traces
    from backendctl.ui.traces_view import show_traces, traces_document, traces_markdown
    from backendctl.warmth.durations import moment_of

    now = time.time()
    try:
        begin = moment_of(since, now=now)
    except ValueError as error:
        raise UsageError(f"--since {error}") from None
    ready = opened_api(options)
    if any(TRACE.fullmatch(name) for name in names):
        return _one(ready, names)
    check_functions(ready.backend.spec, names)
    report = read_traces(ready.backend, names, since=begin, until=now)
    if ready.format == "json":
        click.echo(json.dumps(traces_document(report), indent=2))
    elif ready.format == "markdown":
        click.echo(traces_markdown(report))
    else:
        show_traces(report, ready.screen.result)
    tell_silent(report.unreachable)
    return report.exit_code


def _one(ready: Opened, names: tuple[str, ...]) -> int:
    """One trace, step by step."""
    from backendctl.cli.releasing import tell_silent
    from backendctl.traces.one_trace import read_trace
    from backendctl.ui.trace_view import show_trace, trace_document, trace_markdown

    if len(names) > 1:
        raise UsageError("name one trace, or functions")
    found = read_trace(ready.backend, names[0])
    if ready.format == "json":
        click.echo(json.dumps(trace_document(found), indent=2))
    elif ready.format == "markdown":
        click.echo(trace_markdown(found))
    else:
        show_trace(found, ready.screen.result)
    if not found.region:  # a trace is in one region
        tell_silent(found.unreachable)
    return found.exit_code
