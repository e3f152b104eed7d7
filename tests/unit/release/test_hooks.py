from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from backendctl.errors import BackendctlError
from backendctl.release.hooks import run_hook

VERDICT = {"backend": "shop", "percent": 50.0}


def test_a_command_gets_the_verdict_on_its_input_and_its_name_in_the_environment(tmp_path: Path) -> None:
    run_hook("after-promote", f"cat > {tmp_path}/got; echo $BACKENDCTL_HOOK > {tmp_path}/name", VERDICT)
    assert json.loads((tmp_path / "got").read_text()) == {"hook": "after-promote", **VERDICT}
    assert (tmp_path / "name").read_text() == "after-promote\n"


def test_a_command_means_what_the_one_that_runs_it_was_told(tmp_path: Path) -> None:
    told = {"BACKENDCTL_SPEC": "/a/shop.yaml", "BACKENDCTL_SANDBOX": "1"}
    run_hook("on-abort", f"echo $BACKENDCTL_SPEC $BACKENDCTL_SANDBOX > {tmp_path}/got", VERDICT, environment=told)
    assert (tmp_path / "got").read_text() == "/a/shop.yaml 1\n"


def test_a_command_that_fails_says_no_in_its_own_words() -> None:
    with pytest.raises(BackendctlError, match=r"before-promote failed \(exit 3\).*\nthe queue is full"):
        run_hook("before-promote", "echo the queue is full >&2; exit 3", VERDICT)


def test_no_hook_is_nothing() -> None:
    run_hook("on-abort", None, VERDICT)


@contextmanager
def listening(status: int) -> Iterator[tuple[str, list[bytes]]]:
    got: list[bytes] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(self.rfile.read(int(self.headers["Content-Length"])))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/hook", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_url_gets_the_verdict_by_post() -> None:
    with listening(204) as (url, got):
        run_hook("on-abort", url, VERDICT)
    assert [json.loads(body) for body in got] == [{"hook": "on-abort", **VERDICT}]


def test_a_url_that_refuses_says_no() -> None:
    with listening(409) as (url, _), pytest.raises(BackendctlError, match=r"failed \(HTTP 409\)"):
        run_hook("before-promote", url, VERDICT)


def test_a_url_that_is_not_there_is_told() -> None:
    with listening(204) as (url, _):
        pass
    with pytest.raises(BackendctlError, match="did not answer"):
        run_hook("before-promote", url, VERDICT)
