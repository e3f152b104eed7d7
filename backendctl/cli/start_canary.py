"""`backendctl start-canary`."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from backendctl.cli.numbers import Number
from backendctl.cli.options import Options, changing_what_holds_nothing, common, putting, runtimes, taking_over
from backendctl.cli.saying import warn
from backendctl.errors import Exit, UsageError
from backendctl.hints import runnable

if TYPE_CHECKING:
    from pathlib import Path

    from backendctl.app import Changes
    from backendctl.cli.opening import Opened


@click.command(name="start-canary")
@click.option(
    "--percent",
    type=Number(0, 100, max_open=True),
    help="Percentage of the traffic to start with [the spec's first step].",
)
@click.option(
    "--stage",
    "stages",
    multiple=True,
    metavar="NAME",
    help="Only this stage, or alias such as places:live; may be repeated.",
)
@click.option("--regions-in-waves", is_flag=True, help="Start in one wave of regions after the other, as in the spec.")
@changing_what_holds_nothing
@putting
@runtimes
@taking_over
@common
def command(
    *,
    options: Options,
    percent: float | None,
    stages: tuple[str, ...],
    regions_in_waves: bool,
    dry_run: bool,
    yes: bool,
    plan_digest: str | None,
    allow_runtimes: tuple[str, ...],
    allow_breaking: bool,
    backup_dir: Path | None,
    take_over: bool,
) -> int:
    """Start a new release as a canary beside the live one, in every region, with part of the traffic.

    Publishes what changed, points the idle alias of each pair at it, warms it, and splits the stage's traffic between
    the two. The alias that you named (version1) does not move; other callers of it are not affected.
    """
    from backendctl.cli.applying import Consent, confirm_and_apply, exit_after, unreachable
    from backendctl.cli.opening import opened
    from backendctl.cli.writing_api import Writing, after, variables_of
    from backendctl.resources.lambda_.slots import SlotsTakenError

    try:
        named = tuple(one for one in stages if ":" not in one)
        ready = _where_users_are(opened(options, allow_runtimes=allow_runtimes, stages=named, planning="release"))
    except SlotsTakenError as error:
        raise UsageError(error.message, hint=error.hint) from error
    changes, pending = _planned(ready, percent=percent, stages=stages, in_waves=regions_in_waves, take_over=take_over)
    if pending and not options.quiet:
        click.echo(f"not part of a canary, left to `deploy`: {', '.join(pending)}", err=True)
    _advise(ready, changes, stages)
    consent = Consent(dry_run=dry_run, yes=yes, plan_digest=plan_digest, allow_delete=(), allow_breaking=allow_breaking)
    writing = Writing.of(changes, ready, folder=backup_dir, quiet=options.quiet)
    idle = "Nothing to release: every stage serves this code and this definition already."
    idle = next(iter(changes.plan.remarks), idle) if not changes.plan.changes else idle
    outcome = confirm_and_apply(
        changes.plan, ready, consent, verbose=options.verbose, again="the same command", idle=idle, first=writing.keep
    )
    silent = unreachable(changes.plan, outcome=outcome)
    if outcome is None or outcome.exit_code is not Exit.OK:
        return exit_after(outcome, silent=silent)
    smoke_test = writing.smoke_test(variables_of(changes.context), writing.puts)
    if smoke_test is not None and not smoke_test.passed:
        warn("the new definition does not answer as it should", "end it: backendctl abort-canary")
    elif not silent and ready.format == "text":
        told = "The canary is running. Watch it: backendctl canary-status --watch; continue: backendctl promote-canary"
        click.echo(runnable(told))
    return after(smoke_test, exit_after(outcome, silent=silent))


def _where_users_are(ready: Opened) -> Opened:
    """Without the drained regions, each of which is told."""
    from backendctl.draining.respecting import without_drained

    backend, marks = without_drained(ready.backend)
    for mark in marks.values():
        said = f"{mark.region} is {mark.phase}, {mark.told}, and gets no canary"
        warn(said, "once it is promoted: backendctl deploy")
    return replace(ready, backend=backend)


def _advise(ready: Opened, changes: Changes, stages: tuple[str, ...]) -> None:
    from backendctl.release.telling import advice
    from backendctl.spec.canary import ALIAS

    if changes.plan.changes and ready.backend.spec.canary.strategy != ALIAS and not ready.screen.quiet:
        for told in advice(replace(ready.backend, context=changes.context), stages):
            click.echo(f"note: {told}", err=True)


def _planned(
    ready: Opened, *, percent: float | None, stages: tuple[str, ...], in_waves: bool, take_over: bool
) -> tuple[Changes, tuple[str, ...]]:
    """The plan, and what it leaves for `deploy`."""
    from backendctl.app import Changes
    from backendctl.release.start import plan_start
    from backendctl.release.start_alias import plan_start_aliases
    from backendctl.spec.canary import ALIAS

    canary = ready.backend.spec.canary
    waves = canary.waves if in_waves else ()
    with ready.backend.ahead or contextlib.nullcontext():  # nothing is read any more when the plan is there
        if canary.strategy != ALIAS:
            return plan_start(ready.backend, percent=percent, stages=stages, waves=waves, take_over=take_over)
        plan = plan_start_aliases(ready.backend, percent=percent, names=stages, waves=waves, take_over=take_over)
    return Changes(plan=plan, context=ready.backend.context), ()
