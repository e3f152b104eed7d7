"""`backendctl sync-warmers`."""

from __future__ import annotations

import click

from backendctl.cli.options import Adopting, Options, adopting, changing_what_holds_nothing, common


@click.command(name="sync-warmers", cls=Adopting)
@click.option("--check", is_flag=True, help="Change nothing; exit 2 when something differs.")
@adopting
@changing_what_holds_nothing
@common
def command(
    *,
    options: Options,
    check: bool,
    dry_run: bool,
    yes: bool,
    plan_digest: str | None,
    adopt: tuple[str, ...],
) -> int:
    """Deploy the rules and schedules that keep functions warm to every region, with their permissions; nothing else.

    No code is built and nothing is released. A rule that was disabled by hand stays disabled, with a note.
    """
    from backendctl.cli.applying import Consent
    from backendctl.cli.syncing import plan_and_sync
    from backendctl.warmth.syncing import plan_warmers

    consent = Consent(dry_run=dry_run or check, yes=yes, plan_digest=plan_digest, allow_delete=(), adopt=adopt)
    return plan_and_sync(options, plan_warmers, consent, check=check)
