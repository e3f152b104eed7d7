"""The verdict on every canary that runs: what CloudWatch saw of it and of its base, judged as the spec says."""

from __future__ import annotations

import calendar
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from backendctl.api.smoke_requests import smoke_requests
from backendctl.aws.errors import explain
from backendctl.aws.metrics import lag, resolution
from backendctl.aws.regions import in_parallel
from backendctl.release.analysis import Analysis
from backendctl.release.metrics import Scope, Watched, warmed
from backendctl.release.observed import Observed
from backendctl.release.outcome import Outcome
from backendctl.release.seeing import see
from backendctl.release.thresholds import OnNoData, Thresholds
from backendctl.release.verdict import Verdict, judge
from backendctl.resources.apigateway.served import qualifier
from backendctl.resources.lambda_.alias_canary import AliasCanary
from backendctl.resources.ssm.drain_mark import drained
from backendctl.warmth.logs import LogReader
from backendctl.warmth.pings import pingers

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.release.running import Serving
    from backendctl.spec.canary import Judging


@dataclass(frozen=True, kw_only=True, slots=True)
class Judged:
    """One canary with what was seen of it. at: seconds since the epoch."""

    one: Serving
    base: Observed
    canary: Observed
    verdict: Verdict
    at: float

    @property
    def data(self) -> dict[str, Any]:
        """For JSON and for hooks."""
        return {
            "region": self.one.region,
            "stage": self.one.stage,
            "percent": self.one.canary.percent if self.one.canary else None,
            "outcome": str(self.verdict.outcome),
            "confidence": self.verdict.confidence,
            "reasons": list(self.verdict.reasons),
            "notes": list(self.verdict.notes),
            "baseline": {"requests": self.base.requests, "errors": self.base.errors},
            "canary": {"requests": self.canary.requests, "errors": self.canary.errors},
        }


def thresholds(judging: Judging) -> Thresholds:
    """The spec's words as the verdict takes them."""
    return Thresholds(
        confidence=judging.confidence,
        min_requests=judging.min_requests,
        max_error_increase=judging.max_error_increase,
        max_latency_increase=judging.max_latency_increase,
        quantile=judging.quantile,
        on_no_data=OnNoData(judging.on_no_data),
        accept_blind=judging.accept_blind,
    )


def judge_all(backend: Backend, found: Sequence[Serving], *, reader: LogReader, analysis: Analysis) -> list[Judged]:
    """A verdict for every canary among these, read in parallel.

    The risk of a false alarm is shared by all stages in all regions, also those whose wave comes later, so that it is
    what was promised for the release as a whole.

    Args:
        reader, analysis: the same at every look, so that a line of an access log is read once, and a check through
            a stage made once at each canary.

    Raises:
        AwsError: a region's CloudWatch does not answer; a release is not judged by half.
    """
    running = _with_users(backend, [one for one in found if one.canary is not None])
    settings = thresholds(backend.spec.canary.judging)
    stages = {one.stage for one in found}
    among = max(1, len(stages)) * len(backend.spec.all_regions)
    api = backend.spec.api
    smoke = len(smoke_requests(api.definition, api.smoke)) * len(api.stages) if api is not None else 0

    def ask(one: Serving) -> Judged:
        at = time.time()
        try:
            scope = scope_of(backend, one, at=at)
            base, canary = see(backend.aws, scope, reader, settings, among=among)
            checks = analysis.findings(backend, one, scope)
        except Exception as error:
            raise explain(error, doing=f"judge {one.region}/canary/{one.stage}") from error
        verdict = judge(base, canary, settings, among=among, checks=checks, smoke=smoke)
        return Judged(one=one, base=base, canary=canary, verdict=verdict, at=at)

    return in_parallel(running, ask, workers=backend.settings.workers)


def _with_users(backend: Backend, running: list[Serving]) -> list[Serving]:
    """Without those of drained regions, which no user meets; all of them where there are no others."""
    marks = drained(backend.aws, backend.spec.all_regions) if running else {}
    return [one for one in running if one.region not in marks] or running


def overall(judged: Sequence[Judged]) -> Outcome:
    """One fails, all fail; all pass, or it is not known yet."""
    outcomes = {one.verdict.outcome for one in judged}
    if Outcome.FAIL in outcomes:
        return Outcome.FAIL
    return Outcome.PASS if outcomes == {Outcome.PASS} else Outcome.INCONCLUSIVE


def scope_of(backend: Backend, one: Serving, *, at: float) -> Scope:
    """What to ask CloudWatch for: the functions whose aliases the canary replaces, and the stage."""
    return Scope(
        region=one.region,
        functions=tuple(_watched(backend, one)),
        api=one.api or None,
        stage=one.stage if one.api else None,
        access=one.access,
        since=moment(one.began) or at,
        steady=moment(one.shifted) or None,
        until=at,
        lag=lag(backend.aws),
        resolution=resolution(backend.aws),
    )


def held_for(backend: Backend) -> float:
    """Seconds that a step lasts before it is judged: the spec's, and as long as CloudWatch takes to tell of it."""
    aws = backend.aws
    return max(backend.spec.canary.bake_time * aws.time_scale, lag(aws) + 2 * resolution(aws))


def moment(text: str) -> float:
    """Seconds since the epoch of an ISO 8601 time in UTC; 0 for none."""
    return float(calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))) if text else 0.0


def _weighted(backend: Backend, one: Serving, canary: AliasCanary) -> Watched:
    """Both sides have one alias; the warmer's calls are shared out as all others are."""
    function = next(f for f in backend.spec.functions_in(one.region) if f.physical == canary.physical)
    part = canary.percent / 100
    found = warmed(pingers(backend.context, one.region, function), base=canary.alias, canary=canary.alias)
    return Watched(
        name=function.name,
        physical=canary.physical,
        base=canary.alias,
        canary=canary.alias,
        base_version=canary.base,
        canary_version=canary.number,
        warm=tuple(replace(side, base=side.base * (1 - part), canary=side.canary * part) for side in found),
    )


def _watched(backend: Backend, one: Serving) -> list[Watched]:
    if isinstance(one.canary, AliasCanary):
        return [_weighted(backend, one, one.canary)]
    after = {**one.variables, **((one.canary.variables or {}) if one.canary else {})}
    functions = {function.physical: function for function in backend.spec.functions_in(one.region)}
    found: list[Watched] = []
    for route in dict.fromkeys(one.routes):
        base, canary = qualifier(route, one.variables), qualifier(route, after)
        if base != canary:
            pinging = pingers(backend.context, one.region, functions[route.physical])
            found.append(
                Watched(
                    name=functions[route.physical].name,
                    physical=route.physical,
                    base=base,
                    canary=canary,
                    warm=warmed(pinging, base=base, canary=canary),
                )
            )
    return found
