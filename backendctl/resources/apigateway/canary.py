"""The canary of a stage: a share of its requests goes to another deployment, with other aliases.

It is no part of the spec's desired state: it comes and goes with the operations of a release.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.aws import tags as tagging
from backendctl.aws.crew import both
from backendctl.aws.errors import is_missing
from backendctl.aws.wait import settle
from backendctl.engine.action import Action
from backendctl.engine.diff import FieldChange
from backendctl.engine.resource import address
from backendctl.engine.traits import Traits
from backendctl.errors import BackendctlError
from backendctl.resources.apigateway import deployments as releases
from backendctl.resources.apigateway.api_reads import deployments, find_api, list_stages, stages
from backendctl.resources.apigateway.recorded_variables import entry_of_stage
from backendctl.resources.apigateway.served import Route
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.apigateway.stage_patch import escaped
from backendctl.resources.apigateway.stage_wanted import Behind, look_at_slots, refuse_slots
from backendctl.resources.apigateway.stage_writes import CANARY, StagePlace, changed_fields, replacing, split_variables
from backendctl.resources.canary_operations import KIND, EndOf, ShiftOf
from backendctl.resources.deploy_context import Stamp
from backendctl.resources.ssm import release_claim, release_log
from backendctl.resources.ssm.release_record import VARIABLE, Record, split_tag

if TYPE_CHECKING:
    from mypy_boto3_apigateway.type_defs import PatchOperationTypeDef, StageTypeDef

    from backendctl.aws.connection import Aws


@dataclass(frozen=True, kw_only=True, slots=True)
class Canary:
    """The canary that a stage has now.

    Attributes:
        api: the API's name. routes: the functions that the stage leads to.
        tag: of its release; empty when it was started without one. deployment: id.
        definition, localised: digests of its deployment. variables: those it puts over the stage's.
        percent: its share of the requests.
    """

    kind: ClassVar[str] = KIND

    region: str
    name: str
    owner: str | None
    api: str
    routes: tuple[Route, ...] = field(default=(), repr=False)
    tag: str = ""
    deployment: str = ""
    definition: str | None = None
    localised: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    percent: float = 0.0

    @property
    def number(self) -> int | None:
        """Of its release."""
        told = split_tag(self.tag)
        return told[0] if told else None

    @classmethod
    def of_stage(
        cls,
        found: StageTypeDef,
        *,
        region: str,
        api: str,
        described: Mapping[str, str],
        routes: tuple[Route, ...] = (),
    ) -> Self | None:
        """None when all requests of the stage go one way. described: deployment id → description."""
        settings = found.get("canarySettings")
        if not settings:
            return None
        deployment = settings.get("deploymentId", "")
        variables, tag = split_variables(settings.get("stageVariableOverrides"))
        return cls(
            region=region,
            name=found["stageName"],
            owner=tagging.owner_of(found.get("tags")),
            api=api,
            routes=routes,
            tag=tag,
            deployment=deployment,
            definition=releases.definition_of(described.get(deployment)),
            localised=releases.localised_of(described.get(deployment)),
            variables=variables,
            percent=float(settings.get("percentTraffic", 0.0)),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class CanaryStart:
    """A canary put beside what a stage serves.

    Attributes:
        api: the API's name. stamp: who makes this release. routes: for the release log.
        requires: addresses of what has to be there or, in an earlier wave of regions, to be done first.
        behind: what its slots have to hold.
        entry: of the release log; None while the release has no number.
        base: tag for what the stage serves, where it has none yet; empty leaves it.
        definition, localised: digests of its deployment. variables: those it puts over the stage's.
        from_spec: the variables that the spec says of the stage.
        percent: its share of the requests.
    """

    kind: ClassVar[str] = KIND
    action: ClassVar[Action] = Action.CREATE
    taken_back: ClassVar[str] = "backendctl abort-canary"
    traits: ClassVar[Traits] = Traits(of_release=True)

    region: str
    name: str
    api: str
    stamp: Stamp | None = None
    routes: tuple[Route, ...] = field(default=(), repr=False)
    requires: frozenset[str] = field(default=frozenset(), repr=False)
    behind: tuple[Behind, ...] = field(default=(), repr=False)
    entry: Record | None = field(default=None, repr=False)
    base: str = ""
    definition: str | None = None
    localised: str | None = None
    variables: dict[str, str] = field(default_factory=dict)
    from_spec: Mapping[str, str] = field(default_factory=dict, repr=False)
    percent: float = 0.0

    @classmethod
    def beside(cls, stage: Stage, live: Stage, *, percent: float) -> Self | None:
        """What a stage is to become, as a canary of what it is; None when its requests would meet nothing new."""
        serving = live.variables or {}
        overrides = {key: value for key, value in (stage.variables or {}).items() if serving.get(key) != value}
        if not overrides and not stage.turns_from(live) and not live.canary:
            return None
        return cls(
            region=stage.region,
            name=stage.name,
            api=stage.api,
            stamp=stage.stamp,
            routes=stage.routes,
            from_spec=stage.from_spec,
            behind=stage.behind,
            requires=stage.requires | {address(stage.region, "rest-api", stage.api)},
            definition=stage.definition,
            localised=stage.localised,
            variables=overrides,
            percent=percent,
        )

    @property
    def tag(self) -> str:
        """Of its release; empty while it has no number."""
        return self.entry.tag if self.entry is not None else ""

    def needs(self) -> frozenset[str]:
        """Everything its requests will meet."""
        return self.requires

    def running(self, aws: Aws) -> Canary | None:
        """The canary that the stage has, as this plan has read it."""
        api_id = find_api(aws, self.region, self.api)
        found = stages(aws, self.region, api_id).get(self.name) if api_id is not None else None
        if api_id is None or found is None:
            return None
        described = deployments(aws, self.region, api_id)
        return Canary.of_stage(found, region=self.region, api=self.api, described=described, routes=self.routes)

    def is_on(self, running: Canary) -> bool:
        """Whether the canary that runs shows the same."""
        if (running.definition, running.variables) != (self.definition, self.variables):
            return False
        return self.entry is None or not running.tag or running.tag == self.tag

    def read(self, aws: Aws) -> tuple[FieldChange, ...]:
        """What it shows, unless it is on; a difference where another one is on."""
        running = self.running(aws)
        after: dict[str, Any] = {"release": self.tag or None, "definition": self.definition, "percent": self.percent}
        after |= {f"variables.{key}": value for key, value in sorted(self.variables.items())}
        if running is None:
            return tuple(changed_fields({}, {key: value for key, value in after.items() if value is not None}))
        if self.is_on(running):
            return ()
        before = {"release": running.tag or None, "definition": running.definition, "percent": running.percent}
        before |= {f"variables.{key}": running.variables.get(key) for key in self.variables}
        return tuple(changed_fields(before, after))

    def run(self, aws: Aws) -> None:
        """A deployment, then one UpdateStage that names it, its variables, its number and its share (A65, A66)."""
        place = StagePlace(aws=aws, region=self.region, api=self.api, name=self.name)
        with aws.exclusive("api", self.region, self.api):
            aws.forget("deployments", self.region, place.api_id)
            found, _ = both(place.found, partial(deployments, aws, self.region, place.api_id))
            live = self._now(place, found)
            if live is None:
                deployment = self._deployment(aws, place.api_id, found)
                self._ready(aws, place.api_id, found, deployment)
                live = self._now(place, place.patch(self._opening(found, deployment)))
            if live is None or not self.is_on(live):
                raise BackendctlError(
                    f"another canary has been started on {place.address}",
                    hint="look at it: backendctl canary-status",
                )

    def _now(self, place: StagePlace, found: StageTypeDef) -> Canary | None:
        told = deployments(place.aws, self.region, place.api_id)
        return Canary.of_stage(found, region=self.region, api=self.api, described=told, routes=self.routes)

    def _ready(self, aws: Aws, api_id: str, found: StageTypeDef, deployment: str) -> None:
        now = found.get("variables") or {}
        looking = partial(look_at_slots, aws, self.region, self.behind, serving=now)
        if self.entry is None:
            looking()
        else:
            both(looking, partial(release_log.renew, aws, self.region, self.entry.index))
        refuse_slots(aws, self.region, self.behind, serving=now)
        if self.entry is None:
            return
        variables, _ = split_variables(found.get("variables"))
        entry = entry_of_stage(
            aws,
            self.region,
            api_id,
            self.entry,
            stage=self.name,
            deployment=deployment,
            variables={**variables, **self.variables},
            serving=variables,
            routes=self.routes,
            told=self.from_spec,
        )
        release_claim.ready(aws, self.region, entry, renewed=True)

    def _opening(self, found: StageTypeDef, deployment: str) -> Iterator[PatchOperationTypeDef]:
        if self.base and VARIABLE not in (found.get("variables") or {}):
            yield replacing(f"/variables/{VARIABLE}", self.base)
        yield replacing(f"{CANARY}/deploymentId", deployment)
        overrides = {**self.variables, **({VARIABLE: self.tag} if self.tag else {})}
        for key, value in sorted(overrides.items()):
            yield replacing(f"{CANARY}/stageVariableOverrides/{escaped(key)}", value)
        yield replacing(f"{CANARY}/useStageCache", "false")  # A75: its answers differ
        yield replacing(f"{CANARY}/percentTraffic", f"{self.percent:g}")

    def _deployment(self, aws: Aws, api_id: str, found: Mapping[str, Any]) -> str:
        """The stage's own when the definition stays."""
        told = deployments(aws, self.region, api_id)
        serving = told.get(found["deploymentId"])
        same = releases.definition_of(serving) == self.definition
        if self.definition is None or (same and self.localised in {None, releases.localised_of(serving)}):
            return str(found["deploymentId"])
        if self.stamp is None:
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


