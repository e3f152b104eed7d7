"""What became of one request of the data plane."""

from __future__ import annotations

from dataclasses import dataclass

from backendctl.sandbox.apigateway.access_log import AccessLine


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """One data-plane request after the fact: what AWS/ApiGateway metrics and logs are made of.

    Attributes:
        resource: the resource path, None when the request reached none.
        access_log: the line the stage's access log gets, None when it has none.
        trace: id of its trace, None where the stage is not traced. segment: id of the call of the integration in it.
        at: when it came, in seconds since the epoch.
        seconds: the whole time; `integration_seconds` the part of the integration, None when none was called.
    """

    at: float
    region: str
    api_id: str
    api_name: str
    stage: str
    canary: bool
    method: str
    resource: str | None
    status: int
    seconds: float
    integration_seconds: float | None
    request_id: str
    access_log: AccessLine | None = None
    trace: str | None = None
    segment: str = ""
