"""Whether regions can serve, asked of the regions themselves: Route 53 may not answer, or know it later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backendctl.aws.errors import BotoCoreError, ClientError, explain
from backendctl.endpoints import regional_url, sample_path
from backendctl.errors import BackendctlError
from backendctl.http_call import send
from backendctl.resources.apigateway.api_reads import require_api
from backendctl.resources.route53.evacuation import health_path
from backendctl.resources.route53.health_check import own_checks

if TYPE_CHECKING:
    from backendctl.backend import Backend

_TIMEOUT = 10.0
"""Seconds; a checker of Route 53 waits less (E17)."""
_TRIES = 2
_GOOD, _SERVER_ERROR = range(200, 400), 500


@dataclass(frozen=True, kw_only=True, slots=True)
class Health:
    """What one region's own health URL answered.

    Attributes:
        url: empty where the region's API is not known. status: None when nothing answered.
        is_well: whether a checker of Route 53 would call it healthy; without a health path, whether it answers at all.
        said: why not, as a clause; empty when it is well.
    """

    region: str
    url: str = ""
    status: int | None = None
    is_well: bool = False
    said: str = ""


def ask_health(backend: Backend, region: str) -> Health:
    """Ask one region's own endpoint, now."""
    try:
        url = health_url(backend, region)
    except (BackendctlError, ClientError, BotoCoreError) as error:
        return Health(region=region, said=explain(error, doing=f"find the API of {region}").message)
    said = ""
    for _ in range(_TRIES):
        try:
            answer = send(url, timeout=min(_TIMEOUT, backend.settings.access.timeout))
        except OSError as error:
            said = f"{url} does not answer: {error}"
            continue
        well = answer.status in _GOOD if health_path(backend.spec) else answer.status < _SERVER_ERROR
        told = "" if well else f"{url} answers {answer.status}"
        return Health(region=region, url=url, status=answer.status, is_well=well, said=told)
    return Health(region=region, url=url, said=said)


def health_url(backend: Backend, region: str) -> str:
    """The region's own address of the health path; of a sample path where the spec has no health check.

    Raises:
        BackendctlError, ClientError, BotoCoreError: the region has no API, or neither it nor Route 53 tells which.
    """
    spec, endpoint = backend.spec, backend.settings.access.endpoint_url
    if spec.api is None:
        raise BackendctlError(f"{spec.file} has no API")
    place = health_path(spec)
    stage = place.stage if place else next((one.name for one in spec.api.stages if one.path is not None), "")
    path = place.path if place else sample_path(spec)
    api_id = _api_id(backend, region, spec.api.name)
    return regional_url(api_id, region, stage, backend.aws, endpoint_url=endpoint) + path


def _api_id(backend: Backend, region: str, name: str) -> str:
    try:
        return require_api(backend.aws, region, name)
    except (ClientError, BotoCoreError):
        # The region's control plane is silent, and its API may well answer: the health check knows its address.
        for check in own_checks(backend.aws, region):
            if host := check["HealthCheckConfig"].get("FullyQualifiedDomainName", ""):
                return host.partition(".")[0]
        raise
