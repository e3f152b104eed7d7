"""A plan restricted to what single stages serve, so that whoever releases one from an older checkout undoes nothing.

What it is made of is brought about: versions, aliases, permissions, definition, deployment, variables. What stands
around that (role, log groups, the region's entry, the base path) is made where it is missing for something new, and
never compared.
"""

from __future__ import annotations

from collections import abc
from collections.abc import Sequence
from dataclasses import replace

from backendctl.engine.action import Action
from backendctl.engine.plan import Change, Plan, change_of
from backendctl.engine.resource import Resource, address_of
from backendctl.engine.traits import traits_of
from backendctl.resources.apigateway.rest_api import RestApi
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.lambda_.alias import Alias
from backendctl.resources.lambda_.function import Function
from backendctl.resources.lambda_.permission import Permission
from backendctl.resources.lambda_.provisioned import ProvisionedConcurrency
from backendctl.resources.ssm.region_index import RegionIndex

_SERVED = (Function, Alias, ProvisionedConcurrency, RestApi, Permission, Stage)
_TURNING = frozenset({"definition", "localised", "variables"})


def parts(desired: Sequence[Resource]) -> list[Resource]:
    """What of it may belong to a release of single stages; calls come from the API alone."""
    found = [one for one in desired if isinstance(one, _SERVED) or traits_of(one).made_if_missing]
    return [
        one if not isinstance(one, Permission) else _of_api(one)
        for one in found
        if not isinstance(one, Permission) or _of_api(one).statements
    ]


def served_only(plan: Plan, desired: Sequence[Resource]) -> tuple[Plan, list[Resource]]:
    """The plan without what is not served, and what is desired of what is there already."""
    lives = {address_of(live): live for live in plan.unchanged}
    lives |= {change.address: change.live for change in plan.changes if change.live is not None}
    wanted = [_served(one, lives[address_of(one)]) if address_of(one) in lives else one for one in desired]
    by_address = {address_of(one): one for one in wanted}
    changes: list[Change] = []
    unchanged = list(plan.unchanged)
    for change in plan.changes:
        one = by_address.get(change.address)
        if change.operation is not None:
            changes.append(change)
            continue
        again = change if one is None else change_of(one, change.live)
        if again is not None and isinstance(again.resource, _SERVED):
            changes.append(again)
        elif change.live is not None and isinstance(change.live, _SERVED):
            unchanged.append(change.live)
    kept = [*changes, *(change for change in plan.changes if _is_needed(change, changes, desired))]
    order = {change.address: position for position, change in enumerate(plan.changes)}
    kept.sort(key=lambda change: order[change.address])
    return replace(plan, changes=tuple(kept), unchanged=tuple(unchanged)), wanted


def _of_api(one: Permission) -> Permission:
    statements = {sid: source for sid, source in (one.statements or {}).items() if source.startswith("execute-api:")}
    return replace(one, statements=statements)


def _served(one: Resource, live: Resource) -> Resource:
    """Without the settings that are not served; permissions of others stay."""
    if isinstance(one, Function):
        return replace(one, tags=None, description=None)
    if isinstance(one, RestApi):
        return replace(one, tags=None)
    if isinstance(one, Permission) and isinstance(live, Permission):
        return replace(one, statements={**(live.statements or {}), **(one.statements or {})})
    if isinstance(one, Stage):
        return replace(
            one,
            tracing=None,
            metrics=None,
            throttling=None,
            cache=None,
            cache_ttl=None,
            method_throttling=None,
            logging=None,
            description=None,
            tags=None,
        )
    return one


def _is_needed(change: Change, served: Sequence[Change], desired: Sequence[Resource]) -> bool:
    """Whether it makes what something new of the release cannot be without, or what a stage of it lacks."""
    if change.action is not Action.CREATE or not traits_of(change.resource).made_if_missing:
        return False
    if traits_of(change.resource).part_of_needed:
        return bool({address_of(one) for one in desired if isinstance(one, Stage)} & change.resource.needs())
    made = [one for one in served if one.action is Action.CREATE]
    if isinstance(change.resource, RegionIndex):
        return any(one.region == change.name for one in served)
    stages = {one.address for one in made if isinstance(one.resource, Stage)}
    return bool(stages & change.resource.needs()) or any(change.address in one.resource.needs() for one in made)


def turned_without(whole: Plan, chosen: Plan) -> list[str]:
    """Why a selection may not be carried out: a stage or an alias moves to something that the selection leaves out."""
    kept = {change.address for change in chosen.changes}
    planned = {change.address: change for change in whole.changes}
    left = {address for address, change in planned.items() if address not in kept and _is_moved_to(change)}
    reasons = []
    for change in chosen.changes:
        if not _moves(change):
            continue
        needed = sorted(left & set(_needed(change, planned)))
        if needed:
            options = " ".join(f"--only {one.partition('/')[2]}" for one in needed)
            reason = f"{change.address} would switch to what is left out here: {', '.join(needed)}; add {options}"
            whole_stage = f", or release the stage with all it serves: --stage {change.name}"
            reasons.append(f"{reason}{whole_stage if isinstance(change.desired, Stage) else ''}")
    return reasons


def _moves(change: Change) -> bool:
    """Whether users meet something else afterwards."""
    told = {field.field.partition(".")[0] for field in change.fields}
    if isinstance(change.desired, Stage):
        return change.action is Action.CREATE or bool(told & _TURNING)
    return isinstance(change.desired, Alias) and (change.action is Action.CREATE or "release" in told)


def _is_moved_to(change: Change) -> bool:
    """Whether a stage or an alias cannot move without it; a function's tags are nothing that one moves to."""
    if isinstance(change.desired, Function):
        return change.action is Action.CREATE or any(field.field == "release" for field in change.fields)
    return isinstance(change.desired, (Alias, Permission, RestApi))


def _needed(change: Change, planned: abc.Mapping[str, Change]) -> set[str]:
    """Addresses of what a stage turns to, and of the functions behind it; of an alias, its function."""
    direct = set(change.resource.needs()) & planned.keys()
    if isinstance(change.desired, Alias):
        return {one for one in direct if isinstance(planned[one].desired, Function)}
    return direct | {need for one in direct for need in planned[one].resource.needs()}
