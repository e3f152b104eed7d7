"""What CloudWatch's metrics count of rules and aliases, in one request per region."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from backendctl.aws.metrics import Series, Values, fetch, lag, resolution
from backendctl.warmth.evidence import Counted
from backendctl.warmth.invocations import Firings
from backendctl.warmth.pings import calls_of, lost_of
from backendctl.warmth.subject import Rule, Subject

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

_DAY = 86_400
_KEPT = ((15 * _DAY, 1), (63 * _DAY, 5))
"""For how long CloudWatch keeps figures by the minute, and by five."""
_HOURLY = 60
_SPILLED = "ProvisionedConcurrencySpilloverInvocations"
_BUSY = "ProvisionedConcurrentExecutions"


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """What is looked at: seconds since the epoch. until: now."""

    since: float
    until: float

    @property
    def seconds(self) -> float:
        """Its length."""
        return self.until - self.since


@dataclass(frozen=True, kw_only=True, slots=True)
class Measured:
    """What metrics say of one row.

    Attributes:
        firings: pings of all versions the row is about, minute by minute.
        volume: invocations of the whole function, which is what its log holds; None when no figure came.
    """

    counted: Counted
    firings: Firings
    volume: int | None


def measure(aws: Aws, region: str, subjects: Sequence[Subject], window: Window) -> list[Measured]:
    """One `Measured` per subject, in their order.

    Raises:
        AwsError: CloudWatch refused, or gave no more than a part.
    """
    period = resolution(aws) * next((n for kept, n in _KEPT if window.seconds < kept), _HOURLY)
    since, until = int(window.since // period) * period, int(window.until)
    wanted = [series for subject in subjects for series in _series(subject, period)]
    values = fetch(aws, region, wanted, since=since, until=until)
    return [_measured(subject, values, period, window, lag(aws)) for subject in subjects]


def _series(subject: Subject, period: int) -> Iterator[Series]:
    for rule in subject.rules:
        if rule.is_there:
            yield _calls_of(rule, period)
            yield _lost_of(rule, period)
    yield _of_alias(subject, "Invocations", period)
    yield _of_alias(subject, "Errors", period)
    if subject.provisioned:
        yield _of_alias(subject, _SPILLED, period)
        yield _most(_of_alias(subject, _BUSY, period))
    yield _of_function(subject, "Invocations", period)
    yield _of_function(subject, "Throttles", period)
    if subject.api is not None:
        yield from (_of_stage(subject.api, stage, period) for stage in subject.stages)


def _calls_of(rule: Rule, period: int) -> Series:
    return calls_of(rule.name, is_schedule=rule.is_schedule, period=period)


def _lost_of(rule: Rule, period: int) -> Series:
    return lost_of(rule.name, is_schedule=rule.is_schedule, period=period)


def _of_alias(subject: Subject, metric: str, period: int) -> Series:
    named = (("FunctionName", subject.physical), ("Resource", subject.called))
    return Series(namespace="AWS/Lambda", metric=metric, dimensions=named, period=period)


def _most(series: Series) -> Series:
    return replace(series, stat="Maximum")


def _of_function(subject: Subject, metric: str, period: int) -> Series:
    named = (("FunctionName", subject.physical),)
    return Series(namespace="AWS/Lambda", metric=metric, dimensions=named, period=period)


def _of_stage(api: str, stage: str, period: int) -> Series:
    named = (("ApiName", api), ("Stage", stage))
    return Series(namespace="AWS/ApiGateway", metric="Count", dimensions=named, period=period)


def _measured(subject: Subject, values: Mapping[Series, Values], period: int, window: Window, late: float) -> Measured:
    fired: dict[int, float] = {}
    on_alias = failed = 0.0
    last: float | None = None
    for rule in subject.rules:
        calls = values.get(_calls_of(rule, period), {})
        part = rule.targets.get(subject.alias, 0) / rule.all_targets if rule.all_targets else 0.0
        row = sum(count for name, count in rule.targets.items() if subject.version_of(name) in subject.versions)
        ours = row / rule.all_targets if rule.all_targets else 0.0
        lost = values.get(_lost_of(rule, period), {})  # Invocations counts these as well
        for moment, value in calls.items():
            fired[moment] = fired.get(moment, 0.0) + max(0.0, value - lost.get(moment, 0.0)) * ours
        on_alias += part * sum(calls.values())
        failed += part * sum(lost.values())
        if rule in (subject.calling or subject.rules):
            last = max([last or 0.0, *(moment for moment, value in calls.items() if value)]) or None
    interval = subject.interval
    began = max(window.since, subject.born)
    of_function = values[_of_function(subject, "Invocations", period)]
    errors = values[_of_alias(subject, "Errors", period)]
    counted = Counted(
        is_known=bool(fired or of_function),
        fired=round(on_alias),
        failed=round(failed),
        due=None if interval is None else int((window.until - began) // interval) * _calls(subject),
        last=last,
        silent=max(0.0, window.until - late - (began if last is None else last + period)),
        throttles=round(sum(values[_of_function(subject, "Throttles", period)].values())),
        spilled=round(sum(values.get(_of_alias(subject, _SPILLED, period), {}).values())),
        busy=None if not (busy := values.get(_most(_of_alias(subject, _BUSY, period)))) else round(max(busy.values())),
        invocations=round(sum(values[_of_alias(subject, "Invocations", period)].values())),
        errors=round(sum(errors.values())),
    )
    firings = Firings(
        counts=fired,
        period=period,
        until=window.until - late - period,
        interval=interval,
        requests=_requests(subject, values, period),
        errors=errors,
    )
    return Measured(
        counted=counted,
        firings=firings,
        volume=round(sum(of_function.values())) if of_function else None,
    )


def _requests(subject: Subject, values: Mapping[Series, Values], period: int) -> dict[int, float] | None:
    if subject.api is None:
        return None
    found: dict[int, float] = {}
    for stage in subject.stages:
        for moment, value in values[_of_stage(subject.api, stage, period)].items():
            found[moment] = found.get(moment, 0.0) + value
    return found


def _calls(subject: Subject) -> int:
    """Of what users hit, in each interval."""
    return sum(rule.targets.get(subject.alias, 0) for rule in subject.calling)
