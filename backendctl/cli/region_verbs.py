"""What the verbs about regions share."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from backendctl.cli.saying import warn
from backendctl.errors import Exit, UsageError

if TYPE_CHECKING:
    from backendctl.backend import Backend, Settings
    from backendctl.cli.opening import Opened
    from backendctl.cli.options import Options
    from backendctl.engine.plan import Plan


def single(names: tuple[str, ...]) -> str:
    """The one region that was named.

    Raises:
        UsageError: none was, or several.
    """
    if len(names) != 1:
        told = f"not {', '.join(names)}" if names else "none is named"
        raise UsageError(f"name one region: {told}", hint="backendctl status shows them")
    return names[0]


def opened_regions(options: Options) -> Opened:
    """All regions of the spec, of which some may not answer, and nothing asked of them yet."""
    from backendctl.app import open_regions
    from backendctl.cli.opening import opened_by

    return opened_by(options, open_regions)


def opened_everywhere(options: Options) -> Opened:
    """All regions of the spec, whatever --region says, with what expressions in it name."""
    from backendctl.app import open_api
    from backendctl.cli.opening import opened_by

    def open_it(settings: Settings) -> Backend:
        return open_api(replace(settings, regions=()))

    return opened_by(options, open_it)


def tell_leaving(ready: Opened, plan: Plan, *, began: float) -> Exit:
    """Wait for the last client of a drained region, and say when it left.

    Args:
        began: seconds since the epoch.
    """
    from backendctl.draining.drain import Drain
    from backendctl.draining.leaving import await_leaving
    from backendctl.resources.ssm.drain_mark import marks

    drain = next(one.operation for one in plan.changes if isinstance(one.operation, Drain))
    region = drain.name
    mark = marks(ready.backend.aws, ready.backend.spec.all_regions).get(region)
    quiet = ready.screen.quiet

    def tell(message: str) -> None:
        if not quiet:
            click.echo(f"  … {message}", err=True)

    left = await_leaving(
        ready.backend, drain.forecast, mark.means if mark else (), since=began, tell=tell, now=time.time
    )
    if left.seconds is None:
        warn(f"{region} still answers requests ({left.requests} since the drain): some clients keep an address")
        return Exit.INCONCLUSIVE
    said = drain.forecast.seconds * ready.backend.aws.time_scale
    told = f"The last client left {region} {left.seconds:.0f} s after the drain began (give or take {left.period} s)"
    answered = f"{left.requests} requests were answered there meanwhile"
    click.echo(f"{told}; {said:.0f} s were said at most; {answered}", err=ready.format != "text")
    return Exit.OK
