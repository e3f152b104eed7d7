"""A stage turned to another release in one UpdateStage: deployment, variables and the release's number together (A51).

`StageCutover` turns a stage that has no canary: back to an earlier release, or on to a new version behind an alias.
`CanaryPromotion` makes a canary what its stage serves.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from backendctl.aws.crew import both
from backendctl.aws.errors import ClientError, says
from backendctl.aws.wait import settle
from backendctl.engine.action import Action
from backendctl.engine.diff import FieldChange
from backendctl.engine.traits import Traits
from backendctl.errors import BackendctlError
from backendctl.resources.apigateway import deployments as releases
from backendctl.resources.apigateway.api_reads import deployments, find_api, stages
from backendctl.resources.apigateway.recorded_variables import entry_of_stage
from backendctl.resources.apigateway.served import Route
from backendctl.resources.apigateway.stage_patch import escaped
from backendctl.resources.apigateway.stage_writes import (
    CANARY,
    Held,
    StagePlace,
    changed_fields,
    refuse_canary,
    refuse_moved,
    replacing,
    split_variables,
)
from backendctl.resources.ssm import release_claim, release_log
from backendctl.resources.ssm.release_record import VARIABLE, Record
from backendctl.secrets import digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_apigateway.type_defs import PatchOperationTypeDef, StageTypeDef

    from backendctl.aws.connection import Aws


@dataclass(frozen=True, kw_only=True, slots=True)
class _Cutover:
    """What both have.

    Attributes:
        api: the API's name. routes: for the release log.
        entry: of the release log. tag: of the release that will serve.
        seen: the tag that the stage had when this was planned.
        requires: addresses of the aliases that have to stand, or of what an earlier wave of regions does.
        deployment: id. variables: those that change over. gone: names of those that go. Others are left alone.
        held: the versions that have to be behind those variables.
    """

    kind: ClassVar[str] = "stage"
    action: ClassVar[Action] = Action.UPDATE
    taken_back: ClassVar[str] = "backendctl rollback"
    traits: ClassVar[Traits] = Traits(of_release=True)

    region: str
    name: str
    api: str
    deployment: str
    variables: dict[str, str]
    entry: Record
    tag: str
    seen: str = ""
    routes: tuple[Route, ...] = field(default=(), repr=False)
    requires: frozenset[str] = field(default=frozenset(), repr=False)
    held: tuple[Held, ...] = field(default=(), repr=False)
    gone: tuple[str, ...] = ()

    def needs(self) -> frozenset[str]:
        """The aliases its variables name, and what an earlier wave of regions does."""
        return self.requires

    def _place(self, aws: Aws) -> StagePlace:
        return StagePlace(aws=aws, region=self.region, api=self.api, name=self.name)

    def _planned(self, aws: Aws) -> StageTypeDef | None:
        """The stage as this plan has read it; None when there is none."""
        api_id = find_api(aws, self.region, self.api)
        return stages(aws, self.region, api_id).get(self.name) if api_id is not None else None

    def _differs(self, aws: Aws, found: StageTypeDef) -> tuple[FieldChange, ...]:
        variables, tag = split_variables(found.get("variables"))
        described = deployments(aws, self.region, find_api(aws, self.region, self.api) or "")
        ids = (found.get("deploymentId", ""), self.deployment)
        told = [releases.definition_of(described.get(one)) or one for one in ids]
        before: dict[str, Any] = {"release": tag, "definition": told[0], "deployment": ids[0]}
        after: dict[str, Any] = {"release": self.tag, "definition": told[1], "deployment": ids[1]}
        routed = {route.variable for route in self.routes}
        names = [*self.variables, *self.gone]
        # What the stage has may be a secret that the spec does not know.
        before |= {
            f"variables.{key}": variables[key]
            if self._keeps(key, variables) or key in routed
            else digest(variables[key], of=key)
            for key in names
            if key in variables
        }
        after |= {f"variables.{key}": value for key, value in sorted(self.variables.items())}
        after |= {f"variables.{key}": None for key in self.gone}
        return tuple(changed_fields(before, after))

    def _keeps(self, key: str, variables: Mapping[str, str]) -> bool:
        return self.variables.get(key) == variables.get(key)

    def _serves(self, found: StageTypeDef) -> bool:
        variables, tag = split_variables(found.get("variables"))
        same = all(variables.get(key) == value for key, value in self.variables.items())
        same = same and not variables.keys() & set(self.gone)
        return same and (tag, found.get("deploymentId")) == (self.tag, self.deployment)

    def _ready(self, aws: Aws, api_id: str, found: StageTypeDef) -> None:
        both(
            partial(refuse_moved, aws, self.region, self.held),
            partial(release_log.renew, aws, self.region, self.entry.index),
        )
        variables, _ = split_variables(found.get("variables"))
        entry = entry_of_stage(
            aws,
            self.region,
            api_id,
            self.entry,
            stage=self.name,
            deployment=self.deployment,
            variables={k: one for k, one in {**variables, **self.variables}.items() if k not in self.gone},
            serving=variables,
            routes=self.routes,
        )
        release_claim.ready(aws, self.region, entry, renewed=True)

    def _turned(self, place: StagePlace, found: StageTypeDef) -> None:
        """What follows every turn."""
        if found.get("cacheClusterEnabled"):
            releases.flush_cache(place.aws, self.region, place.api_id, self.name)
        releases.prune(place.aws, self.region, place.api_id)


@dataclass(frozen=True, kw_only=True, slots=True)
class StageCutover(_Cutover):
    """A stage without a canary, turned to what is behind these variables and that deployment."""

    def read(self, aws: Aws) -> tuple[FieldChange, ...]:
        """What of it the stage does not serve yet."""
        found = self._planned(aws)
        if found is None:
            return (FieldChange(field="deployment", before=None, after=self.deployment),)
        return self._differs(aws, found)

    def run(self, aws: Aws) -> None:
        """Turn, and look at what it is then; done again it finishes what was begun."""
        place = self._place(aws)
        with aws.exclusive("api", self.region, self.api):
            found = place.found()
            refuse_canary(found, place.address)
            if not self._serves(found):
                if split_variables(found.get("variables"))[1] not in {self.seen, self.tag}:
                    raise place.refuse("serves another release by now")
                self._ready(aws, place.api_id, found)
                found = place.patch(self._patches(found))
                if not self._serves(found):
                    raise place.refuse()
            self._turned(place, found)
        settle(aws, f"stage {self.name} to be the same everywhere")

    def _patches(self, found: StageTypeDef) -> Iterator[PatchOperationTypeDef]:
        if found.get("deploymentId") != self.deployment:
            yield replacing("/deploymentId", self.deployment)
        for key, value in sorted({**self.variables, VARIABLE: self.tag}.items()):
            if (found.get("variables") or {}).get(key) != value:
                yield replacing(f"/variables/{escaped(key)}", value)
        for key in self.gone:
            if key in (found.get("variables") or {}):
                yield {"op": "remove", "path": f"/variables/{escaped(key)}"}


@dataclass(frozen=True, kw_only=True, slots=True)
class CanaryPromotion(_Cutover):
    """A canary becomes what its stage serves; the variables are its overrides."""

    def read(self, aws: Aws) -> tuple[FieldChange, ...]:
        """What the stage does not serve yet, and the canary, which has to go."""
        found = self._planned(aws)
        if found is None:
            return ()
        settings = found.get("canarySettings")
        share = f"{settings.get('percentTraffic', 0.0):g} %" if settings else "off"
        gone = (FieldChange(field="canary", before=share, after="off"),) if settings else ()
        return (*self._differs(aws, found), *gone)

    def run(self, aws: Aws) -> None:
        """AWS's own copies first, then the canary is taken off, by a call of its own (A68 to A71)."""
        place = self._place(aws)
        with aws.exclusive("api", self.region, self.api):
            found = place.found()
            if not self._serves(found):
                self._refuse_changed(place, found)
                self._ready(aws, place.api_id, found)
                found = self._copied(place, found)
                if not self._serves(found):
                    raise place.refuse()
            if found.get("canarySettings"):
                found = place.patch([{"op": "remove", "path": CANARY}])
            if not self._serves(found) or found.get("canarySettings"):
                raise place.refuse()
            self._turned(place, found)
        settle(aws, f"stage {self.name} to be the same everywhere")

    def _copied(self, place: StagePlace, found: StageTypeDef) -> StageTypeDef:
        try:
            return place.patch(self._copies(found))
        except ClientError as error:
            if says(error, "BadRequestException", "Canary does not exist"):  # A68
                raise _ended(place) from error
            raise

    def _copies(self, found: StageTypeDef) -> Iterator[PatchOperationTypeDef]:
        """The copies come before the share, so that a canary that has gone refuses them all and is not made again."""
        overrides = (found.get("canarySettings") or {}).get("stageVariableOverrides")
        if overrides:
            yield {"op": "copy", "from": f"{CANARY}/stageVariableOverrides", "path": "/variables"}
        yield {"op": "copy", "from": f"{CANARY}/deploymentId", "path": "/deploymentId"}
        if VARIABLE not in (overrides or {}):  # started before releases had numbers
            yield replacing(f"/variables/{VARIABLE}", self.tag)
        yield replacing(f"{CANARY}/percentTraffic", "0.0")

    def _refuse_changed(self, place: StagePlace, found: StageTypeDef) -> None:
        """What is promoted is what was looked at."""
        settings = found.get("canarySettings")
        if not settings:
            raise _ended(place)
        overrides, tag = split_variables(settings.get("stageVariableOverrides"))
        if (settings.get("deploymentId"), overrides) != (self.deployment, self.variables) or tag not in {"", self.tag}:
            raise place.refuse("has another canary by now")


def _ended(place: StagePlace) -> BackendctlError:
    return BackendctlError(
        f"the canary of {place.address} has ended meanwhile", hint="see what is live: backendctl history"
    )
