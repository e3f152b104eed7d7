"""A local AWS that says what it is told to say."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from backendctl.aws.connection import Access, Aws
from backendctl.aws.journal import Journal


@dataclass(kw_only=True)
class Script:
    """The answers to give, in turn; the last one for ever.

    Attributes:
        answers: status, error code (empty for none), and message or body.
        asked: method and path of every request.
    """

    url: str = ""
    answers: list[tuple[int, str, str]] = field(default_factory=list)
    asked: list[tuple[str, str]] = field(default_factory=list)

    def says(self, *answers: tuple[int, str, str]) -> None:
        """Set what is answered."""
        self.answers = list(answers)

    def next(self) -> tuple[int, str, str]:
        """The answer that is due."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]


@pytest.fixture
def script() -> Iterator[Script]:
    """A server on 127.0.0.1 that answers in the manner of AWS's JSON services."""
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            script.asked.append((self.command, self.path))
            status, code, text = script.next()
            body = json.dumps({"message": text, "__type": code}) if code else text
            self.send_response(status)
            self.send_header("x-amzn-RequestId", f"request-{len(script.asked)}")
            self.send_header("Content-Length", str(len(body.encode())))
            if code:
                self.send_header("x-amzn-ErrorType", code)
            self.end_headers()
            self.wfile.write(body.encode())

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815  # the names http.server calls

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name http.server gives it
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    script.url = f"http://127.0.0.1:{server.server_port}"
    yield script
    server.shutdown()
    server.server_close()


@dataclass(kw_only=True)
class FakeTime:
    """A clock that moves when somebody sleeps."""

    now: float = 1000.0
    slept: list[float] = field(default_factory=list)

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def fake_time() -> FakeTime:
    return FakeTime()


Connect = Callable[..., Aws]


@pytest.fixture
def script_access(script: Script) -> Access:
    """The way to the script; waits take no time."""
    return Access(keys=("testing", "testing"), endpoint_url=script.url, time_scale=0.0)


@pytest.fixture
def connect(script_access: Access) -> Connect:
    """Connect to the script."""
    access = script_access

    def to(*, journal: Journal | None = None, clock: Callable[[], float] | None = None) -> Aws:
        if clock is None:
            return Aws(access, backend="b", journal=journal)
        return Aws(access, backend="b", journal=journal, clock=clock)

    return to
