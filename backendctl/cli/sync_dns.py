"""`backendctl sync-dns`."""

from __future__ import annotations

import click

from backendctl.cli.options import Adopting, Options, adopting, changing, common


@click.command(name="sync-dns", cls=Adopting)
@click.option("--check", is_flag=True, help="Change nothing; exit 2 when something differs.")
@adopting
@changing
@common
def command(
    *,
    options: Options,
    check: bool,
    dry_run: bool,
    yes: bool,
    plan_digest: str | None,
    allow_delete: tuple[str, ...],
    adopt: tuple[str, ...],
) -> int:
    """Bring domains and DNS to every region: certificates, custom domains, base paths, health checks and records.

    Nothing is released, and no table or function is touched. All changes of one zone go in one batch, and the command
    waits until every name server has them. A domain that the spec no longer names goes with --allow-delete.
    """
    from backendctl.cli.applying import Consent
    from backendctl.cli.syncing import plan_and_sync
    from backendctl.sync_dns import plan_dns

    consent = Consent(
        dry_run=dry_run or check, yes=yes, plan_digest=plan_digest, allow_delete=allow_delete, adopt=adopt
    )
    return plan_and_sync(options, plan_dns, consent, check=check)
