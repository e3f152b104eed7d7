"""How long the logs of a stage are kept: API Gateway makes them without a retention, and they outlive the stage."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Self

from backendctl.aws import tags as tagging
from backendctl.aws.errors import ClientError, code_of
from backendctl.engine.resource import address
from backendctl.engine.traits import MatrixRow, Traits, base
from backendctl.resources.apigateway.api_reads import find_api, require_api
from backendctl.resources.lambda_.log_group import described

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext
    from backendctl.spec.model import StageSpec

ACCESS, EXECUTION = "access", "execution"


@dataclass(frozen=True, kw_only=True, slots=True)
class StageLog:
    """The retention of one of a stage's two log groups.

    Attributes:
        name: `<stage>/access` or `<stage>/execution`. api: the API's name.
        group: of the access log; empty for the execution log, whose name has the API's id in it.
        retention: days.
    """

    kind: ClassVar[str] = "stage-log"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"
    traits: ClassVar[Traits] = Traits(row=MatrixRow("stage", base))

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    api: str = field(compare=False)
    group: str = field(compare=False)
    retention: int | None = None

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """Of every stage that logs and says for how long; stages that share a group have it once."""
        api = context.spec.api
        for region in context.api_regions if api else ():
            seen: set[str] = set()
            for stage in api.stages if api else ():
                for what, group in _groups(stage):
                    if group not in seen:
                        yield cls(
                            region=region,
                            name=f"{stage.name}/{what}",
                            owner=context.backend,
                            api=api.name if api else "",
                            group=group,
                            retention=stage.log_retention,
                        )
                    seen |= {group} - {""}

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """From a list of the groups whose names begin so; None as long as there is none.

        It belongs to the stage, so no mark is asked for: API Gateway makes its group by itself.
        """
        name = desired._physical(find_api(aws, desired.region, desired.api))
        live = described(aws, desired.region, name) if name else None
        if live is None:
            return None
        return cls(
            region=desired.region,
            name=desired.name,
            owner=desired.owner,
            api=desired.api,
            group=desired.group,
            retention=live.get("retentionInDays"),
        )

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """None: a stage that goes, or says nothing any more, leaves its logs as they are."""
        del aws, region
        return ()

    def needs(self) -> frozenset[str]:
        """The API, for the id in a name."""
        return frozenset() if self.group else frozenset({address(self.region, "rest-api", self.api)})

    def create(self, aws: Aws) -> None:
        """The group before API Gateway makes it, with its retention; one that has come meanwhile is kept."""
        name = self._made(aws)
        try:
            aws.logs(self.region).create_log_group(
                logGroupName=name, tags=tagging.marked(self.owner or aws.backend, {})
            )
        except ClientError as error:
            if code_of(error) != "ResourceAlreadyExistsException":
                raise
        self._put(aws, name)

    def update(self, aws: Aws, live: Self) -> None:
        """The retention; CloudWatch then deletes what is older."""
        del live
        self._put(aws, self._made(aws))

    def delete(self, aws: Aws) -> None:
        """Nothing: see `owned`."""
        del aws

    def _put(self, aws: Aws, name: str) -> None:
        if self.retention is not None:
            aws.logs(self.region).put_retention_policy(logGroupName=name, retentionInDays=self.retention)

    def _made(self, aws: Aws) -> str:
        return self.group or self._physical(require_api(aws, self.region, self.api))

    def _physical(self, api_id: str | None) -> str:
        """The name of the log group; empty where there is no API yet."""
        if self.group:
            return self.group
        return f"API-Gateway-Execution-Logs_{api_id}/{self.name.partition('/')[0]}" if api_id else ""


def _groups(stage: StageSpec) -> Iterator[tuple[str, str]]:
    if stage.logging is None or stage.log_retention is None:
        return
    if stage.logging.access:
        yield ACCESS, stage.logging.access
    if stage.logging.level != "OFF":
        yield EXECUTION, ""
