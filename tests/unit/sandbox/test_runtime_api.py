"""The Runtime API between a client in the test and the server, without a process."""

from __future__ import annotations

import json
import select
import socket
from typing import TYPE_CHECKING, Any

import pytest

from backendctl.sandbox import peers
from backendctl.sandbox.runtime_api import RuntimeApi
from backendctl.sandbox.talk import LARGEST, Answer, Asked

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = "/2018-06-01/runtime"


class Client:
    """A connection; `said` is all that came back."""

    def __init__(self, api: RuntimeApi) -> None:
        self.api = api
        host, port = api.address.partition("/")[0].split(":")
        self.socket = socket.create_connection((host, int(port)))
        self.socket.settimeout(0)
        self.said = b""

    def send(self, text: bytes) -> Answer | None:
        """Send as the server takes it, until it has no more to read; its answer to the environment, if there is one."""
        told: Answer | None = None
        while text or _is_busy(self.api):
            text = text[self._sent(text) :]
            told = _work(self.api) or told
        self.read()
        return told

    def _sent(self, text: bytes) -> int:
        try:
            return self.socket.send(text) if text else 0
        except BlockingIOError:
            return 0

    def read(self) -> bytes:
        """All that came back so far."""
        while True:
            try:
                piece = self.socket.recv(65_536)
            except (BlockingIOError, ConnectionResetError):
                return self.said
            if not piece:
                return self.said
            self.said += piece

    def status(self) -> int:
        """Of the first answer that came; it is taken away."""
        head, _, rest = self.read().partition(b"\r\n\r\n")
        self.said = b""
        assert rest is not None
        return int(head.split()[1])


def _is_busy(api: RuntimeApi) -> bool:
    poll = select.poll()
    for descriptor, events in api.watched().items():
        poll.register(descriptor, events)
    return bool(poll.poll(50))


def _work(api: RuntimeApi) -> Answer | None:
    told: Answer | None = None
    poll = select.poll()
    for descriptor, events in api.watched().items():
        poll.register(descriptor, events)
    for descriptor, _ in poll.poll(0):
        told = api.take(descriptor) or told
    return told


@pytest.fixture
def api() -> Iterator[RuntimeApi]:
    made = RuntimeApi()
    yield made
    made.close()


@pytest.fixture
def client(api: RuntimeApi) -> Client:
    if not peers.are_known():
        pytest.skip("the system does not tell whose a connection is")
    return Client(api)


def _asked(event: Any = None) -> Asked:
    return Asked(request_id="id-1", event=event, arn="arn:f", environment={"_X_AMZN_TRACE_ID": "Root=1"})


def _get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


def _post(path: str, body: bytes, *more: str) -> bytes:
    head = "\r\n".join([f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *more])
    return f"{head}\r\n\r\n".encode() + body


def test_a_call_goes_out_with_its_headers_and_comes_back(api: RuntimeApi, client: Client) -> None:
    assert client.send(_get(f"{ROOT}/invocation/next")) == Answer(), "the first request says that it is loaded"
    assert client.read() == b""
    api.send(_asked({"a": "ü"}), deadline=12.5)
    head, _, body = client.read().partition(b"\r\n\r\n")
    headers = dict(line.split(": ", 1) for line in head.decode().lower().split("\r\n")[1:])
    assert json.loads(body) == {"a": "ü"}
    assert headers["lambda-runtime-aws-request-id"] == "id-1"
    assert headers["lambda-runtime-deadline-ms"] == "12500"
    assert headers["lambda-runtime-invoked-function-arn"] == "arn:f"
    assert headers["lambda-runtime-trace-id"] == "root=1"
    client.said = b""
    assert client.send(_post(f"{ROOT}/invocation/id-1/response", b"[1]")) is None, "a call ends with the next request"
    assert client.status() == 202
    assert client.send(_get(f"{ROOT}/invocation/next")) == Answer(result="[1]")


def test_the_answer_of_another_call_is_refused(api: RuntimeApi, client: Client) -> None:
    client.send(_get(f"{ROOT}/invocation/next"))
    api.send(_asked(), deadline=1)
    client.read()
    client.said = b""
    client.send(_post(f"{ROOT}/invocation/other/response", b"[1]"))
    assert client.status() == 400
    client.send(_post(f"{ROOT}/invocation/id-1/error", b"words", "Lambda-Runtime-Function-Error-Type: My.Kind"))
    assert client.status() == 202
    client.send(_post(f"{ROOT}/invocation/id-1/response", b"[1]"))
    assert client.status() == 400, "it was answered already"
    told = client.send(_get(f"{ROOT}/invocation/next"))
    assert told == Answer(error={"errorType": "My.Kind", "errorMessage": "words"}, logged=True)


def test_too_large_an_answer_is_read_to_its_end_and_not_kept(api: RuntimeApi, client: Client) -> None:
    client.send(_get(f"{ROOT}/invocation/next"))
    api.send(_asked(), deadline=1)
    client.read()
    client.said = b""
    client.send(_post(f"{ROOT}/invocation/id-1/response", b"x" * (LARGEST + 1)))
    assert client.status() == 413
    told = client.send(_get(f"{ROOT}/invocation/next"))
    assert told is not None
    assert told.error is not None
    assert told.error["errorType"] == "Function.ResponseSizeTooLarge"


@pytest.mark.parametrize("path", ["/", f"{ROOT}/invocation/id-1/other", "/2019/runtime/invocation/next"])
def test_other_paths_are_not_known(client: Client, path: str) -> None:
    client.send(_get(path))
    assert client.status() == 404


def test_nonsense_closes_the_connection_and_not_the_server(api: RuntimeApi, client: Client) -> None:
    client.send(b"\x00\x01 nonsense\r\n\r\n")
    assert list(api.watched()) == [api._listener.fileno()]
    other = Client(api)
    assert other.send(_get(f"{ROOT}/invocation/next")) == Answer()


def test_who_is_not_known_needs_the_unguessable_path() -> None:
    """Where the system does not tell the users of connections, and for the processes of other users."""
    api = RuntimeApi(user=-1)
    client = Client(api)
    assert client.send(_get(f"{ROOT}/invocation/next")) is None
    assert client.status() == 403
    assert client.send(_get(f"/{api.secret}{ROOT}/invocation/next")) == Answer()
    api.close()
