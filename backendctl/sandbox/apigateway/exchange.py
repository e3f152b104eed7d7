"""One request on its way through the data plane, and how it can be refused."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from backendctl.sandbox.apigateway.live import Live
from backendctl.sandbox.apigateway.model import Api, Definition, Doc
from backendctl.sandbox.backplane import Backplane
from backendctl.sandbox.http import Request


class RefusedError(Exception):
    """The gateway itself answers.

    Attributes:
        kind: the gateway response type, which the API may have customised.
        status: the HTTP status when it has not.
        message: None gives `null`, as AWS does for a failed authorizer.
    """

    def __init__(self, *, kind: str, status: int, message: str | None) -> None:
        super().__init__(message)
        self.kind = kind
        self.status = status
        self.message = message


class NotEmulatedError(Exception):
    """Something AWS does and this sandbox does not; answered with 501 rather than guessed at."""


def internal_error() -> RefusedError:
    """What callers see of any misconfiguration; the reason stands in the execution log."""
    return RefusedError(kind="API_CONFIGURATION_ERROR", status=500, message="Internal server error")


def bad_gateway() -> RefusedError:
    return RefusedError(kind="DEFAULT_5XX", status=502, message="Internal server error")


@dataclass(kw_only=True, slots=True)
class Exchange:
    """A request with everything known about it.

    Attributes:
        definition: the deployed snapshot this request is served from.
        variables: stage variables, with the canary's overrides when `canary`.
        path: the path below the stage, beginning with "/".
        full_path: the path as the caller sees it (with stage or base path).
        event_path: `path` of the proxy event.
        now: epoch seconds.
        log: lines of the execution log, oldest first.
        live: fill levels of throttles, and what authorizers have said.
        integration_id: the request id of the integration's Lambda invocation.
        integration_status: what Lambda itself answered; `backend_status` what the function's code says, or the backend.
    """

    request: Request
    backplane: Backplane
    region: str
    api: Api
    definition: Definition
    stage: Doc
    deployment_id: str
    variables: dict[str, str]
    canary: bool
    path: str
    full_path: str
    event_path: str
    domain_name: str
    now: float
    log: Callable[[str], None]
    live: Live
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    resource: Doc = field(default_factory=dict)
    method: Doc = field(default_factory=dict)
    path_parameters: dict[str, str] = field(default_factory=dict)
    authorizer: Doc | None = None
    api_key: Doc | None = None
    integration_seconds: float | None = None
    integration_id: str | None = None
    integration_status: int | None = None
    backend_status: int | None = None

    @property
    def stage_name(self) -> str:
        return str(self.stage["stageName"])

    @property
    def account(self) -> str:
        return self.request.account

    @property
    def extended_id(self) -> str:
        return self.request_id.replace("-", "")[:15] + "="

    @property
    def integration(self) -> Doc:
        found: Doc = self.method["methodIntegration"]
        return found

    @property
    def arn(self) -> str:
        """`execute-api` ARN of this very request, as authorizers and resource policies see it."""
        prefix = f"arn:aws:execute-api:{self.region}:{self.account}:{self.api.id}/{self.stage_name}"
        return f"{prefix}/{self.request.method}{self.path}"

    def binary(self, content_type: str) -> bool:
        """Whether a media type is one of the API's binary ones."""
        kind = content_type.partition(";")[0].strip().lower()
        family = kind.partition("/")[0] + "/*"
        return bool({"*/*", kind, family} & {each.lower() for each in self.definition.info.get("binaryMediaTypes", [])})
