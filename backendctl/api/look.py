"""Reading every region before anything is planned: what it serves, and what its stages would reach."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from backendctl.api.body import body_in
from backendctl.api.comparable import comparable
from backendctl.api.lambda_targets import LambdaTargets, find_lambda_targets
from backendctl.api.live import api_id_of, form_of, served
from backendctl.api.review import RegionReview, Wanted, review
from backendctl.api.working_copy import working_copy
from backendctl.aws.crew import both, together
from backendctl.aws.errors import quietly
from backendctl.aws.regions import each_region
from backendctl.errors import BackendctlError
from backendctl.openapi.arns import Home

if TYPE_CHECKING:
    from backendctl.api.body import Body
    from backendctl.api.body import Wanted as WantedApi
    from backendctl.aws.connection import Aws
    from backendctl.spec.model import Api, Spec


@dataclass(frozen=True, kw_only=True)
class Look:
    """What was read.

    Attributes:
        unreachable: regions that did not answer, and what they said.
        origin: of a live source: what was edited there and never deployed.
    """

    reviews: Mapping[str, RegionReview] = field(default_factory=dict)
    lambda_targets: Mapping[str, LambdaTargets] = field(default_factory=dict)
    unreachable: Mapping[str, BackendctlError] = field(default_factory=dict)
    origin: RegionReview | None = None

    @property
    def regions(self) -> tuple[str, ...]:
        """Those that could be read."""
        return tuple(self.reviews)


def look(
    aws: Aws,
    spec: Spec,
    wanted: WantedApi,
    bodies: Mapping[str, Body],
    *,
    regions: Sequence[str],
    account: str,
    workers: int,
    built: Collection[str] = (),
    alone: bool = False,
) -> Look:
    """Look at every region at once.

    Args:
        bodies: of these regions. account: the one we deploy to.
        built: names in AWS of functions that are deployed with the API.
        alone: whether its stages are released without what belongs to the API as a whole.
    """
    api = wanted.api
    localised = partial(body_in, account=account, partition=aws.partition)

    def one(region: str) -> tuple[RegionReview, LambdaTargets]:
        of = partial(_of_region, region=region, account=account)
        own = {name: of(one, localised(one, region)) for name, one in wanted.own.items()}
        calling = partial(
            find_lambda_targets,
            aws,
            spec,
            region,
            document=api.definition,
            wanted=api.stages,
            api=api.name,
            account=account,
            built=built,
        )
        called, _ = both(calling, partial(quietly, partial(look_ahead, aws, region, api)))
        its = replace(of(wanted, bodies[region]), own=own, alone=alone)
        return review(aws, region, name=api.name, wanted=its), called

    results, failed = each_region(regions, one, workers=workers, doing="read the API of")
    return Look(
        reviews={region: results[region][0] for region in regions if region in results},
        lambda_targets={region: results[region][1] for region in regions if region in results},
        unreachable=failed,
        origin=_origin(aws, wanted),
    )


def look_ahead(aws: Aws, region: str, api: Api) -> None:
    """Begin what `look` will read of a region: all of it at once, shared, and told by nobody here."""
    api_id = api_id_of(aws, region, api.name)
    if api_id is None:
        return
    reads: list[Callable[[], object]] = [partial(working_copy, aws, region, api_id)]
    reads += [
        partial(served, aws, region, api_id, stage.name, form=form_of(api.document_of(stage))) for stage in api.stages
    ]
    together(reads)


def _of_region(wanted: WantedApi, body: Body, *, region: str, account: str) -> Wanted:
    bindings = wanted.api.bindings.get(region, {})
    home = Home(accounts=frozenset({account}), regions=frozenset({region}))
    return Wanted(
        form=comparable(body.document, home=home, bindings=bindings),
        digest=wanted.digest,
        localised=body.definition.localised,
        stages=tuple(stage.name for stage in wanted.api.stages),
        home=home,
        bindings=bindings,
    )


def _origin(aws: Aws, wanted: WantedApi) -> RegionReview | None:
    source = wanted.source
    if source.region is None or source.api_id is None or source.stage is None:
        return None
    here = Wanted(
        form=comparable(source.document, home=source.home, bindings={}),
        digest=wanted.digest,
        localised=None,
        stages=(source.stage,),
        home=source.home,
        bindings={},
    )
    return replace(review(aws, source.region, name=source.api_id, wanted=here), stages=())
