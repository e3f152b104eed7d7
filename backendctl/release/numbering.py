"""A plan becomes a release: it gets a number, which is announced first, rides in what turns, and is concluded last."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from backendctl.engine.action import Action
from backendctl.engine.diff import FieldChange
from backendctl.engine.plan import Change, Plan, change_of, in_order, operating
from backendctl.engine.resource import GLOBAL, Resource, address, address_of
from backendctl.engine.traits import traits_of
from backendctl.errors import UsageError
from backendctl.release.live import drifted, found_entries, number_before
from backendctl.release.log_reading import Logs, binds
from backendctl.release.releasing import Releasing, targets_of
from backendctl.resources import KINDS
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.apigateway.stage_writes import held_by_canary
from backendctl.resources.lambda_.alias import Alias
from backendctl.resources.lambda_.alias_names import qualified
from backendctl.resources.lambda_.function import Function
from backendctl.resources.ssm.release_claim import KIND, Announce, Conclude, entry_name, told
from backendctl.resources.ssm.release_record import Event, Record, token_of
from backendctl.spec.model import by_alias

if TYPE_CHECKING:
    from backendctl.resources.deploy_context import DeployContext

_TURNING = frozenset({"definition", "localised", "variables"})


def content_of(context: DeployContext) -> list[Any]:
    """What names the content of a deploy: neutral of regions, so that each of them can be released by itself."""
    region = context.spec.primary
    codes = {
        (region, function.name): context.code_ids.get((region, function.name), str(function.code))
        for function in context.spec.functions_in(region)
    }
    whole = replace(context, code_ids={**context.code_ids, **codes})
    functions = [
        (function.name, Function.wanted(whole, region, function).release)
        for function in context.spec.functions_in(region)
    ]
    own = sorted({(stage, d.digest) for (_, stage), d in context.stage_definitions.items()})
    found = [sorted({d.digest for d in context.definitions.values()}), sorted(functions), *([own] if own else [])]
    return [*found, *([sorted(context.chosen)] if context.chosen else [])]


def numbered(plan: Plan, desired: Sequence[Resource], releasing: Releasing, *, token: str = "") -> Plan:
    """The plan of a deploy with the number of the release that it is, if it is one.

    Args:
        token: names the content; empty takes what the spec says.

    Raises:
        UsageError: there is nothing to take over.
    """
    logs = releasing.logs()
    if logs.unreachable and not logs.regions:  # nothing would be announced anywhere
        raise next(iter(logs.unreachable.values()))
    token = token or token_of(str(Event.DEPLOY), content_of(releasing.context))
    unfinished = logs.unfinished()
    ours = unfinished if unfinished and unfinished.event is Event.DEPLOY and unfinished.token == token else None
    ours = ours or _elsewhere(plan, logs, token, releasing)
    released = list(dict.fromkeys(ours.targets if ours else _released(plan, desired, releasing)))
    refuse_nobody(unfinished, releasing)
    if not released:
        return plan
    held = [
        held_by_canary(c.address)
        for c in plan.changes
        if isinstance(c.live, Alias) and c.live.shared and c.desired is not None and _moves(c)
    ]
    lives = _lives(plan, desired)
    template, earlier = next_entry(
        logs, releasing, event=Event.DEPLOY, token=token, targets=released, lives=lives, joining=ours
    )
    reason = refusal(unfinished, template, releasing)
    if reason or held:
        return replace(plan, refusals=(*plan.refusals, *held, *([reason] if reason else [])))
    return announced(_with_release(plan, desired, template, releasing), template, earlier, logs, releasing)


def _elsewhere(plan: Plan, logs: Logs, token: str, releasing: Releasing) -> Record | None:
    """The newest release, when it is the same and these regions lack it: it comes to them under its own number."""
    there = logs.at(logs.top)
    top = next(iter(there.values()), None)
    changed = {c.region for c in plan.changes if c.kind in {Stage.kind, Alias.kind}}
    if top is None or top.event is not Event.DEPLOY or top.token != token or not changed or changed & there.keys():
        return None
    if {c.name for c in plan.changes if _is_new(c)} - set(top.targets):
        return None  # further stages come with it, which need a number too
    return replace(top, regions=tuple(dict.fromkeys((*top.regions, *(releasing.meant or releasing.spec.regions)))))


def _is_new(change: Change) -> bool:
    """Whether a stage is made that no other region serves as it will."""
    return isinstance(change.desired, Stage) and change.action is Action.CREATE and change.desired.noted is None


def refuse_nobody(unfinished: Record | None, releasing: Releasing) -> None:
    if releasing.take_over and (unfinished is None or not binds(unfinished, me=releasing.context.stamp)):
        raise UsageError("--take-over: no release of somebody else is in progress")


def refusal(unfinished: Record | None, entry: Record, releasing: Releasing) -> str:
    """Why an operation may not begin; empty when it may."""
    me = releasing.context.stamp
    if unfinished is None or releasing.take_over or not binds(unfinished, me=me):
        return ""
    same = (unfinished.index, unfinished.event, unfinished.token) == (entry.index, entry.event, entry.token)
    if same and unfinished.operator == me.operator:
        return ""
    return f"{told(unfinished)}: wait, or take it over with --take-over"


def next_entry(
    logs: Logs,
    releasing: Releasing,
    *,
    event: Event,
    token: str,
    targets: Sequence[str],
    lives: Sequence[Resource] = (),
    joining: Record | None = None,
    facts: Mapping[str, Any] | None = None,
) -> tuple[Record, dict[str, tuple[Record, ...]]]:
    """The entry of a new release, or that which is to be finished; and what has to be written before it.

    Args:
        lives: the live stages and aliases. joining: the entry that is ours already. facts: further ones of the record.
    """
    stamp = releasing.context.stamp
    if joining is not None:
        entry = replace(joining, operator=stamp.operator, process=stamp.process, time=stamp.time)
        return entry, dict(logs.migrated)
    earlier = {region: list(entries) for region, entries in logs.migrated.items()}
    index, number = logs.top + 1, logs.highest + 1
    for target in targets:
        if drifted(releasing, logs, lives, target):
            for region, entry in found_entries(releasing, lives, target, index=index, number=number).items():
                earlier.setdefault(region, []).append(entry)
            index, number = index + 1, number + 1
    context = releasing.context
    definitions = {context.definition_of(region, target).digest for region in context.definitions for target in targets}
    entry = Record(
        index=index,
        number=number,
        event=event,
        token=token,
        targets=tuple(targets),
        regions=releasing.meant or releasing.spec.regions,
        time=stamp.time,
        commit=stamp.commit,
        author=stamp.author,
        operator=stamp.operator,
        process=stamp.process,
        before=number_before(logs, lives, targets, earlier),
        definition=next(iter(definitions), None) if len(definitions) == 1 else None,
    )
    return replace(entry, **(facts or {})), {region: tuple(entries) for region, entries in earlier.items()}


def announced(
    plan: Plan, entry: Record, earlier: Mapping[str, tuple[Record, ...]], logs: Logs, releasing: Releasing
) -> Plan:
    """The plan with its announcement before and its conclusion after everything else.

    Args:
        entry: of this release, the same for all regions.
    """
    regions = [r for r in releasing.spec.all_regions if r in plan.regions and r in entry.regions and r in logs.regions]
    name = f"v{entry.number}"
    there = logs.at(entry.index)
    entries = {region: there.get(region, entry) for region in regions}
    entries = {
        region: replace(one, time=entry.time, operator=entry.operator, process=entry.process)
        for region, one in entries.items()
    }
    indexes = frozenset(c.address for c in plan.changes if traits_of(c.resource).opens_region)
    announce = Announce(
        name=name, entries=entries, earlier=earlier, joins=bool(there), summary=_summary(entry), requires=indexes
    )
    operations = [operating(announce, announce.summary)]
    for region in regions:
        parts = frozenset(c.address for c in plan.changes if c.region == region and traits_of(c.resource).of_release)
        conclude = Conclude(region=region, name=name, entry=entries[region], requires=parts)
        if fields := conclude.read(releasing.aws):
            operations.append(operating(conclude, fields))
    changes = in_order([*plan.changes, *operations], kinds=KINDS, regions=plan.regions)
    return replace(plan, changes=tuple(changes))


def _summary(entry: Record) -> tuple[FieldChange, ...]:
    fields = [FieldChange(field="event", before=None, after=entry_name(entry).partition(" (")[2].removesuffix(")"))]
    fields += [FieldChange(field="stages", before=None, after=", ".join(entry.targets))]
    fields += [FieldChange(field="after", before=None, after=f"v{entry.before}")] if entry.before else []
    return tuple(fields)


def _released(plan: Plan, desired: Sequence[Resource], releasing: Releasing) -> Iterator[str]:
    """The stages or aliases whose callers would meet something else."""
    if by_alias(releasing.spec):
        wanted = set(targets_of(releasing.context))
        for change in plan.changes:
            if isinstance(change.desired, Alias) and change.name in wanted and _moves(change):
                yield change.name
        return
    spelt = {(c.region, c.name) for c in plan.changes if isinstance(c.desired, Alias) and _moves(c)}
    for change in plan.changes:
        if isinstance(change.desired, Stage) and _turns(change, change.desired):
            yield change.name
    names = {
        (region, function.physical): function.name
        for region in releasing.spec.regions
        for function in releasing.spec.functions_in(region)
    }
    for stage in desired:
        if isinstance(stage, Stage):
            for route in stage.routes:
                name = names.get((stage.region, route.physical), route.physical)
                if route.variable is None and (stage.region, qualified(name, route.alias)) in spelt:
                    yield stage.name


def _turns(change: Change, stage: Stage) -> bool:
    """Whether it is released; one that is brought to a region has the number of the release that it is elsewhere."""
    told = {f.field.partition(".")[0] for f in change.fields}
    return stage.noted is None and (change.action is Action.CREATE or bool(told & _TURNING))


def _moves(change: Change) -> bool:
    return change.action is Action.CREATE or any(f.field in {"release", "version"} for f in change.fields)


def _lives(plan: Plan, desired: Sequence[Resource]) -> list[Resource]:
    """The live side of every stage and alias; a stage with the routes that the spec knows."""
    found = [*plan.unchanged, *(c.live for c in plan.changes if c.live is not None)]
    routes = {address_of(one): one.routes for one in desired if isinstance(one, Stage)}
    stages = [one for one in found if isinstance(one, Stage) and address_of(one) in routes]
    return [
        *(one for one in found if isinstance(one, Alias)),
        *(replace(one, routes=routes[address_of(one)]) for one in stages),
    ]


def _with_release(plan: Plan, desired: Sequence[Resource], entry: Record, releasing: Releasing) -> Plan:
    """Every stage or alias of the release gets its tag, in every region, also where nothing else changes."""
    lives = {address_of(live): live for live in plan.unchanged}
    lives |= {c.address: c.live for c in plan.changes if c.live is not None}
    kept = {c.address: c for c in plan.changes}
    touched: set[str] = set()
    for one in tagged(desired, entry, releasing):
        if one.region not in plan.regions:
            continue
        place = address_of(one)
        touched.add(place)
        kept.pop(place, None)
        change = change_of(one, lives.get(place))
        if change is not None:
            kept[place] = change
    unchanged = tuple(
        live for live in plan.unchanged if address_of(live) not in touched or address_of(live) not in kept
    )
    return replace(plan, changes=tuple(kept.values()), unchanged=unchanged)


def tagged(desired: Iterable[Resource], entry: Record, releasing: Releasing) -> Iterator[Resource]:
    """Of these, the stages or aliases of a release, with its tag."""
    aliases = by_alias(releasing.spec)
    after = frozenset({address(GLOBAL, KIND, f"v{entry.number}")})
    for one in desired:
        if one.name not in entry.targets:
            continue
        if isinstance(one, Stage) and not aliases:
            yield replace(one, release=entry.tag, entry=entry, requires=one.requires | after)
        elif isinstance(one, Alias) and aliases:
            yield replace(one, tag=entry.tag, entry=entry, after=one.after | after)
