"""Starting a canary: the plan of a deploy, but for the stages, which keep serving what they serve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from backendctl.api.judge import judged, kept
from backendctl.api_in_plan import case_of, look_at_api, readable_world
from backendctl.app import Changes
from backendctl.engine.plan import Action, make_plan
from backendctl.engine.resource import address
from backendctl.errors import RefusedError, UsageError
from backendctl.release import preflight, telling
from backendctl.release.log_reading import Logs
from backendctl.release.numbering import Releasing, announced, content_of, next_entry, refusal, refuse_nobody
from backendctl.release.running import refuse_unknown
from backendctl.release.steps import earlier_wave
from backendctl.release.targets import split
from backendctl.resources import KINDS, assemble
from backendctl.resources.alias import Alias
from backendctl.resources.alias_names import names_of, qualified
from backendctl.resources.canary import Canary, CanaryStart
from backendctl.resources.provisioned import ProvisionedConcurrency
from backendctl.resources.release_record import Event, Record, token_of
from backendctl.resources.stage import Stage
from backendctl.resources.stage_writes import END_IT
from backendctl.stage_alone import parts as parts_of
from backendctl.stage_alone import served_only

if TYPE_CHECKING:
    from backendctl.api.look import Look
    from backendctl.app import Backend
    from backendctl.engine.plan import Plan
    from backendctl.engine.resource import Resource
    from backendctl.resources.share import Share
    from backendctl.resources.world import World
    from backendctl.spec.model import Stage as Spec

_PARTS = frozenset(
    {"roster", "role", "log-group", "function", "alias", "provisioned", "rest-api", "permission", "api-account"}
)
"""The kinds a release is made of; what else a deploy would change is left to it."""


def plan_start(
    backend: Backend,
    *,
    percent: float,
    stages: Sequence[str] = (),
    waves: Sequence[Sequence[str]] = (),
    take_over: bool = False,
) -> tuple[Changes, tuple[str, ...]]:
    """New versions behind the idle aliases, and a canary on every stage whose requests would change.

    A canary that shows the same already is left as it is, so that the same command finishes an interrupted start.

    Args:
        percent: the share to begin with. stages: only these; empty means all of the spec's.
        waves: groups of regions, each of which begins when the one before it has; empty means all together.

    Returns:
        The plan, and the addresses that a deploy would change and a canary does not touch.

    Raises:
        RefusedError: what is there does not allow one, or somebody else has a release under way.
        SpecError: a pinned stage has never served.
        UsageError: there is no such stage, or a canary runs already.
    """
    refuse_unknown(backend, stages)
    backend.refuse_faults()
    world, unreadable = readable_world(backend, seen := look_at_api(backend))
    chosen = _stages(world, stages)
    everything = _everything(world, seen)
    releasing = _releasing(backend, world, take_over=take_over)
    logs = releasing.logs()
    refuse_nobody(logs.unfinished(), releasing)
    found = list(_canaries(world, chosen, everything, percent=percent, backend=backend))
    entry, earlier = canary_entry(
        logs, releasing, [c.name for c in found], percent=percent, lives=_lives(found, everything, backend)
    )
    if found:
        refuse_second([(c.region, c.name, c.running(backend.aws)) for c in found], entry, logs.unfinished())
    numbered = [_numbered(canary, entry, base=_base(logs, earlier, canary)) for canary in found]
    access = telling.access_logs(backend.aws, numbered, everything)
    canaries = [telling.after(_after(canary, numbered, waves), access) for canary in numbered]
    parts = [resource for resource in everything if _belongs(resource, world, chosen)] if canaries else []
    plan, parts = _plan(parts, access, canaries, releasing)
    plan = replace(plan, unreadable={**unreadable, **plan.unreadable}, refusals=(*plan.refusals, *backend.refusals))
    preflight.refuse(plan, canaries, world, backend)
    if seen is not None and canaries:
        plan = judged(plan, parts, case_of(backend, seen))
    is_begun = canaries and (plan.changes or logs.at(entry.index))
    plan = begun(plan, entry, earlier, logs, releasing) if is_begun else plan
    return Changes(plan=plan, world=world, look=seen), _pending(everything, plan, backend)


def _numbered(canary: CanaryStart, entry: Record, *, base: str) -> CanaryStart:
    return replace(canary, entry=entry, base=base, percent=share_of(entry, canary.percent))


def share_of(entry: Record, percent: float) -> float:
    """What a canary begins with; one that was begun is finished with its own, so that all regions get the same."""
    return percent if entry.percent is None else entry.percent


def _releasing(backend: Backend, world: World, *, take_over: bool) -> Releasing:
    return Releasing(
        aws=backend.aws,
        world=world,
        workers=backend.settings.workers,
        meant=backend.spec.regions,
        take_over=take_over,
    )


def _everything(world: World, seen: Look | None) -> list[Resource]:
    found = assemble.desired(world)
    found = found if seen is None else kept(found, seen)
    return parts_of(found) if world.chosen else found


def _plan(
    parts: list[Resource], access: Sequence[Resource], canaries: Sequence[CanaryStart], releasing: Releasing
) -> tuple[Plan, list[Resource]]:
    """The plan, and of its parts what is compared."""
    plan = make_plan(
        desired=[*parts, *access],
        kinds=KINDS,
        aws=releasing.aws,
        regions=releasing.spec.regions,
        workers=releasing.workers,
        backend=releasing.spec.backend,
        strays=False,
        operations=canaries,
    )
    return served_only(plan, parts) if releasing.world.chosen else (plan, parts)


def begun(
    plan: Plan, entry: Record, earlier: Mapping[str, tuple[Record, ...]], logs: Logs, releasing: Releasing
) -> Plan:
    """The plan with its announcement, and with why it may not begin."""
    reason = refusal(logs.unfinished(), entry, releasing)
    plan = replace(plan, refusals=(*plan.refusals, *([reason] if reason else [])))
    return announced(plan, entry, earlier, logs, releasing)


def canary_entry(
    logs: Logs, releasing: Releasing, targets: Sequence[str], *, percent: float, lives: Sequence[Resource]
) -> tuple[Record, dict[str, tuple[Record, ...]]]:
    """The entry of a canary that begins, or that was begun and is to be finished."""
    token = token_of(str(Event.CANARY), content_of(releasing.world))
    unfinished = logs.unfinished()
    same = unfinished is not None and (unfinished.event, unfinished.token) == (Event.CANARY, token)
    joining = unfinished if same else None
    facts = {} if same else {"percent": percent}
    names = list(dict.fromkeys(targets))
    return next_entry(
        logs, releasing, event=Event.CANARY, token=token, targets=names, lives=lives, joining=joining, facts=facts
    )


def refuse_second(
    running: Sequence[tuple[str, str, Canary | Share | None]], entry: Record, unfinished: Record | None
) -> None:
    """A canary that runs is not started again, but for one that was begun by the same command.

    Raises:
        UsageError: one runs.
    """
    if unfinished is not None and unfinished.index == entry.index:
        return
    reasons = [
        f"a canary{f' (v{number})' if (number := split(one.tag)) is not None else ''} is on "
        f"{address(region, 'stage' if isinstance(one, Canary) else 'alias', name)}, with {one.percent:g} %"
        for region, name, one in running
        if one is not None
    ]
    if reasons:
        raise UsageError("; ".join(reasons), hint="shift it (backendctl promote-canary --to PERCENT), or " + END_IT)


def _lives(canaries: Sequence[CanaryStart], everything: Sequence[Resource], backend: Backend) -> list[Stage]:
    names = {(canary.region, canary.name) for canary in canaries}
    stages = [one for one in everything if isinstance(one, Stage) and (one.region, one.name) in names]
    lives = [(one, Stage.read(backend.aws, one)) for one in stages]
    return [replace(live, routes=one.routes) for one, live in lives if live is not None]


def _base(logs: Logs, earlier: Mapping[str, Sequence[Record]], canary: CanaryStart) -> str:
    """A tag for what the stage serves, where it may have none yet."""
    told = [e for e in earlier.get(canary.region, ()) if canary.name in e.targets]
    log = logs.regions.get(canary.region)
    told = told or (log.lived(canary.name) if log is not None else [])
    return told[-1].tag if told else ""


def _stages(world: World, names: Sequence[str]) -> tuple[Spec, ...]:
    known = world.spec.api.stages if world.spec.api else ()
    kept = {stage for _, stage in world.kept}
    return tuple(stage for stage in known if stage.name not in kept and (not names or stage.name in names))


def _canaries(
    world: World, stages: Sequence[Spec], everything: Sequence[Resource], *, percent: float, backend: Backend
) -> Iterator[CanaryStart]:
    wanted = {(r.region, r.name): r for r in everything if isinstance(r, Stage)}
    missing: list[str] = []
    for region in world.spec.regions:
        for stage in stages:
            desired = wanted[region, stage.name]
            live = Stage.read(backend.aws, desired)
            if live is None:
                missing.append(f"there is no stage {stage.name} in {region}")
            elif canary := CanaryStart.beside(desired, live, percent=percent):
                yield canary
    if missing:  # A63
        raise RefusedError(missing, hint="a canary needs something beside it: backendctl deploy")


def _after(canary: CanaryStart, canaries: Sequence[CanaryStart], waves: Sequence[Sequence[str]]) -> CanaryStart:
    earlier = earlier_wave(canary.region, waves)
    return replace(canary, requires=canary.requires | {_address(c) for c in canaries if c.region in earlier})


def _address(canary: CanaryStart) -> str:
    return address(canary.region, canary.kind, canary.name)


def _belongs(resource: Resource, world: World, stages: Sequence[Spec]) -> bool:
    """Whether it is a part of this release: what its requests meet, but no alias that others call."""
    if resource.kind not in _PARTS:
        return False
    names = {stage.name for stage in stages}
    reached = {
        (region, link.function.name)
        for region, links in world.links.items()
        for link in links
        if link.stage.name in names
    }
    if resource.kind in {"function", "permission"}:
        return (resource.region, resource.name.partition(":")[0]) in reached
    if not isinstance(resource, Alias | ProvisionedConcurrency):
        return True
    return (resource.region, resource.name.partition(":")[0]) in reached and _is_slot(resource, world)


def _is_slot(alias: Alias | ProvisionedConcurrency, world: World) -> bool:
    function = next(f for f in world.spec.functions_in(alias.region) if f.physical == alias.physical)
    names = names_of(world, alias.region, function)
    return alias.name not in {qualified(function.name, name) for name in (*names.staged, *names.plain)}


def _pending(everything: Sequence[Resource], plan: Plan, backend: Backend) -> tuple[str, ...]:
    """What differs from the spec and is no part of the release, told so that nobody waits for it."""
    planned = {change.address for change in plan.changes}
    rest = [r for r in everything if r.kind not in {*_PARTS, Stage.kind}] if not backend.world.chosen else []
    others = make_plan(
        desired=rest,
        kinds=KINDS,
        aws=backend.aws,
        regions=backend.spec.regions,
        workers=backend.settings.workers,
        backend=backend.spec.backend,
        strays=False,
    )
    return tuple(c.address for c in others.changes if c.address not in planned and c.action is not Action.DELETE)
