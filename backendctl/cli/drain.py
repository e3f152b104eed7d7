"""`backendctl drain`."""

from __future__ import annotations

import time
from functools import partial

import click

from backendctl.cli.options import Options, common_with_names
from backendctl.errors import Exit


@click.command(name="drain")
@click.option("--reason", default="", metavar="TEXT", help="Why; shown to everybody who looks at the drained region.")
@click.option("--dry-run", is_flag=True, help="Show what clients will see, and in how many seconds, and stop.")
@click.option("-y", "--yes", is_flag=True, help="Do not prompt for confirmation.")
@click.option("--wait", is_flag=True, help="Wait until the last client has left, and say how long it took.")
@partial(common_with_names, metavar="REGION [SPEC]")
def command(*, options: Options, names: tuple[str, ...], reason: str, dry_run: bool, yes: bool, wait: bool) -> int:
    """Route users away from a region: Route 53 sends them to the others. The region still answers requests.

    Works also when the region, or Route 53's control plane in us-east-1, does not answer. A mark in every region keeps
    deploys from undoing it; `restore` ends it. Run again after an interruption, it finishes the work.

    Exit 4: no control plane could make the change, or the last client was not seen to leave.
    """
    from backendctl.cli.applying import Consent, confirm_and_apply
    from backendctl.cli.region_verbs import opened_regions, single, tell_leaving
    from backendctl.draining.drain import OnlyCheckersError, plan_drain

    region = single(names)
    ready = opened_regions(options)
    plan = plan_drain(ready.backend, region, reason=reason)
    began = time.time()
    consent = Consent(dry_run=dry_run, yes=yes, plan_digest=None, allow_delete=())
    outcome = confirm_and_apply(plan, ready, consent, verbose=options.verbose, again="the same command")
    if outcome is None:
        return Exit.OK
    if any(isinstance(error, OnlyCheckersError) for error in outcome.errors):
        return Exit.INCONCLUSIVE
    if outcome.exit_code is Exit.OK and wait:
        return tell_leaving(ready, plan, began=began)
    return outcome.exit_code
