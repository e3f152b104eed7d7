"""`backendctl warm-status`."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from backendctl.cli.numbers import Number
from backendctl.cli.options import Options, common_with_names
from backendctl.errors import UsageError

if TYPE_CHECKING:
    from backendctl.cli.warm_looking import Looking
    from backendctl.warmth.look import WarmStatus


@click.command(name="warm-status")
@click.option("--since", default="24h", show_default=True, metavar="DURATION", help="How far back: 90s, 30m, 24h, 7d.")
@click.option(
    "--function",
    "named",
    multiple=True,
    metavar="NAME[:ALIAS]",
    help="A function in AWS, without a spec; needs --region. May be repeated.",
)
@click.option("--watch", is_flag=True, help="Refresh until Ctrl-C.")
@click.option("--every", type=Number(1, 3600), default=60.0, show_default=True, help="Seconds between refreshes.")
@click.option("--metrics-only", is_flag=True, help="Read no logs; cold starts stay unknown.")
@click.option(
    "--idle-time",
    metavar="DURATION",
    help="How long an unused environment is taken to live; AWS promises no figure [7m, in the sandbox its own].",
)
@click.option(
    "--max-cold",
    type=Number(0, 100),
    default=1.0,
    show_default=True,
    help="Percent of users' requests that may meet a cold start.",
)
@click.option(
    "--chart", type=click.Path(path_type=Path), metavar="FILE", help="Draw every invocation: .svg, .png or .html."
)
@common_with_names
def command(
    *,
    options: Options,
    names: tuple[str, ...],
    named: tuple[str, ...],
    since: str,
    watch: bool,
    every: float,
    metrics_only: bool,
    idle_time: str | None,
    max_cold: float,
    chart: Path | None,
) -> int:
    """Show whether users' requests hit warm functions, in every region, why not, and what to do.

    Exit 0: all warm; 3: a function is not; 4: not enough data; 5: a region did not answer.
    """
    from backendctl.cli.warm_looking import Asked, open_looking

    if chart is not None:
        _check_chart(chart, watch=watch)
    asked = Asked(
        names=names, named=named, since=since, idle=idle_time, allowed=max_cold / 100, metrics_only=metrics_only
    )
    looking = open_looking(options, asked)
    if watch:
        return _watch(looking, every)
    status = looking.look()
    _tell(looking, status)
    if chart is not None:
        _draw(status, chart)
    return status.exit_code


def _check_chart(chart: Path, *, watch: bool) -> None:
    from backendctl.ui.charts.target import check_ending

    if watch:
        raise UsageError("--chart draws one look: leave out --watch")
    check_ending(chart)


def _draw(status: WarmStatus, chart: Path) -> None:
    from backendctl.ui.charts.writing import write_timelines

    timelines = [row.timeline for row in status.rows if row.timeline is not None]
    write_timelines(timelines, chart, title=f"{status.backend or 'functions'}: every invocation")
    click.echo(f"wrote {chart}", err=True)


def _watch(looking: Looking, every: float) -> int:
    from backendctl.ui.warm_view import watch_warm

    with watch_warm(looking.screen.result, verbose=looking.verbose) as screen:
        while True:
            status = looking.look()
            screen.show(status)
            time.sleep(every)


def _tell(looking: Looking, status: WarmStatus) -> None:
    from backendctl.ui.warm_view import show_warm, warm_document, warm_markdown

    if looking.format == "json":
        click.echo(json.dumps(warm_document(status), indent=2))
    elif looking.format == "markdown":
        click.echo(warm_markdown(status))
    else:
        show_warm(status, looking.screen.result, verbose=looking.verbose)
