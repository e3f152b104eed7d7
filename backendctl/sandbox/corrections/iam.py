"""IAM and STS: what has been written about a role reaches its users some seconds later (B15, B58, D21)."""

from __future__ import annotations

import fnmatch
import json
import re
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlencode

from backendctl.sandbox.corrections import constraints
from backendctl.sandbox.corrections.answers import Refusal, rewritten
from backendctl.sandbox.corrections.service import CorrectedService, Doc, Handled, operations
from backendctl.sandbox.http import NOT_FOUND, OK
from backendctl.sandbox.timing import FAR, Propagation

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from backendctl.sandbox.http import Request
    from backendctl.sandbox.inner import Inner
    from backendctl.sandbox.timing import Pace

_REGION = "us-east-1"
_NOT_TOLD = re.compile(
    rb"<Description>\s*</Description>|<Description\s*/>|<MaxSessionDuration>\d+</MaxSessionDuration>"
)
_TRAVEL = 6.0, 10.0
_TRACING = "xray:PutTraceSegments", "xray:PutTelemetryRecords"


@dataclass(kw_only=True, slots=True)
class Roles:
    """Roles as other services see them."""

    inner: Inner
    pace: Pace
    _trust: Propagation[str, str] = field(init=False)
    _traces: Propagation[str, bool] = field(init=False)

    def __post_init__(self) -> None:
        self._trust = Propagation(pace=self.pace, low=_TRAVEL[0], high=_TRAVEL[1])
        self._traces = Propagation(pace=self.pace, low=_TRAVEL[0], high=_TRAVEL[1])

    async def has_arrived(self, name: str) -> bool:
        """Whether other services know a role by now."""
        return bool(self._trust.seen(name, await self.trust(name)))

    async def trusts(self, role: str, service: str) -> bool:
        """Whether a role (name or ARN) can be assumed by a service ("lambda.amazonaws.com") by now (B15)."""
        name = role.rpartition("/")[2]
        return service in self._trust.seen(name, await self.trust(name))

    async def may_trace(self, role: str) -> bool:
        """Whether a role may write to X-Ray, as far as the service that asks can know by now (B58)."""
        name = role.rpartition("/")[2]
        return self._traces.seen(name, await self.rights(name))

    async def allows(self, role: str, action: str) -> bool:
        """Whether a policy of a role allows an action on something."""
        allowed = [one async for one in self._actions(role.rpartition("/")[2])]
        return any(fnmatch.fnmatchcase(action.lower(), has) for has in allowed)

    async def trust(self, name: str) -> str:
        """The trust policy as it is written, "" without a role."""
        text = await self._ask(Action="GetRole", RoleName=name)
        return next(iter(_all("AssumeRolePolicyDocument", text)), "")

    async def rights(self, name: str) -> bool:
        """Whether the policies of a role, as they are written, let it write to X-Ray."""
        allowed = [action async for action in self._actions(name)]
        return all(any(fnmatch.fnmatchcase(wanted.lower(), has) for has in allowed) for wanted in _TRACING)

    async def _actions(self, name: str) -> AsyncIterator[str]:
        listed = await self._ask(Action="ListRolePolicies", RoleName=name)
        for policy in _all("member", listed):
            text = await self._ask(Action="GetRolePolicy", RoleName=name, PolicyName=policy)
            for action in _allowed(_all("PolicyDocument", text)):
                yield action
        for arn in _all("PolicyArn", await self._ask(Action="ListAttachedRolePolicies", RoleName=name)):
            version = next(iter(_all("DefaultVersionId", await self._ask(Action="GetPolicy", PolicyArn=arn))), "v1")
            text = await self._ask(Action="GetPolicyVersion", PolicyArn=arn, VersionId=version)
            for action in _allowed(_all("Document", text)):
                yield action

    def trust_changed(self, name: str, *, before: str, after: str) -> None:
        """A role has been made, or its trust policy changed."""
        if before != after:
            self._trust.change(name, before=before, after=after)

    def rights_changed(self, name: str, *, before: bool, after: bool) -> None:
        """What a role may do has changed."""
        if before != after:
            self._traces.change(name, before=before, after=after)

    async def _ask(self, **asked: str) -> str:
        answer = await self.inner.ask(
            service="iam",
            region=_REGION,
            headers={"content-type": "application/x-www-form-urlencoded"},
            body=urlencode({**asked, "Version": "2010-05-08"}).encode(),
        )
        return answer.body.decode() if answer.status == OK else ""


