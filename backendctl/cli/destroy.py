"""`backendctl destroy`."""

from __future__ import annotations

import click

from backendctl.cli.options import Options, changing, choosing, common
from backendctl.cli.saying import warn
from backendctl.errors import Exit, RefusedError


@click.command(name="destroy")
@changing
@choosing
@common
def command(
    *,
    options: Options,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    plan_digest: str | None,
    allow_delete: tuple[str, ...],
) -> int:
    """Delete everything that this backend owns in AWS, in every region it was ever deployed to.

    Tables, replicas and domains need --allow-delete; until it names them, nothing at all is deleted. With
    --skip table --skip replica --skip domain they are kept and the rest is deleted. Afterwards every service is
    searched for what is left, and why; exit code 5 when something should have been deleted.
    """
    from backendctl.app import plan_destroy
    from backendctl.cli.applying import Consent, confirm_and_apply, exit_after, unreachable
    from backendctl.cli.opening import opened_api
    from backendctl.cli.sweeping import Sweeping
    from backendctl.selecting import Selection

    selection = Selection(only=only, skip=skip, delete=allow_delete)
    selection.check()
    ready = opened_api(options)
    plan = plan_destroy(ready.backend, selection)
    consent = Consent(dry_run=dry_run, yes=yes, plan_digest=plan_digest, allow_delete=allow_delete)
    sweeping = Sweeping(
        plan,
        ready,
        consent.allowed,
        chosen=bool(only or skip or options.regions),
        dry_run=dry_run,
        verbose=options.verbose,
    )
    try:
        outcome = confirm_and_apply(
            plan, ready, consent, verbose=options.verbose, again="the same command", shown=sweeping.draw
        )
    except RefusedError as refused:
        if not dry_run or plan_digest is not None:
            raise
        outcome = None  # a dry run has refused nothing: it shows what would go, and says what would hold it up
        reasons = "\n".join(f"  {reason}" for reason in refused.reasons)
        warn(f"without --dry-run this is refused:\n{reasons}", refused.hint)
    code = exit_after(outcome, silent=unreachable(plan, outcome=outcome))
    return code if dry_run or code is not Exit.OK else sweeping.finish(outcome)
