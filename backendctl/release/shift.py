"""Moving a canary that runs: to another share, to all requests, or away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from backendctl.api.taken import Move, taken
from backendctl.engine.plan import Plan
from backendctl.engine.resource import address
from backendctl.errors import RefusedError
from backendctl.release.log_reading import Logs
from backendctl.release.numbering import announced, next_entry, refusal, refuse_nobody
from backendctl.release.releasing import Releasing
from backendctl.release.steps import earlier_wave
from backendctl.resources.apigateway.canary import Canary, CanaryEnd, TrafficShift
from backendctl.resources.apigateway.cutover import CanaryPromotion
from backendctl.resources.apigateway.served import qualifier
from backendctl.resources.lambda_ import lambda_reads
from backendctl.resources.lambda_.alias import Alias
from backendctl.resources.lambda_.alias_canary import AliasCanary, AliasCanaryEnd, AliasShift
from backendctl.resources.lambda_.alias_mark import mark
from backendctl.resources.lambda_.alias_names import qualified
from backendctl.resources.ssm.release_claim import told
from backendctl.resources.ssm.release_record import Event, Record, State, split_tag, token_of

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.engine.operation import Operation
    from backendctl.engine.resource import Resource
    from backendctl.release.running import Serving
    from backendctl.spec.model import Warm

Waves = Sequence[Sequence[str]]
_Parts = Callable[[Sequence["Serving"], "Record | None"], "tuple[list[Resource], list[Operation]]"]


def plan_shift(
    backend: Backend, found: Sequence[Serving], *, percent: float, waves: Waves = (), take_over: bool = False
) -> Plan:
    """Every canary gets that share; a wave of regions waits for the one before it.

    Raises:
        RefusedError: it is being promoted or ended, or somebody else has a release under way.
    """
    running = [one for one in found if one.canary is not None]
    places: dict[str, set[str]] = {}
    for one in running:
        places.setdefault(one.region, set()).add(address(one.region, Canary.kind, one.stage))

    def parts(some: Sequence[Serving], entry: Record | None) -> tuple[list[Resource], list[Operation]]:
        shifts: list[Operation] = []
        for one in some:
            requires = _ends(places, earlier_wave(one.region, waves))
            if isinstance(one.canary, Canary):
                shifts.append(TrafficShift(canary=one.canary, percent=percent, entry=entry, requires=requires))
            elif isinstance(one.canary, AliasCanary):
                shifts.append(AliasShift(canary=one.canary, percent=percent, entry=entry, requires=requires))
        return [], shifts

    return _stepped(backend, running, Event.SHIFT, parts, percent=percent, take_over=take_over)


def plan_promote(backend: Backend, found: Sequence[Serving], *, waves: Waves = (), take_over: bool = False) -> Plan:
    """Every canary becomes what its stage serves, and the plain aliases follow; a wave waits for the one before it.

    A stage whose promotion was interrupted after its turn gets its plain aliases moved.

    Raises:
        RefusedError: it is being ended, or somebody else has a release under way.
    """
    places = {place for one in found for place in one.functions}
    lambda_reads.read_ahead(backend.aws, places, lambda_reads.aliases)
    ends: dict[str, set[str]] = {}
    for one in found:
        ends.setdefault(one.region, set()).add(one.address)

    def parts(some: Sequence[Serving], entry: Record | None) -> tuple[list[Resource], list[Operation]]:
        desired: list[Resource] = []
        turns: list[Operation] = []
        for one in some:
            requires = _ends(ends, earlier_wave(one.region, waves))
            if entry is not None:
                turns += [replace(turn, requires=requires) for turn in _promotion(one, entry)]
            desired += [replace(a, after=a.after | requires) for a in _plain(backend, one, entry)]
        return desired, turns

    plan = _stepped(backend, found, Event.PROMOTE, parts, take_over=take_over)
    moves = [_move(one, one.deployment, one.canary_deployment) for one in found if one.canary_deployment]
    return replace(plan, remarks=taken(backend.aws, moves))


def plan_abort(backend: Backend, found: Sequence[Serving], *, take_over: bool = False) -> Plan:
    """Every canary goes, in all regions at once.

    Raises:
        RefusedError: it is being promoted, or somebody else has a release under way.
    """

    def parts(some: Sequence[Serving], entry: Record | None) -> tuple[list[Resource], list[Operation]]:
        ended: list[Operation] = []
        for one in some:
            if isinstance(one.canary, Canary):
                ended.append(CanaryEnd(canary=one.canary, entry=entry))
            elif isinstance(one.canary, AliasCanary):
                ended.append(AliasCanaryEnd(canary=one.canary, entry=entry))
        return [], ended

    plan = _stepped(backend, found, Event.ABORT, parts, take_over=take_over)
    moves = [_move(one, one.canary_deployment, one.deployment) for one in found if one.canary_deployment]
    return replace(plan, remarks=taken(backend.aws, moves))


def _stepped(
    backend: Backend,
    found: Sequence[Serving],
    event: Event,
    parts: _Parts,
    *,
    percent: float | None = None,
    take_over: bool,
) -> Plan:
    """A step of every canary among these, each release with an entry of its own in the log.

    Args:
        parts: what the step consists of, for the canaries of one release and its entry.
    """
    releasing = Releasing(
        aws=backend.aws, context=backend.context, workers=backend.settings.workers, take_over=take_over
    )
    logs = releasing.logs()
    unfinished = logs.unfinished()
    refuse_nobody(unfinished, releasing)
    reasons = list(_decided(logs, found, event))
    steps: list[tuple[Record | None, dict[str, tuple[Record, ...]], list[Serving]]] = []
    for tag, some in _by_release(found, unfinished, event).items():
        entry, earlier = _entry(logs, releasing, tag, some, event=event, percent=percent, unfinished=unfinished)
        if entry is not None:
            reasons += [reason] if (reason := refusal(unfinished, entry, releasing)) else []
            placed = [step[0] for step in steps if step[0] is not None]
            entry = replace(entry, index=entry.index + len(placed))
        steps.append((entry, earlier, some))
    if reasons:
        raise RefusedError(list(dict.fromkeys(reasons)), hint="see what is running: backendctl history")
    desired: list[Resource] = []
    operations: list[Operation] = []
    for entry, _, some in steps:
        more, turns = parts(some, entry)
        desired += more
        operations += turns
    plan = plan_of(backend, desired, operations)
    for entry, earlier, _ in steps:
        if entry is not None and (plan.changes or logs.at(entry.index)):
            plan = announced(plan, entry, earlier, logs, releasing)
    return plan


def _by_release(found: Sequence[Serving], unfinished: Record | None, event: Event) -> dict[str, list[Serving]]:
    """Tag of the canary's release → where it runs, or where its promotion or its end was begun; "" without a step."""
    begun = unfinished if unfinished is not None and unfinished.event is event else None
    groups: dict[str, list[Serving]] = {}
    for one in found:
        if one.canary is not None:
            groups.setdefault(one.canary.tag or f"old:{one.stage}", []).append(one)
        elif begun is not None and one.stage in begun.targets:
            groups.setdefault(begun.tag, []).append(one)
        elif event is Event.PROMOTE:
            groups.setdefault("", []).append(one)
    return groups


