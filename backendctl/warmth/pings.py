"""What keeps a function warm, rules and schedules alike, and the metrics that count its calls."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backendctl.aws.metrics import Series
from backendctl.resources.events.warmer_layout import layout, schedules, warmer_name

if TYPE_CHECKING:
    from backendctl.resources.deploy_context import DeployContext
    from backendctl.spec.model import FunctionSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class Pinger:
    """A rule of EventBridge, or all schedules of a group of EventBridge Scheduler, whose metrics know groups only.

    Attributes:
        targets: qualifier (None is the function itself) → how many of its targets call it.
    """

    name: str
    is_schedule: bool = False
    targets: Mapping[str | None, int] = field(default_factory=dict)

    def calls(self, period: int) -> Series:
        """Calls made, those that got nowhere among them."""
        return calls_of(self.name, is_schedule=self.is_schedule, period=period)

    def lost(self, period: int) -> Series:
        """Calls that got nowhere."""
        return lost_of(self.name, is_schedule=self.is_schedule, period=period)

    def part(self, qualifier: str | None) -> float:
        """The proportion of its calls that go to that qualifier."""
        whole = sum(self.targets.values())
        return self.targets.get(qualifier, 0) / whole if whole else 0.0


def pingers(context: DeployContext, region: str, function: FunctionSpec) -> tuple[Pinger, ...]:
    """What the spec wants to call a function; empty where nothing keeps it warm."""
    rules = tuple(
        Pinger(name=name, targets=Counter(target.qualifier for target in targets))
        for name, targets in layout(context, region, function).items()
    )
    scheduled = Counter(qualifier for _, qualifier in schedules(context, region, function).values())
    if not scheduled:
        return rules
    return (*rules, Pinger(name=warmer_name(context.backend, function.name), is_schedule=True, targets=scheduled))


def calls_of(name: str, *, is_schedule: bool, period: int) -> Series:
    """The metric of a rule's calls, or of a schedule group's (D22)."""
    return _series(
        name, "InvocationAttemptCount" if is_schedule else "Invocations", is_schedule=is_schedule, period=period
    )


def lost_of(name: str, *, is_schedule: bool, period: int) -> Series:
    """The metric of those among them that got nowhere."""
    return _series(
        name, "TargetErrorCount" if is_schedule else "FailedInvocations", is_schedule=is_schedule, period=period
    )


def _series(name: str, metric: str, *, is_schedule: bool, period: int) -> Series:
    if is_schedule:
        return Series(namespace="AWS/Scheduler", metric=metric, dimensions=(("ScheduleGroup", name),), period=period)
    return Series(namespace="AWS/Events", metric=metric, dimensions=(("RuleName", name),), period=period)
