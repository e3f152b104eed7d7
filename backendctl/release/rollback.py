"""The way back: what a stage served before, from the release log, with the code that is still there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from backendctl.api.taken import Move, taken
from backendctl.engine.plan import Plan
from backendctl.engine.resource import address
from backendctl.errors import RefusedError
from backendctl.release.log_reading import Logs
from backendctl.release.numbering import announced, next_entry, refusal, refuse_nobody
from backendctl.release.releasing import Releasing
from backendctl.release.rewarming import Rewarmed, rewarmed
from backendctl.release.running import Serving, look_behind
from backendctl.release.shift import plan_of, pointing
from backendctl.release.targets import Back, Way, choose
from backendctl.resources.apigateway.api_reads import list_stages
from backendctl.resources.apigateway.cutover import StageCutover
from backendctl.resources.apigateway.recorded_variables import returning
from backendctl.resources.apigateway.served import Route, qualifier
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.apigateway.stage_writes import Held
from backendctl.resources.lambda_ import lambda_reads, provisioned_reads
from backendctl.resources.lambda_.alias import Alias
from backendctl.resources.lambda_.alias_names import qualified
from backendctl.resources.ssm.release_record import Event, Record, token_of
from backendctl.spec.model import SLOTS

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.engine.operation import Operation
    from backendctl.engine.resource import Resource
    from backendctl.spec.model import FunctionSpec


def plan_rollback(
    backend: Backend, found: Sequence[Serving], *, to: str | None, take_over: bool = False, wait_warm: bool = False
) -> Plan:
    """Every stage back to an earlier release, the same one in every region, as a release of its own.

    Args:
        to: "v5", a commit, "FUNCTION:VERSION", or None for the release before the present one.
        wait_warm: whether stages turn only when the provisioned concurrency of that release is READY.

    Raises:
        RefusedError: a canary runs, a region does not know that release, some of it has been pruned, or somebody
            else has a release under way.
        UsageError: there is no such release.
    """
    releasing = Releasing(
        aws=backend.aws, context=backend.context, workers=backend.settings.workers, take_over=take_over
    )
    logs = releasing.logs()
    unfinished = logs.unfinished()
    refuse_nobody(unfinished, releasing)
    look_behind(backend, found, provisioned_reads.configs)
    backs = choose(backend, logs, found, to=to)
    if not take_over and (reason := _elsewhere(unfinished, backs, releasing)):
        raise RefusedError([reason], hint="see what is in progress: backendctl history")
    for way in (way for back in backs if not back.holds for way in back.ways):
        _refuse_lost(way)
    steps: list[tuple[Record, dict[str, tuple[Record, ...]]]] = []
    desired: list[Resource] = []
    operations: list[Operation] = []
    remarks = [_stays(back) for back in backs if back.holds and to is None]
    for some in _together([back for back in backs if not back.holds]):
        entry, earlier = _entry(releasing, logs, some)
        entry = replace(entry, index=entry.index + len(steps), number=entry.number + len(steps))
        steps.append((entry, earlier))
        ways = [way for back in some for way in back.ways]
        parts = [part for way in ways for part in _parts(backend, way, entry)]
        ready = _ready(backend, ways, parts, wait_warm=wait_warm)
        remarks += [one.remark for one in ready]
        desired += [part for part in parts if not isinstance(part, StageCutover)]
        desired += [one.wanted for one in ready if one.wanted]
        turns = [part for part in parts if isinstance(part, StageCutover)]
        operations += [_waiting(turn, ready) for turn in turns] if wait_warm else turns
    plan = plan_of(backend, desired, operations)
    for entry, earlier in steps:
        if any(change.kind in {Stage.kind, Alias.kind} for change in plan.changes) or logs.at(entry.index):
            plan = announced(plan, entry, earlier, logs, releasing)
    remarks += [line for back in backs for way in back.ways for line in _unknown_variables(way)]
    moves = [_move(way) for back in backs for way in back.ways if way.one.api_id]
    return replace(plan, remarks=(*taken(backend.aws, moves), *dict.fromkeys(remarks)))


def _unknown_variables(way: Way) -> Iterator[str]:
    _, _, unknown = returning(way.one.variables, way.target, way.one.stage)
    routed = {route.variable for route in way.one.routes}
    if names := [name for name in unknown if name not in routed]:
        yield (
            f"the stage {way.one.stage} had {', '.join(names)} in v{way.target.number}, whose value is not remembered, "
            "as it may be a secret: set it by a deploy of that release's spec"
        )


def _refuse_lost(way: Way) -> None:
    """A release that called a function which the spec no longer has, by a variable that the stage no longer has.

    Raises:
        RefusedError: so it is; its requests would fail.
    """
    _, _, unknown = returning(way.one.variables, way.target, way.one.stage)
    called = {route.physical for route in way.one.routes}
    lost = sorted({alias.partition(":")[0] for alias in way.target.versions} - called)
    if lost and unknown:
        reason = (
            f"the stage {way.one.stage} in {way.one.region} called {', '.join(lost)} in v{way.target.number}, by the "
            f"variables {', '.join(unknown)}, and the spec no longer has it"
        )
        raise RefusedError([reason], hint="deploy the spec of that release, which has the function")


def _stays(back: Back) -> str:
    """What serves is a rollback already."""
    further = f"backendctl rollback --to v{back.further} goes further back"
    way = further if back.further else "there is no release before that"
    return f"{back.stage}: v{back.before}, a rollback to v{back.like}, serves already; {way}"


def _ready(
    backend: Backend, ways: Sequence[Way], parts: Sequence[Resource | StageCutover], *, wait_warm: bool
) -> list[Rewarmed]:
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


def _waiting(part: StageCutover, ready: Sequence[Rewarmed]) -> StageCutover:
    """A stage waits for what is provisioned in its region."""
    here = {
        address(wanted.region, wanted.kind, wanted.name)
        for wanted in (one.wanted for one in ready)
        if wanted is not None and wanted.region == part.region
    }
    return replace(part, requires=part.requires | here)


def _elsewhere(unfinished: Record | None, backs: Sequence[Back], releasing: Releasing) -> str:
    """Why it may not begin because of what somebody else has under way; empty when it may."""
    if unfinished is None:
        return ""
    ours = next((back.joining for back in backs if back.joining is not None), None)
    return refusal(unfinished, ours or replace(unfinished, token=""), releasing)


def _together(backs: Sequence[Back]) -> list[list[Back]]:
    """Stages that go back to the same release do it under one number."""
    groups: dict[tuple[int, int | None], list[Back]] = {}
    for back in backs:
        groups.setdefault((back.like, back.joining.number if back.joining else None), []).append(back)
    return list(groups.values())


def _entry(releasing: Releasing, logs: Logs, some: Sequence[Back]) -> tuple[Record, dict[str, tuple[Record, ...]]]:
    first = some[0]
    target = first.ways[0].target
    targets = tuple(back.stage for back in some)
    return next_entry(
        logs,
        releasing,
        event=Event.ROLLBACK,
        token=token_of(str(Event.ROLLBACK), first.like, targets, logs.highest),
        targets=targets,
        joining=first.joining,
        facts=None
        if first.joining
        else {
            "like": first.like,
            "before": first.before,
            "commit": target.commit,
            "author": target.author,
            "definition": target.definition,
        },
    )


def _move(way: Way) -> Move:
    return Move(
        region=way.one.region,
        stage=way.one.stage,
        api_id=way.one.api_id,
        before=way.one.deployment,
        after=way.target.deployment_of(way.one.stage),
    )


def _parts(backend: Backend, way: Way, entry: Record) -> Iterator[Resource | StageCutover]:
    one, target = way.one, way.target
    if not one.api_id:
        (route,) = one.routes
        yield pointing(
            backend,
            region=one.region,
            name=one.stage,
            physical=route.physical,
            version=_version(target, route),
            entry=entry,
            tag=entry.tag,
        )
        return
    variables: dict[str, str] = {}
    needed: set[str] = set()
    held: list[Held] = []
    for group in _groups(one, target):
        slot = _slot(backend, way, group)
        for route in group:
            before = one.variables.get(route.variable or "", route.alias)
            prefix = before.removesuffix(qualifier(route, one.variables))
            variables[route.variable or ""] = f"{prefix}{route.alias}-{slot}"
            alias = _slot_alias(backend, way, route, slot)
            held.append(Held(physical=route.physical, alias=alias.alias, version=alias.version or ""))
            needed.add(address(one.region, alias.kind, alias.name))
            yield alias
    turn = _turn(way, entry, variables, tuple(held), needed=frozenset(needed))
    yield turn
    for route in (route for group in _groups(one, target) for route in group):
        yield pointing(
            backend,
            region=one.region,
            name=qualified(_function(backend, one, route).name, route.alias),
            physical=route.physical,
            version=_version(target, route),
            after=frozenset({address(one.region, turn.kind, one.stage)}),
        )


def _turn(
    way: Way, entry: Record, slots: Mapping[str, str], held: tuple[Held, ...], *, needed: frozenset[str]
) -> StageCutover:
    """The stage's step back, with the variables of the release. slots: those that lead to an alias."""
    one, target = way.one, way.target
    values, gone, _ = returning(one.variables, target, one.stage)
    variables = {**values, **slots}
    return StageCutover(
        region=one.region,
        name=one.stage,
        api=one.api,
        routes=one.routes,
        requires=needed,
        deployment=target.deployment_of(one.stage),
        variables=variables,
        held=held,
        gone=tuple(name for name in gone if name not in variables),
        entry=entry,
        tag=entry.tag,
        seen=one.tag,
    )


