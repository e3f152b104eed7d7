"""`backendctl abort-canary`."""

from __future__ import annotations

import click

from backendctl.cli.options import Options, common, taking_over
from backendctl.errors import Exit


@click.command(name="abort-canary")
@click.option("--stage", "stages", multiple=True, metavar="NAME", help="Only this stage; may be repeated.")
@click.option("--dry-run", is_flag=True, help="Show the plan and stop.")
@click.option("-y", "--yes", is_flag=True, help="Do not prompt for confirmation.")
@taking_over
@common
def command(*, options: Options, stages: tuple[str, ...], dry_run: bool, yes: bool, take_over: bool) -> int:
    """End a canary in every region at once: all traffic goes back to the previous release.

    The failed release is kept for investigation; `prune` deletes it later.
    """
    from dataclasses import replace

    from backendctl.cli.applying import Consent, confirm_and_apply, exit_after, tell_left
    from backendctl.cli.opening import opened_api
    from backendctl.cli.releasing import tell_silent, tell_traces
    from backendctl.release.hooks import run_hook
    from backendctl.release.running import serving
    from backendctl.release.shift import plan_abort
    from backendctl.release.traces import log_commands

    ready = opened_api(options)
    found, failed = serving(ready.backend, stages=stages)
    plan = plan_abort(ready.backend, found, take_over=take_over)
    traces = log_commands(ready.backend, found)
    consent = Consent(dry_run=dry_run, yes=yes, plan_digest=None, allow_delete=())
    plan = replace(plan, unreachable={**failed, **plan.unreachable})
    idle = "No canary is running."
    outcome = confirm_and_apply(plan, ready, consent, verbose=options.verbose, again="the same command", idle=idle)
    silent = tell_silent(plan.unreachable)
    tell_left(failed, outcome)
    if outcome is not None:
        tell_traces(traces, ready)
    if outcome is not None and outcome.exit_code is Exit.OK:
        backend = ready.backend
        told = {"backend": backend.spec.backend}
        run_hook("on-abort", backend.spec.canary.hooks.on_abort, told, environment=backend.settings.environment)
    return exit_after(outcome, silent=silent)
