"""The canary of a stage: a share of its requests goes to another deployment, with other aliases.

It is no part of the spec's desired state, so `KINDS` does not hold it: it comes and goes with the verbs of a release.
Between two of them all there is to remember stands in the stage itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.aws import tags as tagging
from backendctl.aws.errors import is_missing
from backendctl.aws.wait import settle
from backendctl.engine.resource import GUARDED, address
from backendctl.errors import BackendctlError, RefusedError
from backendctl.resources import deployments as releases
from backendctl.resources import ledger
from backendctl.resources.api_reads import deployments, find_api, list_deployments, list_stages, require_api, stages
from backendctl.resources.stage import Stage
from backendctl.resources.stage_patch import escaped
from backendctl.resources.world import Stamp

if TYPE_CHECKING:
    from mypy_boto3_apigateway.type_defs import PatchOperationTypeDef, StageTypeDef

    from backendctl.aws.connection import Aws
    from backendctl.resources.world import World

_ROOT = "/canarySettings"


@dataclass(frozen=True, kw_only=True, slots=True)
class Canary:
    """The canary of one stage in one region.

    Attributes:
        api: the API's name. stamp: who makes this release. routes: for the ledger.
        requires: addresses of what has to be there or, in an earlier wave of regions, to be done first.
        definition, localised: digests of its deployment. variables: those it puts over the stage's.
        percent: its share of the requests; None leaves it alone.
    """

    kind: ClassVar[str] = "canary"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    api: str = field(compare=False)
    stamp: Stamp | None = field(default=None, compare=False, repr=False)
    routes: tuple[ledger.Route, ...] = field(default=(), compare=False, repr=False)
    requires: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    definition: str | None = None
    localised: str | None = None
    variables: dict[str, str] | None = field(default=None, metadata=GUARDED)
    percent: float | None = None

    @classmethod
    def desired(cls, world: World) -> Iterable[Self]:
        """None: a spec asks for no canary."""
        del world
        return ()

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
            owner=stage.owner,
            api=stage.api,
            stamp=stage.stamp,
            routes=stage.routes,
            requires=stage.requires | {address(stage.region, "rest-api", stage.api)},
            definition=stage.definition,
            localised=stage.localised,
            variables=overrides,
            percent=percent,
        )

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """From the lists of stages and of deployments, one each per API."""
        api_id = find_api(aws, desired.region, desired.api)
        found = stages(aws, desired.region, api_id).get(desired.name) if api_id is not None else None
        if api_id is None or found is None:
            return None
        described = deployments(aws, desired.region, api_id)
        return cls.of_stage(found, region=desired.region, api=desired.api, described=described, routes=desired.routes)

    @classmethod
    def of_stage(
        cls,
        found: StageTypeDef,
        *,
        region: str,
        api: str,
        described: Mapping[str, str],
        routes: tuple[ledger.Route, ...] = (),
    ) -> Self | None:
        """The canary that a stage has now, None when all its requests go one way.

        Args:
            described: deployment id → description.
        """
        settings = found.get("canarySettings")
        if not settings:
            return None
        return cls(
            region=region,
            name=found["stageName"],
            owner=tagging.owner_of(found.get("tags")),
            api=api,
            routes=routes,
            definition=releases.definition_of(described.get(settings.get("deploymentId", ""))),
            localised=releases.localised_of(described.get(settings.get("deploymentId", ""))),
            variables=dict(settings.get("stageVariableOverrides") or {}),
            percent=float(settings.get("percentTraffic", 0.0)),
        )

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """None: what no command names is left alone."""
        del aws, region
        return ()

    def shows(self, key: str, value: Any) -> bool:
        """Whether a plan shows the value of that variable: an alias, or what the spec says."""
        return any(route.variable == key for route in self.routes) or value in (self.variables or {}).values()

    def needs(self) -> frozenset[str]:
        """Everything its requests will meet."""
        return self.requires

    def create(self, aws: Aws) -> None:
        """A deployment, then one UpdateStage that names it, its variables and its share (A65, A66)."""
        api_id = require_api(aws, self.region, self.api)
        with aws.exclusive("api", self.region, self.api):
            found = self._found(aws, api_id)
            live = self._live(aws, api_id, found)
            if live is not None:
                if (live.definition, live.variables) != (self.definition, self.variables):
                    raise BackendctlError(
                        f"another canary has been started on {address(self.region, 'stage', self.name)}",
                        hint="look at it: backendctl canary-status",
                    )
                return
            self._note(aws, api_id, found.get("deploymentId", ""), found.get("variables") or {}, how="found")
            deployment = self._deployment(aws, api_id, found)
            self._patch(aws, api_id, list(self._opening(deployment)))
            variables = {**(found.get("variables") or {}), **(self.variables or {})}
            self._note(aws, api_id, deployment, variables, how="canary", percent=self._share)
        self._verify(aws, api_id, percent=self._share)

    def update(self, aws: Aws, live: Self) -> None:
        """Another share; what it shows stays what it is.

        Raises:
            RefusedError: it shows something else: that is another canary.
        """
        wanted = (self.definition, self.variables)
        if None not in wanted and wanted != (live.definition, live.variables):
            raise RefusedError(
                [f"{address(self.region, 'stage', self.name)} has another canary"],
                hint="end it first: backendctl abort-canary",
            )
        if self.percent is None:
            return
        api_id = require_api(aws, self.region, self.api)
        with aws.exclusive("api", self.region, self.api):
            found = self._found(aws, api_id)
            if not found.get("canarySettings"):  # A66: the same patch would make a new one, of the present deployment
                raise BackendctlError(
                    f"the canary of {address(self.region, 'stage', self.name)} has ended meanwhile",
                    hint="look at it: backendctl canary-status",
                )
            self._patch(aws, api_id, [_replace("percentTraffic", f"{self.percent:g}")])
            variables = {**(found.get("variables") or {}), **(live.variables or {})}
            deployment = found["canarySettings"].get("deploymentId", "")
            self._note(aws, api_id, deployment, variables, how="shift", percent=self.percent)
        self._verify(aws, api_id, percent=self.percent)

    def delete(self, aws: Aws) -> None:
        """All requests go to the base again (A72); what the canary showed stays, to be looked into."""
        api_id = find_api(aws, self.region, self.api)
        found = list_stages(aws, self.region, api_id).get(self.name) if api_id is not None else None
        if api_id is None or found is None or not found.get("canarySettings"):
            return
        with aws.exclusive("api", self.region, self.api):
            self._remove(aws, api_id)
            self._note(aws, api_id, found.get("deploymentId", ""), found.get("variables") or {}, how="abort")
        # Until every host knows, some still send requests through its aliases, which must not move before.
        settle(aws, f"stage {self.name} to be the same everywhere")

    def shifted(self, percent: float, *, requires: frozenset[str]) -> Self:
        """The same with another share, whatever it shows."""
        return replace(self, definition=None, localised=None, variables=None, percent=percent, requires=requires)

    @property
    def _share(self) -> float:
        return self.percent or 0.0

    def _remove(self, aws: Aws, api_id: str) -> None:
        try:
            self._patch(aws, api_id, [{"op": "remove", "path": _ROOT}])
        except aws.apigateway(self.region).exceptions.ClientError as error:
            if not is_missing(error):
                raise
        if self._found(aws, api_id).get("canarySettings"):
            raise BackendctlError(
                f"the canary of {address(self.region, 'stage', self.name)} is still there after its removal",
                hint="run the same command again",
            )

    def _opening(self, deployment: str) -> Iterable[PatchOperationTypeDef]:
        yield _replace("deploymentId", deployment)
        for key in sorted(self.variables or {}):
            yield _replace(f"stageVariableOverrides/{escaped(key)}", (self.variables or {})[key])
        yield _replace("useStageCache", "false")  # A75: its answers differ
        yield _replace("percentTraffic", f"{self._share:g}")

    def _deployment(self, aws: Aws, api_id: str, found: Mapping[str, Any]) -> str:
        """The stage's own when the definition stays."""
        told = {d["id"]: d.get("description", "") for d in list_deployments(aws, self.region, api_id)}
        served = told.get(found["deploymentId"])
        same = releases.definition_of(served) == self.definition
        if self.definition is None or (same and self.localised in {None, releases.localised_of(served)}):
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

    def _found(self, aws: Aws, api_id: str) -> StageTypeDef:
        found = list_stages(aws, self.region, api_id).get(self.name)
        if found is None:
            raise BackendctlError(
                f"there is no stage {self.name!r} in {self.region}", hint="deploy it first: backendctl deploy"
            )
        return found

    def _live(self, aws: Aws, api_id: str, found: StageTypeDef) -> Self | None:
        told = {d["id"]: d.get("description", "") for d in list_deployments(aws, self.region, api_id)}
        return self.of_stage(found, region=self.region, api=self.api, described=told, routes=self.routes)

    def _patch(self, aws: Aws, api_id: str, operations: list[PatchOperationTypeDef]) -> None:
        aws.apigateway(self.region).update_stage(restApiId=api_id, stageName=self.name, patchOperations=operations)

    def _verify(self, aws: Aws, api_id: str, *, percent: float) -> None:
        """Every write is read back."""
        live = self._live(aws, api_id, self._found(aws, api_id))
        wanted = (self.definition or (live and live.definition), self.variables or (live and live.variables), percent)
        if live is None or (live.definition, live.variables, live.percent) != wanted:
            raise BackendctlError(
                f"the canary of {address(self.region, 'stage', self.name)} is not what was asked for: somebody else "
                "changes this stage",
                hint="look at it: backendctl canary-status",
            )

    def _note(
        self,
        aws: Aws,
        api_id: str,
        deployment: str,
        variables: Mapping[str, str],
        *,
        how: str,
        percent: float | None = None,
    ) -> None:
        entry = ledger.describe(
            aws, self.region, api_id, deployment=deployment, variables=variables, routes=self.routes, how=how
        )
        if how == "found":
            ledger.note_found(aws, self.region, self.name, entry)
        else:
            ledger.write(aws, self.region, self.name, replace(entry, percent=percent))


def _replace(leaf: str, value: str) -> PatchOperationTypeDef:
    return {"op": "replace", "path": f"{_ROOT}/{leaf}", "value": value}
