"""A stage: which deployment callers reach, and which functions it calls through its variables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.aws import tags as tagging
from backendctl.aws.crew import both
from backendctl.aws.errors import ClientError, is_missing, says
from backendctl.aws.wait import settle
from backendctl.engine.resource import address
from backendctl.engine.traits import MatrixRow, Traits, whole
from backendctl.errors import BackendctlError
from backendctl.resources.apigateway import deployments as releases
from backendctl.resources.apigateway import stage_live
from backendctl.resources.apigateway.api_reads import (
    api_arn,
    apis,
    deployments,
    find_api,
    list_stages,
    require_api,
    stages,
)
from backendctl.resources.apigateway.recorded_variables import entry_of_stage
from backendctl.resources.apigateway.served import Route
from backendctl.resources.apigateway.stage_notes import pinned, shared
from backendctl.resources.apigateway.stage_patch import NO_CACHE, patches
from backendctl.resources.apigateway.stage_settings import StageSettings
from backendctl.resources.apigateway.stage_wanted import (
    Behind,
    behind_of,
    look_at_slots,
    refuse_slots,
    requirements,
    routes_of,
    variables_of,
    warm,
)
from backendctl.resources.apigateway.stage_writes import (
    StagePlace,
    await_cache,
    ensure_access_log,
    refuse_changed,
)
from backendctl.resources.deploy_context import DeployContext, Stamp
from backendctl.resources.ssm import old_notes, release_claim, release_log
from backendctl.resources.ssm.release_record import VARIABLE, Record, State
from backendctl.spec.model import StageSpec

if TYPE_CHECKING:
    from mypy_boto3_apigateway.type_defs import StageTypeDef

    from backendctl.aws.connection import Aws


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage(StageSettings):
    """One stage of our API.

    Attributes:
        api: the API's name. requires: addresses of what it calls. stamp: who makes this release.
        routes: the functions its variables lead to, for the release log.
        behind: what has to stand behind its variables when it turns.
        entry: the entry of the release log that this is, where it is a release.
        noted: the entry of a release that serves in another region and comes to this one as it is there.
        from_spec: the variables that the spec says; those of a pinned stage are what it serves.
        pinned: whether it keeps what it serves.
        canary: whether a part of the traffic goes elsewhere; live only.
        note: what is worth saying of that, or of a pinned one; live only.
        pruned: whether old deployments go once a new one serves.
    """

    kind: ClassVar[str] = "stage"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"
    traits: ClassVar[Traits] = Traits(of_release=True, row=MatrixRow("stage", whole), follows=frozenset({"release"}))

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    api: str = field(compare=False)
    requires: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    stamp: Stamp | None = field(default=None, compare=False, repr=False)
    routes: tuple[Route, ...] = field(default=(), compare=False, repr=False)
    behind: tuple[Behind, ...] = field(default=(), compare=False, repr=False)
    entry: Record | None = field(default=None, compare=False, repr=False)
    noted: Record | None = field(default=None, compare=False, repr=False)
    pinned: bool = field(default=False, compare=False)
    canary: bool = field(default=False, compare=False)
    note: str = field(default="", compare=False)
    pruned: bool = field(default=True, compare=False, repr=False)
    from_spec: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """Every stage of the API in every region."""
        api = context.spec.api
        for region in context.api_regions if api else ():
            for stage in api.stages if api else ():
                there = context.stage_specs.get((region, stage.name), stage)
                yield replace(cls._desired(context, region, there, api.name if api else ""), from_spec=stage.variables)

    @classmethod
    def _desired(cls, context: DeployContext, region: str, stage: StageSpec, api: str) -> Self:
        definition = context.definition_of(region, stage.name)
        kept = (region, stage.name) in context.kept
        noted = context.noted.get((region, stage.name))
        return cls(
            region=region,
            name=stage.name,
            owner=context.backend,
            api=api,
            requires=requirements(context, region, stage) | {address(region, "rest-api", api)},
            stamp=context.stamp,
            routes=routes_of(context, region, stage),
            behind=() if kept else tuple(behind_of(context, region, stage)),
            noted=noted,
            release=noted.tag if noted is not None else None,
            pinned=kept,
            definition=None if kept else definition.digest,
            localised=None if kept else definition.localised,
            variables=None if kept else variables_of(context, region, stage),
            tracing=stage.tracing,
            metrics=stage.metrics,
            throttling=stage.throttling,
            cache=stage.cache_size or NO_CACHE,
            cache_ttl=stage.cache_ttl,
            method_throttling=None
            if stage.method_throttling is None
            else stage_live.own_limits(stage.method_throttling, stage.throttling),
            logging=stage.logging,
            description=stage.description,
            tags=tagging.marked(context.backend, stage.tags),
        )

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """From the lists of stages and of deployments, one each per API."""
        api_id = find_api(aws, desired.region, desired.api)
        if api_id is None:
            return None
        found = stages(aws, desired.region, api_id).get(desired.name)
        if found is None:
            return None
        described = deployments(aws, desired.region, api_id)
        live = cls._live(found, region=desired.region, api=desired.api, described=described)
        if live.canary:
            return replace(live, note=shared(aws, desired.region, found))
        return replace(live, note=pinned(live.release or "")) if desired.pinned else live

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """The marked stages of our APIs."""
        ours = {api["name"] for api in apis(aws, region) if tagging.owner_of(api.get("tags")) == aws.backend}
        for api in sorted(ours):
            api_id = require_api(aws, region, api)
            for found in stages(aws, region, api_id).values():
                live = cls._live(found, region=region, api=api, described=deployments(aws, region, api_id))
                if live.owner == aws.backend:
                    yield live

    @classmethod
    def _live(cls, found: StageTypeDef, *, region: str, api: str, described: dict[str, str]) -> Self:
        tags = tagging.own_tags(found.get("tags"))
        variables = dict(found.get("variables") or {})
        release = variables.pop(VARIABLE, "")
        return cls(
            region=region,
            name=found["stageName"],
            owner=tagging.owner_of(tags),
            api=api,
            canary=bool(found.get("canarySettings")),
            release=release,
            definition=releases.definition_of(described.get(found.get("deploymentId", ""))),
            localised=releases.localised_of(described.get(found.get("deploymentId", ""))),
            variables=variables,
            tracing=found.get("tracingEnabled", False),
            metrics=stage_live.settings(found).get("metricsEnabled", False),
            throttling=stage_live.throttling_of(found),
            cache=stage_live.cache_of(found),
            cache_ttl=stage_live.settings(found).get("cacheTtlInSeconds"),
            methods=stage_live.methods_of(found),
            method_throttling=stage_live.method_throttling_of(found),
            logging=stage_live.logging_of(found),
            description=found.get("description") or "",
            tags=tags,
        )

    def shows(self, key: str, value: Any) -> bool:
        """Whether a plan shows the value of that variable: an alias, or what the spec says."""
        return any(route.variable == key for route in self.routes) or value in (self.variables or {}).values()

    def needs(self) -> frozenset[str]:
        """The API, the aliases its variables name, the permission to call them, and the account's log role."""
        return self.requires

    def create(self, aws: Aws) -> None:
        """A deployment, the stage on it, then the settings that only an update can make (A30)."""
        api_id = require_api(aws, self.region, self.api)
        with aws.exclusive("api", self.region, self.api):
            self._make(aws, api_id)
        live = self._now(aws, api_id)
        if live.owner != self.owner:
            raise BackendctlError(
                f"stage {self.name!r} was created in {self.region} by somebody else",
                hint="plan again: backendctl plan",
            )
        self.update(aws, live)

    def _deployed_and_warm(self, aws: Aws, api_id: str) -> str:
        called = partial(warm, aws, self.region, self.behind)
        return both(partial(self._deployment, aws, api_id), called)[0]

    def _make(self, aws: Aws, api_id: str) -> None:
        there, deployment = both(
            partial(list_stages, aws, self.region, api_id), partial(self._deployed_and_warm, aws, api_id)
        )
        if self.name in there:
            return
        looking = partial(look_at_slots, aws, self.region, self.behind, serving={})
        both(looking, partial(self._renew_log, aws))
        refuse_slots(aws, self.region, self.behind, serving={})
        self._ready(aws, api_id, deployment, serving={})
        try:
            aws.apigateway(self.region).create_stage(
                restApiId=api_id,
                stageName=self.name,
                deploymentId=deployment,
                description=self.description or "",
                variables={**(self.variables or {}), **({VARIABLE: self.release} if self.release else {})},
                tracingEnabled=bool(self.tracing),
                tags=self.tags or {},
            )
        except ClientError as error:
            if not says(error, "ConflictException", "already exists"):  # the answer to an earlier try was lost
                raise

    def update(self, aws: Aws, live: Self) -> None:
        """One UpdateStage with everything that differs (A48, A54): nobody sees new code behind the old definition."""
        api_id = require_api(aws, self.region, self.api)
        self._refuse_canary(live)
        resizes = self.cache is not None and self.cache != live.cache
        if resizes:
            await_cache(aws, self.region, api_id, self.name)
        group = self.logging.access if self.logging else None
        if group is not None and not (live.logging and live.logging.access == group):
            ensure_access_log(aws, self.region, group, owner=self.owner or aws.backend)
        with aws.exclusive("api", self.region, self.api):  # A38
            self._switch(aws, api_id, live)
        if changed := tagging.missing(self.tags, live.tags):
            arn = f"{api_arn(aws, self.region, api_id)}/stages/{self.name}"
            aws.apigateway(self.region).tag_resource(resourceArn=arn, tags=changed)
        if resizes:
            await_cache(aws, self.region, api_id, self.name)

    def delete(self, aws: Aws) -> None:
        """Its log, then the stage, by which a killed deletion is found again; its mappings went first (A95)."""
        api_id = find_api(aws, self.region, self.api)
        if api_id is None:
            return
        left = [name for name in list_stages(aws, self.region, api_id) if name != self.name]
        old_notes.forget(aws, self.region, self.name)
        release_log.forget_stage(aws, self.region, self.name, left=left)
        try:
            aws.apigateway(self.region).delete_stage(restApiId=api_id, stageName=self.name)
        except aws.apigateway(self.region).exceptions.ClientError as error:
            if not is_missing(error):
                raise

    def _switch(self, aws: Aws, api_id: str, live: Self) -> None:
        moves = self.turns_from(live)
        turns = moves or (self.variables is not None and self.variables != live.variables)
        released = self.release is not None and self.release != live.release
        deployment = self._deployment(aws, api_id) if moves else None
        operations = patches(
            self,
            live,
            deployment=deployment,
            log_arn=f"arn:{aws.partition}:logs:{self.region}:{aws.account}:log-group:",
        )
        if turns or released:
            serves = live.variables or {}
            looking = partial(look_at_slots, aws, self.region, self.behind, serving=serves)
            there, _ = both(
                partial(list_stages, aws, self.region, api_id),
                lambda: both(looking, partial(self._renew_log, aws)),
            )
            found = there[self.name]
            refuse_changed(found, {live.release, self.release}, address(self.region, self.kind, self.name))
            serving = found.get("variables") or {}
            if any(serving.get(one.variable) != serves.get(one.variable) for one in self.behind):
                look_at_slots(aws, self.region, self.behind, serving=serving)
            refuse_slots(aws, self.region, self.behind, serving=serving)
            self._ready(aws, api_id, deployment or found.get("deploymentId", ""), serving=serving)
        if operations:
            patched = StagePlace(aws=aws, region=self.region, api=self.api, name=self.name).patch(operations)
            if turns or released:
                self._verify(patched, deployment)
        if turns and live.cache not in {None, NO_CACHE}:
            releases.flush_cache(aws, self.region, api_id, self.name)
        if moves and self.pruned:
            releases.prune(aws, self.region, api_id)
        if turns:
            # The slot that was left must not move again while some hosts still serve from it (A51).
            settle(aws, f"stage {self.name} to be the same everywhere")

    def _renew_log(self, aws: Aws) -> None:
        if self.entry is not None:
            release_log.renew(aws, self.region, self.entry.index)

    def _ready(self, aws: Aws, api_id: str, deployment: str, *, serving: Mapping[str, str]) -> None:
        """What will serve is noted before it serves; slots and release log have been looked at.

        Args:
            serving: the stage's variables now.

        Raises:
            BackendctlError: somebody has taken the release over.
        """
        noted = self.entry or self.noted
        if noted is None:
            return
        kept = {name: value for name, value in serving.items() if name != VARIABLE}
        entry = entry_of_stage(
            aws,
            self.region,
            api_id,
            noted,
            stage=self.name,
            deployment=deployment,
            variables=kept if self.variables is None else self.variables,
            serving=serving,
            routes=self.routes,
            told=self.from_spec,
        )
        if self.entry is None:  # it is over elsewhere; later ones may stand in the log by now
            entry = replace(entry, targets=(self.name,), deployments={}, state=State.DONE)
            release_log.rewrite(aws, self.region, entry, lambda _: entry)
            return
        release_claim.ready(aws, self.region, entry, renewed=True)

    def _verify(self, found: StageTypeDef, deployment: str | None) -> None:
        variables = dict(found.get("variables") or {})
        tag = variables.pop(VARIABLE, "")
        as_asked = (self.release is None or tag == self.release) and (
            self.variables is None or variables == self.variables
        )
        if not as_asked or (deployment is not None and found.get("deploymentId") != deployment):
            raise BackendctlError(
                f"{address(self.region, self.kind, self.name)} is not what was asked for: somebody else changes it",
                hint="look at it: backendctl history; then run the same command again",
            )

    def _deployment(self, aws: Aws, api_id: str) -> str:
        if self.definition is None or self.stamp is None:
            msg = f"{self.name}: nothing to deploy"
            raise AssertionError(msg)
        return releases.deploy(
            aws,
            self.region,
            api=self.api,
            api_id=api_id,
            definition=self.definition,
            localised=self.localised,
            stamp=self.stamp,
        )

    def turns_from(self, live: Self) -> bool:
        """Whether another definition is to be deployed than the live stage serves."""
        pairs = ((self.definition, live.definition), (self.localised, live.localised))
        return any(wanted is not None and wanted != found for wanted, found in pairs)

    def _now(self, aws: Aws, api_id: str) -> Self:
        found = list_stages(aws, self.region, api_id)[self.name]
        if found.get("deploymentId") not in deployments(aws, self.region, api_id):
            aws.forget("deployments", self.region, api_id)
        described = deployments(aws, self.region, api_id)
        return self._live(found, region=self.region, api=self.api, described=described)

    def _refuse_canary(self, live: Self) -> None:
        changes = ["definition"] if self.turns_from(live) else []
        changes += ["variables"] if self.variables is not None and self.variables != live.variables else []
        if live.canary and changes:  # A64
            told = " and ".join(changes)
            raise BackendctlError(
                f"{address(self.region, self.kind, self.name)} has a canary, and its {told} would change",
                hint="promote it: backendctl promote-canary; or end it: backendctl abort-canary",
            )
