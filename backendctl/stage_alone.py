"""A plan restricted to what single stages serve, so that whoever releases one from an older checkout undoes nothing.

What it is made of is brought about: versions, aliases, permissions, definition, deployment, variables. What stands
around that (role, log groups, the region's entry, the base path) is made where it is missing for something new, and
never compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backendctl.engine.plan import Action, Change, Plan, change_of
from backendctl.engine.resource import Resource, address_of
from backendctl.resources.alias import Alias
from backendctl.resources.api_account import ApiAccount
from backendctl.resources.function import Function
from backendctl.resources.log_group import LogGroup
from backendctl.resources.mapping import Mapping
from backendctl.resources.permission import Permission
from backendctl.resources.provisioned import ProvisionedConcurrency
from backendctl.resources.region_index import RegionIndex
from backendctl.resources.rest_api import RestApi
from backendctl.resources.role import Role
from backendctl.resources.stage import Stage

_SERVED = (Function, Alias, ProvisionedConcurrency, RestApi, Permission, Stage)
_AROUND = (RegionIndex, Role, LogGroup, ApiAccount, Mapping)
_TURNING = frozenset({"definition", "localised", "variables"})


def parts(desired: Sequence[Resource]) -> list[Resource]:
    """What of it may belong to a release of single stages; calls come from the API alone."""
    found = [one for one in desired if isinstance(one, (*_SERVED, *_AROUND))]
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
    kept = [*changes, *(change for change in plan.changes if _is_needed(change, changes))]
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


def _is_needed(change: Change, served: Sequence[Change]) -> bool:
    """Whether it makes what something new of the release cannot be without."""
    if change.action is not Action.CREATE or not isinstance(change.resource, _AROUND):
        return False
    made = [one for one in served if one.action is Action.CREATE]
    if isinstance(change.resource, RegionIndex):
        return any(one.region == change.name for one in served)
    if isinstance(change.resource, Mapping):
        stage = (change.resource.target or "").rpartition("/")[2]
        return any(isinstance(one.resource, Stage) and (one.region, one.name) == (change.region, stage) for one in made)
    return any(change.address in one.resource.needs() for one in made)


def turned_without(whole: Plan, chosen: Plan) -> list[str]:
    """Why a selection may not be carried out: a stage turns to something that the selection leaves as it is."""
    kept = {change.address for change in chosen.changes}
    left = {change.address: change for change in whole.changes if change.address not in kept}
    met = {f"/{kind.kind}/" for kind in (Alias, Permission, Function, RestApi)}
    reasons = []
    for change in chosen.changes:
        told = {field.field.partition(".")[0] for field in change.fields} & _TURNING
        if not isinstance(change.desired, Stage) or not (told or change.action is Action.CREATE):
            continue
        direct = change.desired.needs() & left.keys()
        behind = {need for one in direct for need in left[one].resource.needs()} & left.keys()
        needed = sorted(one for one in direct | behind if any(kind in one for kind in met))
        if needed:
            options = " ".join(f"--only {one.partition('/')[2]}" for one in needed)
            reasons.append(
                f"{change.address} would switch to what is left out here: {', '.join(needed)}; add {options}, or "
                f"release the stage with all it serves: --stage {change.name}"
            )
    return reasons
