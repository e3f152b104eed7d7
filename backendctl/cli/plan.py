"""`backendctl plan`."""

from __future__ import annotations

import click

from backendctl.cli.options import Adopting, Options, adopting, breaking, choosing, common, deleting, runtimes, staged
from backendctl.errors import Exit


@click.command(name="plan", cls=Adopting)
@click.option("--exit-code", is_flag=True, help="Exit 2 when changes are pending, 1 when a deploy would be refused.")
@deleting
@adopting
@breaking
@choosing
@staged
@runtimes
@common
def command(
    *,
    options: Options,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    stages: tuple[str, ...],
    allow_delete: tuple[str, ...],
    adopt: tuple[str, ...],
    allow_runtimes: tuple[str, ...],
    exit_code: bool,
    allow_breaking: bool,
) -> int:
    """Show what a deploy would change, and what it would refuse. Changes nothing.

    Takes the same options as `deploy`, so that the plan shown is the plan that would be applied.
    """
    from backendctl.app import plan_deploy
    from backendctl.cli.applying import show, unreachable
    from backendctl.cli.opening import opened, tell_code
    from backendctl.engine.safety import Allowed, refusal_of
    from backendctl.selecting import Selection

    selection = Selection(only=only, skip=skip, delete=allow_delete, adopt=adopt)
    selection.check()
    ready = opened(options, allow_runtimes=allow_runtimes, stages=stages, planning="all")
    plan = plan_deploy(ready.backend, selection)
    tell_code(ready)
    refusal = refusal_of(plan, Allowed(delete=allow_delete, adopt=adopt, breaking=allow_breaking))
    show(plan, ready, verbose=options.verbose, refusal=refusal)
    silent = unreachable(plan)
    if exit_code and refusal:
        return Exit.ERROR
    if silent:
        return Exit.PARTIAL
    return Exit.PENDING if exit_code and plan.changes else Exit.OK
