"""`backendctl plan`."""

from __future__ import annotations

import click

from backendctl.cli.options import Options, breaking, choosing, common, runtimes
from backendctl.errors import Exit


@click.command(name="plan")
@click.option("--exit-code", is_flag=True, help="Exit 2 when changes are pending.")
@breaking
@choosing
@runtimes
@common
def command(
    *,
    options: Options,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    allow_runtimes: tuple[str, ...],
    exit_code: bool,
    allow_breaking: bool,
) -> int:
    """Show what a deploy would change. Changes nothing."""
    from backendctl.app import check_patterns, plan_deploy  # noqa: PLC0415  # start-up stays fast
    from backendctl.cli.applying import show, unreachable  # noqa: PLC0415  # the same
    from backendctl.cli.opening import opened, tell_code  # noqa: PLC0415  # the same

    check_patterns([*only, *skip])
    ready = opened(options, allow_runtimes=allow_runtimes)
    plan = plan_deploy(ready.backend, only=only, skip=skip)
    tell_code(ready)
    show(plan, ready, verbose=options.verbose, allow_breaking=allow_breaking)
    if unreachable(plan):
        return Exit.PARTIAL
    return Exit.PENDING if exit_code and plan.changes else Exit.OK
