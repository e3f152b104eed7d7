"""A game day against real AWS: a drain of real users and their return, by what CloudWatch counts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backendctl.aws.metrics import Series, fetch, lag, resolution
from backendctl.draining.game_day import DRAIN, Act
from backendctl.draining.leaving import await_leaving, requests_in
from backendctl.resources.ssm.drain_mark import Means, marks

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.draining.forecast import Forecast


@dataclass(frozen=True, kw_only=True)
class Rehearsal:
    """One.

    Attributes:
        drain, restore: carry it out; raise BackendctlError when it fails.
        tell: gets what happens. now: seconds since the epoch.
    """

    backend: Backend
    told: Forecast
    drain: Callable[[], None]
    restore: Callable[[], None]
    tell: Callable[[str], None]
    now: Callable[[], float] = time.time

    def play(self) -> Act:
        """Drain, wait for the last client, restore, wait for the first one."""
        backend, region = self.backend, self.told.region
        began = self.now()
        self.drain()
        mark = marks(backend.aws, backend.spec.all_regions).get(region)
        means = mark.means if mark is not None else ()
        left = await_leaving(backend, self.told, means, since=began, tell=self.tell, now=self.now)
        ended = self.now()
        lost = self._errors(began, ended)
        self.restore()
        returned = self._await_return(ended, means=())
        over = self.now()
        later = self._errors(ended, over)
        return Act(
            name=DRAIN,
            left=left.seconds,
            lost=lost,
            returned=returned,
            lost_later=later,
            requests=self._requests(began, over),
            expected=self.told.seconds * backend.aws.time_scale,
        )

    def _await_return(self, since: float, means: tuple[Means, ...]) -> float | None:
        aws, period = self.backend.aws, resolution(self.backend.aws)
        ends = since + 3 * self.told.seconds * aws.time_scale + lag(aws) + 2 * period
        while self.now() < ends:
            counts = requests_in(self.backend, self.told.region, means, since=since, until=self.now(), period=period)
            if first := min((moment for moment, count in counts.items() if count > 0), default=0):
                return max(0.0, first - since)
            self.tell(f"waiting for the first client of {self.told.region}")
            aws.sleep(max(period / 2, 0.5))
        return None

    def _errors(self, since: float, until: float) -> int:
        """Answers of 5xx in all regions, of all stages."""
        return self._sum("5XXError", since, until)

    def _requests(self, since: float, until: float) -> int:
        return self._sum("Count", since, until)

    def _sum(self, metric: str, since: float, until: float) -> int:
        api, period = self.backend.spec.api, resolution(self.backend.aws)
        series = Series(
            namespace="AWS/ApiGateway",
            metric=metric,
            dimensions=(("ApiName", api.name if api is not None else ""),),
            period=period,
        )
        found = [
            fetch(self.backend.aws, region, [series], since=int(since), until=int(until) + period)[series]
            for region in self.backend.spec.all_regions
        ]
        return int(sum(value for values in found for value in values.values()))
