"""Lambda, ACM and IAM for the sandbox's API Gateway, by calls inside the process."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote, urlencode

from backendctl.sandbox.backplane import Invocation
from backendctl.sandbox.timing import FAR

if TYPE_CHECKING:
    from backendctl.sandbox.inner import Inner

OK = 200


@dataclass(frozen=True, kw_only=True, slots=True)
class Behind:
    """The `Backplane` over the services of this process.

    Its questions are marked as those of a far reader, who hears of changes later (A51, B43).
    """

    inner: Inner

    async def invoke(
        self, region: str, function: str, qualifier: str | None, payload: bytes, *, wait: bool = True
    ) -> Invocation:
        """Call a function through a version or alias, and as a rule wait for its answer."""
        answer = await self.inner.ask(
            service="lambda",
            region=region,
            path=f"/2015-03-31/functions/{quote(function)}/invocations",
            query=_qualified(qualifier),
            headers={
                "x-amz-invocation-type": "RequestResponse" if wait else "Event",
                "content-type": "application/json",
                FAR: "1",
            },
            body=payload,
        )
        headers = {name.lower(): value for name, value in answer.headers.items()}
        return Invocation(
            status=answer.status,
            error=headers.get("x-amz-function-error"),
            payload=answer.body,
            version=headers.get("x-amz-executed-version"),
            request_id=headers.get("x-amzn-requestid"),
        )

    async def function_policy(self, region: str, function: str, qualifier: str | None) -> dict[str, Any] | None:
        """The resource policy of exactly that qualifier (B31); None when it has none."""
        answer = await self.inner.ask(
            service="lambda",
            region=region,
            method="GET",
            path=f"/2015-03-31/functions/{quote(function)}/policy",
            query=_qualified(qualifier),
            headers={FAR: "1"},
        )
        if answer.status != OK:
            return None
        policy: dict[str, Any] = json.loads(json.loads(answer.body)["Policy"])
        return policy

    async def certificate(self, region: str, arn: str) -> dict[str, Any] | None:
        """A certificate as ACM of that region describes it; None when it is unknown there."""
        answer = await self.inner.ask_json(
            service="acm",
            region=region,
            target="CertificateManager.DescribeCertificate",
            document={"CertificateArn": arn},
        )
        return None if answer is None else answer["Certificate"]

    async def assumable(self, role: str, service: str) -> bool:
        """Whether a role (ARN) is there and trusts a service by now: a new one has to travel first (A58, B15)."""
        return service in await self._role("GetRole", role)

    async def may_log(self, role: str) -> bool:
        """Whether API Gateway may assume a role by now, and the role has a policy at all (A58)."""
        if not await self.assumable(role, "apigateway.amazonaws.com"):
            return False
        inline = await self._role("ListRolePolicies", role)
        return "<member>" in inline or "<PolicyArn>" in await self._role("ListAttachedRolePolicies", role)

    async def _role(self, action: str, role: str) -> str:
        """What IAM says about a role, "" when it refuses."""
        asked = {"Action": action, "Version": "2010-05-08", "RoleName": role.rpartition("/")[2]}
        answer = await self.inner.ask(
            service="iam",
            region="us-east-1",
            headers={"content-type": "application/x-www-form-urlencoded", FAR: "1"},
            body=urlencode(asked).encode(),
        )
        return unquote(answer.body.decode()) if answer.status == OK else ""


def _qualified(qualifier: str | None) -> dict[str, list[str]]:
    return {} if qualifier is None else {"Qualifier": [qualifier]}
