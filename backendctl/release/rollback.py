"""The way back: what a stage served before, from the ledger, with the code that is still there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from backendctl.api.taken import Move, taken
from backendctl.engine.plan import Plan
from backendctl.engine.resource import address
from backendctl.errors import RefusedError
from backendctl.release.rewarming import Rewarmed, rewarmed
from backendctl.release.shift import plan_of, pointing
from backendctl.release.targets import Way, choose
from backendctl.resources import lambda_reads, ledger
from backendctl.resources.alias import Alias
from backendctl.resources.alias_names import qualified
from backendctl.resources.api_reads import list_stages
from backendctl.resources.turn import NO_CANARY, ROLLBACK, Turn
from backendctl.resources.world import SLOTS

if TYPE_CHECKING:
    from backendctl.app import Backend
    from backendctl.engine.resource import Resource
    from backendctl.release.running import Serving
    from backendctl.spec.model import Function


def plan_rollback(backend: Backend, found: Sequence[Serving], *, to: str | None, wait_warm: bool = False) -> Plan:
    """Every stage back to an earlier release, the same one in every region.

    Args:
        to: a commit, "FUNCTION:VERSION", or None for the release before the present one.
        wait_warm: whether stages turn only when the provisioned concurrency of that release is READY.

    Raises:
        RefusedError: a canary runs, a region does not know that release, or some of it has been pruned.
    """
    ways = choose(backend, found, to=to)
    parts = [part for way in ways for part in _parts(backend, way)]
    ready = _ready(backend, ways, parts, wait_warm=wait_warm)
    desired = [
        *(_waiting(part, ready) if wait_warm else part for part in parts),
        *(one.wanted for one in ready if one.wanted),
    ]
    moves = [
        Move(
            region=way.one.region,
            stage=way.one.stage,
            api_id=way.one.api_id,
            before=way.one.deployment,
            after=way.target.deployment,
        )
        for way in ways
        if way.one.api_id
    ]
    remarks = (*taken(backend.aws, moves), *dict.fromkeys(one.remark for one in ready))
    return replace(plan_of(backend, desired), remarks=remarks)


def _ready(backend: Backend, ways: Sequence[Way], parts: Sequence[Resource], *, wait_warm: bool) -> list[Rewarmed]:
    """The provisioned concurrency of every alias that users reach after the rollback."""
    without_api = {(way.one.region, way.one.stage) for way in ways if not way.one.api_id}
    functions = {(r, f.physical): f for r in backend.spec.regions for f in backend.spec.functions_in(r)}
    return [
        found
        for part in parts
        if isinstance(part, Alias)
        and (part.turned_to or (part.region, part.name) in without_api)
        and (
            found := rewarmed(
                backend,
                functions[part.region, part.physical],
                region=part.region,
                alias=part.alias,
                version=part.version or "",
                waits=wait_warm,
            )
        )
    ]


def _waiting(part: Resource, ready: Sequence[Rewarmed]) -> Resource:
    """A stage waits for what is provisioned in its region."""
    if not isinstance(part, Turn):
        return part
    here = {
        address(wanted.region, wanted.kind, wanted.name)
        for wanted in (one.wanted for one in ready)
        if wanted is not None and wanted.region == part.region
    }
    return replace(part, requires=part.requires | here)


def _parts(backend: Backend, way: Way) -> Iterator[Resource]:
    one, target = way.one, way.target
    if not one.api_id:
        (route,) = one.routes
        yield _pointing(backend, way, route, name=one.stage, how=ROLLBACK)
        return
    variables: dict[str, str] = {}
    needed: set[str] = set()
    for group in _groups(one, target):
        slot = _slot(backend, way, group)
        for route in group:
            before = one.variables.get(route.variable or "", route.alias)
            prefix = before.removesuffix(ledger.qualifier(route, one.variables))
            variables[route.variable or ""] = f"{prefix}{route.alias}-{slot}"
            alias = _slot_alias(backend, way, route, slot)
            needed.add(address(one.region, alias.kind, alias.name))
            yield alias
    turn = _turn(way, variables, frozenset(needed))
    yield turn
    for route in (route for group in _groups(one, target) for route in group):
        name = qualified(_function(backend, one, route).name, route.alias)
        yield _pointing(backend, way, route, name=name, after=frozenset({address(one.region, turn.kind, one.stage)}))


def _turn(way: Way, variables: dict[str, str], needed: frozenset[str]) -> Turn:
    one, target = way.one, way.target
    return Turn(
        region=one.region,
        name=one.stage,
        owner=one.owner,
        api=one.api,
        how=ROLLBACK,
        commit=target.commit,
        by=target.by,
        routes=one.routes,
        requires=needed,
        definition=target.definition,
        deployment=target.deployment,
        variables=variables,
        canary=NO_CANARY,
    )


def _slot_alias(backend: Backend, way: Way, route: ledger.Route, slot: str) -> Alias:
    """Warmed before users meet it again, and the same everywhere before the stage turns."""
    function = _function(backend, way.one, route)
    return pointing(
        backend,
        region=way.one.region,
        name=qualified(function.name, f"{route.alias}-{slot}"),
        physical=route.physical,
        version=_version(way.target, route),
        warm=function.warm,
        turned_to=True,
    )


def _pointing(
    backend: Backend, way: Way, route: ledger.Route, *, name: str, how: str = "", after: frozenset[str] = frozenset()
) -> Alias:
    return pointing(
        backend,
        region=way.one.region,
        name=name,
        physical=route.physical,
        version=_version(way.target, route),
        how=how,
        after=after,
    )


def _groups(one: Serving, target: ledger.Entry) -> list[list[ledger.Route]]:
    """Routes that share a variable share the slot, for it has one value; what the release did not know stays."""
    groups: dict[str, list[ledger.Route]] = {}
    for route in dict.fromkeys(one.routes):
        if route.variable is not None and _version(target, route):
            groups.setdefault(route.variable, []).append(route)
    return list(groups.values())


def _slot(backend: Backend, way: Way, group: Sequence[ledger.Route]) -> str:
    """The one that serves now if it is that release, else the other one, which nobody is sent to."""
    one, target = way.one, way.target
    serving = {ledger.qualifier(route, one.variables) for route in group}
    free = [slot for slot in SLOTS if not serving & {f"{route.alias}-{slot}" for route in group}]
    for slot in sorted(SLOTS, key=lambda slot: slot in free):
        if all(_points_at(backend, one, route, slot, _version(target, route)) for route in group):
            return slot
    elsewhere = _named_elsewhere(backend, one, group[0].variable or "")
    usable = [slot for slot in free if not elsewhere & {f"{route.alias}-{slot}" for route in group}]
    if not usable:
        raise RefusedError(
            [f"{address(one.region, 'stage', one.stage)}: both slots of {group[0].physical}:{group[0].alias} serve"],
            hint="another stage uses the idle one; give the stages aliases of their own",
        )
    return usable[0]


def _named_elsewhere(backend: Backend, one: Serving, variable: str) -> set[str]:
    """The aliases that other stages name by the same variable."""
    live = list_stages(backend.aws, one.region, one.api_id)
    values = [(stage.get("variables") or {}).get(variable, "") for name, stage in live.items() if name != one.stage]
    return {value.rpartition(":")[2] for value in values}


def _points_at(backend: Backend, one: Serving, route: ledger.Route, slot: str, version: str) -> bool:
    alias = lambda_reads.aliases(backend.aws, one.region, route.physical).get(f"{route.alias}-{slot}")
    return alias is not None and alias.version == version


def _version(target: ledger.Entry, route: ledger.Route) -> str:
    return target.versions.get(f"{route.physical}:{route.alias}", "")


def _function(backend: Backend, one: Serving, route: ledger.Route) -> Function:
    return next(f for f in backend.spec.functions_in(one.region) if f.physical == route.physical)
