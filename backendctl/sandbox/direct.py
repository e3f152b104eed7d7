"""Calls of the emulated services without ASGI, for what this process asks itself.

A request of this process is never a browser's, a download, a virtual host of S3 or one of the other things that the
emulator looks for first: without all that, a request through an API costs half as much.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from backendctl.sandbox import ministack_names
from backendctl.sandbox.http import Response
from backendctl.sandbox.world import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from backendctl.sandbox.http import Request

_ELSEWHERE = "/s3/aws4_request"
"""Buckets are also found by host name, and their bodies come in chunks: those go the long way."""


def is_direct(request: Request) -> bool:
    """Whether a request can be handed to its service at once: it is signed, and for another one than S3."""
    credential = request.headers.get("authorization", "")
    return credential.startswith("AWS4-") and "/aws4_request" in credential and _ELSEWHERE not in credential


def dispatcher() -> Callable[[Request], Awaitable[Response]]:
    """What hands a request to the service that it is signed for."""
    app, responses = ministack_names.module("app"), ministack_names.module("core.responses")
    dispatch = ministack_names.read(app, "_dispatch_service_request")
    reset = ministack_names.read(app, "_get_reset_lock")

    async def answer(request: Request) -> Response:
        async with reset():  # while everything is forgotten, nothing is asked
            pass
        responses.set_request_account_id(ACCOUNT)
        responses.set_request_region(app.extract_region(request.headers, request.query))
        responses.set_request_client_ip(request.source_ip)
        status, headers, body = await dispatch(
            request.method, request.path, dict(request.headers), request.body, dict(request.query), str(uuid.uuid4())
        )
        return Response(status=status, headers=headers, body=body if isinstance(body, bytes) else body.encode())

    return answer
