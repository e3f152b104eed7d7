"""What the verbs that bring one part of a backend to every region do with their plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backendctl.cli.applying import Consent, confirm_and_apply, exit_after, unreachable
from backendctl.errors import Exit

if TYPE_CHECKING:
    from backendctl.cli.opening import Opened
    from backendctl.engine.plan import Plan


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
