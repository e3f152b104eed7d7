"""The web ACL of AWS WAF in front of a stage, in one region.

An association has no tags. That it is ours stands in a tag of the stage, which names the web ACL that we put there:
what else a stage has was put there by somebody else, and stays, or is replaced with --adopt. The web ACL itself is
nobody's here: it is made elsewhere, and named in the spec.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.aws.errors import ClientError, code_of, gone_already
from backendctl.aws.tags import owner_of
from backendctl.engine.resource import address
from backendctl.engine.traits import MatrixRow, Traits, whole
from backendctl.errors import BackendctlError
from backendctl.resources.apigateway.api_reads import api_arn, apis, find_api, list_stages, require_api, stages
from backendctl.resources.apigateway.stage import Stage

if TYPE_CHECKING:
    from mypy_boto3_apigateway.type_defs import StageTypeDef

    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext

MARK = "backendctl:web-acl"
"""Tag on a stage: the ARN of the web ACL that we have put in front of it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class WebAcl:
    """One stage's web ACL.

    Attributes:
        name: the stage's. api: the API's name.
        arn: of the web ACL.
        marked: whether the stage's tag says that it is ours; a kill may have come before it was written.
    """

    kind: ClassVar[str] = "web-acl"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"
    traits: ClassVar[Traits] = Traits(
        row=MatrixRow("stage", whole),
        made_if_missing=True,
        part_of_needed=True,
        region_check="web ACLs",
        follows=frozenset({"marked"}),
        instead="name in the spec the web ACL that is there, or none",
    )

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    api: str = field(compare=False)
    arn: str | None = None
    marked: bool | None = None

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """One for every stage and region with a web ACL."""
        api = context.spec.api
        for region in context.api_regions if api is not None else ():
            for stage in api.stages if api is not None else ():
                if region in stage.web_acl:
                    yield cls(
                        region=region,
                        name=stage.name,
                        owner=context.backend,
                        api=api.name if api is not None else "",
                        arn=stage.web_acl[region],
                        marked=True,
                    )

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """What the stage tells; what is there as it is wanted is ours, whoever put it there."""
        api_id = find_api(aws, desired.region, desired.api)
        found = stages(aws, desired.region, api_id).get(desired.name) if api_id else None
        live = cls._live(found, region=desired.region, api=desired.api) if found else None
        if live is None or live.arn is None:
            return None
        if live.arn != desired.arn:
            return live
        return replace(live, owner=desired.owner)

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """Those of our stages that we have put there."""
        for api in apis(aws, region):
            if owner_of(api.get("tags")) == aws.backend:
                for found in stages(aws, region, api["id"]).values():
                    live = cls._live(found, region=region, api=api.get("name", ""))
                    if live is not None and live.owner == aws.backend:
                        yield live

    @classmethod
    def _live(cls, found: StageTypeDef, *, region: str, api: str) -> Self | None:
        """A tag alone is ours as well: left there, it would make ours what somebody else associates later."""
        arn, tags = found.get("webAclArn") or None, found.get("tags") or {}
        if arn is None and MARK not in tags:
            return None
        marked = arn is None or tags.get(MARK) == arn
        return cls(
            region=region,
            name=found["stageName"],
            owner=owner_of(tags) if marked else None,
            api=api,
            arn=arn,
            marked=marked,
        )

    def needs(self) -> frozenset[str]:
        """The stage."""
        return frozenset({address(self.region, Stage.kind, self.name)})

    def create(self, aws: Aws) -> None:
        """Put in front of the stage, then noted in its tag, by which it is known as ours."""
        self._put(aws, None)

    def update(self, aws: Aws, live: Self) -> None:
        """The same call: requests are never without one in between."""
        self._put(aws, live.arn)

    def delete(self, aws: Aws) -> None:
        """Requests are no longer filtered; the web ACL stays."""
        api_id = find_api(aws, self.region, self.api)
        if api_id is None:
            return
        stage = f"{api_arn(aws, self.region, api_id)}/stages/{self.name}"
        there = list_stages(aws, self.region, api_id).get(self.name, {}).get("webAclArn")
        if self.arn is not None and there == self.arn:  # somebody may have put another one there since
            self._take_away(aws, stage)
        with gone_already():
            aws.apigateway(self.region).untag_resource(resourceArn=stage, tagKeys=[MARK])
        aws.forget("stages", self.region)

    def _take_away(self, aws: Aws, stage: str) -> None:
        try:
            _waf(aws, self.region).disassociate_web_acl(ResourceArn=stage)
        except ClientError as error:
            if code_of(error) != "WAFNonexistentItemException":
                raise

    def _put(self, aws: Aws, planned: str | None) -> None:
        """In place of what the plan saw there.

        The tag comes first where there is none yet, so that a kill in between leaves nothing that is taken for somebody
        else's. One that takes the place of ours is told apart by its ARN until the tag follows.

        Raises:
            BackendctlError: somebody else has put another one there since, or there is no such web ACL.
        """
        api_id = require_api(aws, self.region, self.api)
        stage = f"{api_arn(aws, self.region, api_id)}/stages/{self.name}"
        there = list_stages(aws, self.region, api_id).get(self.name, {}).get("webAclArn") or None
        if there not in {planned, self.arn}:
            raise BackendctlError(
                f"{address(self.region, self.kind, self.name)} was changed since the plan: the stage now has "
                f"{there or 'no web ACL'}",
                hint="plan again: backendctl plan",
            )
        try:
            if there is None:
                self._tag(aws, stage)
            if there != self.arn:
                self._associate(aws, stage)
            if there is not None:
                self._tag(aws, stage)
        finally:
            aws.forget("stages", self.region)

    def _tag(self, aws: Aws, stage: str) -> None:
        aws.apigateway(self.region).tag_resource(resourceArn=stage, tags={MARK: self.arn or ""})

    def _associate(self, aws: Aws, stage: str) -> None:
        try:
            _waf(aws, self.region).associate_web_acl(WebACLArn=self.arn, ResourceArn=stage)
        except ClientError as error:
            if code_of(error) != "WAFNonexistentItemException":
                raise
            raise BackendctlError(
                f"there is no web ACL {self.arn} in {self.region}, or the stage {self.name} has gone",
                hint=f"aws wafv2 list-web-acls --scope REGIONAL --region {self.region} lists those that are there; "
                "name one of them in the spec",
            ) from error


def _waf(aws: Aws, region: str) -> Any:
    """WAFv2, for which no types are installed."""
    return aws.client("wafv2", region)
