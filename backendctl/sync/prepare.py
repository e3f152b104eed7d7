"""From a request to everything that is to be known before the first write: the plan, what differs, what stands against.

Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from backendctl.app import Backend
from backendctl.engine.plan import Plan
from backendctl.errors import BackendctlError, RefusedError, UsageError
from backendctl.openapi.localise import digest, localise, neutralise, to_bytes
from backendctl.resources.stage import Stage
from backendctl.resources.world import Definition
from backendctl.spec.model import Api, Spec
from backendctl.sync.comparable import comparable
from backendctl.sync.planning import Parts, make_plan
from backendctl.sync.reach import Reach, reach
from backendctl.sync.refusals import definition_faults, localised_faults
from backendctl.sync.regions import each_region
from backendctl.sync.request import Request
from backendctl.sync.review import RegionReview, Wanted, review
from backendctl.sync.source import Source, source_of

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws


@dataclass(frozen=True, kw_only=True)
class Sync:
    """A sync, ready to be shown, refused or carried out.

    Attributes:
        source: where the definition comes from. digest: names it.
        regions: the targets; every one has a review, or stands in `plan.unreadable`.
        origin: the review of a live source: only what was edited there and never deployed.
        refusals: what stands in the way of any write, one sentence each.
        breaking: changes that break callers of a stage that serves, one sentence each.
    """

    backend: Backend
    request: Request
    source: Source
    digest: str
    api: Api
    plan: Plan
    regions: tuple[str, ...]
    reviews: Mapping[str, RegionReview]
    reaches: Mapping[str, Reach]
    origin: RegionReview | None = None
    refusals: tuple[str, ...] = ()
    breaking: tuple[str, ...] = ()

    @property
    def in_sync(self) -> bool:
        """Whether every region answers, and there is nothing to do and nothing to say."""
        edited = [one for one in (*self.reviews.values(), self.origin) if one is not None and one.edited]
        return not (self.plan.changes or self.plan.unreadable or edited or self.refusals)

    def refuse(self) -> None:
        """Raise unless this may be carried out.

        Raises:
            RefusedError: with every reason at once.
        """
        if self.refusals:
            raise RefusedError(list(self.refusals))
        if self.breaking and not self.request.allow_breaking:
            raise RefusedError(
                [f"breaks callers: {line}" for line in self.breaking],
                hint="make a new stage for the new version, or add --allow-breaking",
            )


@dataclass(frozen=True, kw_only=True)
class _Read:
    """What was read of the regions."""

    reviews: dict[str, RegionReview] = field(default_factory=dict)
    reaches: dict[str, Reach] = field(default_factory=dict)
    unreadable: dict[str, BackendctlError] = field(default_factory=dict)


def prepare(backend: Backend, request: Request) -> Sync:
    """Read the source and every target, and say what a sync would do.

    Raises:
        BackendctlError: the source cannot be read, or no region at all.
        UsageError: the spec has no such stage or region.
    """
    source = source_of(backend.spec, backend.aws, given=request.source, stage=request.stage)
    regions = targets_of(backend.spec, source, request)
    api = backend.spec.api
    if api is None:
        raise AssertionError(backend.spec.file)
    home = api.bindings.get(source.region or "", {})
    document = neutralise(source.document, bindings=home)
    api = replace(api, definition=document, stages=source.stages, tags={**source.tags, **api.tags})
    name = source.digest or digest(document)
    found = _read(backend, regions, api, name)
    readable = tuple(region for region in regions if region in found.reviews)
    if not readable:
        raise next(iter(found.unreadable.values()))
    bodies = {region: _localised(backend, api, region) for region in readable}
    plan = make_plan(
        Parts(
            backend=backend,
            api=api,
            regions=readable,
            definitions={r: Definition(body=to_bytes(body), digest=name) for r, body in bodies.items()},
            reaches=found.reaches,
            reviews=found.reviews,
            source=source,
            request=request,
        )
    )
    return Sync(
        backend=backend,
        request=request,
        source=source,
        digest=name,
        api=api,
        plan=replace(plan, unreadable={**found.unreadable, **plan.unreadable}),
        regions=regions,
        reviews=found.reviews,
        reaches=found.reaches,
        origin=_origin(backend.aws, source, name),
        refusals=(*dict.fromkeys(_refusals(backend, source, api, found, bodies)), *_held_by_canaries(plan, found)),
        breaking=tuple(_breaking(found.reviews)),
    )


def _refusals(
    backend: Backend, source: Source, api: Api, found: _Read, bodies: Mapping[str, dict[str, Any]]
) -> Iterator[str]:
    yield from definition_faults(api.definition)
    for one in found.reaches.values():
        yield from one.missing
    for region, body in bodies.items():
        yield from localised_faults(body, source=source, api=api, region=region, backend=backend)


def _held_by_canaries(plan: Plan, found: _Read) -> Iterator[str]:
    """A64: while a canary is on, the stage itself is not to be deployed to."""
    for change in plan.changes:
        if isinstance(change.desired, Stage) and change.live is not None:
            on = any(
                one.stage == change.name and one.percent is not None for one in found.reviews[change.region].stages
            )
            told = sorted({f.field.partition(".")[0] for f in change.fields} & {"definition", "variables"})
            if on and told:
                what = " and ".join(told)
                yield f"{change.address} has a canary on, and its {what} would change: promote-canary or abort-canary"


def targets_of(spec: Spec, source: Source, request: Request) -> tuple[str, ...]:
    """The regions to bring the definition to, in the spec's order.

    Raises:
        UsageError: --to names a region that the spec does not, or the source's own; or none is left.
    """
    for region in request.targets:
        if region not in spec.all_regions:
            raise UsageError(f"--to {region}: the spec names {', '.join(spec.all_regions)}")
        if region == source.region:
            raise UsageError(f"--to {region}: the definition comes from there")
    wanted = request.targets or spec.regions
    chosen = tuple(region for region in spec.all_regions if region in wanted and region != source.region)
    if not chosen:
        raise UsageError(
            f"no region is left to bring the definition to: it comes from {source.region}",
            hint="name further regions in the spec: `regions: [us-east-1, us-west-2]`",
        )
    return chosen


def _read(backend: Backend, regions: Sequence[str], api: Api, digest: str) -> _Read:
    def look(region: str) -> tuple[RegionReview, Reach]:
        bindings = api.bindings.get(region, {})
        form = comparable(_localised(backend, api, region), bindings=bindings)
        wanted = Wanted(form=form, digest=digest, stages=tuple(stage.name for stage in api.stages))
        seen = review(backend.aws, region, name=api.name, bindings=bindings, wanted=wanted)
        called = reach(backend.aws, backend.spec, region, document=api.definition, wanted=api.stages, api=api.name)
        return seen, called

    results, failed = each_region(backend, regions, look, doing="read the API of")
    return _Read(
        reviews={region: results[region][0] for region in regions if region in results},
        reaches={region: results[region][1] for region in regions if region in results},
        unreadable=failed,
    )


def _localised(backend: Backend, api: Api, region: str) -> dict[str, Any]:
    return localise(
        api.definition,
        region=region,
        account=backend.world.account,
        partition=backend.world.partition,
        name=api.name,
        bindings=api.bindings.get(region, {}),
    )


def _origin(aws: Aws, source: Source, digest: str) -> RegionReview | None:
    if source.region is None or source.api_id is None or source.stage is None:
        return None
    here = Wanted(form=comparable(source.document, bindings={}), digest=digest, stages=(source.stage,))
    found = review(aws, source.region, name=source.api_id, bindings={}, wanted=here)
    return replace(found, stages=())


def _breaking(reviews: Mapping[str, RegionReview]) -> list[str]:
    found: dict[str, list[str]] = {}
    for region, one in reviews.items():
        for stage in one.stages:
            for change in stage.differences:
                if change.breaking:
                    where = f"{change.method or ''} {change.path or ''}".strip()
                    told = change.breaking if where in change.breaking else f"{where}: {change.breaking}"
                    found.setdefault(told, []).append(region)
    return [f"{told} ({', '.join(regions)})" for told, regions in found.items()]
