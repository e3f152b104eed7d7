"""`backendctl canary-status`."""

from __future__ import annotations

import json
import time

import click

from backendctl.cli.numbers import Number
from backendctl.cli.options import Options, common
from backendctl.errors import Exit


@click.command(name="canary-status")
@click.option("--watch", is_flag=True, help="Refresh until no canary is running, or Ctrl-C.")
@click.option("--every", type=Number(0.5, 3600), default=10.0, show_default=True, help="Seconds between refreshes.")
@click.option("--exit-code", is_flag=True, help="Exit 3 when the verdict is fail, 4 when it is inconclusive.")
@click.option("--stage", "stages", multiple=True, metavar="NAME", help="Only this stage; may be repeated.")
@common
def command(*, options: Options, watch: bool, every: float, exit_code: bool, stages: tuple[str, ...]) -> int:
    """Compare running canaries with their baseline: traffic, errors, latency, the verdict so far, the next command."""
    from backendctl.cli.opening import opened_api
    from backendctl.release.looking import look
    from backendctl.release.outcome import Outcome
    from backendctl.ui.canary_view import (
        canary_document,
        canary_markdown,
        show_canary,
        watch_canary,
    )
    from backendctl.warmth.logs import LogReader

    ready = opened_api(options)
    reader = LogReader()
    status = look(ready.backend, stages=stages, reader=reader)
    if watch:
        with watch_canary(ready.screen.result) as screen:
            screen.show(status)
            while any(one.target_percent is not None for one in status.regions):
                time.sleep(every)
                status = look(ready.backend, stages=stages, reader=reader)
                screen.show(status)
    elif ready.format == "json":
        click.echo(json.dumps(canary_document(status), indent=2))
    elif ready.format == "markdown":
        click.echo(canary_markdown(status))
    else:
        show_canary(status, ready.screen.result)
    if any(one.error for one in status.regions):
        return Exit.PARTIAL
    endings = {Outcome.FAIL: Exit.FAILED_VERDICT, Outcome.INCONCLUSIVE: Exit.INCONCLUSIVE}
    return endings.get(status.outcome, Exit.OK) if exit_code and status.outcome is not None else Exit.OK
