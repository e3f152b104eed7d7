"""A stage turned over to another release: onward to its canary's, or back to one it has served before.

Either way deployment and variables change in one UpdateStage, so that no request meets new code behind the old
definition (A51). What else a stage has set is left alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.aws import tags as tagging
from backendctl.aws.wait import settle
from backendctl.engine.resource import GUARDED, PARTIAL, address
from backendctl.errors import BackendctlError
from backendctl.resources import deployments as releases
from backendctl.resources import ledger
from backendctl.resources.api_reads import deployments, find_api, list_stages, require_api, stages
from backendctl.resources.stage_patch import escaped

if TYPE_CHECKING:
    from mypy_boto3_apigateway.type_defs import PatchOperationTypeDef, StageTypeDef

    from backendctl.aws.connection import Aws
    from backendctl.resources.world import World

PROMOTE, ROLLBACK, DEPLOY = "promote", "rollback", "deploy"
NO_CANARY = "off"
"""The canary field of a stage that has none."""

_CANARY = "/canarySettings"


@dataclass(frozen=True, kw_only=True, slots=True)
class Turn:
    """What one stage is to serve, or serves.

    Attributes:
        api: the API's name. routes: for the ledger. how: PROMOTE, ROLLBACK or DEPLOY.
        commit, by: whose release it is; empty takes what deployment and versions tell.
        requires: addresses of the aliases that have to stand, or of an earlier wave's turns.
        deployment: id. definition: digest of that deployment, which is what people compare.
        variables: those that change over; others are left alone.
        canary: the share of a canary, per cent; None for none, which is how every turn ends.
    """

    kind: ClassVar[str] = "stage"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    api: str = field(compare=False)
    how: str = field(default=PROMOTE, compare=False)
    commit: str = field(default="", compare=False)
    by: str = field(default="", compare=False)
    routes: tuple[ledger.Route, ...] = field(default=(), compare=False, repr=False)
    requires: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    definition: str | None = None
    deployment: str | None = None
    variables: dict[str, str] | None = field(default=None, metadata={**PARTIAL, **GUARDED})
    canary: str | None = None

    @classmethod
    def desired(cls, world: World) -> Iterable[Self]:
        """None: a spec says what a stage is to be, not how it gets there."""
        del world
        return ()

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """From the lists of stages and of deployments, one each per API."""
        api_id = find_api(aws, desired.region, desired.api)
        found = stages(aws, desired.region, api_id).get(desired.name) if api_id is not None else None
        if api_id is None or found is None:
            return None
        return cls.of_stage(found, desired=desired, described=deployments(aws, desired.region, api_id))

    @classmethod
    def of_stage(cls, found: StageTypeDef, *, desired: Self, described: Mapping[str, str]) -> Self:
        """What a stage serves now. described: deployment id → description."""
        settings = found.get("canarySettings")
        return replace(
            desired,
            owner=tagging.owner_of(found.get("tags")),
            definition=releases.definition_of(described.get(found.get("deploymentId", ""))),
            deployment=found.get("deploymentId", ""),
            variables=dict(found.get("variables") or {}),
            canary=f"{settings.get('percentTraffic', 0.0):g} %" if settings else NO_CANARY,
        )

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """None: what no command names is left alone."""
        del aws, region
        return ()

    def shows(self, key: str, value: Any) -> bool:
        """Whether a plan shows the value of that variable: an alias."""
        del value
        return any(route.variable == key for route in self.routes)

    def needs(self) -> frozenset[str]:
        """The aliases its variables name, and what an earlier wave of regions does."""
        return self.requires

    def create(self, aws: Aws) -> None:
        """A stage that is not there cannot turn."""
        del aws
        raise BackendctlError(
            f"there is no stage {self.name!r} in {self.region}", hint="deploy it first: backendctl deploy"
        )

    def update(self, aws: Aws, live: Self) -> None:
        """Turn, take the canary off, and read both back; done again it finishes what was begun."""
        del live
        api_id = require_api(aws, self.region, self.api)
        with aws.exclusive("api", self.region, self.api):
            found = self._found(aws, api_id)
            if not self._serves(found):
                self._note(aws, api_id, found, how="found")
                self._patch(aws, api_id, list(self._turning(found)))
                found = self._found(aws, api_id)
                self._refuse_other(found)
            if found.get("canarySettings"):
                self._patch(aws, api_id, [{"op": "remove", "path": _CANARY}])  # A71: a call of its own is safest (A69)
                found = self._found(aws, api_id)
            self._refuse_other(found, ended=True)
            self._note(aws, api_id, found, how=self.how)
            releases.prune(aws, self.region, api_id)
        settle(aws, f"stage {self.name} to be the same everywhere")

    def delete(self, aws: Aws) -> None:
        """Nothing: a turn is no thing that could go."""
        del aws

    def _turning(self, found: StageTypeDef) -> Iterable[PatchOperationTypeDef]:
        """One list for one UpdateStage; for a promotion AWS's own copies (A68 to A70)."""
        settings = found.get("canarySettings")
        if self.how == PROMOTE:
            self._refuse_changed(settings)
            yield _replace(f"{_CANARY}/percentTraffic", "0.0")
            if self.variables:
                yield {"op": "copy", "from": f"{_CANARY}/stageVariableOverrides", "path": "/variables"}
            yield {"op": "copy", "from": f"{_CANARY}/deploymentId", "path": "/deploymentId"}
            return
        if settings:
            raise BackendctlError(
                f"a canary has been started on {address(self.region, self.kind, self.name)} meanwhile",
                hint="promote it or end it: backendctl canary-status",
            )
        for key, value in sorted((self.variables or {}).items()):
            if (found.get("variables") or {}).get(key) != value:
                yield _replace(f"/variables/{escaped(key)}", value)
        if found.get("deploymentId") != self.deployment:
            yield _replace("/deploymentId", self.deployment or "")

    def _refuse_changed(self, settings: Any) -> None:
        """What is promoted is what was looked at."""
        shown = ((settings or {}).get("deploymentId"), (settings or {}).get("stageVariableOverrides") or {})
        if shown != (self.deployment, self.variables or {}):
            what = "is another one by now" if settings else "has ended meanwhile"
            raise BackendctlError(
                f"the canary of {address(self.region, self.kind, self.name)} {what}",
                hint="look at it: backendctl canary-status",
            )

    def _serves(self, found: StageTypeDef) -> bool:
        variables = found.get("variables") or {}
        same = all(variables.get(key) == value for key, value in (self.variables or {}).items())
        return same and found.get("deploymentId") == self.deployment

    def _refuse_other(self, found: StageTypeDef, *, ended: bool = False) -> None:
        if not self._serves(found) or (ended and found.get("canarySettings")):
            raise BackendctlError(
                f"{address(self.region, self.kind, self.name)} is not what was asked for: somebody else changes it",
                hint="look at it: backendctl canary-status; then run the same command again",
            )

    def _found(self, aws: Aws, api_id: str) -> StageTypeDef:
        found = list_stages(aws, self.region, api_id).get(self.name)
        if found is None:
            raise BackendctlError(f"there is no stage {self.name!r} in {self.region} any more", hint="plan again")
        return found

    def _patch(self, aws: Aws, api_id: str, operations: list[PatchOperationTypeDef]) -> None:
        aws.apigateway(self.region).update_stage(restApiId=api_id, stageName=self.name, patchOperations=operations)

    def _note(self, aws: Aws, api_id: str, found: StageTypeDef, *, how: str) -> None:
        entry = ledger.describe(
            aws,
            self.region,
            api_id,
            deployment=found.get("deploymentId", ""),
            variables=found.get("variables") or {},
            routes=self.routes,
            how=how,
        )
        if how == "found":
            ledger.note_found(aws, self.region, self.name, entry)
        else:
            whose = replace(entry, commit=self.commit or entry.commit, by=self.by or entry.by)
            ledger.write(aws, self.region, self.name, whose)


def _replace(path: str, value: str) -> PatchOperationTypeDef:
    return {"op": "replace", "path": path, "value": value}
