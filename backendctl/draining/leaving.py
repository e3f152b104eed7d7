"""When the last client has left a drained region, by what API Gateway counts there."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backendctl.aws.metrics import Series, fetch, lag, resolution
from backendctl.resources.ssm.drain_mark import Means

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.draining.forecast import Forecast

_PATIENCE = 15 * 60.0
"""Seconds after the forecast until nobody is waited for any more: some clients keep an address for hours."""
_QUIET = 2
"""Periods without a request after which the last client is taken to have left."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Left:
    """What was seen.

    Attributes:
        seconds: from the drain until the end of the last period with a request, by the clock; None when requests
            still came. requests: how many were answered in the region in that time. period: seconds.
    """

    region: str
    seconds: float | None
    requests: int
    period: int


def await_leaving(
    backend: Backend,
    told: Forecast,
    means: tuple[Means, ...],
    *,
    since: float,
    tell: Callable[[str], None],
    now: Callable[[], float] = time.time,
) -> Left:
    """Wait until nobody is answered in the region any more, or patience ends.

    What the checkers of Route 53 ask does not count: a disabled check asks nothing, and a throttled one gets 429.

    Args:
        since: seconds since the epoch, when the drain began. tell: gets what is seen meanwhile.
    """
    aws = backend.aws
    period, late = resolution(aws), lag(aws)
    ends = since + (told.seconds + _PATIENCE) * aws.time_scale + late + (_QUIET + 1) * period
    while True:
        counts = requests_in(backend, told.region, means, since=since, until=now(), period=period)
        requests = int(sum(counts.values()))
        last = max((moment + period for moment, count in counts.items() if count > 0), default=since)
        seen_until = now() - late
        if seen_until - last >= _QUIET * period:
            return Left(region=told.region, seconds=max(0.0, last - since), requests=requests, period=period)
        if now() > ends:
            return Left(region=told.region, seconds=None, requests=requests, period=period)
        tell(f"{told.region} has answered {requests} requests since the drain began; waiting for the last client")
        aws.sleep(max(period / 2, 0.5))


def requests_in(
    backend: Backend, region: str, means: tuple[Means, ...], *, since: float, until: float, period: int
) -> dict[int, float]:
    """Requests that users have made, by period."""
    api = backend.spec.api
    stages = [one.name for one in api.stages if one.path is not None] if api is not None else []
    name = api.name if api is not None else ""
    signs = {"Count": 1.0, **({"4XXError": -1.0} if Means.THROTTLE in means else {})}
    series = {
        Series(
            namespace="AWS/ApiGateway",
            metric=metric,
            dimensions=(("ApiName", name), ("Stage", stage)),
            period=period,
        ): sign
        for stage in stages
        for metric, sign in signs.items()
    }
    first = int(since) // period * period + period  # the period that the drain began in is half of before
    found = fetch(backend.aws, region, series, since=first, until=int(until) + period)
    counts: dict[int, float] = {}
    for one, values in found.items():
        for moment, value in values.items():
            counts[moment] = counts.get(moment, 0.0) + series[one] * value
    return counts