@dataclass(frozen=True, kw_only=True, slots=True)
class TrafficShift(ShiftOf[Canary]):
    """Another share of a stage's requests for the canary that runs."""

    def run(self, aws: Aws) -> None:
        """One UpdateStage, only while the same canary runs: the same patch would make a new one (A66)."""
        place = StagePlace(aws=aws, region=self.region, api=self.canary.api, name=self.name)
        with aws.exclusive("api", self.region, self.canary.api):
            self._refuse_other(place, place.found())
            if self.entry is not None:
                release_claim.ready(aws, self.region, self.entry)
            found = place.patch([replacing(f"{CANARY}/percentTraffic", f"{self.percent:g}")])
            self._refuse_other(place, found)
            if float(found["canarySettings"].get("percentTraffic", 0.0)) != self.percent:
                raise place.refuse()

    def _refuse_other(self, place: StagePlace, found: StageTypeDef) -> None:
        settings = found.get("canarySettings")
        if not settings:
            raise BackendctlError(
                f"the canary of {place.address} has ended meanwhile", hint="look at it: backendctl canary-status"
            )
        shown = (settings.get("deploymentId", ""), *split_variables(settings.get("stageVariableOverrides")))
        if shown != (self.canary.deployment, self.canary.variables, self.canary.tag):
            raise place.refuse("has another canary by now")


