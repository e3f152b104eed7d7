"""A reverse proxy in front of a local AWS: it sees every call, and may answer, cut or delay it."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

import urllib3

from backendctl.aws.journal import is_read

_SCOPE = re.compile(r"Credential=[^/]+/\d+/([^/]+)/([^/]+)/aws4_request")
_IDLE = 10.0
"""Seconds after which an unused connection is closed: each has a thread."""
_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """One AWS call on its way.

    Attributes:
        operation: as AWS names it, or method and path where only those tell.
        service, region: what it is signed for; empty when it is not signed.
        body: on its way only; those in `Proxy.calls` have none, or a test that uploads code would hold gigabytes.
    """

    method: str
    path: str
    operation: str
    service: str
    region: str
    body: bytes

    @property
    def mutating(self) -> bool:
        """Whether it may change anything."""
        if self.operation.startswith(self.method):
            return bool(self.service) and self.method not in {"GET", "HEAD"}
        return not is_read(self.operation)


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """An answer of the proxy's own."""

    status: int
    body: str
    headers: Mapping[str, str] = field(default_factory=dict)


class Cut:
    """The connection is reset without an answer."""


CUT = Cut()
Before = Callable[[Call], Answer | Cut | None]
After = Callable[[Call], Cut | None]


@dataclass(kw_only=True)
class Proxy:
    """Listens on a port of 127.0.0.1.

    Attributes:
        upstream: URL behind it; None when `before` answers everything.
        before: asked before a call is handed on; None lets it through. after: asked when it is done.
        calls: everything that came, in order, without the bodies: archives of code are large.
    """

    upstream: str | None
    before: Before = lambda _: None
    after: After = lambda _: None
    calls: list[Call] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        """Its endpoint."""
        return f"http://127.0.0.1:{self.port}"


@contextlib.contextmanager
def proxying(proxy: Proxy) -> Iterator[Proxy]:
    """Run it in a thread."""
    pool = urllib3.PoolManager(maxsize=64, retries=False)
    server = _Server(("127.0.0.1", 0), _handler(proxy, pool))
    proxy.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield proxy
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that was killed is no news."""


def _handler(proxy: Proxy, pool: urllib3.PoolManager) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = _IDLE

        def handle_one_request(self) -> None:
            self.raw_requestline = _first_line(self.rfile)
            if not self.raw_requestline or not self.parse_request():
                self.close_connection = True
                return
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            call = _call(self.command, self.path, self.headers, body)
            proxy.calls.append(replace(call, body=b""))
            self._reply(proxy.before(call) or self._forwarded(call))

        def _forwarded(self, call: Call) -> Answer | Cut | urllib3.BaseHTTPResponse:
            answer = pool.request(
                call.method,
                f"{proxy.upstream}{call.path}",
                body=call.body,
                headers=dict(self.headers.items()),
                redirect=False,
            )
            return proxy.after(call) or answer

        def _reply(self, answer: Answer | Cut | urllib3.BaseHTTPResponse) -> None:
            if isinstance(answer, Cut):
                self.close_connection = True
                reset = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
                self.connection.close()
                return
            body = answer.body.encode() if isinstance(answer, Answer) else answer.data
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                if name.lower() not in _HOP:
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class names it so
            """Silent."""

    return Handler


def _first_line(stream: Any) -> bytes:
    """Of the next request; empty when none came in time."""
    try:
        return bytes(stream.readline(65537))
    except TimeoutError:
        return b""


def _call(method: str, path: str, headers: Any, body: bytes) -> Call:
    scope = _SCOPE.search(headers.get("Authorization", ""))
    target = headers.get("X-Amz-Target", "").rpartition(".")[2]
    if not target and "x-www-form-urlencoded" in headers.get("Content-Type", ""):
        target = parse_qs(body.decode()).get("Action", [""])[0]
    return Call(
        method=method,
        path=path,
        operation=target or f"{method} {path}",
        service=scope[2] if scope else "",
        region=scope[1] if scope else "",
        body=body,
    )
