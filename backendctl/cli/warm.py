"""`backendctl warm`."""

from __future__ import annotations

import json

import click

from backendctl.cli.options import Options, common_with_names
from backendctl.errors import Exit


@click.command(name="warm")
@click.option(
    "--instances", type=click.IntRange(1, 50), metavar="N", help="Calls that overlap, 1 to 50 [the spec's instances]."
)
@click.option("--stage", "stages", multiple=True, metavar="NAME", help="Only what this stage calls; may be repeated.")
@common_with_names
def command(*, options: Options, names: tuple[str, ...], instances: int | None, stages: tuple[str, ...]) -> int:
    """Warm every function now, in every region, through the alias that users call; NAME chooses functions.

    Shows how many environments answered, as far as that can be proven. Exit 3 when a handler fails or returns too
    early, 4 when the calls could not be told apart, 5 when a region does not answer.
    """
    from backendctl.app import refuse_live_definition
    from backendctl.cli.opening import opened_api
    from backendctl.cli.releasing import tell_silent
    from backendctl.ui.warmed import show_warming, warming_document, warming_markdown
    from backendctl.warmth.calling import warm_now

    ready = opened_api(options)
    refuse_live_definition(ready.backend.spec)
    warming = warm_now(ready.backend, names, instances=instances, stages=stages)
    if ready.format == "json":
        click.echo(json.dumps(warming_document(warming), indent=2))
    elif ready.format == "markdown":
        click.echo(warming_markdown(warming))
    else:
        show_warming(warming, ready.screen.result)
    tell_silent(warming.unreachable)
    return Exit(warming.exit_code)
