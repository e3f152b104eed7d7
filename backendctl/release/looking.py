"""How every canary stands, for `canary-status`: what AWS and CloudWatch say now, and what to type next."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from backendctl.errors import BackendctlError
from backendctl.release.analysis import Analysis
from backendctl.release.judging import Judged, held_for, judge_all, moment, overall, thresholds
from backendctl.release.outcome import Outcome
from backendctl.release.running import Serving, serving
from backendctl.release.status import CanaryStatus, RegionStatus
from backendctl.release.steps import FULL, next_percent, present_percent
from backendctl.warmth.logs import LogReader

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backendctl.backend import Backend


def look(backend: Backend, *, stages: Sequence[str] = (), reader: LogReader | None = None) -> CanaryStatus:
    """Read and judge every canary; a region that does not answer is told of, not hidden.

    Args:
        reader: the same at every look, so that a line of an access log is read once.
    """
    found, failed = serving(backend, stages=stages)
    running = [one for one in found if one.canary is not None]
    try:
        judged = {(one.one.region, one.one.stage): one for one in _judged(backend, running, reader)}
        unknown = ""
    except BackendctlError as error:
        judged, unknown = {}, error.message
    newest = max(running, key=lambda one: one.began, default=None)
    return CanaryStatus(
        backend=backend.spec.backend,
        at=time.time(),
        commit=newest.commit if newest else "",
        author=newest.author if newest else "",
        steps=backend.spec.canary.steps,
        settings=thresholds(backend.spec.canary.judging),
        regions=tuple(_regions(backend, found, judged, failed, unknown)),
        next_step=_next(backend, running, list(judged.values())),
    )


def _judged(backend: Backend, running: Sequence[Serving], reader: LogReader | None) -> list[Judged]:
    """Without asking the canary anything: a look changes nothing, and handlers may."""
    return judge_all(backend, running, reader=reader or LogReader(), analysis=Analysis(asks=False))


def _regions(
    backend: Backend,
    found: Sequence[Serving],
    judged: Mapping[tuple[str, str], Judged],
    failed: Mapping[str, BackendctlError],
    unknown: str,
) -> list[RegionStatus]:
    told = [_region(backend, one, judged.get((one.region, one.stage)), unknown) for one in found]
    told += [RegionStatus(region=region, stage="", error=error.message) for region, error in failed.items()]
    order = {region: place for place, region in enumerate(backend.spec.regions)}
    return sorted(told, key=lambda one: order.get(one.region, len(order)))


def _region(backend: Backend, one: Serving, judged: Judged | None, unknown: str) -> RegionStatus:
    if one.canary is None:
        return RegionStatus(region=one.region, stage=one.stage)
    if judged is None:
        return RegionStatus(region=one.region, stage=one.stage, target_percent=one.canary.percent, error=unknown)
    return RegionStatus(
        region=one.region,
        stage=one.stage,
        target_percent=one.canary.percent,
        since=moment(one.began) or None,
        until=moment(one.shifted) + held_for(backend) if one.shifted else None,
        base=judged.base,
        canary=judged.canary,
        verdict=judged.verdict,
    )


def _next(backend: Backend, running: Sequence[Serving], judged: Sequence[Judged]) -> str:
    if not running:
        return "No canary is running: backendctl start-canary"
    outcome = overall(judged)
    if outcome is Outcome.FAIL:
        return "backendctl abort-canary"
    percent = next_percent(backend.spec.canary.steps, present_percent(running))
    step = "to all requests" if percent >= FULL else f"to {percent:g} %"
    if outcome is Outcome.PASS:
        return f"backendctl promote-canary, {step}"
    return f"wait for more requests; then backendctl promote-canary, {step}"
