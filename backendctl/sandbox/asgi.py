"""Between ASGI's messages and the sandbox's `Request` and `Response`."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlencode

from backendctl.sandbox.http import Request, Response
from backendctl.sandbox.world import ACCOUNT, DEFAULT_REGION, LOOPBACK, is_region

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

_CREDENTIAL = re.compile(r"([^/,\s=]+)/\d{8}/([^/,\s]+)/([^/,\s]+)/aws4_request")
_FOREIGN_ACCOUNT = re.compile(rb"(Credential=|AWSAccessKeyId=)\d{12}(?!\d)")


class DisconnectedError(Exception):
    """The client went away before its request was here as a whole."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Signed:
    """What a credential scope says: the region and the service's signing name."""

    region: str
    service: str


def signed(scope: Scope) -> Signed | None:
    """The credential scope of a signed or presigned request; None when it has none."""
    return credential(header(scope, b"authorization") or unquote(scope.get("query_string", b"").decode("latin-1")))


def credential(text: str) -> Signed | None:
    """The credential scope in the text of a header or a query; None when there is none."""
    found = _CREDENTIAL.search(text)
    if found is None:
        return None
    region = found[2] if is_region(found[2]) else DEFAULT_REGION
    return Signed(region=region, service=found[3].lower())


def header(scope: Scope, name: bytes) -> str:
    """One header of a scope, "" when absent; the name in lower case."""
    return next((value.decode("latin-1") for key, value in scope.get("headers", []) if key.lower() == name), "")


def one_account(scope: Scope) -> Scope:
    """The same scope, but a 12-digit access key no longer opens a world of its own.

    The service emulator takes such a key for an account id; here every key sees the one account.
    """
    headers = [
        (key, _FOREIGN_ACCOUNT.sub(rb"\g<1>" + ACCOUNT.encode(), value) if key == b"authorization" else value)
        for key, value in scope.get("headers", [])
    ]
    query = _FOREIGN_ACCOUNT.sub(rb"\g<1>" + ACCOUNT.encode(), scope.get("query_string", b""))
    return {**scope, "headers": headers, "query_string": query}


async def read_body(receive: Receive) -> bytes:
    """The whole body of a request.

    Raises:
        DisconnectedError: it did not come to its end.
    """
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise DisconnectedError
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def to_request(scope: Scope, body: bytes, region: str) -> Request:
    """A scope and its body as one value."""
    headers: dict[str, str] = {}
    for raw_key, raw_value in scope.get("headers", []):
        key, value = raw_key.decode("latin-1").lower(), raw_value.decode("latin-1")
        separator = "; " if key == "cookie" else ", "  # RFC 9113 8.2.3
        headers[key] = f"{headers[key]}{separator}{value}" if key in headers else value
    raw_path = scope.get("raw_path") or quote(scope["path"]).encode()
    client = scope.get("client") or (LOOPBACK, 0)
    return Request(
        method=scope["method"],
        path=scope["path"],
        raw_path=raw_path.decode("latin-1").partition("?")[0],
        query=parse_qs(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True),
        headers=headers,
        body=body,
        region=region,
        account=ACCOUNT,
        source_ip=client[0],
    )


def to_scope(request: Request) -> Scope:
    """A request as the scope of a call inside the process."""
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": "http",
        "path": request.path,
        "raw_path": request.raw_path.encode("latin-1"),
        "root_path": "",
        "query_string": urlencode(request.query, doseq=True).encode(),
        "headers": [(key.encode("latin-1"), value.encode("latin-1")) for key, value in request.headers.items()],
        "client": (request.source_ip, 0),
        "server": (LOOPBACK, 0),
    }


async def respond(send: Send, response: Response) -> None:
    """Send an answer; a header value with line feeds goes out as that many headers of the name."""
    headers = [
        (key.encode("latin-1"), line.encode("latin-1"))
        for key, value in response.headers.items()
        if key.lower() != "content-length"
        for line in value.split("\n")
    ]
    headers.append((b"Content-Length", str(len(response.body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    await send({"type": "http.response.body", "body": response.body})


async def call(app: App, request: Request) -> Response:
    """Ask an ASGI application in this process, and wait for its whole answer."""
    status, headers, parts = 500, dict[str, str](), list[bytes]()
    sent = False

    async def receive() -> Message:
        nonlocal sent
        if sent:
            return {"type": "http.disconnect"}
        sent = True
        return {"type": "http.request", "body": request.body, "more_body": False}

    async def send(message: Message) -> None:
        nonlocal status
        if message["type"] == "http.response.start":
            status = message["status"]
            for raw_key, raw_value in message.get("headers", []):
                key, value = raw_key.decode("latin-1"), raw_value.decode("latin-1")
                headers[key] = f"{headers[key]}\n{value}" if key in headers else value
        elif message["type"] == "http.response.body":
            parts.append(message.get("body", b""))

    await app(to_scope(request), receive, send)
    return Response(status=status, headers=headers, body=b"".join(parts))
