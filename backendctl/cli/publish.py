"""`backendctl publish`."""

from __future__ import annotations

import json

import click

from backendctl.cli.options import Options, common_with_names, runtimes, taking_over
from backendctl.errors import Exit


@click.command(name="publish")
@click.option("--alias", metavar="NAME", help="Move this alias to the new versions at once.")
@click.option("--dry-run", is_flag=True, help="Show the plan and stop.")
@click.option("-y", "--yes", is_flag=True, help="Do not prompt for confirmation.")
@click.option("--plan-digest", metavar="DIGEST", help="Apply only if the plan has this digest.")
@runtimes
@taking_over
@common_with_names
def command(
    *,
    options: Options,
    names: tuple[str, ...],
    alias: str | None,
    dry_run: bool,
    yes: bool,
    plan_digest: str | None,
    allow_runtimes: tuple[str, ...],
    take_over: bool,
) -> int:
    """Publish a version of every function whose code or configuration changed; NAME chooses functions.

    Where nothing changed, nothing is published. Afterwards the code is checked to be the same in every region.
    """
    from backendctl.cli.applying import Consent, confirm_and_apply, exit_after, unreachable
    from backendctl.cli.opening import opened
    from backendctl.cli.releasing import silently
    from backendctl.release.publish import plan_publish, published, published_document, same_bits
    from backendctl.ui.published import published_markdown, show_published

    ready = opened(options, allow_runtimes=allow_runtimes)
    plan = plan_publish(ready.backend, names, alias=alias, take_over=take_over)
    consent = Consent(dry_run=dry_run, yes=yes, plan_digest=plan_digest, allow_delete=())
    text = ready.format == "text"
    draw = None if text or dry_run else silently
    outcome = confirm_and_apply(plan, ready, consent, verbose=options.verbose, again="the same command", shown=draw)
    silent = unreachable(plan, outcome=outcome)
    if dry_run:
        return exit_after(outcome, silent=silent)
    if outcome is not None and outcome.exit_code is not Exit.OK:
        return outcome.exit_code
    found = published(ready.backend, names, regions=plan.regions)
    if text:
        show_published(found, ready.screen.result, silent=plan.unreachable)
    elif ready.format == "markdown":
        click.echo(published_markdown(found, silent=plan.unreachable))
    else:
        click.echo(json.dumps(published_document(plan, found), indent=2))
    if not same_bits(found):
        return Exit.ERROR
    return Exit.PARTIAL if silent else Exit.OK
