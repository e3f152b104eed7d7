"""The sandbox's front door: which part of it answers a request."""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from backendctl.sandbox import asgi, scaling
from backendctl.sandbox.http import Request, Response
from backendctl.sandbox.world import DEFAULT_REGION, LOOPBACK, release

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import Any

    from backendctl.sandbox.apigateway.service import ApiGateway
    from backendctl.sandbox.asgi import App, Receive, Scope, Send, Signed
    from backendctl.sandbox.routing import Routing
    from backendctl.sandbox.scaling import Moto

logger = logging.getLogger(__name__)

HEALTH = "/_sandbox/health"

_EXECUTE_HOST = re.compile(r"([a-z0-9-]+)\.execute-api\.(?:([a-z0-9-]+)\.)?(?:localhost|amazonaws\.com)")
_EXECUTE_PATH = re.compile(r"/_aws/execute-api/([^/]+)/([^/]+)(/.*)?", re.DOTALL)
_STAGE_PATH = re.compile(r"/([^/]*)(/.*)?", re.DOTALL)
_CONTROL_PATH = re.compile(
    r"/(restapis|domainnames|domainnameaccessassociations|account|apikeys|usageplans|vpclinks|sdktypes"
    r"|clientcertificates|tags/arn(:|%3A)[^/]*apigateway)(/|$|:|%)",
    re.IGNORECASE,
)
_OWN_HOSTS = frozenset({"", "localhost", LOOPBACK, "::1"})
_HTTP_API = re.compile(r"[0-9a-f]{8}")


class Correction(Protocol):
    """A service whose requests are judged before they are handed on."""

    async def handle(self, request: Request) -> Response:
        """Answer a request, with or without the service behind."""


