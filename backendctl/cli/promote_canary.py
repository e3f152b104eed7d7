"""`backendctl promote-canary`."""

from __future__ import annotations

import click

from backendctl.cli.options import Options, common
from backendctl.errors import Exit


@click.command(name="promote-canary")
@click.option("--to", "percent", type=click.FloatRange(0, 100, max_open=True), help="Shift to this share.")
@click.option("--full", is_flag=True, help="Give it all requests, and end it.")
@click.option("--stage", "stages", multiple=True, metavar="NAME", help="Only this stage; may be repeated.")
@click.option("--dry-run", is_flag=True, help="Show the plan and stop.")
@click.option("-y", "--yes", is_flag=True, help="Do not ask.")
@common
def command(
    *, options: Options, percent: float | None, full: bool, stages: tuple[str, ...], dry_run: bool, yes: bool
) -> int:
    """Give a canary more of the requests, or all of them."""
    from backendctl.cli.applying import Consent, confirm_and_apply  # noqa: PLC0415  # start-up stays fast
    from backendctl.cli.opening import opened  # noqa: PLC0415  # the same
    from backendctl.cli.releasing import tell_silent  # noqa: PLC0415  # the same
    from backendctl.release.running import serving  # noqa: PLC0415  # the same
    from backendctl.release.shift import plan_promote, plan_shift  # noqa: PLC0415  # the same

    ready = opened(options, code=False)
    found, failed = serving(ready.backend, stages=stages)
    waves = ready.backend.spec.canary.waves
    if full or percent is None:
        plan = plan_promote(ready.backend, found, waves=waves)
    else:
        plan = plan_shift(ready.backend, found, percent=percent, waves=waves)
    consent = Consent(dry_run=dry_run, yes=yes, expect=None, allow_delete=())
    outcome = confirm_and_apply(plan, ready, consent, verbose=options.verbose, again="the same command")
    silent = tell_silent(failed)
    if outcome is None:
        return Exit.PARTIAL if silent else Exit.OK
    return Exit.PARTIAL if silent else outcome.exit_code
