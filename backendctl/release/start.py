"""Starting a canary: the plan of a deploy, but for the stages, which keep serving what they serve."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from backendctl.api.judge import judged, kept
from backendctl.api_in_plan import case_of, look_at_api, readable_world
from backendctl.app import Changes
from backendctl.engine.plan import Action, Plan, make_plan
from backendctl.engine.resource import address
from backendctl.errors import RefusedError
from backendctl.release import preflight, telling
from backendctl.release.running import refuse_unknown
from backendctl.release.steps import earlier_wave
from backendctl.resources import KINDS, assemble
from backendctl.resources.alias import Alias
from backendctl.resources.alias_names import names_of, qualified
from backendctl.resources.canary import Canary
from backendctl.resources.provisioned import ProvisionedConcurrency
from backendctl.resources.stage import Stage

if TYPE_CHECKING:
    from backendctl.app import Backend
    from backendctl.engine.resource import Resource
    from backendctl.resources.world import World
    from backendctl.spec.model import Stage as Spec

_PARTS = frozenset(
    {"roster", "role", "log-group", "function", "alias", "provisioned", "rest-api", "permission", "api-account"}
)
"""The kinds a release is made of; what else a deploy would change is left to it."""


def plan_start(
    backend: Backend, *, percent: float, stages: Sequence[str] = (), waves: Sequence[Sequence[str]] = ()
) -> tuple[Changes, tuple[str, ...]]:
    """New versions behind the idle aliases, and a canary on every stage whose requests would change.

    A canary that shows the same already is left as it is, so that a start that was interrupted is finished by the
    same command.

    Args:
        percent: the share to begin with. stages: only these; empty means all of the spec's.
        waves: groups of regions, each of which begins when the one before it has; empty means all together.

    Returns:
        The plan, and the addresses that a deploy would change and a canary does not touch.

    Raises:
        RefusedError: a canary of another release runs, or what is there does not allow one.
        UsageError: there is no such stage.
    """
    refuse_unknown(backend, stages)
    seen = look_at_api(backend)
    world, unreadable = readable_world(backend, seen)
    chosen = _stages(world, stages)
    everything = assemble.desired(world)
    if seen is not None:
        everything = kept(everything, seen)
    found = list(_canaries(world, chosen, everything, percent=percent, backend=backend))
    logs = telling.access_logs(backend.aws, found, everything)
    canaries = [telling.after(_after(canary, found, waves), logs) for canary in found]
    parts = [resource for resource in everything if _belongs(resource, world, chosen)] if canaries else []
    plan = make_plan(
        desired=[*parts, *logs, *canaries],
        kinds=(*KINDS, Canary),
        aws=backend.aws,
        regions=world.spec.regions,
        workers=backend.settings.workers,
        backend=backend.spec.backend,
        strays=False,
    )
    plan = replace(plan, unreadable={**unreadable, **plan.unreadable})
    preflight.refuse(plan, canaries, world, backend)
    if seen is not None and canaries:
        plan = judged(plan, parts, case_of(backend, seen))
    changes = Changes(plan=plan, world=world, look=seen)
    return changes, _pending(everything, plan, backend)


def _stages(world: World, names: Sequence[str]) -> tuple[Spec, ...]:
    known = world.spec.api.stages if world.spec.api else ()
    return tuple(stage for stage in known if not names or stage.name in names)


def _canaries(
    world: World, stages: Sequence[Spec], everything: Sequence[Resource], *, percent: float, backend: Backend
) -> Iterator[Canary]:
    wanted = {(r.region, r.name): r for r in everything if isinstance(r, Stage)}
    missing: list[str] = []
    for region in world.spec.regions:
        for stage in stages:
            desired = wanted[region, stage.name]
            live = Stage.read(backend.aws, desired)
            if live is None:
                missing.append(f"there is no stage {stage.name} in {region}")
            elif canary := Canary.beside(desired, live, percent=percent):
                running = Canary.read(backend.aws, canary)
                yield canary if running is None else replace(canary, percent=running.percent)
    if missing:  # A63
        raise RefusedError(missing, hint="a canary needs something beside it: backendctl deploy")


def _after(canary: Canary, canaries: Sequence[Canary], waves: Sequence[Sequence[str]]) -> Canary:
    earlier = earlier_wave(canary.region, waves)
    return replace(canary, requires=canary.requires | {_address(c) for c in canaries if c.region in earlier})


def _address(canary: Canary) -> str:
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
    rest = [r for r in everything if r.kind not in {*_PARTS, Stage.kind}]
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
