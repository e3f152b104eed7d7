"""Where the definition comes from: a file, or what a stage of a live API serves. A live one is only read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from backendctl.api import live as lives
from backendctl.api.unseen import unseen, with_unused_models
from backendctl.api.usage import plans_of
from backendctl.errors import BackendctlError, UsageError
from backendctl.nearest import refuse_unknown
from backendctl.openapi.arns import NOWHERE, Home
from backendctl.resources.apigateway import stage_live
from backendctl.resources.apigateway.api_reads import apis
from backendctl.resources.apigateway.usage_plan import LivePlan
from backendctl.spec.model import Api, LiveApi, Spec, StageSpec

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """What all regions are to have.

    Attributes:
        document: the definition as it was found, complete.
        stages: what the spec says, or else the live stage itself.
        methods: stage → settings of single methods, from a live stage; the spec has none.
        region, stage, api_id: of a live source; None for a file.
        digest: what the live deployment says it holds, when it is ours; None when the document has to tell.
        variables: of the live stage, as they are there. plans: the usage plans it is in.
        tags: of the live API, without AWS's own and ours.
        home: the accounts and regions that are its own. unseen: what its export cannot carry, one sentence each.
    """

    told: str
    document: dict[str, Any]
    stages: tuple[StageSpec, ...]
    methods: Mapping[str, dict[str, str]] = field(default_factory=dict)
    region: str | None = None
    stage: str | None = None
    api_id: str | None = None
    digest: str | None = None
    variables: Mapping[str, str] = field(default_factory=dict)
    plans: tuple[LivePlan, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    home: Home = NOWHERE
    unseen: tuple[str, ...] = ()

    @property
    def is_live(self) -> bool:
        """Whether a stage of a live API is the source."""
        return self.region is not None


def file_source(spec: Spec, *, account: str, stage: str | None = None) -> Source:
    """The source of a spec whose definition is a file.

    Raises:
        UsageError: the spec has no API, or not that stage.
    """
    api = api_of(spec)
    home = Home(
        accounts=frozenset({account, *([api.source_account] if api.source_account else ())}),
        regions=frozenset({*spec.all_regions, *([api.source_region] if api.source_region else ())}),
    )
    return Source(told=str(api.path), document=api.definition, stages=chosen_stages(api.stages, stage, spec), home=home)


def api_of(spec: Spec) -> Api:
    """The API of a spec.

    Raises:
        UsageError: it has none.
    """
    if spec.api is None:
        raise UsageError(f"{spec.file} has no `api`", hint="add one: `api: {definition: …}`")
    return spec.api


def source_of(spec: Spec, aws: Aws, *, account: str, given: LiveApi | None, stage: str | None) -> Source:
    """The source that --from or the spec names.

    Args:
        account: the one we deploy to. given: --from. stage: --stage.

    Raises:
        UsageError: the spec has no API, or not that stage.
        BackendctlError: there is no such live API or stage.
    """
    api = api_of(spec)
    place = _place(api, given)
    if place is None:
        return file_source(spec, account=account, stage=stage)
    found = _live(api, spec, aws, place=place, stage=stage)
    return replace(found, home=Home(accounts=frozenset({account}), regions=frozenset({place.region})))


def _place(api: Api, given: LiveApi | None) -> LiveApi | None:
    if given is None:
        return api.source
    named = api.source.api if api.source else None
    return replace(given, api=given.api or named)


def _live(api: Api, spec: Spec, aws: Aws, *, place: LiveApi, stage: str | None) -> Source:
    name = place.api or api.name
    api_id = lives.api_id_of(aws, place.region, name)
    if api_id is None:
        raise BackendctlError(
            f"there is no API {name!r} in {place.region} to take the definition from",
            hint="say its name in the spec: `api: {name: …}`, or `definition: {export: REGION, stage: …, api: NAME}`",
        )
    told = tuple(replace(one, definition=None) for one in api.stages) if api.stages_told else ()
    where = place.stage or _known(told, stage)
    where = where or lives.only_stage(aws, place.region, api_id)
    found = lives.served(aws, place.region, api_id, where, form=lives.OPENAPI)
    if found is None:
        raise BackendctlError(f"the API {name!r} in {place.region} has no stage {where!r}")
    own = lives.as_spec(found.stage)
    stages = chosen_stages(told, stage, spec) if told else (replace(own, name=stage or own.name),)
    methods = stage_live.methods_of(found.stage)
    return Source(
        told=f"{place.region}/{where}",
        document=with_unused_models(aws, place.region, api_id, found.document),
        stages=stages,
        methods={} if told else {one.name: methods for one in stages},
        region=place.region,
        stage=where,
        api_id=api_id,
        digest=found.digest,
        unseen=tuple(unseen(aws, place.region, api_id)),
        variables=own.variables,
        plans=plans_of(aws, place.region, api_id, where),
        tags=lives.users_tags(next(one.get("tags") for one in apis(aws, place.region) if one["id"] == api_id)),
    )


def _known(told: tuple[StageSpec, ...], stage: str | None) -> str | None:
    """The stage that a spec with one stage, or the command line, leaves no doubt about."""
    if stage is not None:
        return stage
    return told[0].name if len(told) == 1 else None


def chosen_stages(stages: tuple[StageSpec, ...], stage: str | None, spec: Spec) -> tuple[StageSpec, ...]:
    """Those that are asked for.

    Raises:
        UsageError: there is no such stage.
    """
    chosen = tuple(one for one in stages if stage in {None, one.name})
    if stage is not None:
        refuse_unknown("--stage", [stage], [one.name for one in stages], what=f"{spec.file} names")
    return chosen
