"""`backendctl history`."""

from __future__ import annotations

import json

import click

from backendctl.cli.options import Options, common
from backendctl.errors import Exit


@click.command(name="history")
@click.option("--stage", "stages", multiple=True, metavar="NAME", help="Only this stage; may be repeated.")
@click.option("-n", "--number", type=click.IntRange(1), metavar="N", help="Only the newest N.")
@common
def command(*, options: Options, stages: tuple[str, ...], number: int | None) -> int:
    """Show every release, across regions, newest first: when, by whom, from what, and where it is live.

    With -v also its definition, who released it, and which versions of functions changed.
    """
    from dataclasses import replace

    from backendctl.cli.opening import opened_api
    from backendctl.cli.releasing import tell_silent
    from backendctl.release.history import history, history_document
    from backendctl.release.running import serving
    from backendctl.ui.history_view import history_markdown, show_history

    ready = opened_api(options)
    found, failed = serving(ready.backend, stages=stages)
    told = history(ready.backend, found, newest=number)
    told = replace(told, unreachable={**failed, **told.unreachable})
    if ready.format == "json":
        click.echo(json.dumps(history_document(told), indent=2))
    elif ready.format == "markdown":
        click.echo(history_markdown(told))
    else:
        show_history(told, ready.screen.result, verbose=options.verbose)
    return Exit.PARTIAL if tell_silent(told.unreachable) else Exit.OK
