"""`backendctl grant`."""

from __future__ import annotations

import json

import click

from backendctl.cli.options import Options, common
from backendctl.errors import Exit


@click.command(name="grant")
@click.option("--from", "source", metavar="REGION[/STAGE]", help="Take what is deployed there, not the spec's source.")
@click.option("--to", "targets", multiple=True, metavar="REGION", help="Only in this region; may be repeated.")
@click.option("--stage", metavar="STAGE", help="Only for this stage of the spec.")
@click.option("--dry-run", is_flag=True, help="Show what would be granted and stop.")
@click.option("-y", "--yes", is_flag=True, help="Do not prompt for confirmation.")
@common
def command(
    *, options: Options, source: str | None, targets: tuple[str, ...], stage: str | None, dry_run: bool, yes: bool
) -> int:
    """Allow API Gateway to invoke every function and alias that the API's stages call, in every region; nothing else.

    Ends with the size of each policy: AWS allows 20,480 bytes per alias. Run again, it changes nothing.
    """
    from backendctl.cli.applying import Consent, confirm_and_apply, unreachable
    from backendctl.cli.opening import opened_api
    from backendctl.sync.granting import prepare_grant, sizes
    from backendctl.sync.request import Request, place
    from backendctl.ui.grant_table import grant_document, grant_markdown, show_sizes

    ready = opened_api(options)
    request = Request(source=place(source) if source else None, targets=targets, stage=stage)
    grant = prepare_grant(ready.backend, request)
    statuses: dict[str, str] = {}

    def drawn(done: dict[str, str] | None) -> None:
        from backendctl.cli.applying import show
        from backendctl.engine.safety import refusal_of

        statuses.update(done or {})
        if ready.format == "text":
            show(grant.plan, ready, verbose=options.verbose, refusal=refusal_of(grant.plan, consent.allowed))

    consent = Consent(dry_run=dry_run, yes=yes, plan_digest=None, allow_delete=())
    outcome = confirm_and_apply(
        grant.plan, ready, consent, verbose=options.verbose, again="the same command", shown=drawn
    )
    found = sizes(grant)
    if ready.format == "json":
        click.echo(json.dumps(grant_document(grant, found, statuses if outcome else None), indent=2))
    elif ready.format == "markdown":
        click.echo(grant_markdown(grant, found, statuses if outcome else None))
    else:
        show_sizes(found, ready.screen.result)
    if unreachable(grant.plan):
        return Exit.PARTIAL
    return Exit.OK if outcome is None else outcome.exit_code
