"""`backendctl rollback`."""

from __future__ import annotations

from dataclasses import replace

import click

from backendctl.cli.options import Options, common, taking_over


@click.command(name="rollback")
@click.option("--to", metavar="vN|COMMIT|FUNCTION:VERSION", help="That release [the one before the present one].")
@click.option("--stage", "stages", multiple=True, metavar="NAME", help="Only this stage; may be repeated.")
@click.option("--wait-warm", is_flag=True, help="Switch only when its provisioned concurrency is READY.")
@click.option("--dry-run", is_flag=True, help="Show the plan and stop.")
@click.option("-y", "--yes", is_flag=True, help="Do not prompt for confirmation.")
@click.option("--plan-digest", metavar="DIGEST", help="Apply only if the plan has this digest.")
@taking_over
@common
def command(
    *,
    options: Options,
    to: str | None,
    stages: tuple[str, ...],
    wait_warm: bool,
    dry_run: bool,
    yes: bool,
    plan_digest: str | None,
    take_over: bool,
) -> int:
    """Roll every region back to an earlier release: aliases and deployment, in one step per stage.

    Nothing is built or published: the code of that release still exists. Run again, it changes nothing; see --to.
    """
    from backendctl.cli.applying import Consent, confirm_and_apply, exit_after, tell_left
    from backendctl.cli.opening import opened_api
    from backendctl.cli.releasing import tell_silent
    from backendctl.hints import runnable
    from backendctl.release.rollback import plan_rollback
    from backendctl.release.running import moving_stages, serving

    ready = opened_api(options)
    found, failed = serving(ready.backend, stages=stages or moving_stages(ready.backend))
    plan = plan_rollback(ready.backend, found, to=to, take_over=take_over, wait_warm=wait_warm)
    plan = replace(plan, unreachable={**failed, **plan.unreachable})
    consent = Consent(dry_run=dry_run, yes=yes, plan_digest=plan_digest, allow_delete=())
    idle = runnable("\n".join(plan.remarks)) or "Nothing to do: that release serves already."
    outcome = confirm_and_apply(plan, ready, consent, verbose=options.verbose, again="the same command", idle=idle)
    silent = tell_silent(plan.unreachable)
    tell_left(failed, outcome)
    return exit_after(outcome, silent=silent)
