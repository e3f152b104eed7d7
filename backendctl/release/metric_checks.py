"""The user's own metrics: of the canary against limits, or against the baseline's."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backendctl.aws.metrics import Series, Values, evaluate, fetch
from backendctl.errors import AwsError
from backendctl.release.metrics import Scope, one_period
from backendctl.release.outcome import Finding, Outcome
from backendctl.spec.analysis import ONE, SIDED, Metric, MetricCheck

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

Sided = Mapping[tuple[str, str], str]
"""What stands for one side: ("alias" or "version", function) → its name or number."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Sides:
    """What tells base and canary apart in the dimensions of a metric."""

    base: Sided
    canary: Sided


class _UnknownSideError(Exception):
    """A dimension names a function that has no such alias on this stage."""


def judge_metrics(aws: Aws, scope: Scope, checks: Sequence[MetricCheck], sides: Sides) -> list[Finding]:
    """One answer for each check, over the time at the present share."""
    return [_judged(aws, scope, check, sides) for check in checks]


def _judged(aws: Aws, scope: Scope, check: MetricCheck, sides: Sides) -> Finding:
    try:
        canary = _value(aws, scope, check, sides.canary)
        base = _value(aws, scope, check, sides.base) if check.reads_base else None
    except AwsError as error:  # a check of the user's own says nothing of the release when it cannot be made
        return Finding(outcome=Outcome.INCONCLUSIVE, told=f"{check.name}: cannot tell: {error.message}")
    except _UnknownSideError as error:
        return Finding(outcome=Outcome.INCONCLUSIVE, told=f"{check.name}: cannot tell: {error}")
    return held_against(check, base=base, canary=canary)


def held_against(check: MetricCheck, *, base: float | None, canary: float | None) -> Finding:
    """The answer, given both values; None is too little data.

    Args:
        base: not looked at where the check does not compare.
    """
    if canary is None or (check.reads_base and base is None):
        whose = "the canary" if canary is None else "the baseline"
        return Finding(outcome=Outcome.INCONCLUSIVE, told=f"{check.name}: cannot tell: too little data of {whose}")
    told = f"{check.name}: {canary:g}" + (f", baseline {base:g}" if base is not None else "")
    broken = list(_broken(check, base, canary))
    if broken:
        return Finding(outcome=Outcome.FAIL, told=f"{told}; {', '.join(broken)}")
    return Finding(outcome=Outcome.PASS, told=told)


def _broken(check: MetricCheck, base: float | None, canary: float) -> Sequence[str]:
    found = []
    if check.max is not None and canary > check.max:
        found.append(f"at most {check.max:g} allowed")
    if check.min is not None and canary < check.min:
        found.append(f"at least {check.min:g} wanted")
    if base is not None:
        change = _change(base, canary)
        if check.max_increase is not None and change > check.max_increase:
            found.append(f"at most {check.max_increase:g} % more allowed")
        if check.max_decrease is not None and -change > check.max_decrease:
            found.append(f"at most {check.max_decrease:g} % less allowed")
    return found


def _change(base: float, canary: float) -> float:
    """Per cent."""
    if base == canary:
        return 0.0
    return (canary - base) / abs(base) * 100 if base else math.copysign(math.inf, canary)


def _value(aws: Aws, scope: Scope, check: MetricCheck, side: Sided) -> float | None:
    """Over the whole time at the present share; None where a metric has too little data."""
    if scope.end <= scope.settled:
        return None
    period = one_period(scope.settled, scope.end, scope.resolution)
    metrics = {name: _series(metric, side, period) for name, metric in check.metrics.items()}
    samples = [
        Series(namespace=s.namespace, metric=s.metric, dimensions=s.dimensions, stat="SampleCount", period=period)
        for s in metrics.values()
    ]
    values = fetch(aws, scope.region, [*samples, *metrics.values()], since=scope.settled, until=scope.end)
    if any(sum(values[one].values()) < check.min_samples for one in samples):
        return None
    if check.math is None:
        return _only(values[metrics[ONE]])
    return _only(evaluate(aws, scope.region, metrics, check.math, since=scope.settled, until=scope.end))


def _only(values: Values) -> float | None:
    return next(iter(values.values()), None)


def _series(metric: Metric, side: Sided, period: int) -> Series:
    dimensions = tuple((name, _filled(value, side)) for name, value in metric.dimensions)
    return Series(
        namespace=metric.namespace, metric=metric.name, dimensions=dimensions, stat=metric.stat, period=period
    )


def _filled(value: str, side: Sided) -> str:
    for kind, function in SIDED.findall(value):
        if (kind, function) not in side:
            raise _UnknownSideError(f"no {kind} of {function} serves here")
        value = value.replace(f"${{{kind}.{function}}}", side[kind, function])
    return value
