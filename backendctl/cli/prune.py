"""`backendctl prune`."""

from __future__ import annotations

import click

from backendctl.cli.options import Options, common

_KEEP = 5


@click.command(name="prune")
@click.option(
    "--keep",
    type=click.IntRange(1),
    default=_KEEP,
    show_default=True,
    help="Versions of each function and deployments of each API to keep.",
)
@click.option("--dry-run", is_flag=True, help="Show the plan and stop.")
@click.option("-y", "--yes", is_flag=True, help="Do not prompt for confirmation.")
@click.option("--plan-digest", metavar="DIGEST", help="Apply only if the plan has this digest.")
@common
def command(*, options: Options, keep: int, dry_run: bool, yes: bool, plan_digest: str | None) -> int:
    """Delete old versions and deployments in every region.

    What an alias, a stage or a canary uses is kept, and so is what a rollback needs. Provisioned concurrency that was
    kept for a rollback is removed after its bake time.
    """
    from dataclasses import replace

    from backendctl.cli.applying import Consent, confirm_and_apply, exit_after
    from backendctl.cli.opening import opened_api
    from backendctl.cli.releasing import tell_silent
    from backendctl.release.pruning import plan_prune, storage
    from backendctl.release.running import serving

    ready = opened_api(options)
    found, failed = serving(ready.backend)
    plan = plan_prune(ready.backend, found, keep=keep)
    consent = Consent(dry_run=dry_run, yes=yes, plan_digest=plan_digest, allow_delete=())
    plan = replace(plan, unreachable={**failed, **plan.unreachable})
    idle = "Nothing to prune."
    outcome = confirm_and_apply(plan, ready, consent, verbose=options.verbose, again="the same command", idle=idle)
    if not options.quiet:
        rooms, unread = storage(
            ready.backend, [region for region in ready.backend.spec.regions if region not in failed]
        )
        failed |= unread
        for room in rooms:
            share = f" of {room.allowed / 2**30:.0f} GB" if room.allowed else ""
            click.echo(f"{room.region}: {room.used / 2**20:.1f} MB{share} of code storage used", err=True)
    silent = tell_silent({**plan.unreachable, **failed})
    return exit_after(outcome, silent=silent)
