"""`backendctl history`."""

from __future__ import annotations

import json

import click

from backendctl.cli.options import Options, common
from backendctl.errors import Exit


@click.command(name="history")
@click.option("--stage", "stages", multiple=True, metavar="NAME", help="Only this stage; may be repeated.")
@common
def command(*, options: Options, stages: tuple[str, ...]) -> int:
    """Show every release of every stage, across regions: when, whose, and what it changed. The newest comes first."""
    from backendctl.cli.opening import opened_api  # noqa: PLC0415  # start-up stays fast
    from backendctl.cli.releasing import tell_silent  # noqa: PLC0415  # the same
    from backendctl.release.history import history, history_document  # noqa: PLC0415  # the same
    from backendctl.release.running import serving  # noqa: PLC0415  # the same
    from backendctl.ui.history_view import history_markdown, show_history  # noqa: PLC0415  # the same

    ready = opened_api(options)
    found, failed = serving(ready.backend, stages=stages)
    told = history(ready.backend, found)
    if ready.format == "json":
        click.echo(json.dumps(history_document(told), indent=2))
    elif ready.format == "markdown":
        click.echo(history_markdown(told))
    else:
        show_history(told, ready.screen.result)
    return Exit.PARTIAL if tell_silent({**failed, **told.unreadable}) else Exit.OK
