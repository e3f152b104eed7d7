"""`backendctl start-canary`."""

from __future__ import annotations

import click

from backendctl.cli.options import Options, changing, common, runtimes
from backendctl.errors import Exit


@click.command(name="start-canary")
@click.option(
    "--percent", type=click.FloatRange(0, 100, max_open=True), help="The share to begin with [the spec's first step]."
)
@click.option(
    "--stage",
    "stages",
    multiple=True,
    metavar="NAME",
    help="Only this stage, or alias such as places:live; may be repeated.",
)
@click.option("--regions-in-waves", is_flag=True, help="One wave of regions after the other, as the spec says.")
@changing
@runtimes
@common
def command(
    *,
    options: Options,
    percent: float | None,
    stages: tuple[str, ...],
    regions_in_waves: bool,
    dry_run: bool,
    yes: bool,
    expect: str | None,
    allow_delete: tuple[str, ...],
    allow_runtimes: tuple[str, ...],
) -> int:
    """Put a release beside what is live, in every region, for a share of the requests.

    Publishes what changed, points the idle alias of each pair at it, warms it, and shares the stage's requests
    between the two. The name you wrote (version1) stays where it is, for everybody else who calls it.
    """
    from backendctl.cli.applying import Consent, confirm_and_apply, exit_after, unreachable  # noqa: PLC0415  # start-up stays fast
    from backendctl.cli.opening import opened  # noqa: PLC0415  # the same
    from backendctl.release.start import plan_start  # noqa: PLC0415  # the same
    from backendctl.release.start_alias import plan_start_aliases  # noqa: PLC0415  # the same
    from backendctl.spec.canary import ALIAS  # noqa: PLC0415  # the same

    ready = opened(options, allow_runtimes=allow_runtimes)
    canary = ready.backend.spec.canary
    share, waves = canary.steps[0] if percent is None else percent, canary.waves if regions_in_waves else ()
    if canary.strategy == ALIAS:
        plan = plan_start_aliases(ready.backend, percent=share, names=stages, waves=waves)
        pending: tuple[str, ...] = ()
    else:
        plan, pending = plan_start(ready.backend, percent=share, stages=stages, waves=waves)
    if pending and not options.quiet:
        click.echo(f"not part of a canary, left for `deploy`: {', '.join(pending)}", err=True)
    consent = Consent(dry_run=dry_run, yes=yes, expect=expect, allow_delete=allow_delete)
    idle = "Nothing to release: every stage serves this code and this definition already."
    outcome = confirm_and_apply(plan, ready, consent, verbose=options.verbose, again="the same command", idle=idle)
    silent = unreachable(plan)
    if outcome is not None and outcome.exit_code is Exit.OK and not silent and ready.format == "text":
        click.echo("The canary is on. Watch it: backendctl canary-status --watch; go on: backendctl promote-canary")
    return exit_after(outcome, silent=silent)
