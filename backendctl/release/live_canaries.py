"""All that a rollout asks of AWS and sends to it, in one place, so that it can be driven without."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from backendctl.endpoints import regional_url
from backendctl.release import synthetic
from backendctl.release.analysis import Analysis
from backendctl.release.judging import Judged, judge_all
from backendctl.release.releasing import Releasing
from backendctl.release.running import Serving, serving
from backendctl.release.shift import Waves, plan_abort, plan_promote, plan_shift
from backendctl.release.steps import FULL
from backendctl.release.traces import log_commands
from backendctl.resources.ssm.release_record import Event
from backendctl.warmth.logs import LogReader

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.engine.plan import Plan
    from backendctl.errors import BackendctlError

_MARGIN = 1.5
"""How many more requests of our own are sent than will tell on average."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Begun:
    """A step that was interrupted.

    Attributes:
        found: where it was to be. target_percent: what it was to come to, 100 for a promotion; None for an end.
    """

    found: Sequence[Serving]
    target_percent: float | None


class Canaries(Protocol):
    """The canaries of one backend, as a rollout sees them; `LiveCanaries` says what each method does."""

    def find(self, stages: Sequence[str]) -> tuple[list[Serving], dict[str, BackendctlError]]: ...

    def begun(self, found: Sequence[Serving]) -> Begun | None: ...

    def judge(self, found: Sequence[Serving]) -> list[Judged]: ...

    def shift(
        self, found: Sequence[Serving], *, percent: float, waves: Waves = (), take_over: bool = False
    ) -> Plan: ...

    def promote(self, found: Sequence[Serving], *, waves: Waves = (), take_over: bool = False) -> Plan: ...

    def abort(self, found: Sequence[Serving]) -> Plan: ...

    def log_commands(self, found: Sequence[Serving]) -> list[str]: ...

    def call(self, judged: Judged) -> None: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveCanaries:
    """Those that AWS tells of.

    Attributes:
        reader, analysis: the same at every look, see `judge_all`.
    """

    backend: Backend
    reader: LogReader = field(default_factory=LogReader)
    analysis: Analysis = field(default_factory=Analysis)

    def find(self, stages: Sequence[str]) -> tuple[list[Serving], dict[str, BackendctlError]]:
        """See `serving`."""
        return serving(self.backend, stages=stages)

    def begun(self, found: Sequence[Serving]) -> Begun | None:
        """The step of these canaries that the release log has as unfinished; None for none."""
        backend = self.backend
        logs = Releasing(aws=backend.aws, context=backend.context, workers=backend.settings.workers).logs()
        entry = logs.unfinished()
        if entry is None or entry.event not in {Event.SHIFT, Event.PROMOTE, Event.ABORT}:
            return None
        meant = [one for one in found if one.region in entry.regions and one.stage in entry.targets]
        if not any(one.canary is not None and one.canary.tag == entry.tag for one in meant):
            return None
        percents = {Event.PROMOTE: FULL, Event.ABORT: None, Event.SHIFT: entry.percent}
        return Begun(found=meant, target_percent=percents[entry.event])

    def judge(self, found: Sequence[Serving]) -> list[Judged]:
        """See `judge_all`."""
        return judge_all(self.backend, found, reader=self.reader, analysis=self.analysis)

    def shift(self, found: Sequence[Serving], *, percent: float, waves: Waves = (), take_over: bool = False) -> Plan:
        """See `plan_shift`."""
        return plan_shift(self.backend, found, percent=percent, waves=waves, take_over=take_over)

    def promote(self, found: Sequence[Serving], *, waves: Waves = (), take_over: bool = False) -> Plan:
        """See `plan_promote`."""
        return plan_promote(self.backend, found, waves=waves, take_over=take_over)

    def abort(self, found: Sequence[Serving]) -> Plan:
        """See `plan_abort`."""
        return plan_abort(self.backend, found)

    def log_commands(self, found: Sequence[Serving]) -> list[str]:
        """See `log_commands`."""
        return log_commands(self.backend, found)

    def call(self, judged: Judged) -> None:
        """Send requests of our own, as many as a verdict lacks; the backend has an API.

        Raises:
            BackendctlError: see `synthetic.send`.
        """
        api, one, settings = self.backend.spec.api, judged.one, self.backend.settings
        if api is None:
            return
        url = regional_url(
            one.api_id, one.region, one.stage, self.backend.aws, endpoint_url=settings.access.endpoint_url
        )
        synthetic.send(url, api.document_named(one.stage), requests=self._wanted(judged))

    def _wanted(self, one: Judged) -> int:
        """So many requests in all that the canary's share of them will tell, chance being what it is."""
        share = one.one.canary.percent / 100 if one.one.canary else 0.0
        missing = one.verdict.requests_wanted or self.backend.spec.canary.judging.min_requests
        return math.ceil(_MARGIN * missing / share) if share else 0
