"""The canaries that run, as AWS tells them now: the whole memory of a release that is under way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from backendctl.aws.crew import both, together
from backendctl.aws.errors import quietly
from backendctl.aws.regions import each
from backendctl.aws.tags import owner_of
from backendctl.engine.resource import address
from backendctl.errors import BackendctlError, UsageError
from backendctl.nearest import refuse_unknown as refuse_unknown_names
from backendctl.release import access_log
from backendctl.release.access_log import AccessLog
from backendctl.resources.apigateway.api_reads import deployments, list_stages, require_api
from backendctl.resources.apigateway.canary import Canary
from backendctl.resources.apigateway.deployments import definition_of
from backendctl.resources.apigateway.served import Route
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.apigateway.stage_wanted import routes_of
from backendctl.resources.apigateway.stage_writes import split_variables
from backendctl.resources.lambda_ import lambda_reads
from backendctl.resources.lambda_.alias import Alias
from backendctl.resources.lambda_.alias_canary import AliasCanary
from backendctl.resources.lambda_.alias_mark import read_mark
from backendctl.resources.lambda_.alias_names import names_of, qualified
from backendctl.resources.ssm import release_log
from backendctl.resources.ssm.release_record import Event, Record, split_tag
from backendctl.spec.model import by_alias

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.backend import Backend
    from backendctl.spec.model import StageSpec


@dataclass(frozen=True, kw_only=True, slots=True)
class Serving:
    """One stage in one region; or an alias that no stage leads to, where canaries are Lambda's own.

    Attributes:
        stage: its name; of an alias "places:live". api, api_id: empty for an alias.
        deployment: id of the baseline's. definition: its digest. variables: the stage's own, without the release's tag.
        tag: of the release that serves; empty when it has none.
        canary: what it shares its requests with, None when nothing. canary_deployment: id.
        began: UTC, ISO 8601: when the canary was started, from the release log; empty when unknown.
        shifted: the same for its last change of share.
        access: the stage's access log, or why there is none that tells, as a clause.
    """

    region: str
    stage: str
    api: str
    api_id: str
    routes: tuple[Route, ...]
    owner: str | None
    deployment: str
    definition: str | None
    variables: Mapping[str, str]
    tag: str = ""
    canary: Canary | AliasCanary | None = None
    canary_deployment: str = ""
    began: str = ""
    shifted: str = ""
    commit: str = ""
    author: str = ""
    access: AccessLog | str = ""

    @property
    def address(self) -> str:
        """region/stage/name, or region/alias/name."""
        return address(self.region, Stage.kind if self.api_id else Alias.kind, self.stage)

    @property
    def functions(self) -> frozenset[tuple[str, str]]:
        """Region and name in AWS of every function that it leads to."""
        return frozenset((self.region, route.physical) for route in self.routes)


def serving(backend: Backend, *, stages: Sequence[str] = ()) -> tuple[list[Serving], dict[str, BackendctlError]]:
    """Every stage of the spec in every region, asked now, and the regions that did not answer.

    Args:
        stages: only these; empty means all of the spec's.

    Raises:
        BackendctlError: no region at all could be read, so that nothing is known.
        UsageError: the spec has no such stage.
    """
    refuse_unknown(backend, stages)
    regions = backend.spec.regions
    found, failed = each(
        regions,
        lambda region: list(_in_region(backend, region, stages)),
        workers=backend.settings.workers,
        doing=lambda region: f"read {region}/canary",
    )
    if len(failed) == len(regions):
        raise failed[regions[0]]
    return [one for many in found.values() for one in many], failed


def moving_stages(backend: Backend) -> tuple[str, ...]:
    """What a release without --stage is about; empty for all.

    Raises:
        UsageError: every stage is pinned.
    """
    api = backend.spec.api
    known = api.stages if api is not None and not by_alias(backend.spec) else ()
    moving = tuple(stage.name for stage in known if not stage.pinned)
    if known and not moving:
        raise UsageError("every stage is pinned: name one with --stage")
    return () if len(moving) == len(known) else moving


def refuse_unknown(backend: Backend, stages: Sequence[str]) -> None:
    """A name that nothing has is a slip of the hand, and not a release that has nothing to do.

    Args:
        stages: names of stages; of aliases, such as "places:live", where canaries are Lambda's own.

    Raises:
        UsageError: there is no such one.
    """
    if by_alias(backend.spec):
        region = backend.spec.regions[0]
        known = [
            qualified(function.name, alias)
            for function in backend.spec.functions_in(region)
            for alias in names_of(backend.context, region, function).plain
        ]
    else:
        known = [stage.name for stage in backend.spec.api.stages] if backend.spec.api else []
    refuse_unknown_names("--stage", stages, known)


def look_behind(backend: Backend, found: Iterable[Serving], *reads: Callable[[Aws, str, str], object]) -> None:
    """Ask at once, in all regions, for what a release verb asks of each stage: deployments, aliases and versions.

    Args:
        reads: what else it asks of each function, by region and name in AWS.
    """
    found = list(found)
    apis = dict.fromkeys((one.region, one.api_id) for one in found if one.api_id)
    places = {place for one in found for place in one.functions}
    both(
        partial(together, [partial(quietly, partial(deployments, backend.aws, *api)) for api in apis]),
        partial(lambda_reads.read_ahead, backend.aws, places, lambda_reads.aliases, lambda_reads.versions, *reads),
    )


def _in_region(backend: Backend, region: str, stages: Sequence[str]) -> Iterator[Serving]:
    api = backend.spec.api
    release_log.outdate(backend.aws, region)
    if api is None or by_alias(backend.spec):
        yield from _aliases(backend, region, stages)
        return
    api_id = require_api(backend.aws, region, api.name)
    backend.aws.forget("deployments", region, api_id)
    live, told = both(
        partial(list_stages, backend.aws, region, api_id), partial(deployments, backend.aws, region, api_id)
    )
    for spec in api.stages:
        if spec.name in live and (not stages or spec.name in stages):
            others = [stage for name, stage in live.items() if name != spec.name]
            access = access_log.of_stage(live[spec.name], api_id=api_id, others=others)
            found = _one(backend, region, spec, live[spec.name], api_id=api_id, told=told)
            yield replace(found, access=access)


def _one(backend: Backend, region: str, spec: StageSpec, live: Any, *, api_id: str, told: Mapping[str, str]) -> Serving:
    api = backend.spec.api.name if backend.spec.api else ""
    routes = routes_of(backend.context, region, spec)
    canary = Canary.of_stage(live, region=region, api=api, described=told, routes=routes)
    variables, tag = split_variables(live.get("variables"))
    record, began, shifted = _moments(backend, region, canary.tag if canary else "")
    return Serving(
        region=region,
        stage=spec.name,
        api=api,
        api_id=api_id,
        routes=routes,
        owner=owner_of(live.get("tags")),
        deployment=live.get("deploymentId", ""),
        definition=definition_of(told.get(live.get("deploymentId", ""))),
        variables=variables,
        tag=tag,
        canary=canary,
        canary_deployment=canary.deployment if canary else "",
        began=began,
        shifted=shifted,
        commit=record.commit if record else "",
        author=record.author if record else "",
    )


def _aliases(backend: Backend, region: str, names: Sequence[str]) -> Iterator[Serving]:
    aws = backend.aws
    aws.forget("lambda-aliases", region)
    places = {(region, function.physical) for function in backend.spec.functions_in(region)}
    lambda_reads.read_ahead(aws, places, lambda_reads.aliases)
    for function in backend.spec.functions_in(region):
        found = lambda_reads.aliases(aws, region, function.physical)
        for alias in names_of(backend.context, region, function).plain:
            name = qualified(function.name, alias)
            if alias not in found or (names and name not in names):
                continue
            told = read_mark(found[alias].description)
            running = AliasCanary.of_alias(aws, region, name=name, physical=function.physical, alias=alias)
            record, began, shifted = _moments(backend, region, running.tag if running else "")
            yield Serving(
                region=region,
                stage=name,
                api="",
                api_id="",
                routes=(Route(variable=None, physical=function.physical, alias=alias),),
                owner=told.owner if told else None,
                deployment="",
                definition=None,
                variables={},
                tag=told.release if told else "",
                canary=running,
                began=began,
                shifted=shifted,
                commit=record.commit if record else "",
                author=record.author if record else "",
            )


def _moments(backend: Backend, region: str, tag: str) -> tuple[Record | None, str, str]:
    """The record of a running canary, when it was started, and when its share was last changed."""
    told = split_tag(tag)
    if told is None:
        return None, "", ""
    log = release_log.read_now(backend.aws, region)
    record = log.release(told[0])
    if record is None:
        return None, "", ""
    began = _carried_out(record)
    shifts = [_carried_out(step) for step in log.canary_steps(told[0]) if step.event is Event.SHIFT]
    return record, began, max([began, *shifts])


def _carried_out(entry: Record) -> str:
    """When it was written last, which is when it was done: it is announced some time before anybody is served."""
    if not entry.touched:
        return entry.time
    return datetime.fromtimestamp(entry.touched, tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
