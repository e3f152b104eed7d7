"""Whatever a handler does, it ends at its timeout with all it has started, and the sandbox with it when told to."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from pathlib import Path

import pytest

from backendctl.sandbox import printed, process
from tests.functional.sandboxed import Sandbox, eventually, free_port

CODE = """
import os, signal, subprocess, sys, time
def daemon(environment):
    code = "import os, time\\nif os.fork(): os._exit(0)\\nos.setsid(); print(os.getpid(), flush=True); time.sleep(600)"
    started = subprocess.Popen([sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE)
    return int(started.stdout.readline())
def handler(event, context):
    what = event["what"]
    if what == "orphans":
        child = subprocess.Popen(["sleep", "600"], start_new_session=True).pid
        with open(event["file"], "w") as file: file.write(f"{child} {daemon(None)} {daemon({})}")
        time.sleep(600)
    if what == "print":
        while True: print("x" * 1000)
    if what == "endless line":
        while True: sys.stdout.write("x" * 1000)
    if what == "stop the server": os.kill(os.getppid(), signal.SIGSTOP)
    if what == "parent": return open(f"/proc/{os.getppid()}/environ").read()
    return event
"""


@pytest.fixture(scope="module")
def limited(sandbox: Sandbox) -> Sandbox:
    sandbox.function("limited", CODE, Timeout=3, MemorySize=1769)
    sandbox.function("loud", CODE, Timeout=1, MemorySize=1769)
    return sandbox


def test_children_which_left_the_group_end_at_a_timeout(limited: Sandbox, tmp_path: Path) -> None:
    noted = tmp_path / "pids"
    payload = json.dumps({"what": "orphans", "file": str(noted)})
    answer = json.load(limited.client("lambda").invoke(FunctionName="limited", Payload=payload)["Payload"])
    assert answer["errorType"] == "Sandbox.Timedout"
    pids = [int(pid) for pid in noted.read_text(encoding="ascii").split()]
    assert len(pids) == 3
    eventually(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))


@pytest.mark.parametrize("what", ["print", "endless line"])
def test_output_without_end_is_cut_and_stopped_at_the_timeout(limited: Sandbox, what: str) -> None:
    pid = process.status(limited.port, limited.data).pid
    began, before = time.monotonic(), _resident(pid)
    answer = limited.client("lambda").invoke(FunctionName="loud", Payload=json.dumps({"what": what}))
    assert json.load(answer["Payload"])["errorType"] == "Sandbox.Timedout"
    assert time.monotonic() - began < 20  # 1 s of its own, and what other programs take of the machine
    assert _resident(pid) - before < 150
    streams = limited.client("logs").filter_log_events(logGroupName="/aws/lambda/loud", limit=10_000)["events"]
    assert sum(len(one["message"]) for one in streams) < 3 * printed.MOST


def test_a_handler_finds_no_keys_in_the_environment_of_the_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the operator")
    monkeypatch.setenv("GITHUB_TOKEN", "of the operator")
    server = Sandbox(port=free_port(), data=tmp_path / "data", copied=False)
    started = server.start()
    try:
        assert b"of the operator" not in Path(f"/proc/{started.pid}/environ").read_bytes()
        server.function("curious", CODE, MemorySize=1769)
        answer = server.client("lambda").invoke(FunctionName="curious", Payload=b'{"what": "parent"}')
        names = {one.partition("=")[0] for one in json.load(answer["Payload"]).split("\0")}
    finally:
        server.stop()
    assert "AWS_ENDPOINT_URL" in names
    assert not names & {"USER", "LOGNAME", "PWD", "OLDPWD", "PYTEST_CURRENT_TEST", "AWS_SESSION_TOKEN"}


@pytest.mark.parametrize("what", ["print", "stop the server"])
def test_down_ends_within_seconds_whatever_a_handler_does(fresh_sandbox: Sandbox, what: str) -> None:
    fresh_sandbox.function("wild", CODE, Timeout=600, MemorySize=256)

    def call() -> None:
        with contextlib.suppress(Exception):
            fresh_sandbox.client("lambda").invoke(FunctionName="wild", Payload=json.dumps({"what": what}))

    caller = threading.Thread(target=call, daemon=True)
    caller.start()
    time.sleep(1)
    pid = process.status(fresh_sandbox.port, fresh_sandbox.data).pid
    began = time.monotonic()
    process.reset(fresh_sandbox.port, fresh_sandbox.data)
    assert time.monotonic() - began < 15
    assert not fresh_sandbox.data.exists()
    assert not Path(f"/proc/{pid}").exists()


def _resident(pid: int | None) -> float:
    """MB of a process."""
    told = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) / 1024 for line in told.splitlines() if line.startswith("VmRSS:"))