@dataclass(frozen=True, kw_only=True, slots=True)
class CanaryEnd(EndOf[Canary]):
    """All traffic goes to the previous release again (A72); what the canary showed stays, to be looked into."""

    def run(self, aws: Aws) -> None:
        """One UpdateStage; a canary that has gone is no error, and another one than was looked at stays."""
        api_id = find_api(aws, self.region, self.canary.api)
        found = list_stages(aws, self.region, api_id).get(self.name) if api_id is not None else None
        if found is None or not found.get("canarySettings"):
            return
        place = StagePlace(aws=aws, region=self.region, api=self.canary.api, name=self.name)
        with aws.exclusive("api", self.region, self.canary.api):
            _, tag = split_variables(found["canarySettings"].get("stageVariableOverrides"))
            if tag != self.canary.tag:
                raise place.refuse("has another canary by now")
            if self.entry is not None:
                release_claim.ready(aws, self.region, self.entry)
            self._remove(place)
        # Until every host knows, some still send requests through its aliases, which must not move before.
        settle(aws, f"stage {self.name} to be the same everywhere")

    def _remove(self, place: StagePlace) -> None:
        try:
            found = place.patch([{"op": "remove", "path": CANARY}])
        except place.aws.apigateway(self.region).exceptions.ClientError as error:
            if not is_missing(error):
                raise
            found = place.found()
        if found.get("canarySettings"):
            raise place.refuse("still has a canary after its removal")
