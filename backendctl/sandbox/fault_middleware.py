"""The middleware before the router: every request from outside passes the faults on demand, then the quotas.

Calls between the sandbox's own parts do not pass here.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backendctl.sandbox import asgi, dialect, faults
from backendctl.sandbox.dialect import TRAFFIC, Kind
from backendctl.sandbox.faults import Call, Effect, Faults
from backendctl.sandbox.iam.guard import Guard
from backendctl.sandbox.operations import operation_of
from backendctl.sandbox.world import ACCOUNT, DEFAULT_REGION

if TYPE_CHECKING:
    from backendctl.sandbox.asgi import Message, Receive, Scope, Send
    from backendctl.sandbox.http import Request, Response
    from backendctl.sandbox.quotas import Quotas
    from backendctl.sandbox.router import Router

transport: ContextVar[asyncio.WriteTransport | None] = ContextVar("transport", default=None)
"""The connection on which the request at hand came."""

_GLOBAL = frozenset({"iam", "route53", "cloudfront", "organizations"})
_OWN_KEY = f"Credential={ACCOUNT}/"  # only handlers sign with it: world.environment gives it to them
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER with no time left: closing resets


@dataclass(kw_only=True, slots=True)
class FaultMiddleware:
    """Faults on demand, the operator's policy and quotas.

    Attributes:
        quotas: None enforces none. guard: what an operator may do.
    """

    router: Router
    quotas: Quotas | None = None
    faults: Faults = field(default_factory=Faults)
    guard: Guard = field(default_factory=Guard)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_control = (
            scope["type"] == "http" and scope["path"].startswith(faults.PATH) and self.router.target(scope) is None
        )
        if scope["type"] != "http" or not (self._armed or is_control):
            await self.router(scope, receive, send)
            return
        request = asgi.to_request(asgi.one_account(scope), await asgi.read_body(receive), DEFAULT_REGION)
        if is_control:
            await asgi.respond(send, self.faults.control(request))
            return
        call = await self._call(scope, request)
        if call is None:
            await self.router(scope, _again(request.body, receive), send)
        else:
            await self._pass(call, request, (scope, _again(request.body, receive), send))

    async def resolves(self, request: Request) -> bool:
        """Whether an API of this sandbox answers to the request's host."""
        return self.router.target(asgi.to_scope(request)) is not None

    async def connects(self, request: Request) -> bool:
        """Whether a caller's connection comes about: no fault that is on breaks it."""
        call = await self._call(asgi.to_scope(request), request)
        hits = [] if call is None else self.faults.hitting(call)
        return all(hit.effect is Effect.SLOW for hit in hits)

    async def ask(self, request: Request) -> Response:
        """Ask an API of this sandbox as a caller from outside does."""
        return await asgi.call(self, request)

    def about(self) -> dict[str, object]:
        """What the health endpoint tells of it."""
        refused = self.quotas.refused if self.quotas else 0
        return {
            "quotas": self.quotas is not None,
            "throttled": refused,
            "faults": len(self.faults),
            "iam": str(self.guard.policy or ""),
        }

    @property
    def _armed(self) -> bool:
        return self.quotas is not None or len(self.faults) > 0 or self.guard.armed

    async def _call(self, scope: Scope, request: Request) -> Call | None:
        """What is asked, and where; None for what no fault and no quota is about."""
        landed = await self.router.landing(scope) if self.faults.meet_traffic else None
        if landed is not None:
            return Call(service=TRAFFIC, operation=f"{request.method} {request.path}", region=landed, traffic=True)
        signed = asgi.signed(scope)
        if signed is None or signed.service == TRAFFIC:
            return None
        return Call(
            service=signed.service,
            operation=operation_of(signed.service, request),
            region="global" if signed.service in _GLOBAL else signed.region,
            traffic=_OWN_KEY in asgi.header(scope, b"authorization"),
        )

    async def _pass(self, call: Call, request: Request, asked: tuple[Scope, Receive, Send]) -> None:
        scope, receive, send = asked
        refusal = self.guard.refusal(call, request) if self.guard.armed and call.service != TRAFFIC else None
        if refusal is not None:
            await asgi.respond(send, refusal)
            return
        hits = self.faults.hitting(call)
        for late in [hit for hit in hits if hit.effect is Effect.SLOW]:
            await asyncio.sleep(late.seconds)
        spoiling = next((hit for hit in hits if hit.effect is not Effect.SLOW), None)
        if spoiling is not None and not spoiling.after:
            await _spoil(spoiling.effect, call, request, send)
        elif not self._within(call, request):
            await _spoil(Effect.THROTTLED, call, request, send)
        elif spoiling is not None:
            await self.router(scope, receive, _unheard)
            await _spoil(spoiling.effect, call, request, send)
        else:
            await self.router(scope, receive, send)

    def _within(self, call: Call, request: Request) -> bool:
        if self.quotas is None or call.service == TRAFFIC:
            return True
        return self.quotas.allows(
            service=call.service,
            operation=call.operation,
            region=call.region,
            edge=call.service == "apigateway" and _is_edge(request, call.operation),
        )


async def _spoil(effect: Effect, call: Call, request: Request, send: Send) -> None:
    connection = transport.get()
    if effect is Effect.RESET and connection is not None:
        raw = connection.get_extra_info("socket")
        with contextlib.suppress(OSError):  # the client may have gone already
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        connection.abort()
        return
    kind = Kind.UNAVAILABLE if effect is Effect.RESET else Kind(effect)
    await asgi.respond(send, dialect.answer(kind, service=call.service, request=request))


async def _unheard(_message: Message) -> None:
    """Takes an answer which nobody shall hear."""


def _again(body: bytes, receive: Receive) -> Receive:
    """A body which has been read, to be read once more."""
    sent = False

    async def replay() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


def _is_edge(request: Request, operation: str) -> bool:
    """Whether a call makes an API for edge locations, which is what AWS makes of one that does not say (A9)."""
    if operation == "ImportRestApi":
        return request.first("endpointConfigurationTypes", "EDGE") == "EDGE"
    if operation != "CreateRestApi":
        return False
    try:
        types = (request.json().get("endpointConfiguration") or {}).get("types")
    except (ValueError, AttributeError):
        return False
    return "EDGE" in (types or ["EDGE"])
