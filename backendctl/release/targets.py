"""Which earlier release a stage goes back to: the same number in every region."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backendctl.engine.resource import address
from backendctl.errors import RefusedError, UsageError
from backendctl.release.live import release_of
from backendctl.release.log_reading import Logs
from backendctl.resources.apigateway import served
from backendctl.resources.apigateway.api_reads import deployments
from backendctl.resources.apigateway.served import Served
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.apigateway.stage_writes import held_by_canary
from backendctl.resources.lambda_ import lambda_reads
from backendctl.resources.lambda_.alias import Alias
from backendctl.resources.ssm.release_record import Event, Record, split_tag
from backendctl.whole import whole

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.release.running import Serving

_HISTORY = "see the releases: backendctl history"


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """One stage or alias in one region, and the release it is to go back to, as that region has it."""

    one: Serving
    target: Record


@dataclass(frozen=True, kw_only=True, slots=True)
class Back:
    """Where one stage or alias goes back to.

    Attributes:
        like: number of the release. before: of the one that serves; None for none.
        joining: the rollback that was begun and is to be finished; None for a new one.
        holds: whether it serves in every region already.
        further: number of the release before that, where a rollback to it serves already and was asked for again.
    """

    stage: str
    like: int
    before: int | None
    ways: tuple[Way, ...]
    joining: Record | None = None
    holds: bool = False
    further: int | None = None


def choose(backend: Backend, logs: Logs, found: Sequence[Serving], *, to: str | None) -> list[Back]:
    """Where each stage goes back to, the same release in every region.

    A rollback that has been begun and has not ended everywhere is finished. One that has ended is the answer already:
    said again, by whoever did not hear of its end or by a second operator, it never goes one further; `to` does.

    Args:
        to: "v5", a commit, "FUNCTION:VERSION", or None for the release before the present one.

    Raises:
        RefusedError: a canary runs, or a region does not know that release, or some of it has been pruned.
        UsageError: there is no such release, or no such function.
        BackendctlError: a region that serves did not tell what it remembers.
    """
    reasons = [held_by_canary(one.address, number=split(one.canary.tag)) for one in found if one.canary is not None]
    if reasons:
        raise RefusedError(reasons, hint="abort-canary gives its requests back")
    backs: list[Back] = []
    stages = list(dict.fromkeys(one.stage for one in found))
    for stage in _latest(backend, logs, stages) if to is None else stages:
        some = [one for one in found if one.stage == stage]
        back = _back(backend, logs, stage, some, to=to, others=len(stages) > 1)
        if isinstance(back, str):
            reasons.append(back)
        elif back is not None and back.holds:
            backs.append(back)
        elif back is not None:
            reasons += [reason for way in back.ways for reason in _gone(backend, way.one, way.target)]
            reasons += _unknown(back, some)
            backs.append(back)
    if reasons:
        for one in found:
            if one.region in logs.unreachable:  # it may know what the reasons miss
                raise logs.unreachable[one.region]
        raise RefusedError(reasons, hint=_HISTORY)
    if to is not None and not backs:
        raise UsageError(f"--to {to}: {_missing(logs, to, stages)}", hint=_HISTORY)
    return backs


def _latest(backend: Backend, logs: Logs, stages: Sequence[str]) -> Sequence[str]:
    """Of aliases, those of the latest release: the others did not change with it."""
    if backend.spec.api is not None and stages and ":" not in stages[0]:
        return stages
    lived = {stage: [e.number for log in logs.regions.values() for e in log.lived(stage)] for stage in stages}
    unfinished = logs.unfinished()
    newest = max((number for numbers in lived.values() for number in numbers), default=0)
    if unfinished is not None and unfinished.event is Event.ROLLBACK:
        return [stage for stage in stages if stage in unfinished.targets]
    return [stage for stage in stages if newest in lived[stage]] or stages


def _back(
    backend: Backend, logs: Logs, stage: str, some: Sequence[Serving], *, to: str | None, others: bool
) -> Back | str | None:
    lived = _lived(logs, stage)
    unfinished = logs.unfinished()
    wanted = None if to is None else _named(backend, logs, lived, stage, to)
    begun = unfinished if unfinished and unfinished.event is Event.ROLLBACK and stage in unfinished.targets else None
    if begun is not None and begun.like is not None and wanted in {None, begun.like} and _asked(wanted, to):
        ways = _ways(logs, some, begun.like)
        return Back(stage=stage, like=begun.like, before=begun.before, ways=ways, joining=begun)
    serving = [release_of(logs, one.region, one.stage, one.tag, now(backend, one)) for one in some]
    present = None if None in serving else max((entry.number for entry in serving if entry), default=None)
    content = origins_of(lived)
    returned = _returned(serving) if to is None else None
    if returned is not None:
        wanted = content.get(returned.number)
    elif to is None:
        wanted = before(lived, present)
        if wanted is None:
            return f"{_where(some, stage)} remembers no release before the present one"
    if wanted is None:
        if others:
            return None
        raise UsageError(f"--to {to}: {_missing(logs, to or '', [stage])}", hint=_HISTORY)
    holds = {content.get(entry.number, entry.number) if entry else None for entry in serving} == {
        content.get(wanted, wanted)
    }
    ways = () if holds else _ways(logs, some, wanted)
    further = before(lived, returned.number) if returned is not None else None
    return Back(stage=stage, like=wanted, before=present, ways=ways, holds=holds, further=further)


def _returned(serving: Sequence[Record | None]) -> Record | None:
    """The rollback that serves, if what was released last is one."""
    known = [entry for entry in serving if entry is not None]
    newest = max(known, key=lambda entry: entry.number, default=None)
    return newest if newest is not None and len(known) == len(serving) and newest.event is Event.ROLLBACK else None


def _asked(wanted: int | None, to: str | None) -> bool:
    """Whether what was asked for has been found, if anything was."""
    return to is None or wanted is not None


def _where(some: Sequence[Serving], stage: str) -> str:
    return ", ".join(address(one.region, Stage.kind if one.api_id else Alias.kind, stage) for one in some)


def split(tag: str) -> int | None:
    """The number in a tag."""
    told = split_tag(tag)
    return told[0] if told else None


def _ways(logs: Logs, some: Sequence[Serving], number: int) -> tuple[Way, ...]:
    known = logs.numbered(number)
    return tuple(Way(one=one, target=known[one.region]) for one in some if one.region in known)


def _unknown(back: Back, some: Sequence[Serving]) -> Iterator[str]:
    known = {way.one.region for way in back.ways}
    for one in some:
        if one.region not in known:
            yield f"{one.region} never had v{back.like} of {back.stage}: name another with --to, or a region with -r"


def _lived(logs: Logs, stage: str) -> list[Record]:
    """The releases that have served a stage in any region, the oldest first."""
    found: dict[int, Record] = {}
    for log in logs.regions.values():
        for entry in log.lived(stage):
            found.setdefault(entry.number, entry)
    return [found[number] for number in sorted(found)]


def now(backend: Backend, one: Serving) -> Served:
    """What a stage or an alias serves now, beside any canary."""
    if not one.api_id:
        (route,) = one.routes
        alias = lambda_reads.aliases(backend.aws, one.region, route.physical)[route.alias]
        return served.by_versions(backend.aws, one.region, {route.key: alias.version})
    return served.by_stage(
        backend.aws,
        one.region,
        one.api_id,
        deployment=one.deployment,
        variables=one.variables,
        routes=one.routes,
    )


def before(lived: Iterable[Record], present: int | None) -> int | None:
    """Number of the release before the present one; one that was rolled back from is never the way back.

    Args:
        lived: releases that have served, the oldest first.
        present: None when what serves is no release, so that the way back is the last one.
    """
    lived = list(lived)
    origins = origins_of(lived)
    trail: list[int] = []
    for entry in lived:
        origin = origins[entry.number]
        if origin in trail:
            if entry.event is Event.ROLLBACK:
                del trail[trail.index(origin) + 1 :]
                continue
            trail.remove(origin)
        trail.append(origin)
    if present is not None:
        origin = origins.get(present, present)
        while trail and (trail[-1] == origin or trail[-1] > present):
            trail.pop()
    return trail[-1] if trail else None


def origins_of(lived: Iterable[Record]) -> dict[int, int]:
    """Number → the release whose content it has: of a return, the one it returns to."""
    origins: dict[int, int] = {}
    records: dict[int, Record] = {}
    for entry in lived:
        records[entry.number] = entry
        origins[entry.number] = _origin(entry, origins, records)
    return origins


def _origin(entry: Record, origins: dict[int, int], records: dict[int, Record]) -> int:
    """The release whose content this one has: of a return, the one it returns to."""
    if entry.event is not Event.ROLLBACK:
        return entry.number
    if entry.like is not None:
        return origins.get(entry.like, entry.like)
    alike = (r.number for r in reversed(records.values()) if r.number != entry.number and r.serves_like(entry))
    return next((origins.get(number, number) for number in alike), entry.number)


def _named(backend: Backend, logs: Logs, lived: Sequence[Record], stage: str, to: str) -> int | None:
    wanted = whole(to[1:]) if to[:1] in {"v", "V"} else None
    if wanted is not None:
        known = [entry for entry in logs.releases(stage) if entry.number == wanted]
        return known[0].number if known and known[0].versions | {"": known[0].deployment} else None
    function, _, version = to.rpartition(":")
    if function or (version.isdigit() and _only_function(backend)):
        physical = _physical(backend, function) if function else _only_function(backend)
        return next(
            (
                entry.number
                for entry in reversed(lived)
                for name, number in entry.versions.items()
                if name.rpartition(":")[0] == physical and number == version
            ),
            None,
        )
    return next((entry.number for entry in reversed(lived) if entry.commit and entry.commit.startswith(to)), None)


def _missing(logs: Logs, to: str, stages: Sequence[str]) -> str:
    """Why there is no such release, as one sentence."""
    told = " and ".join(stages)
    wanted = whole(to[1:]) if to[:1] in {"v", "V"} else None
    if wanted is None:
        return f"no release of {told} is that"
    others = sorted({t for e in logs.releases() if e.number == wanted for t in e.targets} - set(stages))
    if others:
        return f"v{wanted} is a release of {', '.join(others)}, not of {told}"
    numbers = [entry.number for stage in stages for entry in logs.releases(stage)]
    if wanted > logs.highest or not numbers:
        return f"there is no v{wanted}; the newest release is v{logs.highest}"
    return f"v{wanted} is not remembered any more; the oldest release that is remembered is v{min(numbers)}"


def _only_function(backend: Backend) -> str:
    functions = backend.spec.functions_in(backend.spec.regions[0])
    return functions[0].physical if len(functions) == 1 else ""


def _physical(backend: Backend, name: str) -> str:
    for function in backend.spec.functions_in(backend.spec.regions[0]):
        if name in {function.name, function.physical}:
            return function.physical
    raise UsageError(f"--to: the spec has no function {name!r}")


def _gone(backend: Backend, one: Serving, target: Record) -> Iterator[str]:
    """What of a release is not there any more."""
    name = f"v{target.number}"
    deployment = target.deployment_of(one.stage)
    if one.api_id and deployment not in deployments(backend.aws, one.region, one.api_id):
        yield f"{one.address}: deployment {deployment} of {name} is gone"
    called = {route.physical for route in one.routes}
    for key, number in target.versions.items():
        physical = key.rpartition(":")[0]
        if physical in called and number not in {
            version.number for version in lambda_reads.versions(backend.aws, one.region, physical)
        }:
            yield f"{one.region}: version {number} of {physical}, which {name} had, is gone"