def _slot_alias(backend: Backend, way: Way, route: Route, slot: str) -> Alias:
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
        guard=(way.one.api, frozenset({route.variable or ""})),
    )


def _groups(one: Serving, target: Record) -> list[list[Route]]:
    """Routes that share a variable share the slot, for it has one value; what the release did not know stays."""
    groups: dict[str, list[Route]] = {}
    for route in dict.fromkeys(one.routes):
        if route.variable is not None and _version(target, route):
            groups.setdefault(route.variable, []).append(route)
    return list(groups.values())


def _slot(backend: Backend, way: Way, group: Sequence[Route]) -> str:
    """The one that serves now if it is that release, else the other one, which nobody is sent to."""
    one, target = way.one, way.target
    serving = {qualifier(route, one.variables) for route in group}
    free = [slot for slot in SLOTS if not serving & {f"{route.alias}-{slot}" for route in group}]
    for slot in sorted(SLOTS, key=lambda slot: slot in free):
        if all(_points_at(backend, one, route, slot, _version(target, route)) for route in group):
            return slot
    elsewhere = _named_elsewhere(backend, one, group[0].variable or "")
    usable = [slot for slot in free if not elsewhere & {f"{route.alias}-{slot}" for route in group}]
    if not usable:
        raise RefusedError(
            [f"{one.address}: both slots of {group[0].physical}:{group[0].alias} serve"],
            hint="another stage uses the idle one; give the stages aliases of their own",
        )
    return usable[0]


def _named_elsewhere(backend: Backend, one: Serving, variable: str) -> set[str]:
    """The aliases that other stages name by the same variable."""
    live = list_stages(backend.aws, one.region, one.api_id)
    values = [(stage.get("variables") or {}).get(variable, "") for name, stage in live.items() if name != one.stage]
    return {value.rpartition(":")[2] for value in values}


def _points_at(backend: Backend, one: Serving, route: Route, slot: str, version: str) -> bool:
    alias = lambda_reads.aliases(backend.aws, one.region, route.physical).get(f"{route.alias}-{slot}")
    return alias is not None and alias.version == version


def _version(target: Record, route: Route) -> str:
    """Of a function behind a route; a stage that has come to name another alias keeps its way back."""
    if route.key in target.versions:
        return target.versions[route.key]
    others = {number for key, number in target.versions.items() if key.rpartition(":")[0] == route.physical}
    return others.pop() if len(others) == 1 else ""


def _function(backend: Backend, one: Serving, route: Route) -> FunctionSpec:
    return next(f for f in backend.spec.functions_in(one.region) if f.physical == route.physical)
