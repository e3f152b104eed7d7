"""`backendctl promote-canary`."""

from __future__ import annotations

import click

from backendctl.cli.numbers import Number
from backendctl.cli.options import Options, common, taking_over
from backendctl.errors import UsageError


@click.command(name="promote-canary")
@click.option("--to", "percent", type=Number(0, 100, max_open=True), help="Shift to this percentage of the traffic.")
@click.option("--full", is_flag=True, help="Shift all traffic, and end the canary.")
@click.option("--auto", is_flag=True, help="Run all steps: shift, wait, judge … until promoted, held or aborted.")
@click.option("--ignore-verdict", is_flag=True, help="Shift even if the verdict is not pass.")
@click.option("--stage", "stages", multiple=True, metavar="NAME", help="Only this stage; may be repeated.")
@click.option("--dry-run", is_flag=True, help="Judge, show the plan and stop.")
@click.option("-y", "--yes", is_flag=True, help="Do not prompt for confirmation.")
@taking_over
@common
def command(
    *,
    options: Options,
    percent: float | None,
    full: bool,
    auto: bool,
    ignore_verdict: bool,
    stages: tuple[str, ...],
    dry_run: bool,
    yes: bool,
    take_over: bool,
) -> int:
    """Shift more traffic to a canary: the spec's next step, a percentage of your own, or all of it.

    The canary is judged first, against its baseline over the same minutes; only a pass shifts traffic. Regions follow
    the spec's waves. Exit 3 when the verdict is fail, 4 when it is inconclusive; nothing is shifted then. With --auto a
    failed canary is aborted everywhere, and an inconclusive one follows `canary.on-inconclusive`. Run again, it
    continues where it stopped, from any machine.
    """
    if sum((percent is not None, full, auto)) > 1 or (auto and (ignore_verdict or dry_run)):
        raise UsageError(
            "--to, --full and --auto exclude each other, and --auto takes neither --ignore-verdict nor --dry-run",
            hint="promote-canary goes one step by itself",
        )
    from backendctl.cli.opening import opened_api
    from backendctl.cli.releasing import Doing, tell_rollout
    from backendctl.release.live_canaries import LiveCanaries
    from backendctl.release.rollout import Rollout, Wish
    from backendctl.release.steps import FULL

    ready = opened_api(options)
    doing = Doing(opened=ready, dry_run=dry_run, yes=yes or auto, verbose=options.verbose)
    run = Rollout(
        backend=ready.backend,
        wish=Wish(
            percent=FULL if full else percent,
            auto=auto,
            ignore_verdict=ignore_verdict,
            stages=stages,
            take_over=take_over,
        ),
        canaries=LiveCanaries(backend=ready.backend),
    )
    return tell_rollout(doing.follow(run.run()), doing)
