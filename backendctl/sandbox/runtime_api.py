"""The Lambda Runtime API: HTTP through which a handler's process asks for calls and answers them (2018-06-01).

One server per environment, on a port of its own, served by whoever waits for the environment: nothing answers while
the process is frozen. Only processes of the same user are served. Where the system does not tell the user, an
unguessable path takes that part.
"""

from __future__ import annotations

import json
import os
import re
import secrets
import select
import socket
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.sandbox import peers
from backendctl.sandbox.http_peer import HttpPeer, Received
from backendctl.sandbox.talk import LARGEST, Answer, GoneError
from backendctl.sandbox.world import LOOPBACK

if TYPE_CHECKING:
    from backendctl.sandbox.talk import Asked

VERSION = "2018-06-01"
_NEXT = f"/{VERSION}/runtime/invocation/next"
_ANSWER = re.compile(rf"/{VERSION}/runtime/invocation/([^/]+)/(response|error)")
_INIT_ERROR = f"/{VERSION}/runtime/init/error"
_KIND = "lambda-runtime-function-error-type"
_ACCEPTED, _BAD, _FORBIDDEN, _UNKNOWN, _TOO_LARGE = 202, 400, 403, 404, 413


@dataclass(frozen=True, kw_only=True, slots=True)
class _Call:
    """A call on its way: the answer to `next`."""

    request_id: str
    headers: dict[str, str]
    body: bytes


class RuntimeApi:
    """See `Talk`.

    Args:
        user: id of the user whose processes are served; None is that of this process.

    Attributes:
        secret: what a path begins with to be served whoever asks.
    """

    stdin = subprocess.DEVNULL
    handed: tuple[int, ...] = ()
    pause = 0.05

    def __init__(self, *, user: int | None = None) -> None:
        self._user = os.getuid() if user is None else user
        self._listener = socket.create_server((LOOPBACK, 0))
        self._listener.settimeout(0)
        self.secret = secrets.token_urlsafe(24)
        self._process: subprocess.Popen[bytes] | None = None
        self._peers: dict[int, HttpPeer] = {}
        self._waiting: HttpPeer | None = None
        self._call: _Call | None = None
        self._given = False
        self._is_ready = False
        self._answer: Answer | None = None

    @property
    def address(self) -> str:
        """The value of AWS_LAMBDA_RUNTIME_API."""
        host, port = self._listener.getsockname()
        return f"{host}:{port}" if peers.are_known() else f"{host}:{port}/{self.secret}"

    def started(self, process: subprocess.Popen[bytes]) -> None:
        """Remember whose end to look for."""
        self._process = process

    def send(self, asked: Asked, *, deadline: float) -> None:
        """Give the call to the process that waits for one, or to the next that asks."""
        trace = asked.environment.get("_X_AMZN_TRACE_ID")
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": asked.request_id,
            "Lambda-Runtime-Deadline-Ms": str(int(deadline * 1000)),
            "Lambda-Runtime-Invoked-Function-Arn": asked.arn,
            **({"Lambda-Runtime-Trace-Id": trace} if trace else {}),
        }
        body = json.dumps(asked.event, ensure_ascii=False).encode()
        self._call, self._answer, self._given = (
            _Call(request_id=asked.request_id, headers=headers, body=body),
            None,
            False,
        )
        self._give()

    def watched(self) -> dict[int, int]:
        """The server and its connections."""
        return {self._listener.fileno(): select.POLLIN, **{each: one.events for each, one in self._peers.items()}}

    def take(self, descriptor: int) -> Answer | None:
        """Read and write where it is possible; requests that are whole are answered."""
        if descriptor == self._listener.fileno():
            self._accept()
            return None
        peer = self._peers.get(descriptor)
        if peer is None:
            return None
        told: Answer | None = None
        for request in peer.work():
            told = self._serve(peer, request) or told
        if peer.is_closed:
            self._forget(descriptor)
        return told

    def check(self) -> Answer | None:
        """What a process that has ended answered before, although it did not ask for another call.

        Raises:
            GoneError: it ended without an answer.
        """
        if self._process is None or self._process.poll() is None:
            return None
        if self._answer is None:
            raise GoneError
        return self._answer

    def close(self) -> None:
        """Close the server and its connections."""
        for descriptor in list(self._peers):
            self._forget(descriptor)
        self._listener.close()

    def _accept(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:  # it has gone already
            return
        peer = HttpPeer(connection)
        self._peers[connection.fileno()] = peer

    def _forget(self, descriptor: int) -> None:
        peer = self._peers.pop(descriptor)
        if self._waiting is peer:
            self._waiting = None
        peer.close()

    def _serve(self, peer: HttpPeer, request: Received) -> Answer | None:
        path = request.path.removeprefix(f"/{self.secret}")
        if path == request.path and not self._knows(peer):
            peer.refuse(_FORBIDDEN, "Forbidden", "another user's process has no business here")
            return None
        if request.method == "GET" and path == _NEXT:
            return self._asked_for_next(peer)
        if request.method == "POST" and path == _INIT_ERROR:
            peer.answer(_ACCEPTED, {"status": "OK"})
            return Answer(error=_document(request), logged=True)
        found = _ANSWER.fullmatch(path)
        if request.method != "POST" or found is None:
            peer.refuse(_UNKNOWN, "NotFound", f"there is no {request.method} {path}")
        elif self._call is None or not self._given or found[1] != self._call.request_id or self._answer is not None:
            peer.refuse(_BAD, "InvalidRequestID", "Invalid request ID")
        else:
            self._answered(peer, request, is_error=found[2] == "error")
        return None

    def _knows(self, peer: HttpPeer) -> bool:
        """Whether it is of the user; asked once per connection, as the system takes milliseconds to tell."""
        if peer.is_known is None:
            peer.is_known = peers.are_known() and peers.is_of(peer.socket, self._user)
        return peer.is_known

    def _asked_for_next(self, peer: HttpPeer) -> Answer | None:
        self._waiting = peer
        if not self._is_ready:
            self._is_ready = True
            return Answer()
        if self._answer is not None:
            told, self._answer, self._call = self._answer, None, None
            return told
        self._give()
        return None

    def _answered(self, peer: HttpPeer, request: Received, *, is_error: bool) -> None:
        if request.size > LARGEST:
            words = f"Response payload size exceeded maximum allowed payload size ({LARGEST} bytes)."
            peer.refuse(_TOO_LARGE, "RequestEntityTooLarge", words)
            self._answer = Answer(error={"errorType": "Function.ResponseSizeTooLarge", "errorMessage": words})
            return
        peer.answer(_ACCEPTED, {"status": "OK"})
        if is_error:
            self._answer = Answer(error=_document(request), logged=True)
        else:
            self._answer = Answer(result=request.body.decode(errors="replace"))

    def _give(self) -> None:
        if self._call is not None and self._waiting is not None and not self._given:
            self._waiting.send(200, self._call.headers, self._call.body)
            self._waiting, self._given = None, True


def _document(request: Received) -> dict[str, Any]:
    """The error as it was told; what is no document becomes one."""
    kind = request.headers.get(_KIND) or "Runtime.Unknown"
    try:
        told = json.loads(request.body)
    except ValueError:
        told = request.body.decode(errors="replace")
    if not isinstance(told, dict):
        return {"errorType": kind, "errorMessage": told if isinstance(told, str) else json.dumps(told)}
    return {
        **told,
        "errorType": str(told.get("errorType") or kind),
        "errorMessage": str(told.get("errorMessage") or ""),
    }
