"""What the sandbox's API Gateway may ask of the services behind it, and nothing more."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True, kw_only=True, slots=True)
class Invocation:
    """The outcome of one Lambda invocation.

    Attributes:
        status: HTTP status of the Invoke call (404: no such function or alias; 429: throttled).
        error: value of X-Amz-Function-Error ("Unhandled", "Handled"), None when the handler returned.
        payload: what the handler returned, or the error document.
        version: ExecutedVersion, when known.
        request_id: the invocation's own, which is the handler's `aws_request_id`; None when nothing was called.
    """

    status: int
    error: str | None
    payload: bytes
    version: str | None = None
    request_id: str | None = None


class Backplane(Protocol):
    """Lambda, ACM and IAM as API Gateway sees them."""

    async def invoke(
        self, region: str, function: str, qualifier: str | None, payload: bytes, *, wait: bool = True
    ) -> Invocation:
        """Call a function (by bare name) through a version or alias; None means unqualified.

        Without `wait` the answer is that of an Event: 202 and no payload, as soon as it is queued.
        """

    async def function_policy(self, region: str, function: str, qualifier: str | None) -> dict[str, Any] | None:
        """The resource policy document of that one qualifier (B31), None when there is none."""

    async def certificate(self, region: str, arn: str) -> dict[str, Any] | None:
        """The `Certificate` member of DescribeCertificate, None when unknown in that region."""

    async def may_log(self, role: str) -> bool:
        """Whether API Gateway may by now assume a role (ARN) to write logs (A58)."""
