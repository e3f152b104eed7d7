"""Provisioned concurrency around a rollback: of what a stage goes back to, and what nobody goes back to any more."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backendctl.engine.action import Action
from backendctl.engine.plan import Change
from backendctl.resources.apigateway.served import qualifier
from backendctl.resources.lambda_ import provisioned_reads as reads
from backendctl.resources.lambda_.alias_names import qualified
from backendctl.resources.lambda_.baking import Slots, baking
from backendctl.resources.lambda_.provisioned import ProvisionedConcurrency
from backendctl.spec.model import SLOTS

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.release.running import Serving
    from backendctl.spec.model import FunctionSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class Rewarmed:
    """What a rollback does about the provisioned concurrency of one alias, and the sentence about it.

    Attributes:
        wanted: None where the spec asks for none, and somebody has set it on the other slot.
    """

    wanted: ProvisionedConcurrency | None
    remark: str


def rewarmed(
    backend: Backend, function: FunctionSpec, *, region: str, alias: str, version: str, waits: bool
) -> Rewarmed | None:
    """What an alias that is to point at a version again gets; None where there is no provisioned concurrency.

    Args:
        waits: whether users are to wait for it.
    """
    held = reads.configs(backend.aws, region, function.physical)
    if function.provisioned is None:
        told = (
            f"{', '.join(sorted(held))} has provisioned concurrency that the spec does not know, and {alias} has none"
        )
        return (
            Rewarmed(wanted=None, remark=f"{region}: {function.physical}: {told}")
            if held and alias not in held
            else None
        )
    found = held.get(alias)
    number = function.provisioned.environments if found is None else found.requested
    wanted = ProvisionedConcurrency(
        region=region,
        name=qualified(function.name, alias),
        owner=backend.spec.backend,
        physical=function.physical,
        alias=alias,
        waits=waits,
        requested=number,
        version=version,
        status=reads.READY if waits else None,
        recorded=function.provisioned.environments if found is None else None,
    )
    live = ProvisionedConcurrency.read(backend.aws, wanted)
    ready = live is not None and (live.version, live.status) == (version, reads.READY)
    return Rewarmed(wanted=wanted, remark=_told(wanted, ready=ready))


def _told(one: ProvisionedConcurrency, *, ready: bool) -> str:
    called = f"{one.region}: {one.physical}:{one.alias}"
    if ready:
        return f"{called} has {one.requested} provisioned environments READY: nobody meets a cold one"
    allocates = f"{called} has no provisioned environments READY for that release, and Lambda takes 1 to 3 minutes"
    if one.waits:
        return f"{allocates}: the stage is switched after that"
    return f"{allocates}: the stage is switched at once, and calls may be cold until then; --wait-warm waits for it"


def given_back(
    backend: Backend, found: Sequence[Serving], region: str, *, now: Callable[[], float] = time.time
) -> Iterator[Change]:
    """The provisioned concurrency of slots that no stage leads to and whose bake time is over.

    Args:
        found: what every stage of that region serves. now: seconds since the epoch.
    """
    functions = {one.physical: one for one in backend.spec.functions_in(region)}
    for live in ProvisionedConcurrency.owned(backend.aws, region):
        function, (alias, _, slot) = functions.get(live.physical), live.alias.rpartition("-")
        if function is None or function.provisioned is None or slot not in SLOTS:
            continue
        slots = Slots(region=region, physical=live.physical, alias=alias, serving=_serving(found, live.physical, alias))
        known = any(slots.serving.values())
        if not known or slots.serving[slot]:
            continue
        if not baking(backend.aws, slots, function.provisioned, slot=slot, now=now()):
            yield Change(action=Action.DELETE, desired=None, live=live)


def _serving(found: Sequence[Serving], physical: str, alias: str) -> dict[str, list[str]]:
    serving: dict[str, list[str]] = {slot: [] for slot in SLOTS}
    for one in found:
        overrides = getattr(one.canary, "variables", None) or {}
        for route in one.routes:
            if (route.physical, route.alias) != (physical, alias):
                continue
            names = {qualifier(route, one.variables), qualifier(route, {**one.variables, **overrides})}
            for slot in SLOTS:
                if f"{alias}-{slot}" in names:
                    serving[slot].append(one.stage)
    return serving
