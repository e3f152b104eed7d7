"""One HTTP request: every status is an answer, and what is none is an error."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from backendctl.http_call import send


class Handler(BaseHTTPRequestHandler):
    """Answers what the path asks for."""

    def do_PUT(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        if self.path == "/nonsense":
            self.wfile.write(b"no http\r\n\r\n")
            return
        self._answer()

    def _answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(int(self.path[1:]))
        self.send_header("Location", "/200")
        self.send_header("X-Host", self.headers["Host"])
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Nothing."""


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("status", [200, 302, 404, 500])
def test_every_status_is_an_answer_and_no_redirect_is_followed(port: int, status: int) -> None:
    found = send(f"http://127.0.0.1:{port}/{status}", method="PUT", body=b"{}")
    assert (found.status, found.body) == (status, b"{}")
    assert found.seconds > 0


def test_names_of_this_machine_need_no_resolver(port: int) -> None:
    url = f"http://abc.execute-api.us-east-1.localhost:{port}/200"
    assert send(url).headers["x-host"] == f"abc.execute-api.us-east-1.localhost:{port}"
    assert send(url, host="api.shop.example").headers["x-host"] == "api.shop.example"


def test_what_is_no_answer_is_an_error(port: int) -> None:
    with pytest.raises(OSError, match="response is not HTTP"):
        send(f"http://127.0.0.1:{port}/nonsense")
    with pytest.raises(OSError, match=r"."):
        send("http://127.0.0.1:1/")


def test_a_header_that_http_cannot_carry_is_refused(port: int) -> None:
    with pytest.raises(ValueError, match="header"):
        send(f"http://127.0.0.1:{port}/200", headers={"X-Id": "a\nb"})
