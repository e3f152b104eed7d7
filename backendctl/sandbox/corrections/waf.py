"""WAFv2: web ACLs in front of stages of API Gateway, one each, and refused where AWS refuses.

The emulated service keeps the web ACLs; which stage has which stands on the stage, as AWS tells it, and goes with it.
No request is filtered by any.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from backendctl.sandbox.corrections.answers import Refusal
from backendctl.sandbox.corrections.service import CorrectedService, Doc, Handled, operations
from backendctl.sandbox.http import OK, Response
from backendctl.sandbox.timing import Deadlines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backendctl.sandbox.http import Request
    from backendctl.sandbox.timing import Pace

HELD = "webAclArn"
_STAGE = re.compile(r"arn:aws:apigateway:(?P<region>[a-z0-9-]+)::/restapis/(?P<api>[^/]+)/stages/(?P<stage>[^/]+)")
_ACL = re.compile(
    r"arn:aws:wafv2:(?P<region>[a-z0-9-]+):(?P<account>[0-9]{12}):(?P<scope>regional|global)/webacl/"
    r"(?P<name>[^/]+)/(?P<id>[^/]+)"
)
_NEW = (2.0, 10.0)
"""Seconds of AWS's for which a new web ACL cannot be associated; its documentation says seconds to minutes."""


class Stages(Protocol):
    """The stages of API Gateway."""

    def stage(self, region: str, api_id: str, name: str) -> Doc | None:
        """One of them, to be written to; None when it is not there."""

    def stages_of(self, region: str) -> Iterator[tuple[str, Doc]]:
        """ARN and stage of every one in a region."""


@dataclass(kw_only=True, slots=True)
class Waf(CorrectedService):
    """WAFv2 in front of the emulated one."""

    stages: Stages
    pace: Pace
    _new: Deadlines[str] = field(init=False)

    def __post_init__(self) -> None:
        self._new = Deadlines(pace=self.pace)

    async def _create(self, request: Request, _asked: Doc) -> Handled:
        answer = await self.inner.forward(request)
        if answer.status == OK:
            self._new.begin(str(json.loads(answer.body)["Summary"]["ARN"]), *_NEW)
        return answer

    async def _associate(self, request: Request, asked: Doc) -> Handled:
        """In the place of the one that the stage has: there is one at most."""
        arn = str(asked.get("WebACLArn", ""))
        found = _ACL.fullmatch(arn)
        if found is None or found["scope"] != "regional":
            return _invalid("The ARN isn't valid. A valid ARN begins with arn: and includes other information.", arn)
        if found["region"] != request.region or found["account"] != request.account:
            return _missing()
        stage = self._stage(request, asked)
        if isinstance(stage, Refusal):
            return stage
        if await self._web_acl(request.region, found) is None:
            return _missing()
        if self._new.lasts(arn):
            message = "AWS WAF couldn't retrieve the resource that you requested. Retry your request."
            return Refusal(code="WAFUnavailableEntityException", message=message)
        stage[HELD] = arn
        return Response.of_json({})

    async def _disassociate(self, request: Request, asked: Doc) -> Handled:
        stage = self._stage(request, asked)
        if isinstance(stage, Refusal):
            return stage
        stage.pop(HELD, None)
        return Response.of_json({})

    async def _of_stage(self, request: Request, asked: Doc) -> Handled:
        """Empty for a stage without one."""
        stage = self._stage(request, asked)
        if isinstance(stage, Refusal):
            return stage
        found = _ACL.fullmatch(stage.get(HELD, ""))
        held = None if found is None else await self._web_acl(request.region, found)
        return Response.of_json({} if held is None else {"WebACL": held})

    async def _users(self, request: Request, asked: Doc) -> Handled:
        wanted = asked.get("WebACLArn", "")
        users = [arn for arn, stage in self.stages.stages_of(request.region) if stage.get(HELD) == wanted]
        return Response.of_json({"ResourceArns": users})

    async def _delete(self, request: Request, asked: Doc) -> Handled:
        """Refused while a stage has it."""
        held = {_id(stage[HELD]) for _, stage in self.stages.stages_of(request.region) if HELD in stage}
        if asked.get("Id") not in held:
            return None
        message = "AWS WAF couldn't perform the operation because your resource is being used by another resource."
        return Refusal(code="WAFAssociatedItemException", message=message)

    def _stage(self, request: Request, asked: Doc) -> Doc | Refusal:
        arn = str(asked.get("ResourceArn", ""))
        found = _STAGE.fullmatch(arn)
        if found is None or found["region"] != request.region:
            return _invalid("The ARN isn't valid. A valid ARN begins with arn: and includes other information.", arn)
        return self.stages.stage(found["region"], found["api"], found["stage"]) or _missing()

    async def _web_acl(self, region: str, arn: re.Match[str]) -> Doc | None:
        answer = await self.ask(region, "GetWebACL", {"Name": arn["name"], "Id": arn["id"], "Scope": "REGIONAL"})
        return None if answer is None else answer["WebACL"]

    service = "wafv2"
    target = "AWSWAF_20190729"
    handlers = operations(
        AssociateWebACL=_associate,
        CreateWebACL=_create,
        DeleteWebACL=_delete,
        DisassociateWebACL=_disassociate,
        GetWebACLForResource=_of_stage,
        ListResourcesForWebACL=_users,
    )


def _id(arn: str) -> str:
    return arn.rpartition("/")[2]


def _missing() -> Refusal:
    message = "AWS WAF couldn't perform the operation because your resource doesn't exist."
    return Refusal(code="WAFNonexistentItemException", message=message)


def _invalid(why: str, arn: str) -> Refusal:
    message = f"Error reason: {why}, field: RESOURCE_ARN, parameter: {arn}"
    return Refusal(code="WAFInvalidParameterException", message=message)