def _entry(
    logs: Logs,
    releasing: Releasing,
    tag: str,
    some: Sequence[Serving],
    *,
    event: Event,
    percent: float | None,
    unfinished: Record | None,
) -> tuple[Record | None, dict[str, tuple[Record, ...]]]:
    if not tag:
        return None, {}
    targets = tuple(dict.fromkeys(one.stage for one in some))
    if tag.startswith("old:"):
        # A canary that was started before releases had numbers gets one when it is promoted.
        if event is not Event.PROMOTE:
            return None, {}
        token = token_of("promotion", targets, [one.canary_deployment for one in some])
        return next_entry(logs, releasing, event=Event.DEPLOY, token=token, targets=targets, facts=_whose(some))
    number, token = split_tag(tag) or (0, "")
    same = unfinished is not None and (unfinished.event, unfinished.number, unfinished.percent) == (
        event,
        number,
        percent,
    )
    return next_entry(
        logs,
        releasing,
        event=event,
        token=token,
        targets=targets,
        joining=unfinished if same else None,
        facts=None if same else {"number": number, "percent": percent, "regions": _meant(logs, some), **_whose(some)},
    )


def _meant(logs: Logs, some: Sequence[Serving]) -> tuple[str, ...]:
    """The regions of these canaries, and those that do not answer: whatever is decided holds there as well."""
    return (*dict.fromkeys(one.region for one in some), *logs.unreachable)


def _whose(some: Sequence[Serving]) -> dict[str, str | None]:
    """The release's own commit and author, not those of whoever moves it."""
    first = next((one for one in some if one.commit or one.author), some[0])
    definition = first.canary.definition if isinstance(first.canary, Canary) else None
    return {"commit": first.commit, "author": first.author, "definition": definition}


