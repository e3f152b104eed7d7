"""What base and canary did, from CloudWatch.

AWS/Lambda counts by alias, which is documented and sure: base and canary have aliases of their own (B31). It does not
know of a handler that answers 500 by itself, for to Lambda that call went well. AWS/ApiGateway does, and it is used as
well where it shows a canary of its own (A76), first of all for counts and latency; the functions are then judged
beside it, one by one.

A warmer calls the aliases of both sides alike, every few minutes, straight (D24, D27). These calls are no users: left
in, they would make a canary without traffic look served, its errors rarer and its latency better. AWS/Events counts
the calls of each rule, so they are subtracted, each rule's by the targets it has on that alias, and at most as many
as went well (a warmer that fails stays, and shows). In the latency they are taken for the quickest calls. What other
callers do with the plain alias is not here: neither side uses it.

CloudWatch is late. Lambda and API Gateway send a minute's figures up to some minutes after it; `lag` is how long is
waited, and a minute that is not over, or in which the canary began, is never counted.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from backendctl.aws.metrics import LAG, MINUTE, Series, Values, fetch
from backendctl.release.access_log import AccessLog
from backendctl.release.assembly import Counts, Warm, minutes_of, summed
from backendctl.release.canary_stage import canary_stage
from backendctl.release.latency import comparisons, levels_wanted
from backendctl.release.observed import Observed, rough_curve
from backendctl.release.thresholds import Thresholds

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.warmth.pings import Pinger

LAMBDA, GATEWAY = "AWS/Lambda", "AWS/ApiGateway"
_LEVELS = ("p50", "p95", "p99")
_ALIKE = 0.2
"""How far the samples of a curve may be from the requests counted, as a proportion."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Warmed:
    """What keeps a function warm, and the proportion of its calls that either side gets."""

    pinger: Pinger
    base: float
    canary: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Watched:
    """A function whose two sides are told apart by alias, or by version behind one alias with weights (B28).

    Attributes:
        name: as people know it. physical: its name in AWS.
        base, canary: aliases, such as version1-a and version1-b.
        base_version, canary_version: of an alias with weights; None otherwise.
    """

    name: str
    physical: str
    base: str
    canary: str
    base_version: str | None = None
    canary_version: str | None = None
    warm: tuple[Warmed, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What to read in one region.

    Attributes:
        api, stage: names in AWS; None where there is no API.
        access: the stage's access log, or why there is none that tells, as a clause.
        since: when the canary began. steady: since when it has had its present share; None is `since`.
        until: now. All in seconds since the epoch.
        lag: seconds that CloudWatch is late.
        resolution: seconds; AWS measures by the minute, the sandbox by the second.
    """

    region: str
    functions: tuple[Watched, ...]
    api: str | None = None
    stage: str | None = None
    access: AccessLog | str = "the stage's access log is unknown"
    since: float
    until: float
    steady: float | None = None
    lag: float = LAG
    resolution: int = MINUTE

    @property
    def begin(self) -> int:
        """The first whole slice of time after the canary began."""
        return self._next(self.since)

    @property
    def end(self) -> int:
        """The end of the last slice that is whole and there."""
        return int((self.until - self.lag) // self.resolution) * self.resolution

    @property
    def settled(self) -> int:
        """The first whole slice at the present share."""
        return self.begin if self.steady is None else self._next(self.steady)

    def _next(self, moment: float) -> int:
        return -int(-moment // self.resolution) * self.resolution


def warmed(found: Iterable[Pinger], *, base: str, canary: str) -> tuple[Warmed, ...]:
    """What of these calls either alias."""
    sides = [Warmed(pinger=one, base=one.part(base), canary=one.part(canary)) for one in found]
    return tuple(side for side in sides if side.base or side.canary)


def read(aws: Aws, scope: Scope, settings: Thresholds | None = None, *, among: int = 1) -> tuple[Observed, Observed]:
    """Base and canary over the same minutes: one call for what was counted, one for the curves of latency.

    Args:
        settings, among: as `judge` takes them; they say how much of the curves has to be known.

    Raises:
        AwsError: CloudWatch refused, or gave no more than a part.
    """
    listed = canary_stage(aws, scope.region, api=scope.api, stage=scope.stage) if scope.api and scope.stage else None
    sources = list(_sources(scope, listed or f"{scope.stage}/Canary"))
    wanted = [series for source in sources for series in source.series(scope.resolution)]
    values = fetch(aws, scope.region, wanted, since=scope.begin, until=scope.end)
    seen = [source.observed(values, scope) for source in sources]
    if _is_elsewhere(seen, sources, is_listed=listed is not None):
        pairs = [(s, o) for s, o in zip(sources, seen, strict=True) if s.namespace == LAMBDA]
        sources, seen = [s for s, _ in pairs], [o for _, o in pairs]
    seen = _with_curves(aws, scope, sources, seen, settings or Thresholds(), among=among)
    return _together(scope, sources, seen, is_base=True), _together(scope, sources, seen, is_base=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Source:
    """One side of one function or of the API."""

    is_base: bool
    name: str
    namespace: str
    dimensions: tuple[tuple[str, str], ...]
    warm: tuple[tuple[Pinger, float], ...] = ()

    @property
    def latency(self) -> str:
        return "Duration" if self.namespace == LAMBDA else "Latency"

    def series(self, period: int) -> Iterator[Series]:
        counted = ("Invocations", "Errors", "Throttles") if self.namespace == LAMBDA else _ANSWERS
        for metric in counted:
            yield self.one(metric, "Sum", period)
        for level in _LEVELS:
            yield self.one(self.latency, level, period)
        for pinger, _ in self.warm:
            yield from (pinger.calls(period), pinger.lost(period))

    def one(self, metric: str, stat: str, period: int) -> Series:
        return Series(namespace=self.namespace, metric=metric, dimensions=self.dimensions, stat=stat, period=period)

    def observed(self, values: Mapping[Series, Values], scope: Scope) -> Observed:
        def of(metric: str, stat: str = "Sum") -> Values:
            return values[self.one(metric, stat, scope.resolution)]

        is_lambda = self.namespace == LAMBDA
        counts = Counts(
            calls=of("Invocations" if is_lambda else "Count"),
            errors=of("Errors" if is_lambda else "5XXError"),
            throttles=of("Throttles") if is_lambda else {},
            rejections={} if is_lambda else of("4XXError"),
            levels=tuple(of(self.latency, level) for level in _LEVELS),
            warm=[Warm(fired=_arrived(values, pinger, scope), part=part) for pinger, part in self.warm],
        )
        return Observed(
            name=self.name,
            since=scope.begin,
            until=scope.end,
            steady=scope.settled,
            minutes=minutes_of(counts),
            source=self.namespace,
        )


_ANSWERS = ("Count", "5XXError", "4XXError")


def _arrived(values: Mapping[Series, Values], pinger: Pinger, scope: Scope) -> Values:
    """Calls that got to the function, by the slot."""
    lost = values[pinger.lost(scope.resolution)]
    calls = values[pinger.calls(scope.resolution)]
    return {at: max(0.0, count - lost.get(at, 0.0)) for at, count in calls.items()}


def _sources(scope: Scope, canary: str) -> Iterator[_Source]:
    """Both sides of the API, and of each function that has two.

    Args:
        canary: under what name of a stage the API's canary has metrics.
    """
    if scope.api and scope.stage:
        for is_base, stage in ((True, scope.stage), (False, canary)):
            named = (("ApiName", scope.api), ("Stage", stage))
            yield _Source(is_base=is_base, name="", namespace=GATEWAY, dimensions=named)
    for function in scope.functions:
        if (function.base, function.base_version) == (function.canary, function.canary_version):
            continue  # the release does not change it: one alias serves both
        sides = (
            (True, function.base, function.base_version),
            (False, function.canary, function.canary_version),
        )
        for is_base, alias, version in sides:
            named = (("FunctionName", function.physical), ("Resource", f"{function.physical}:{alias}"))
            executed = (("ExecutedVersion", version),) if version is not None else ()
            yield _Source(
                is_base=is_base,
                name=function.name,
                namespace=LAMBDA,
                dimensions=(*named, *executed),
                warm=tuple((w.pinger, w.base if is_base else w.canary) for w in function.warm),
            )


def _is_elsewhere(seen: Sequence[Observed], sources: Sequence[_Source], *, is_listed: bool) -> bool:
    """Whether what API Gateway shows of the canary is not this one's.

    ListMetrics is late by up to a quarter of an hour, and shows for two weeks what an earlier canary left: figures
    are believed, silence is not, where it never named this canary or where Lambda knows better.
    """
    new = [one for source, one in zip(sources, seen, strict=True) if not source.is_base]
    gateway = sum(one.requests for one in new if one.source == GATEWAY)
    served = sum(one.requests for one in new if one.source == LAMBDA)
    return not gateway and (not is_listed or served > 0)


def _with_curves(
    aws: Aws,
    scope: Scope,
    sources: Sequence[_Source],
    seen: Sequence[Observed],
    settings: Thresholds,
    *,
    among: int,
) -> list[Observed]:
    """Each with its latency since it has its present share: percentiles of the whole time, not of its minutes."""
    period = one_period(scope.settled, scope.end, scope.resolution)
    curves = among * comparisons(len(scope.functions))
    wanted: list[dict[float, Series]] = []
    for source, one in zip(sources, seen, strict=True):
        users = sum(minute.requests - minute.throttles for minute in one.present)
        calls = users + one.warmed
        levels = levels_wanted(users, settings, among=curves)
        wanted.append(
            {
                level: source.one(source.latency, _percentile((one.warmed + level * users) / calls), period)
                for level in levels
            }
        )
    samples = [source.one(source.latency, "SampleCount", period) for source in sources]
    asked = [*samples, *(series for each in wanted for series in each.values())]
    values = fetch(aws, scope.region, asked, since=scope.settled, until=scope.end)
    return [
        _curved(one, [(level, values[series]) for level, series in each.items()], values[sampled])
        for one, each, sampled in zip(seen, wanted, samples, strict=True)
    ]


def _curved(one: Observed, points: Sequence[tuple[float, Values]], sampled: Values) -> Observed:
    users = sum(minute.requests - minute.throttles for minute in one.present)
    if not users:
        return one
    counted = next(iter(sampled.values())) if len(sampled) == 1 else 0.0
    expected = users + one.warmed
    if abs(counted - expected) > _ALIKE * expected or any(len(values) != 1 for _, values in points):
        return replace(one, curve=rough_curve(one.present), sampled=users, is_rough=True)
    curve: list[tuple[float, float]] = []
    for level, values in points:
        value = next(iter(values.values()))
        curve.append((level, max(value, curve[-1][1]) if curve else value))
    return replace(one, curve=tuple(curve), sampled=users)


_SHORT_PERIODS = 1, 5, 10, 20, 30
"""The periods below a minute that CloudWatch takes; above, whole minutes."""


def one_period(begin: int, end: int, resolution: int) -> int:
    """A period, in seconds, that holds all of that time in one.

    No page says whether periods are counted from the start of the time asked for or from the epoch: this one serves
    either way.
    """
    return next(
        period
        for period in itertools.chain(_SHORT_PERIODS, itertools.count(MINUTE, MINUTE))
        if period >= max(end - begin, resolution) and begin // period == (max(end, begin + 1) - 1) // period
    )


def _percentile(level: float) -> str:
    return f"p{min(1.0, max(0.0, level)) * 100:.6f}".rstrip("0").rstrip(".")


def _together(scope: Scope, sources: Sequence[_Source], seen: Sequence[Observed], *, is_base: bool) -> Observed:
    mine = [one for source, one in zip(sources, seen, strict=True) if source.is_base is is_base]
    functions = tuple(one for one in mine if one.source == LAMBDA)
    gateway = next((one for one in mine if one.source == GATEWAY), None)
    if gateway is not None:
        return replace(gateway, parts=functions)
    unseen = _unseen(scope)
    if len(functions) == 1:
        return replace(functions[0], name="", unseen=unseen, parts=functions)
    return Observed(
        since=scope.begin,
        until=scope.end,
        steady=scope.settled,
        minutes=summed(functions),
        is_blind=not mine,
        unseen=unseen,
        source=LAMBDA,
        parts=functions,
    )


def _unseen(scope: Scope) -> str:
    """Why AWS/Lambda by itself does not tell what handlers answer; empty where nobody but Lambda asks them."""
    if scope.api is None:
        return ""
    return scope.access if isinstance(scope.access, str) else f"the access log {scope.access.group} was not read"
