"""One HTTP/1.1 connection of a server that never waits: it reads and writes as far as it goes at the moment."""

from __future__ import annotations

import json
import select
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import h11

from backendctl.sandbox.talk import LARGEST

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator, Mapping

_CHUNK = 65_536


@dataclass(kw_only=True, slots=True)
class Received:
    """A request.

    Attributes:
        headers: by their names in small letters.
        body: no more of it than the largest answer a function may give.
        size: bytes of the whole body.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: bytearray = field(default_factory=bytearray)
    size: int = 0


class HttpPeer:
    """A connection that was accepted; it is set not to block.

    Attributes:
        is_known: whether the other end may be served; None before anybody looked.
    """

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(0)
        self.socket = connection
        self.is_closed = False
        self.is_known: bool | None = None
        self._http = h11.Connection(h11.SERVER)
        self._out = bytearray()
        self._request: Received | None = None

    @property
    def events(self) -> int:
        """What to wait for, as `select.poll` takes it."""
        return select.POLLIN | (select.POLLOUT if self._out else 0)

    def work(self) -> Iterator[Received]:
        """Write and read what is possible at the moment; the requests that became whole."""
        self._flush()
        try:
            piece = self.socket.recv(_CHUNK)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        if not piece:
            self.is_closed = True
            return
        self._http.receive_data(piece)
        yield from self._requests()

    def answer(self, status: int, document: Mapping[str, Any]) -> None:
        """Answer the request with JSON."""
        self.send(status, {"Content-Type": "application/json"}, json.dumps(document).encode())

    def refuse(self, status: int, kind: str, message: str) -> None:
        """Answer the request with an error as the Runtime API words it."""
        self.answer(status, {"errorType": kind, "errorMessage": message})

    def send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Answer the request."""
        named = [*headers.items(), ("Content-Length", str(len(body)))]
        try:
            for event in (
                h11.Response(status_code=status, headers=named, reason=b""),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self._out += self._http.send(event) or b""
        except h11.LocalProtocolError:
            self.is_closed = True
            return
        self._flush()

    def close(self) -> None:
        """Close the connection."""
        self.is_closed = True
        self.socket.close()

    def _requests(self) -> Iterator[Received]:
        while not self.is_closed:
            try:
                if self._http.our_state is h11.DONE and self._http.their_state is h11.DONE:
                    self._http.start_next_cycle()
                event = self._http.next_event()
            except h11.ProtocolError:
                self.is_closed = True
                return
            match event:
                case h11.NEED_DATA | h11.PAUSED:
                    self._go_on()
                    return
                case h11.ConnectionClosed():
                    self.is_closed = True
                case h11.Request():
                    self._request = _received(event)
                case h11.Data() if self._request is not None:
                    self._request.size += len(event.data)
                    self._request.body += event.data[: max(0, LARGEST - len(self._request.body))]
                case h11.EndOfMessage() if self._request is not None:
                    yield self._request

    def _go_on(self) -> None:
        """Let a client which asks first send its body."""
        if self._http.they_are_waiting_for_100_continue:
            self._out += (
                self._http.send(h11.InformationalResponse(status_code=100, headers=[], reason=b"Continue")) or b""
            )
            self._flush()

    def _flush(self) -> None:
        try:
            while self._out:
                del self._out[: self.socket.send(self._out)]
        except BlockingIOError:
            return
        except OSError:
            self.is_closed = True


def _received(event: h11.Request) -> Received:
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.headers}
    return Received(method=event.method.decode(), path=event.target.decode("latin-1"), headers=headers)
