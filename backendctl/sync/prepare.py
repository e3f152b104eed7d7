"""From a request to everything that is to be known before the first write: the plan, what differs, what stands against.

Nothing is written here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from backendctl.api.body import Wanted, bodies, digests_of, wanted
from backendctl.api.faults import file_faults
from backendctl.api.judge import judged
from backendctl.api.look import Look, look
from backendctl.api.source import Source, api_of, chosen_stages, source_of
from backendctl.api_in_plan import case
from backendctl.aws.crew import both, together
from backendctl.aws.errors import quietly
from backendctl.backend import Backend
from backendctl.engine.plan import Plan
from backendctl.engine.safety import EVERYTHING, Allowed, refuse_danger
from backendctl.errors import SpecError, UsageError
from backendctl.nearest import refuse_unknown
from backendctl.release.numbering import numbered
from backendctl.release.releasing import Releasing
from backendctl.resources.ssm import release_log
from backendctl.resources.ssm.release_record import token_of
from backendctl.spec.model import Api, Spec
from backendctl.sync.planning import Parts, plan_of
from backendctl.sync.request import Request

if TYPE_CHECKING:
    from backendctl.api.lambda_targets import LambdaTargets
    from backendctl.api.review import RegionReview


@dataclass(frozen=True, kw_only=True)
class Sync:
    """A sync, ready to be shown, refused or carried out.

    Attributes:
        source: where the definition comes from. digest: names it.
        plan: with what stands in the way of any write, and with what would break callers.
        regions: the targets; every one has a review, or stands in `plan.unreachable`.
    """

    backend: Backend
    request: Request
    source: Source
    digest: str
    api: Api
    plan: Plan
    regions: tuple[str, ...]
    wanted: Wanted
    look: Look

    @property
    def reviews(self) -> Mapping[str, RegionReview]:
        """Region → what it serves."""
        return self.look.reviews

    @property
    def lambda_targets(self) -> Mapping[str, LambdaTargets]:
        """Region → what its stages reach."""
        return self.look.lambda_targets

    @property
    def origin(self) -> RegionReview | None:
        """The review of a live source: only what was edited there and never deployed."""
        return self.look.origin

    @property
    def refusals(self) -> tuple[str, ...]:
        """What stands in the way of any write, one sentence each."""
        return self.plan.refusals

    @property
    def in_sync(self) -> bool:
        """Whether every region answers, and there is nothing to do and nothing to say."""
        edited = [one for one in (*self.reviews.values(), self.origin) if one is not None and one.edited]
        return not (self.plan.changes or self.plan.unreachable or edited or self.refusals)

    def refuse(self) -> None:
        """Raise unless this may be carried out.

        Raises:
            RefusedError: with every reason at once.
        """
        refuse_danger(self.plan, Allowed(adopt=(EVERYTHING,), breaking=self.request.allow_breaking))


def prepare(backend: Backend, request: Request) -> Sync:
    """Read the source and every target, and say what a sync would do.

    Raises:
        SpecError: the definition's file has faults.
        BackendctlError: the source cannot be read, or no region at all.
        UsageError: the spec has no such stage or region.
    """
    source = _moving(source_for(backend, request), request)
    regions = targets_of(backend.spec, source, request)
    given = wanted(api_of(backend.spec), source)
    where = {"account": backend.context.account, "partition": backend.context.partition}
    found = bodies(given, regions, **where)
    looking = partial(
        look,
        backend.aws,
        backend.spec,
        given,
        found,
        regions=regions,
        account=backend.context.account,
        workers=backend.settings.workers,
    )
    logs = [partial(quietly, partial(release_log.read, backend.aws, region)) for region in backend.spec.regions]
    seen, _ = both(looking, partial(together, logs))
    if not seen.regions:
        raise next(iter(seen.unreachable.values()))
    parts = Parts(backend=backend, wanted=given, bodies=found, look=seen, request=request)
    plan, desired = plan_of(parts)
    about = case(backend, given, seen, regions=regions, whole=True)
    plan = judged(replace(plan, unreachable={**seen.unreachable, **plan.unreachable}), desired, about)
    context = replace(backend.context, spec=replace(backend.spec.narrowed(seen.regions), api=given.api))
    releasing = Releasing(aws=backend.aws, context=context, workers=backend.settings.workers)
    plan = numbered(plan, desired, releasing, token=token_of("sync-api", *digests_of(given)))
    return Sync(
        backend=backend,
        request=request,
        source=source,
        digest=given.digest,
        api=given.api,
        plan=plan,
        regions=regions,
        wanted=given,
        look=seen,
    )


def _moving(source: Source, request: Request) -> Source:
    """Without pinned stages, unless one is named.

    Raises:
        UsageError: every stage is pinned.
    """
    stages = tuple(stage for stage in source.stages if request.stage is not None or not stage.pinned)
    if source.stages and not stages:
        raise UsageError("every stage is pinned: name one with --stage")
    return replace(source, stages=stages)


def source_for(backend: Backend, request: Request) -> Source:
    """The source asked for: a file was read with the spec; whatever is live is read now.

    Raises:
        SpecError: the definition's file has faults.
        UsageError: the spec has no API, or not that stage.
    """
    spec, known = backend.spec, backend.wanted
    if request.source is None and known is not None and not known.source.is_live:
        if faults := [fault for document in backend.documents for fault in file_faults(document, known.api)]:
            raise SpecError(faults)
        return replace(known.source, stages=chosen_stages(known.source.stages, request.stage, spec))
    return source_of(spec, backend.aws, account=backend.context.account, given=request.source, stage=request.stage)


def targets_of(spec: Spec, source: Source, request: Request) -> tuple[str, ...]:
    """The regions to bring the definition to, in the spec's order.

    Raises:
        UsageError: --to names a region that the spec does not, or the source's own; or none is left.
    """
    for region in request.targets:
        refuse_unknown("--to", [region], spec.all_regions)
        if region == source.region:
            raise UsageError(f"--to {region}: the definition comes from there")
    chosen_from = request.targets or spec.regions
    chosen = tuple(region for region in spec.all_regions if region in chosen_from and region != source.region)
    if not chosen:
        raise UsageError(
            f"no region is left to bring the definition to: it comes from {source.region}",
            hint="name further regions in the spec: `regions: [us-east-1, us-west-2]`",
        )
    return chosen