def _decided(logs: Logs, found: Sequence[Serving], event: Event) -> Iterator[str]:
    """What has been decided of a canary is finished, by whoever comes; nobody decides otherwise meanwhile."""
    for one in found:
        told_tag = split_tag(one.canary.tag) if one.canary is not None else None
        if told_tag is None:
            continue
        for log in logs.regions.values():
            for step in log.canary_steps(told_tag[0]):
                decided = step.event in {Event.PROMOTE, Event.ABORT} and step.event is not event
                if (
                    decided
                    and one.region in step.regions
                    and one.stage in step.targets
                    and step.state is not State.WITHDRAWN
                ):
                    verb = "promote-canary --full" if step.event is Event.PROMOTE else "abort-canary"
                    yield f"{told(step)}; it has to be finished: backendctl {verb}"


def _move(one: Serving, before: str, after: str) -> Move:
    return Move(region=one.region, stage=one.stage, api_id=one.api_id, before=before, after=after)


def _ends(ends: Mapping[str, set[str]], regions: frozenset[str]) -> frozenset[str]:
    return frozenset(end for region in regions for end in ends.get(region, ()))


def _promotion(one: Serving, entry: Record) -> Iterator[CanaryPromotion]:
    if isinstance(one.canary, Canary):
        yield CanaryPromotion(
            region=one.region,
            name=one.stage,
            api=one.api,
            routes=one.routes,
            entry=entry,
            tag=one.canary.tag or entry.tag,
            seen=one.tag,
            deployment=one.canary_deployment,
            variables=dict(one.canary.variables),
        )


def _plain(backend: Backend, one: Serving, entry: Record | None) -> Iterator[Alias]:
    """The names that everybody else calls, pointed at what is live after the turn; or all there is without a stage."""
    if isinstance(one.canary, AliasCanary):
        canary = one.canary
        yield pointing(
            backend,
            region=one.region,
            name=one.stage,
            physical=canary.physical,
            version=canary.number,
            entry=entry,
            tag=canary.tag or (entry.tag if entry else None),
        )
        return
    variables = {**one.variables, **(one.canary.variables if one.canary else {})}
    yield from plain_aliases(backend, one, variables, after=one.address)


def plain_aliases(backend: Backend, one: Serving, variables: Mapping[str, str], *, after: str) -> Iterator[Alias]:
    """For every staged alias that a stage leads to: its plain name at the version of the slot that it names."""
    names = {function.physical: function.name for function in backend.spec.functions_in(one.region)}
    for route in dict.fromkeys(one.routes):
        slot = lambda_reads.aliases(backend.aws, one.region, route.physical).get(qualifier(route, variables))
        if route.variable is not None and slot is not None and slot.name != route.alias:
            yield pointing(
                backend,
                region=one.region,
                name=qualified(names[route.physical], route.alias),
                physical=route.physical,
                version=slot.version,
                after=frozenset({after}),
            )


def pointing(
    backend: Backend,
    *,
    region: str,
    name: str,
    physical: str,
    version: str,
    after: frozenset[str] = frozenset(),
    warm: Warm | None = None,
    turned_to: bool = False,
    guard: tuple[str, frozenset[str]] | None = None,
    entry: Record | None = None,
    tag: str | None = None,
) -> Alias:
    """An alias at a version that is published already; the rest is as `Alias` has it."""
    return Alias(
        region=region,
        name=name,
        owner=backend.spec.backend,
        physical=physical,
        alias=name.partition(":")[2],
        warm_input=warm.event(warm.instances) if warm else None,
        warm_count=warm.instances if warm else 1,
        turned_to=turned_to,
        guard=guard,
        entry=entry,
        tag=tag,
        after=after,
        version=version,
        weights={},
        description=mark(backend.spec.backend),
    )


def plan_of(backend: Backend, desired: Sequence[Resource], operations: Sequence[Operation] = ()) -> Plan:
    """What of these differs from what AWS tells now; nothing else is looked at, and no region known to be silent."""
    backend.aws.forget("stages")
    backend.aws.forget("deployments")
    unique = {address(r.region, r.kind, r.name): r for r in reversed(desired)}  # the first stage's word on an alias
    plan = backend.planner.part(list(unique.values()), operations)
    return replace(plan, unreachable={**backend.unreachable, **plan.unreachable})
