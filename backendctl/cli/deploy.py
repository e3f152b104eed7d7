"""`backendctl deploy`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from backendctl.cli.options import (
    Adopting,
    Options,
    adopting,
    changing,
    choosing,
    common,
    putting,
    runtimes,
    staged,
    taking_over,
)
from backendctl.errors import Exit

if TYPE_CHECKING:
    from pathlib import Path

    from backendctl.cli.opening import Opened
    from backendctl.engine.plan import Plan


@click.command(name="deploy", cls=Adopting)
@adopting
@changing
@putting
@choosing
@staged
@runtimes
@taking_over
@common
def command(
    *,
    options: Options,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    stages: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    plan_digest: str | None,
    allow_delete: tuple[str, ...],
    adopt: tuple[str, ...],
    allow_runtimes: tuple[str, ...],
    allow_breaking: bool,
    backup_dir: Path | None,
    take_over: bool,
) -> int:
    """Make every region match the spec. Run again, it changes nothing; after an interruption it continues.

    Changes that callers of the API would see are shown by route; a breaking change is refused before the first call.
    """
    from backendctl.app import plan_changes
    from backendctl.cli.applying import Consent, confirm_and_apply, exit_after, unreachable
    from backendctl.cli.opening import opened
    from backendctl.cli.writing_api import Writing, after, variables_of
    from backendctl.selecting import Selection

    selection = Selection(only=only, skip=skip, delete=allow_delete, adopt=adopt)
    selection.check()
    ready = opened(options, allow_runtimes=allow_runtimes, stages=stages, planning="all")
    backend = ready.backend
    changes = plan_changes(backend, selection, take_over=take_over)
    plan = changes.plan
    consent = Consent(
        dry_run=dry_run,
        yes=yes,
        plan_digest=plan_digest,
        allow_delete=allow_delete,
        adopt=adopt,
        allow_breaking=allow_breaking,
    )
    writing = Writing.of(changes, ready, folder=backup_dir, quiet=options.quiet)
    outcome = confirm_and_apply(
        plan, ready, consent, verbose=options.verbose, again="the same command", first=writing.keep
    )
    silent = unreachable(plan, outcome=outcome)
    if outcome is None or outcome.exit_code is not Exit.OK:
        return exit_after(outcome, silent=silent)
    if ready.format == "text":
        _show(ready, plan, outcome.seconds)
    return after(writing.smoke_test(variables_of(changes.context), writing.puts), exit_after(outcome, silent=silent))


def _show(ready: Opened, plan: Plan, seconds: float) -> None:
    """What was done, and the addresses to try it at."""
    from backendctl.endpoints import endpoints, sample_path
    from backendctl.ui.summary import show_summary

    backend = ready.backend
    answering = backend.spec.narrowed(tuple(region for region in backend.spec.regions if region in plan.regions))
    urls = endpoints(answering, backend.aws, endpoint_url=backend.settings.access.endpoint_url)
    show_summary(plan, urls, ready.screen.result, seconds=seconds, path=sample_path(backend.spec))
