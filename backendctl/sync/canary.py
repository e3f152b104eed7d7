"""A stage that gets the new definition as a canary: a part of the traffic, chosen at random (A73)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.engine.resource import address
from backendctl.errors import BackendctlError
from backendctl.resources import deployments
from backendctl.resources.api_reads import deployments as described
from backendctl.resources.api_reads import find_api, list_stages, require_api, stages
from backendctl.resources.rest_api import definition_held
from backendctl.resources.stage import Stage
from backendctl.resources.world import Stamp, World

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws


@dataclass(frozen=True, kw_only=True, slots=True)
class CanaryStage:
    """A stage and the definition its canary is to show.

    Attributes:
        definition: digest of what the canary shows; live, of what the canary or else the stage itself shows.
        percent: of the traffic; None once the stage itself serves the definition.
        overrides: variables the stage lacks, which the new definition needs; all others stay the stage's.
    """

    kind: ClassVar[str] = "stage"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    api: str = field(compare=False)
    requires: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    stamp: Stamp | None = field(default=None, compare=False, repr=False)
    variables: dict[str, str] = field(default_factory=dict, compare=False)
    definition: str | None = None
    percent: float | None = None

    @classmethod
    def over(cls, stage: Stage, *, percent: float) -> Self:
        """What a sync with a canary makes of a stage."""
        return cls(
            region=stage.region,
            name=stage.name,
            owner=stage.owner,
            api=stage.api,
            requires=stage.requires,
            stamp=stage.stamp,
            variables=dict(stage.variables or {}),
            definition=stage.definition,
            percent=percent,
        )

    @classmethod
    def desired(cls, world: World) -> Iterable[Self]:
        """Made from stages by `over`; a spec names none."""
        del world
        return ()

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """A stage that serves the definition already is as wanted: there is nothing to try."""
        api_id = find_api(aws, desired.region, desired.api)
        found: Any = stages(aws, desired.region, api_id).get(desired.name) if api_id is not None else None
        if api_id is None or found is None:
            return None
        known = described(aws, desired.region, api_id)
        serves = deployments.definition_of(known.get(found.get("deploymentId", "")))
        canary = found.get("canarySettings") or {}
        shown = deployments.definition_of(known.get(canary.get("deploymentId", "")))
        done = serves == desired.definition
        return cls(
            region=desired.region,
            name=desired.name,
            owner=desired.owner,
            api=desired.api,
            definition=serves if done or not canary else shown,
            percent=desired.percent if done else canary.get("percentTraffic"),
        )

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """Stages are; a canary is a part of one."""
        del aws, region
        return ()

    def needs(self) -> frozenset[str]:
        """The API and the permissions."""
        return self.requires

    def create(self, aws: Aws) -> None:
        """Refused: a canary needs a stage (A63)."""
        del aws
        raise BackendctlError(
            f"{address(self.region, self.kind, self.name)} is not there yet, so a canary has nothing to stand beside",
            hint="sync it once without --canary",
        )

    def update(self, aws: Aws, live: Self) -> None:
        """Another percentage of the same canary, or a new deployment in its place (A63, A65)."""
        api_id = require_api(aws, self.region, self.api)
        client = aws.apigateway(self.region)
        with aws.exclusive("api", self.region, self.api):
            if live.definition == self.definition:
                operation: Any = {"op": "replace", "path": "/canarySettings/percentTraffic", "value": str(self.percent)}
                client.update_stage(restApiId=api_id, stageName=self.name, patchOperations=[operation])
                return
            if self.definition is None or self.stamp is None or self.percent is None:
                raise AssertionError(self.name)
            held = definition_held(aws, self.region, self.api)
            if held != self.definition:
                raise BackendctlError(
                    f"the API {self.api!r} in {self.region} holds {held or 'something else'}, not {self.definition}",
                    hint="run the same command again",
                )
            own = list_stages(aws, self.region, api_id)[self.name].get("variables") or {}
            client.create_deployment(
                restApiId=api_id,
                stageName=self.name,
                description=deployments.describe(self.definition, self.stamp),
                canarySettings={
                    "percentTraffic": self.percent,
                    "stageVariableOverrides": {k: v for k, v in self.variables.items() if own.get(k) != v},
                    "useStageCache": False,  # A75: the answers differ
                },
            )

    def delete(self, aws: Aws) -> None:
        """Never planned."""
        del aws
