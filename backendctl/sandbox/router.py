"""The router: which part of it answers a request."""

from __future__ import annotations

import logging
import os
import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol
from urllib.parse import unquote

from backendctl.sandbox import asgi, function_code, routing
from backendctl.sandbox.apigateway import mappings
from backendctl.sandbox.http import Request, Response
from backendctl.sandbox.planes import ToApi, by_path, target_of
from backendctl.sandbox.world import DEFAULT_REGION, release

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import Any

    from backendctl.sandbox.apigateway.service import ApiGateway
    from backendctl.sandbox.asgi import App, Receive, Scope, Send, Signed
    from backendctl.sandbox.corrections.health.prober import Prober
    from backendctl.sandbox.planes import ToDomain
    from backendctl.sandbox.routing import Routing

logger = logging.getLogger(__name__)

HEALTH = "/_sandbox/health"

_CONTROL_PATH = re.compile(
    r"/(restapis|domainnames|domainnameaccessassociations|account|apikeys|usageplans|vpclinks|sdktypes"
    r"|clientcertificates|tags/arn(:|%3A)[^/]*apigateway)(/|$|:|%)",
    re.IGNORECASE,
)
_READING = frozenset({"GET", "HEAD"})
_HTTP_API = re.compile(r"[0-9a-f]{8}")


class Correction(Protocol):
    """A service whose requests are judged before they are handed on."""

    async def handle(self, request: Request) -> Response:
        """Answer a request, with or without the service behind."""


@dataclass(kw_only=True, slots=True)
class Router:
    """The ASGI application of the sandbox.

    Attributes:
        gateway: API Gateway, control and data plane.
        services: everything which nobody else answers.
        routing: in which region a caller of a custom domain lands.
        corrections: by signing name of the service.
        prober: asks what Route 53's health checks are about.
        about: what the health endpoint tells besides.
        ready: whether the health endpoint says so.
        dirty: called after every request which may have changed something.
    """

    gateway: ApiGateway
    services: App
    routing: Routing
    corrections: Mapping[str, Correction]
    lifespan: App
    prober: Prober
    dirty: Callable[[], None]
    about: Callable[[], Mapping[str, Any]] = dict
    ready: bool = False
    _served: tuple[str, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._served = tuple(sorted({"apigateway", *self.corrections}))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.lifespan(scope, receive, send)
            return
        target = self.target(scope)
        if isinstance(target, ToApi) and self._is_not_rest(target):
            await self.services(asgi.one_account(by_path(scope, target)), receive, send)
        elif scope["type"] != "http":
            await self.services(asgi.one_account(scope), receive, send)
            return
        else:
            await self._answered(scope, target, receive, send)
        if scope["type"] == "http" and scope["method"] not in _READING:
            self.dirty()

    async def inside(self, request: Request) -> Response:
        """Answer a request of the sandbox's own, signed for a service, as a client's would be."""
        signed = asgi.credential(request.headers.get("authorization", ""))
        correction = self.corrections.get(signed.service) if signed else None
        answer = await (
            asgi.call(self.services, request) if correction is None else _safely(correction.handle, request)
        )
        if request.method not in _READING:
            self.dirty()
        return answer

    def target(self, scope: Scope) -> ToApi | ToDomain | None:
        """Where a request of an API's own caller goes; None when it is not one."""
        return target_of(scope, self.gateway)

    async def landing(self, scope: Scope) -> str | None:
        """In which region a request of an API's own caller lands; None when it is no such request."""
        target = self.target(scope)
        if target is None:
            return None
        if isinstance(target, ToApi):
            return target.region or self.gateway.region_of_api(target.api_id) or DEFAULT_REGION
        return await self._region(scope, target)

    async def _answered(self, scope: Scope, target: ToApi | ToDomain | None, receive: Receive, send: Send) -> None:
        signed = asgi.signed(scope)
        answer = self._owner(scope, signed) if target is None else await self._serving(scope, target)
        if answer is None:
            await self.services(asgi.one_account(scope), receive, send)
            return
        region = signed.region if signed else DEFAULT_REGION
        request = asgi.to_request(asgi.one_account(scope), await asgi.read_body(receive), region)
        await asgi.respond(send, await _safely(answer, request))

    def _owner(self, scope: Scope, signed: Signed | None) -> Callable[[Request], Awaitable[Response]] | None:
        """Who answers; None for the services behind, which then read the body themselves."""
        path: str = scope["path"]
        if path in {HEALTH, routing.PATH}:
            return self._health if path == HEALTH else self.routing.resolve
        if function_code.is_code(path):
            return function_code.answer
        service = signed.service if signed else ""
        if _is_control(service, path) or self._is_rest_mapping(path):
            return self.gateway.control
        if service in self.corrections and not asgi.header(scope, b"x-amz-target").endswith(".StartLiveTail"):
            return self.corrections[service].handle
        return None

    def _is_rest_mapping(self, path: str) -> bool:
        """Whether it is about mappings of a domain that REST APIs have, which version 2 of the API knows too."""
        found = mappings.PATH.match(path)
        return found is not None and bool(self.gateway.regions_of_domain(unquote(found[1]).lower()))

    async def _serving(self, scope: Scope, target: ToApi | ToDomain) -> Callable[[Request], Awaitable[Response]]:
        if isinstance(target, ToApi):
            return self._api(target)
        region = await self._region(scope, target)
        return lambda request: self._in_domain(request, region, target.domain)

    def _is_not_rest(self, target: ToApi) -> bool:
        """Whether it is an HTTP API or a WebSocket API: not REST, the services behind have those."""
        return _HTTP_API.fullmatch(target.api_id) is not None and self.gateway.region_of_api(target.api_id) is None

    def _api(self, target: ToApi) -> Callable[[Request], Awaitable[Response]]:
        where = target.region or self.gateway.region_of_api(target.api_id) or DEFAULT_REGION

        async def answer(request: Request) -> Response:
            here = replace(request, region=where)
            return await self.gateway.execute(
                here, region=where, api_id=target.api_id, stage=target.stage, path=target.path
            )

        return answer

    async def _region(self, scope: Scope, target: ToDomain) -> str:
        """Where a caller of a custom domain lands."""
        if target.fixed:
            return target.regions[0]
        wish, near = (asgi.header(scope, name) for name in (b"x-sandbox-region", b"x-sandbox-near"))
        return wish or await self.routing.region_of(target.domain, list(target.regions), near)

    async def _in_domain(self, request: Request, region: str, domain: str) -> Response:
        here = replace(request, region=region)
        response = await self.gateway.execute_domain(here, region=region, domain=domain)
        if response is None:
            return Response.of_json({"message": "Forbidden"}, status=403)
        return replace(response, headers={**response.headers, "X-Sandbox-Region": region})

    async def _health(self, request: Request) -> Response:
        about = self.about()
        if about.get("token") and "x-sandbox-client" not in request.headers:  # whoever that is
            about = {"ready": self.ready, "time_scale": about.get("time_scale")}
        else:
            services = list(self._served)
            about = {"ready": self.ready, "pid": os.getpid(), "version": release(), "services": services, **about}
        return Response.of_json(about, status=200 if self.ready else 503)


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
