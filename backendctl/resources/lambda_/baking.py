"""How much provisioned concurrency the next release gets, and how long the one before keeps its own.

A stage turns from one slot to the other. Until the bake time has passed since then, the slot it left stays provisioned,
so that a rollback meets warm environments. Nothing runs in between: the next plan finds that the time is over.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from backendctl.resources.deploy_context import Capacity
from backendctl.resources.lambda_ import lambda_reads
from backendctl.resources.lambda_ import provisioned_reads as reads
from backendctl.resources.lambda_.slots import live_variables, serving_slots
from backendctl.resources.ssm import release_log
from backendctl.resources.ssm.release_record import Event
from backendctl.spec.model import SLOTS

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext
    from backendctl.resources.lambda_.provisioned_reads import Config
    from backendctl.spec.model import Provisioned

_MINUTE = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Slots:
    """The two slots of a staged alias of one function.

    Attributes:
        alias: the plain one. serving: slot → the stages that lead to it now, a canary's share counted.
    """

    region: str
    physical: str
    alias: str
    serving: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def name(self, slot: str) -> str:
        """The alias of a slot."""
        return f"{self.alias}-{slot}"


def capacities(aws: Aws, context: DeployContext) -> dict[tuple[str, str, str], Capacity]:
    """For every (region, function's name in AWS, staged alias) whose function asks for provisioned concurrency.

    Args:
        context: with the slots of its regions.
    """
    found: dict[tuple[str, str, str], Capacity] = {}
    api = context.spec.api
    for region in context.spec.regions:
        for function in context.spec.functions_in(region):
            if function.provisioned is None or api is None:
                continue
            live = live_variables(aws, region, api.name)
            for alias, links in context.staged(region, function).items():
                key = (region, function.physical, alias)
                serving = serving_slots(alias, links, live)
                slots = Slots(region=region, physical=function.physical, alias=alias, serving=serving)
                found[key] = capacity(aws, slots, function.provisioned, target=context.slots[key].target)
    return found


def capacity(
    aws: Aws, slots: Slots, wanted: Provisioned, *, target: str, now: Callable[[], float] = time.time
) -> Capacity:
    """What the slot of the release gets, and what the other one keeps.

    Args:
        target: the slot of the desired release. now: seconds since the epoch.
    """
    found = reads.configs(aws, slots.region, slots.physical)
    if not any(slots.name(slot) in found for slot in SLOTS):
        return Capacity(environments=wanted.environments)
    given = _carried(aws, slots, wanted, found)
    other = next(slot for slot in SLOTS if slot != target)
    if slots.name(other) not in found:
        return given
    if slots.serving.get(other):
        return replace(given, kept=f"kept while {' and '.join(slots.serving[other])} leads to it")
    return replace(given, kept=baking(aws, slots, wanted, slot=other, now=now()))


def baking(aws: Aws, slots: Slots, wanted: Provisioned, *, slot: str, now: float) -> str:
    """Why a slot that no stage leads to keeps what it has; empty once its bake time is over.

    Args:
        now: seconds since the epoch.
    """
    until = _turned(aws, slots, away_from=slot) + wanted.bake * _MINUTE
    if now >= until:
        return ""
    clock = datetime.fromtimestamp(until, tz=UTC).strftime("%Y-%m-%d %H:%M")
    return f"kept until {clock} UTC, so that a rollback meets warm environments (bake-time {wanted.bake} minutes)"


def _turned(aws: Aws, slots: Slots, *, away_from: str) -> float:
    """When stages turned to the slot they lead to, seconds since the epoch.

    The release log says so. Where a kill came between the turn and its entry, the change of what the serving slot has
    provisioned is the latest that is known to have come before the turn.
    """
    served = next(slot for slot in SLOTS if slot != away_from)
    stages = slots.serving.get(served, ())
    told = [moment for stage in stages if (moment := serving_since(aws, slots, stage, served)) is not None]
    if told and len(told) == len(stages):
        return max(told)
    config = reads.configs(aws, slots.region, slots.physical).get(slots.name(served))
    return max([*told, config.since if config is not None else 0.0])


def serving_since(aws: Aws, slots: Slots, stage: str, slot: str) -> float | None:
    """When a stage turned to the version behind a slot, seconds since the epoch; None when the log does not tell.

    The beginning of the release, or of the promotion of the canary that it was.
    """
    alias = lambda_reads.aliases(aws, slots.region, slots.physical).get(slots.name(slot))
    log = release_log.read(aws, slots.region)
    last = next(reversed(log.lived(stage)), None)
    if last is None or alias is None or last.versions.get(f"{slots.physical}:{slots.alias}") != alias.version:
        return None
    promotions = [step for step in log.canary_steps(last.number) if step.event is Event.PROMOTE]
    times = [one.time for one in (last, *promotions) if one.time]
    return datetime.fromisoformat(max(times)).timestamp() if times else None


def _carried(aws: Aws, slots: Slots, wanted: Provisioned, found: Mapping[str, Config]) -> Capacity:
    """The spec's number, unless somebody has set another one since backendctl asked for it, or scaling does."""
    scaled = reads.scaled(aws, slots.region, slots.physical)
    recorded = reads.recorded(aws, slots.region, slots.physical)
    for slot in SLOTS:
        name = slots.name(slot)
        if name not in found or not slots.serving.get(slot):
            continue
        number = found[name].requested
        if name in scaled:
            why = (
                f"scaled by Application Auto Scaling on {name}, and left so; a target is registered for one alias only"
            )
            return Capacity(environments=max(number, wanted.environments), left=frozenset({slot}), why=why)
        if recorded.get(name) == wanted.environments != number:
            why = f"set to {number} by hand, and left so; another `provisioned` in the spec takes it back"
            return Capacity(environments=number, left=frozenset({slot}), why=why)
    return Capacity(environments=wanted.environments)
