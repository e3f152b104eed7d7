"""Moving a canary that runs: to another share, to all requests, or away."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from backendctl.api.taken import Move, taken
from backendctl.engine.plan import Action, Change, Plan, make_plan
from backendctl.engine.resource import address
from backendctl.release.steps import earlier_wave
from backendctl.resources import KINDS, ledger
from backendctl.resources.alias import Alias, mark
from backendctl.resources.alias_names import qualified
from backendctl.resources.canary import Canary
from backendctl.resources.lambda_reads import aliases
from backendctl.resources.share import Share
from backendctl.resources.turn import NO_CANARY, PROMOTE, Turn

if TYPE_CHECKING:
    from backendctl.app import Backend
    from backendctl.engine.resource import Resource
    from backendctl.release.running import Serving
    from backendctl.spec.model import Warm

Waves = Sequence[Sequence[str]]


def plan_shift(backend: Backend, found: Sequence[Serving], *, percent: float, waves: Waves = ()) -> Plan:
    """Every canary gets that share; a wave of regions waits for the one before it."""
    running = [one for one in found if one.canary is not None]
    addresses: dict[str, set[str]] = {}
    for one in running:
        addresses.setdefault(one.region, set()).add(address(one.region, Canary.kind, one.stage))
    desired: list[Resource] = [
        one.canary.shifted(
            percent,
            requires=_ends(addresses, earlier_wave(one.region, waves)),
        )
        for one in running
        if one.canary is not None
    ]
    return plan_of(backend, desired)


def plan_promote(backend: Backend, found: Sequence[Serving], *, waves: Waves = ()) -> Plan:
    """Every canary becomes what its stage serves, and the plain aliases follow; a wave waits for the one before it.

    A stage whose promotion was interrupted after its turn gets its plain aliases moved.
    """
    desired: list[Resource] = []
    ends: dict[str, set[str]] = {}
    for one in found:
        parts: list[Resource] = [*_turn(one), *_plain(backend, one)]
        ends.setdefault(one.region, set()).update(address(r.region, r.kind, r.name) for r in parts)
        desired += parts
    waiting = [_waiting(r, _ends(ends, earlier_wave(r.region, waves))) for r in desired]
    moves = [_move(one, one.deployment, one.canary_deployment) for one in found if one.canary_deployment]
    return replace(plan_of(backend, waiting), remarks=taken(backend.aws, moves))


def plan_abort(backend: Backend, found: Sequence[Serving]) -> Plan:
    """Every canary goes, in all regions at once."""
    changes = [Change(action=Action.DELETE, desired=None, live=one.canary) for one in found if one.canary is not None]
    moves = [_move(one, one.canary_deployment, one.deployment) for one in found if one.canary_deployment]
    return Plan(
        backend=backend.spec.backend,
        regions=backend.spec.regions,
        changes=tuple(changes),
        remarks=taken(backend.aws, moves),
    )


def _move(one: Serving, before: str, after: str) -> Move:
    return Move(region=one.region, stage=one.stage, api_id=one.api_id, before=before, after=after)


def _ends(ends: Mapping[str, set[str]], regions: frozenset[str]) -> frozenset[str]:
    return frozenset(end for region in regions for end in ends.get(region, ()))


def _waiting(resource: Resource, ends: frozenset[str]) -> Resource:
    if isinstance(resource, Turn):
        return replace(resource, requires=resource.requires | ends)
    return replace(resource, after=resource.after | ends) if isinstance(resource, Alias) else resource


def _turn(one: Serving) -> Iterator[Turn]:
    if isinstance(one.canary, Canary):
        yield Turn(
            region=one.region,
            name=one.stage,
            owner=one.owner,
            api=one.api,
            how=PROMOTE,
            commit=one.commit,
            by=one.by,
            routes=one.routes,
            definition=one.canary.definition,
            deployment=one.canary_deployment,
            variables=dict(one.canary.variables or {}),
            canary=NO_CANARY,
        )


def _plain(backend: Backend, one: Serving) -> Iterator[Alias]:
    """The names that everybody else calls, pointed at what is live after the turn; or all there is without a stage."""
    if isinstance(one.canary, Share):
        share = one.canary
        yield pointing(
            backend, region=one.region, name=one.stage, physical=share.physical, version=share.number, how=PROMOTE
        )
        return
    variables = {**one.variables, **((one.canary.variables or {}) if one.canary else {})}
    yield from plain_aliases(backend, one, variables, after=address(one.region, Turn.kind, one.stage))


def plain_aliases(backend: Backend, one: Serving, variables: Mapping[str, str], *, after: str) -> Iterator[Alias]:
    """For every staged alias that a stage leads to: its plain name at the version of the slot that it names."""
    names = {function.physical: function.name for function in backend.spec.functions_in(one.region)}
    for route in dict.fromkeys(one.routes):
        slot = aliases(backend.aws, one.region, route.physical).get(ledger.qualifier(route, variables))
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
    how: str = "",
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
        how=how,
        after=after,
        version=version,
        weights={},
        description=mark(backend.spec.backend),
    )


def plan_of(backend: Backend, desired: Sequence[Resource]) -> Plan:
    """What of these differs from what AWS tells now; nothing else is looked at."""
    backend.aws.forget("stages")
    backend.aws.forget("deployments")
    unique = {address(r.region, r.kind, r.name): r for r in reversed(desired)}  # the first stage's word on an alias
    return make_plan(
        desired=list(unique.values()),
        kinds=(*KINDS, Canary),
        aws=backend.aws,
        regions=backend.spec.regions,
        workers=backend.settings.workers,
        backend=backend.spec.backend,
        strays=False,
    )
