"""What the verbs that bring one part of a backend to every region do with their plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from backendctl.cli.applying import Consent, confirm_and_apply, exit_after, unreachable
from backendctl.cli.opening import opened_api
from backendctl.errors import Exit
from backendctl.remembering import remembered
from backendctl.selecting import Selection

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.cli.opening import Opened
    from backendctl.cli.options import Options
    from backendctl.engine.plan import Plan


def plan_and_sync(options: Options, plan_it: Callable[[Backend], Plan], consent: Consent, *, check: bool) -> int:
    """Open the backend without its code, plan that part of it, refuse addresses that the plan lacks, and carry it out.

    Args:
        check: show the plan only, and exit 2 when something differs.
    """
    selection = Selection(adopt=consent.adopt, delete=consent.allow_delete)
    selection.check()
    ready = opened_api(options)
    plan = plan_it(ready.backend)
    remembered(selection, ready.backend.aws.journal).refuse_unmatched(plan)
    return sync(plan, ready, consent, check=check, verbose=options.verbose)


def sync(plan: Plan, ready: Opened, consent: Consent, *, check: bool, verbose: bool) -> int:
    """Carry it out; with `check` show it only, and exit 2 when something differs.

    Args:
        consent: with `dry_run` where `check` is given.
    """
    outcome = confirm_and_apply(plan, ready, consent, verbose=verbose, again="the same command")
    silent = unreachable(plan)
    if check and plan.changes and not silent:
        return Exit.PENDING
    return exit_after(outcome, silent=silent)
