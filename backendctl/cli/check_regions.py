"""`backendctl check-regions`."""

from __future__ import annotations

import json

import click

from backendctl.cli.options import Options, common


@click.command(name="check-regions")
@common
def command(*, options: Options) -> int:
    """Check whether each region could be drained right now, for example every night. Changes nothing.

    Exit 0: every region could; 3: one could not; 4: something could not be checked; 5: a region did not answer.
    """
    from backendctl.cli.region_verbs import opened_everywhere
    from backendctl.cli.releasing import tell_silent
    from backendctl.draining.check import check_regions
    from backendctl.ui.progress import busy
    from backendctl.ui.regions_view import checks_document, checks_markdown, show_checks

    ready = opened_everywhere(options)
    with busy(ready.screen.progress, "looking …", quiet=options.quiet):
        found = check_regions(ready.backend)
    if ready.format == "json":
        click.echo(json.dumps(checks_document(found), indent=2))
    elif ready.format == "markdown":
        click.echo(checks_markdown(found))
    else:
        show_checks(found, ready.screen.result, verbose=options.verbose)
    tell_silent(found.unreachable)
    return found.exit_code
