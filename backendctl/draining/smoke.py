"""What comes before users are sent to a region: a smoke test at its own address, and warm functions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from backendctl.api.smoke_requests import declared
from backendctl.aws.progress import note, remark
from backendctl.draining.health import ask_health
from backendctl.endpoints import regional_url
from backendctl.errors import AGAIN, BackendctlError, Exit
from backendctl.http_call import HttpAnswer, send
from backendctl.openapi.matching import route_of
from backendctl.resources.apigateway.api_reads import require_api
from backendctl.resources.route53.evacuation import health_path
from backendctl.warmth.calling import warm_now

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.spec.callers import Smoke
    from backendctl.spec.model import Api

_SERVER_ERROR = 500


def smoke(backend: Backend, region: str, *, throttled: bool) -> None:
    """Ask the region what users would.

    Args:
        throttled: whether its health path is throttled to 0, so that it cannot be asked yet.

    Raises:
        BackendctlError: an answer is not as it should be.
    """
    if not throttled:
        health = ask_health(backend, region)
        if not health.is_well:
            raise BackendctlError(f"{region} gets no users: {health.said}", hint=f"backendctl logs -r {region}")
        note(f"{health.url} answers {health.status}")
    api, place = backend.spec.api, health_path(backend.spec)
    for request in api.smoke if api is not None else ():
        closed = throttled and place is not None and f"{request.method} {request.path}" == place.route
        if api is not None and not request.skip and not closed:
            _ask(backend, api, region, request)


def warm(backend: Backend, region: str) -> None:
    """Call every function of a region that the spec keeps warm, through what users hit.

    Raises:
        BackendctlError: one fails.
    """
    spec = backend.spec
    if not any(one.warm is not None for one in spec.functions_in(region)):
        note(f"nothing of {region} is kept warm by the spec")
        return
    warming = warm_now(replace(backend, spec=spec.narrowed((region,))))
    for error in warming.unreachable.values():
        raise error
    for row in warming.rows:
        if row.errors:
            raise BackendctlError(
                f"{region} gets no users: {row.function} cannot be warmed: {row.reason}",
                hint=f"look at it: backendctl logs {row.function}",
            )
        if row.exit_code is not Exit.OK:
            remark(f"{region}: {row.function}: {row.reason}")


def _ask(backend: Backend, api: Api, region: str, request: Smoke) -> None:
    api_id = require_api(backend.aws, region, api.name)
    endpoint = backend.settings.access.endpoint_url
    asked = declared(request).asked
    for stage in api.stages:
        if route_of(api.document_of(stage), request.method, asked.partition("?")[0]) is None:
            continue
        url = regional_url(api_id, region, stage.name, backend.aws, endpoint_url=endpoint) + asked
        told = f"{region} gets no users: {request.method} {url}"
        try:
            answer = send(
                url,
                method=request.method,
                headers=request.headers,
                body=None if request.body is None else request.body.encode(),
                timeout=backend.settings.access.timeout,
            )
        except OSError as error:
            raise BackendctlError(f"{told} does not answer: {error}", hint=AGAIN) from error
        if not _is_good(request, answer):
            wanted = "" if request.expect is None else f", and not {request.expect}"
            raise BackendctlError(f"{told} answers {answer.status}{wanted}", hint=f"backendctl logs -r {region}")
        note(f"{request.method} {url} answers {answer.status}")


def _is_good(request: Smoke, answer: HttpAnswer) -> bool:
    return answer.status == request.expect if request.expect is not None else answer.status < _SERVER_ERROR