@dataclass(kw_only=True, slots=True)
class IAM(CorrectedService):
    """IAM in front of the emulated one: answers at once, and remembers what has to travel."""

    roles: Roles

    async def _get(self, request: Request, asked: Doc) -> Handled:
        name = asked.get("RoleName", "")
        if FAR not in request.headers or await self.roles.has_arrived(name):
            return None
        return Refusal(code="NoSuchEntity", message=f"The role with name {name} cannot be found.", status=NOT_FOUND)

    async def _change_trust(self, request: Request, asked: Doc) -> Handled:
        name = asked.get("RoleName", "")
        before = await self.roles.trust(name)
        answer = await self.inner.forward(request)
        self.roles.trust_changed(name, before=before, after=await self.roles.trust(name))
        # CreateRole tells neither a description none has given nor for how long sessions may last.
        return rewritten(answer, _NOT_TOLD.sub(b"", answer.body)) if asked["Action"] == "CreateRole" else answer

    async def _change_rights(self, request: Request, asked: Doc) -> Handled:
        name = asked.get("RoleName", "")
        could = await self.roles.rights(name)
        answer = await self.inner.forward(request)
        self.roles.rights_changed(name, before=could, after=await self.roles.rights(name))
        return answer

    service = "iam"
    dialect = Refusal.rest_xml
    handlers = operations(
        GetRole=_get,
        **dict.fromkeys(("CreateRole", "UpdateAssumeRolePolicy", "DeleteRole"), _change_trust),
        **dict.fromkeys(("PutRolePolicy", "DeleteRolePolicy", "AttachRolePolicy", "DetachRolePolicy"), _change_rights),
    )


def _all(tag: str, text: str) -> list[str]:
    return [unquote(found) for found in re.findall(rf"<{tag}>([^<]*)</{tag}>", text)]


def _allowed(documents: list[str]) -> Iterator[str]:
    """The actions which policies allow, in lower case."""
    for document in documents:
        statements = json.loads(document.replace("&quot;", '"')).get("Statement", [])
        for statement in statements if isinstance(statements, list) else [statements]:
            actions = statement.get("Action", [])
            if statement.get("Effect") == "Allow":
                yield from (action.lower() for action in ([actions] if isinstance(actions, str) else actions))


_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")
_JUDGE = constraints.Judge(service="sts")


@dataclass(kw_only=True, slots=True)
class Sessions(CorrectedService):
    """STS in front of the emulated one."""

    async def _assume(self, _request: Request, asked: Doc) -> Handled:
        return _session_refusal(asked)

    service = "sts"
    dialect = partial(Refusal.rest_xml, namespace=_NAMESPACE)
    handlers = operations(AssumeRole=_assume)


def _session_refusal(asked: dict[str, str]) -> Refusal | None:
    values: dict[str, Any] = {**asked}
    if asked.get("DurationSeconds", "").isdigit():
        values["DurationSeconds"] = int(asked["DurationSeconds"])
    broken = constraints.refusal(_JUDGE.faults("AssumeRole", values))
    if broken is not None:
        return replace(broken, code="ValidationError")
    if not _ROLE.fullmatch(asked["RoleArn"]):
        return Refusal(code="ValidationError", message=f"{asked['RoleArn']} is invalid")
    return _session_tags(asked)


def _session_tags(asked: dict[str, str]) -> Refusal | None:
    """Keys of tags are the same in any case of their letters."""
    keys = [value.lower() for name, value in asked.items() if re.fullmatch(r"Tags\.member\.\d+\.Key", name)]
    kept = [value.lower() for name, value in asked.items() if re.fullmatch(r"TransitiveTagKeys\.member\.\d+", name)]
    if len(set(keys)) < len(keys):
        return _bad("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    if not set(kept) <= set(keys):
        return _bad("The specified transitive tag key must be included in the requested tags.")
    return None


def _bad(message: str) -> Refusal:
    return Refusal(code="InvalidParameterValue", message=message)
