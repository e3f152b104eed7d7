"""Starting a canary: the plan of a deploy, but for the stages, which keep serving what they serve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from backendctl.api.judge import judged, kept
from backendctl.api_in_plan import case_of, look_at_api, readable_context
from backendctl.app import Changes
from backendctl.engine.action import Action
from backendctl.engine.resource import address
from backendctl.engine.traits import traits_of
from backendctl.errors import RefusedError
from backendctl.release import preflight, telling
from backendctl.release.log_reading import Logs
from backendctl.release.numbering import announced, next_entry, refusal, refuse_nobody
from backendctl.release.releasing import Releasing
from backendctl.release.running import refuse_unknown
from backendctl.release.running_canaries import Running, content_token
from backendctl.release.steps import earlier_wave
from backendctl.resources import assemble
from backendctl.resources.apigateway.canary import CanaryStart
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.lambda_ import code_buckets
from backendctl.resources.lambda_.alias import Alias
from backendctl.resources.lambda_.alias_names import names_of, qualified
from backendctl.resources.lambda_.function import Function
from backendctl.resources.lambda_.permission import Permission
from backendctl.resources.lambda_.provisioned import ProvisionedConcurrency
from backendctl.resources.ssm.release_record import Event, Record
from backendctl.stage_alone import parts as parts_of
from backendctl.stage_alone import served_only

if TYPE_CHECKING:
    from backendctl.api.look import Look
    from backendctl.aws.connection import Aws
    from backendctl.backend import Backend
    from backendctl.engine.plan import Plan
    from backendctl.engine.resource import Resource
    from backendctl.resources.deploy_context import DeployContext
    from backendctl.spec.model import StageSpec


def plan_start(
    backend: Backend,
    *,
    percent: float | None = None,
    stages: Sequence[str] = (),
    waves: Sequence[Sequence[str]] = (),
    take_over: bool = False,
) -> tuple[Changes, tuple[str, ...]]:
    """New versions behind the idle aliases, and a canary on every stage whose requests would change.

    A start that was interrupted is finished by the same command; one that has ended is said again without harm.

    Args:
        percent: the share to begin with; None is the spec's first step.
        stages: only these; empty means all of the spec's.
        waves: groups of regions, each of which begins when the one before it has; empty means all together.

    Returns:
        The plan, and the addresses that a deploy would change and a canary does not touch.

    Raises:
        RefusedError: what is there does not allow one, or somebody else has a release under way.
        SpecError: a pinned stage has never served.
        UsageError: there is no such stage, or a canary runs already that is another one or has another share.
    """
    refuse_unknown(backend, stages)
    backend.refuse_faults()
    begins = backend.spec.canary.steps[0] if percent is None else percent
    context, unreachable = readable_context(backend, seen := look_at_api(backend))
    chosen = _stages(context, stages)
    everything = _everything(context, seen)
    releasing = _releasing(backend, context, take_over=take_over)
    logs = releasing.logs()
    refuse_nobody(logs.unfinished(), releasing)
    found = list(_canaries(context, chosen, everything, percent=begins, backend=backend))
    running = Running.read(found, logs, releasing, percent=percent)
    if running.holds():
        return Changes(plan=replace(running.plan(releasing), unreachable=unreachable), context=context, look=seen), ()
    numbered, entry, earlier = numbered_canaries(found, everything, logs, releasing, running=running)
    access = telling.access_logs(backend.aws, numbered, everything)
    canaries = [telling.after(_after(canary, numbered, waves), access) for canary in numbered]
    parts = [resource for resource in everything if _belongs(resource, context, chosen)] if canaries else []
    plan, parts = _plan(parts, access, canaries, releasing)
    plan = replace(plan, unreachable={**unreachable, **plan.unreachable}, refusals=(*plan.refusals, *backend.refusals))
    preflight.refuse(plan, canaries, context, backend)
    if seen is not None and canaries:
        plan = judged(plan, parts, case_of(backend, seen))
    is_begun = canaries and (plan.changes or logs.at(entry.index))
    plan = begun(plan, entry, earlier, logs, releasing) if is_begun else plan
    return Changes(plan=plan, context=context, look=seen), _pending(everything, plan, backend)


def numbered_canaries(
    canaries: Sequence[CanaryStart],
    everything: Sequence[Resource],
    logs: Logs,
    releasing: Releasing,
    *,
    running: Running,
    token: str = "",
) -> tuple[list[CanaryStart], Record, dict[str, tuple[Record, ...]]]:
    """The canaries with the number of the release that they are; its entry, and what is written before that.

    Args:
        everything: among it the stages of the canaries. running: what is on there.
        token: names the content; empty takes what the spec says.

    Raises:
        UsageError: another canary is on, or this one was begun with another share.
    """
    entry, earlier = canary_entry(
        logs,
        releasing,
        {canary.name: canary.percent for canary in canaries},
        token=token or content_token(releasing),
        lives=_lives(canaries, everything, releasing.aws),
        elsewhere=running.begun_elsewhere(releasing.meant or releasing.spec.regions),
    )
    running.refuse(entry)
    numbered = [
        replace(one, entry=entry, base=_base(logs, earlier, one), percent=percent_of(entry, one.percent))
        for one in canaries
    ]
    return numbered, entry, earlier


def percent_of(entry: Record, percent: float) -> float:
    """What a canary begins with; one that was begun is finished with its own, so that all regions get the same."""
    return percent if entry.percent is None else entry.percent


def _releasing(backend: Backend, context: DeployContext, *, take_over: bool) -> Releasing:
    return Releasing(
        aws=backend.aws,
        context=context,
        workers=backend.settings.workers,
        meant=backend.spec.regions,
        take_over=take_over,
    )


def _everything(context: DeployContext, seen: Look | None) -> list[Resource]:
    found = assemble.desired(context)
    found = found if seen is None else kept(found, seen)
    return parts_of(found) if context.chosen else found


def _plan(
    parts: list[Resource], access: Sequence[Resource], canaries: Sequence[CanaryStart], releasing: Releasing
) -> tuple[Plan, list[Resource]]:
    """The plan, and of its parts what is compared."""
    plan = releasing.planner.part([*parts, *access], canaries)
    plan = replace(plan, refusals=(*plan.refusals, *code_buckets.unfit(plan.changes, releasing.aws)))
    return served_only(plan, parts) if releasing.context.chosen else (plan, parts)


def begun(
    plan: Plan, entry: Record, earlier: Mapping[str, tuple[Record, ...]], logs: Logs, releasing: Releasing
) -> Plan:
    """The plan with its announcement, and with why it may not begin."""
    reason = refusal(logs.unfinished(), entry, releasing)
    plan = replace(plan, refusals=(*plan.refusals, *([reason] if reason else [])))
    return announced(plan, entry, earlier, logs, releasing)


def canary_entry(
    logs: Logs,
    releasing: Releasing,
    percents: Mapping[str, float],
    *,
    token: str,
    lives: Sequence[Resource],
    elsewhere: Record | None,
) -> tuple[Record, dict[str, tuple[Record, ...]]]:
    """The entry of a canary that begins, or that was begun and is to be finished.

    Args:
        percents: stage or alias → per cent, the same for all.
        elsewhere: of the same canary, where other regions have it already.
    """
    unfinished = logs.unfinished()
    same = unfinished is not None and (unfinished.event, unfinished.token) == (Event.CANARY, token)
    return next_entry(
        logs,
        releasing,
        event=Event.CANARY,
        token=token,
        targets=tuple(percents),
        lives=lives,
        joining=unfinished if same else elsewhere,
        facts={"percent": next(iter(percents.values()), None)},
    )


def _lives(canaries: Sequence[CanaryStart], everything: Sequence[Resource], aws: Aws) -> list[Stage]:
    names = {(canary.region, canary.name) for canary in canaries}
    stages = [one for one in everything if isinstance(one, Stage) and (one.region, one.name) in names]
    lives = [(one, Stage.read(aws, one)) for one in stages]
    return [replace(live, routes=one.routes) for one, live in lives if live is not None]


def _base(logs: Logs, earlier: Mapping[str, Sequence[Record]], canary: CanaryStart) -> str:
    """A tag for what the stage serves, where it may have none yet."""
    told = [e for e in earlier.get(canary.region, ()) if canary.name in e.targets]
    log = logs.regions.get(canary.region)
    told = told or (log.lived(canary.name) if log is not None else [])
    return told[-1].tag if told else ""


def _stages(context: DeployContext, names: Sequence[str]) -> tuple[StageSpec, ...]:
    known = context.spec.api.stages if context.spec.api else ()
    kept = {stage for _, stage in context.kept}
    return tuple(stage for stage in known if stage.name not in kept and (not names or stage.name in names))


def _canaries(
    context: DeployContext,
    stages: Sequence[StageSpec],
    everything: Sequence[Resource],
    *,
    percent: float,
    backend: Backend,
) -> Iterator[CanaryStart]:
    wanted = {(r.region, r.name): r for r in everything if isinstance(r, Stage)}
    missing: list[str] = []
    for region in context.spec.regions:
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


def _is_canarys(resource: Resource) -> bool:
    return traits_of(resource).beside_canary or isinstance(resource, Stage)


def _belongs(resource: Resource, context: DeployContext, stages: Sequence[StageSpec]) -> bool:
    """Whether it is a part of this release: what its requests meet, but no alias that others call."""
    if not traits_of(resource).beside_canary:
        return False
    names = {stage.name for stage in stages}
    reached = {
        (region, link.function.name)
        for region, links in context.links.items()
        for link in links
        if link.stage.name in names
    }
    if isinstance(resource, Function | Permission):
        return (resource.region, resource.name.partition(":")[0]) in reached
    if not isinstance(resource, Alias | ProvisionedConcurrency):
        return True
    return (resource.region, resource.name.partition(":")[0]) in reached and _is_slot(resource, context)


def _is_slot(alias: Alias | ProvisionedConcurrency, context: DeployContext) -> bool:
    function = next(f for f in context.spec.functions_in(alias.region) if f.physical == alias.physical)
    names = names_of(context, alias.region, function)
    return alias.name not in {qualified(function.name, name) for name in (*names.staged, *names.plain)}


def _pending(everything: Sequence[Resource], plan: Plan, backend: Backend) -> tuple[str, ...]:
    """What differs from the spec and is no part of the release, or may: told so that nobody waits for it."""
    planned = {change.address for change in plan.changes}
    rest = [r for r in everything if not _is_canarys(r)] if not backend.context.chosen else []
    others = backend.planner.part(rest)
    told = [c.address for c in others.changes if c.address not in planned and c.action is not Action.DELETE]
    unknown = {region: error for region, error in others.unreachable.items() if region not in plan.unreachable}
    return (*told, *(f"perhaps more in {region} ({error})" for region, error in unknown.items()))
