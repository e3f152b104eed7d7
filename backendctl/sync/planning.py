"""The plan of a sync: a deploy's plan, restricted to the kinds an API is made of.

The functions' code and aliases are nobody's business here: stages keep the slots that serve now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from backendctl.engine import plan as planning
from backendctl.engine.diff import differences
from backendctl.engine.plan import Action, Change, Plan
from backendctl.engine.resource import Resource, address_of
from backendctl.errors import RefusedError
from backendctl.resources import KINDS
from backendctl.resources.api_account import ApiAccount
from backendctl.resources.canary import Canary
from backendctl.resources.permission import Permission
from backendctl.resources.rest_api import RestApi
from backendctl.resources.stage import Stage
from backendctl.resources.world import Definition, SlotChoice, World
from backendctl.spec.model import Api, Function
from backendctl.sync.reach import Reach
from backendctl.sync.request import Request
from backendctl.sync.review import RegionReview
from backendctl.sync.source import Source
from backendctl.sync.usage import UsagePlan

if TYPE_CHECKING:
    from backendctl.app import Backend

EDITED = "edited by hand"
"""What stands for the definition of an API that does not hold what it says it does."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """What a plan is made from.

    Attributes:
        api: with the definition and the stages that all regions are to have.
    """

    backend: Backend
    api: Api
    regions: tuple[str, ...]
    definitions: Mapping[str, Definition]
    reaches: Mapping[str, Reach]
    reviews: Mapping[str, RegionReview]
    source: Source
    request: Request


def make_plan(parts: Parts) -> Plan:
    """Everything that differs. An API that was edited by hand is put again, whatever its tag says it holds."""
    world = world_of(parts)
    permissions = list(permissions_of(world))
    wanted: list[Resource] = [*_apis(world, parts), *permissions, *ApiAccount.desired(world)]
    wanted += _stages(world, parts, permissions)
    wanted += _usage_plans(parts)
    backend = parts.backend
    plan = planning.make_plan(
        desired=wanted,
        kinds=(*KINDS, UsagePlan, Canary),
        aws=backend.aws,
        regions=parts.regions,
        workers=backend.settings.workers,
        backend=backend.spec.backend,
        strays=False,
    )
    return _putting_again(plan, wanted, parts)


def world_of(parts: Parts) -> World:
    """The world of this API."""
    world = called_world(parts.backend, parts.api, parts.reaches, parts.regions)
    return replace(world, definitions=dict(parts.definitions))


def called_world(backend: Backend, api: Api, reaches: Mapping[str, Reach], regions: tuple[str, ...]) -> World:
    """The spec's functions, those beside the spec that the API calls, and who calls what."""
    functions: dict[str, tuple[Function, ...]] = {}
    slots: dict[tuple[str, str, str], SlotChoice] = {}
    for region in regions:
        known = {one.physical: one for one in backend.spec.functions.get(region, ())}
        for link in reaches[region].links:
            known.setdefault(link.function.physical, link.function)
            if link.variable is not None and link.alias is not None:
                # Which one does not matter: the stages' variables are known, and both slots may be called.
                slots[region, link.function.physical, link.alias] = SlotChoice(target="a", idle_exists=True)
        functions[region] = tuple(known.values())
    return replace(
        backend.world,
        spec=replace(backend.spec.narrowed(regions), api=api, functions=functions),
        links={region: reaches[region].links for region in regions},
        slots=slots,
    )


def permissions_of(world: World) -> Iterator[Permission]:
    """One for every qualifier that a route calls now or after the next release."""
    for permission in Permission.desired(world):
        if any(source.startswith("execute-api:") for source in (permission.statements or {}).values()):
            yield permission


def _apis(world: World, parts: Parts) -> Iterator[RestApi]:
    for api in RestApi.desired(world):
        exports = parts.reviews[api.region].exports or {}
        yield replace(api, backup=next(iter(exports.values()), None))


def _stages(world: World, parts: Parts, permissions: Sequence[Permission]) -> Iterator[Resource]:
    for stage in Stage.desired(world):
        after = {address_of(one) for one in permissions if one.region == stage.region}
        after |= {need for need in stage.needs() if "/alias/" not in need and "/function/" not in need}
        full = replace(
            stage,
            variables=parts.reaches[stage.region].variables[stage.name],
            methods=parts.source.methods.get(stage.name),
            requires=frozenset(after),
            pruned=parts.request.pruned,
        )
        if parts.request.canary is None:
            yield full
        else:
            yield from _canary(full, parts, percent=parts.request.canary)


def _canary(stage: Stage, parts: Parts, *, percent: float) -> Iterator[Canary]:
    """The same definition for a share of the requests; nothing where the stage serves it already.

    Raises:
        RefusedError: there is no stage beside which it could be (A63).
    """
    live = Stage.read(parts.backend.aws, stage)
    if live is None:
        raise RefusedError(
            [f"{address_of(stage)} is not there yet, so a canary has nothing to stand beside"],
            hint="sync it once without --canary",
        )
    if canary := Canary.beside(stage, live, percent=percent):
        yield canary


def _usage_plans(parts: Parts) -> Iterator[UsagePlan]:
    """Of the live stage that the definition comes from; the stage of that name, or the only one, is in them too."""
    stages = [one.name for one in parts.api.stages if one.name == parts.source.stage or len(parts.api.stages) == 1]
    for region in parts.regions if stages else ():
        for plan in parts.source.plans:
            yield UsagePlan.after(
                plan, region=region, api=parts.api.name, owner=parts.backend.spec.backend, stages=stages
            )


def _putting_again(plan: Plan, wanted: Sequence[Resource], parts: Parts) -> Plan:
    """With a put wherever the API does not hold what its tag says."""
    by_hand = {region for region in parts.regions if _edited(parts.reviews[region])}
    planned = {change.address for change in plan.changes}
    more: list[Change] = []
    kept: list[Resource] = []
    for live in plan.unchanged:
        if not isinstance(live, RestApi) or live.region not in by_hand or address_of(live) in planned:
            kept.append(live)
            continue
        desired = next(one for one in wanted if address_of(one) == address_of(live))
        found = replace(live, definition=EDITED)
        more.append(Change(action=Action.UPDATE, desired=desired, live=found, fields=differences(desired, found)))
    changes = sorted((*more, *plan.changes), key=lambda c: parts.regions.index(c.region))
    return replace(plan, changes=tuple(changes), unchanged=tuple(kept))


def _edited(found: RegionReview) -> bool:
    return bool(found.edited) or any(stage.foreign and stage.differences for stage in found.stages)
