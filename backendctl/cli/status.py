"""`backendctl status`."""

from __future__ import annotations

import json
from dataclasses import replace

import click

from backendctl.cli.options import Options, common
from backendctl.errors import Exit


@click.command(name="status")
@click.option("--exit-code", is_flag=True, help="Exit 2 when a region is not as specified.")
@common
def command(*, options: Options, exit_code: bool) -> int:
    """Compare every region with the spec, in one matrix, and show running canaries with their verdict so far."""
    from backendctl.app import plan_deploy
    from backendctl.cli.opening import opened
    from backendctl.release.standing import standing
    from backendctl.resources.ssm.drain_mark import drained
    from backendctl.survey import survey
    from backendctl.tables.parity import parity_of
    from backendctl.ui.matrix import show_matrix, survey_document, survey_markdown

    ready = opened(options, allow_runtimes=None, planning="all")
    plan = plan_deploy(ready.backend)
    notes, canaries = standing(plan, ready.backend)
    marks = drained(ready.backend.aws, ready.backend.spec.all_regions)
    tables = parity_of(ready.backend, silent=plan.unreachable)
    found = replace(
        survey(plan),
        notes=notes,
        canaries=canaries,
        tables=tuple(tables.data()),
        drained=marks,
        differences=tuple(tables.differences()),
    )
    if ready.format == "json":
        click.echo(json.dumps(survey_document(found), indent=2))
    elif ready.format == "markdown":
        click.echo(survey_markdown(found))
    else:
        show_matrix(found, ready.screen.result, verbose=options.verbose)
    if found.unreachable:
        return Exit.PARTIAL
    return Exit.PENDING if exit_code and not found.in_sync else Exit.OK