@dataclass(kw_only=True, slots=True)
class Front:
    """The ASGI application of the sandbox.

    Attributes:
        gateway: API Gateway, control and data plane.
        services: everything which nobody else answers.
        moto: Application Auto Scaling and X-Ray.
        routing: in which region a caller of a custom domain lands.
        corrections: by signing name of the service.
        about: what the health endpoint tells besides.
        ready: whether the health endpoint says so.
        dirty: called after every request which may have changed something.
    """

    gateway: ApiGateway
    services: App
    moto: Moto
    routing: Routing
    corrections: Mapping[str, Correction]
    lifespan: App
    dirty: Callable[[], None]
    about: Callable[[], Mapping[str, Any]] = dict
    ready: bool = False
    _served: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._served = tuple(sorted({"apigateway", *scaling.SERVICES, *self.corrections}))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.lifespan(scope, receive, send)
            return
        if scope["type"] != "http":
            await self.services(asgi.one_account(scope), receive, send)
            return
        signed = asgi.signed(scope)
        answer = await self._owner(scope, signed)
        if answer is None:
            await self.services(asgi.one_account(scope), receive, send)
        else:
            region = signed.region if signed else DEFAULT_REGION
            request = asgi.to_request(asgi.one_account(scope), await asgi.read_body(receive), region)
            await asgi.respond(send, await _safely(answer, request))
        if scope["method"] not in {"GET", "HEAD"}:
            self.dirty()

    async def _owner(self, scope: Scope, signed: Signed | None) -> Callable[[Request], Awaitable[Response]] | None:
        """Who answers; None for the services behind, which then read the body themselves."""
        path: str = scope["path"]
        if path == HEALTH:
            return self._health
        executed = self._execute(scope, path)
        if executed is not None:
            return executed
        service = signed.service if signed else ""
        if _is_control(service, path):
            return self.gateway.control
        if service in scaling.SERVICES:
            return self.moto.answer
        if service in self.corrections and not asgi.header(scope, b"x-amz-target").endswith(".StartLiveTail"):
            return self.corrections[service].handle
        return await self._domain(scope) if service in {"", "execute-api"} else None  # signed: AWS_IAM methods

    async def landing(self, scope: Scope) -> str | None:
        """In which region a request of an API's own caller lands; None when it is no such request."""
        by_path = _EXECUTE_PATH.fullmatch(scope["path"])
        if by_path is not None:
            return self.gateway.region_of_api(by_path[1]) or DEFAULT_REGION
        host = _host(scope)
        by_host = _EXECUTE_HOST.fullmatch(host)
        if by_host is not None:
            regional = self.gateway.regional_domain(host)
            return regional[0] if regional else by_host[2] or self.gateway.region_of_api(by_host[1]) or DEFAULT_REGION
        signed = asgi.signed(scope)
        if signed is not None and signed.service != "execute-api":
            return None
        return None if signed is None and _is_control("", scope["path"]) else await self._domain_region(scope)

    def _execute(self, scope: Scope, path: str) -> Callable[[Request], Awaitable[Response]] | None:
        by_path = _EXECUTE_PATH.fullmatch(path)
        if by_path is not None:
            return self._api(by_path[1], None, by_path[2], by_path[3] or "/")
        host = _host(scope)
        by_host = _EXECUTE_HOST.fullmatch(host)
        if by_host is None:
            return None
        regional = self.gateway.regional_domain(host)
        if regional is not None:
            region, domain = regional
            return lambda request: self._in_domain(request, region, domain)
        stage = _STAGE_PATH.fullmatch(path)
        return self._api(by_host[1], by_host[2], stage[1] if stage else "", (stage and stage[2]) or "/")

    def _api(
        self, api_id: str, region: str | None, stage: str, path: str
    ) -> Callable[[Request], Awaitable[Response]] | None:
        home = self.gateway.region_of_api(api_id)
        if home is None and _HTTP_API.fullmatch(api_id):
            return None  # an HTTP API or a WebSocket API: not REST, the services behind have those
        where = region or home or DEFAULT_REGION

        async def answer(request: Request) -> Response:
            here = replace(request, region=where)
            return await self.gateway.execute(here, region=where, api_id=api_id, stage=stage, path=path)

        return answer

    async def _domain(self, scope: Scope) -> Callable[[Request], Awaitable[Response]] | None:
        host, region = _host(scope), await self._domain_region(scope)
        return None if region is None else lambda request: self._in_domain(request, region, host)

    async def _domain_region(self, scope: Scope) -> str | None:
        """Where a caller of a custom domain lands; None when the host is not one."""
        host = _host(scope)
        regions = [] if host in _OWN_HOSTS else self.gateway.regions_of_domain(host)
        if not regions:
            return None
        wish = asgi.header(scope, b"x-sandbox-region")
        return wish or await self.routing.region_of(host, regions)

    async def _in_domain(self, request: Request, region: str, domain: str) -> Response:
        here = replace(request, region=region)
        response = await self.gateway.execute_domain(here, region=region, domain=domain)
        if response is None:
            return Response.of_json({"message": "Forbidden"}, status=403)
        return replace(response, headers={**response.headers, "X-Sandbox-Region": region})

    async def _health(self, _request: Request) -> Response:
        return Response.of_json(
            {
                "ready": self.ready,
                "pid": os.getpid(),
                "version": release(),
                "services": list(self._served),
                **self.about(),
            },
            status=200 if self.ready else 503,
        )


async def _safely(answer: Callable[[Request], Awaitable[Response]], request: Request) -> Response:
    """The answer, or what AWS says when it breaks; the reason is in the log."""
    try:
        return await answer(request)
    except Exception:
        logger.exception("%s %s broke the sandbox", request.method, request.raw_path)
        return Response.of_json(
            {"__type": "InternalFailure", "message": "The sandbox failed; its log says why."},
            status=500,
            headers={"x-amzn-ErrorType": "InternalFailure"},
        )


def _is_control(service: str, path: str) -> bool:
    if path.startswith("/v2/"):
        return False  # apigatewayv2 signs with the same name
    return service == "apigateway" or (not service and _CONTROL_PATH.match(path) is not None)


def _host(scope: Scope) -> str:
    host = asgi.header(scope, b"host").lower()
    return host if host.startswith("[") else host.partition(":")[0]
