"""`backendctl cost`."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from backendctl.cli.options import Options, common
from backendctl.errors import Exit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backendctl.errors import BackendctlError
    from backendctl.warmth.cost.request import Request
    from backendctl.warmth.cost.workload import Workload


@click.command(name="cost")
@click.option(
    "--requests", multiple=True, metavar="[NAME=]N", help="API requests a month; NAME is a region or a function. 10M."
)
@click.option(
    "--duration", multiple=True, metavar="[FUNCTION=]MS", help="Billed per invocation [100]; may be repeated."
)
@click.option("--ping-duration", metavar="MS", help="Billed per ping of the warmer [100].")
@click.option(
    "--items",
    multiple=True,
    metavar="TABLE:KEY=N,…",
    help="Of a table, a month: gb stored, kb per item, reads, strong-reads, writes; may be repeated.",
)
@click.option("--response-kb", metavar="KB", help="Mean size of an answer, for the data sent to users.")
@click.option("--log-kb", metavar="KB", help="Written to the log per invocation.")
@click.option("--from-metrics", metavar="DURATION", help="Measured traffic instead of the above: 30d, 24h.")
@click.option(
    "--prices", type=click.Path(path_type=Path), help="Your prices, over the built-in list; see docs/cost.md."
)
@common
def command(
    *,
    options: Options,
    requests: tuple[str, ...],
    duration: tuple[str, ...],
    ping_duration: str | None,
    items: tuple[str, ...],
    response_kb: str | None,
    log_kb: str | None,
    from_metrics: str | None,
    prices: Path | None,
) -> int:
    """Estimate the monthly cost of the spec, or of live traffic: by region, function and service, and of changes.

    Without --from-metrics AWS is not called. Prices are AWS's list prices for us-east-1; --prices sets others.
    """
    from backendctl.ui.cost_data import cost_document, cost_markdown
    from backendctl.ui.cost_view import show_cost
    from backendctl.warmth.cost.estimate import estimate
    from backendctl.warmth.cost.request import Given, understood

    config = options.load()
    given = Given(
        requests=requests,
        duration=duration,
        ping_duration=ping_duration,
        items=items,
        response_kb=response_kb,
        log_kb=log_kb,
        from_metrics=from_metrics,
    )
    regions = options.regions or config.regions or ()
    request = understood(options.spec_path(config), regions, given, prices or config.prices)
    workload, unreachable = _workload(options, request)
    found = estimate(workload, request.prices)
    shape = options.format(config)
    if shape == "json":
        click.echo(json.dumps(cost_document(found, unreachable), indent=2))
    elif shape == "markdown":
        click.echo(cost_markdown(found))
    else:
        show_cost(found, options.screen(config).result)
    return Exit.PARTIAL if unreachable else Exit.OK


def _workload(options: Options, request: Request) -> tuple[Workload, Mapping[str, BackendctlError]]:
    """The month to price, and the regions that are not in it, as they did not answer."""
    from backendctl.cli.code import tell_warnings
    from backendctl.warmth.cost.from_spec import workload_of

    if request.window is None:
        tell_warnings(request.context.spec.deprecated)
        return workload_of(request.context, request.asked), {}
    from backendctl.cli.opening import opened_api
    from backendctl.cli.releasing import tell_silent
    from backendctl.ui.progress import busy
    from backendctl.warmth.cost.from_metrics import measured

    ready = opened_api(options)
    backend = ready.backend
    with busy(ready.screen.progress, "reading CloudWatch …", quiet=options.quiet):
        workload, failed = measured(
            backend.aws,
            backend.context,
            request.asked,
            window=request.window,
            now=time.time(),
            workers=backend.settings.workers,
        )
    tell_silent(failed)
    return workload, failed
