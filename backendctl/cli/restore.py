"""`backendctl restore`."""

from __future__ import annotations

from functools import partial

import click

from backendctl.cli.options import Options, common_with_names
from backendctl.errors import Exit


@click.command(name="restore")
@click.option("--dry-run", is_flag=True, help="Show whether it may come back, and stop.")
@click.option("-y", "--yes", is_flag=True, help="Do not prompt for confirmation.")
@partial(common_with_names, metavar="REGION [SPEC]")
def command(*, options: Options, names: tuple[str, ...], dry_run: bool, yes: bool) -> int:
    """Route users back to a drained region, after a smoke test and warming its functions.

    Refused until the region has the release, the definition and the tables of the others; the command that brings
    them there is shown.
    """
    from backendctl.cli.applying import Consent, confirm_and_apply
    from backendctl.cli.region_verbs import opened_everywhere, single
    from backendctl.draining.restore import plan_restore

    region = single(names)
    ready = opened_everywhere(options)
    plan = plan_restore(ready.backend, region)
    consent = Consent(dry_run=dry_run, yes=yes, plan_digest=None, allow_delete=())
    outcome = confirm_and_apply(plan, ready, consent, verbose=options.verbose, again="the same command")
    return Exit.OK if outcome is None else outcome.exit_code
