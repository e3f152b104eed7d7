"""`backendctl` as a process of its own which is a copy of one that has imported everything.

A command as a whole process costs 1.3 s of processor time, of which 0.7 s are imports and descriptions of services.
What is tested about such a process is its death, its signals, its exit code and what it leaves; that it starts from
nothing is held by `tests/unit/cli/test_main.py`, `tests/unit/cli/test_streams.py` and `test_bad_input.py`.

As a program it is the process that is copied. Each copy is a child of the process of the tests: its parent in between
ends at once, and orphans come to whoever has said that it adopts them.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import json
import os
import pkgutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import backendctl.cli
from backendctl.aws.connection import Access, Aws
from backendctl.cli.main import main

_ADOPT_ORPHANS = 36
_SERVICES = ("apigateway", "acm", "application-autoscaling", "dynamodb", "events", "iam", "lambda", "logs", "route53")
_MORE = ("scheduler", "ssm", "sts", "cloudwatch")
_LOCK = threading.Lock()
_TEMPLATES: list[tuple[socket.socket, subprocess.Popen[bytes]]] = []


class Command:
    """`backendctl` with these arguments and the environment of the tests; of `subprocess.Popen` what tests use."""

    def __init__(self, line: Sequence[str]) -> None:
        self.returncode: int | None = None
        self._lock = threading.Lock()
        self._told = {"out": "", "err": ""}
        out, theirs_out = os.pipe()
        err, theirs_err = os.pipe()
        asked = {"line": list(line), "folder": str(Path.cwd()), "environment": dict(os.environ)}
        self.pid = _copy(asked, (theirs_out, theirs_err))
        os.close(theirs_out)
        os.close(theirs_err)
        streams = (("out", out), ("err", err))
        self._readers = [threading.Thread(target=self._read, args=stream, daemon=True) for stream in streams]
        for reader in self._readers:
            reader.start()

    def _read(self, name: str, descriptor: int) -> None:
        with os.fdopen(descriptor, encoding="utf-8") as stream:
            self._told[name] = stream.read()

    def poll(self) -> int | None:
        """Its exit code, negative for a signal; None while it runs."""
        with self._lock:
            if self.returncode is None:
                pid, status = os.waitpid(self.pid, os.WNOHANG)
                self.returncode = os.waitstatus_to_exitcode(status) if pid else None
            return self.returncode

    def wait(self, timeout: float = 900) -> int:
        """Until it has ended.

        Raises:
            TimeoutExpired: it goes on.
        """
        deadline = time.monotonic() + timeout
        while (code := self.poll()) is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("backendctl", timeout)
            time.sleep(0.01)
        return code

    def communicate(self, timeout: float = 900) -> tuple[str, str]:
        """What it says, once it has ended.

        Raises:
            TimeoutExpired: it goes on.
        """
        self.wait(timeout)
        for reader in self._readers:
            reader.join()
        return self._told["out"], self._told["err"]

    def send_signal(self, number: int) -> None:
        """Nothing when it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


Begun = Command | subprocess.Popen[str]


def begun(line: Sequence[str]) -> Begun:
    """`backendctl` with these arguments, as a copy; whole where coverage is measured, which copies do not tell."""
    if any(name.startswith("COVERAGE_PROCESS") for name in os.environ):
        pipe = subprocess.PIPE
        whole = [sys.executable, "-m", "backendctl", *line]
        return subprocess.Popen(whole, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True)
    return Command(line)


def _copy(asked: Mapping[str, object], streams: tuple[int, int]) -> int:
    with _LOCK:
        if not _TEMPLATES:
            _TEMPLATES.append(_template())
        _adopting(orphans=True)
        try:
            template = _TEMPLATES[0][0]
            socket.send_fds(template, [b"."], streams)
            template.sendall(json.dumps(asked).encode() + b"\n")
            return int(template.recv(64))
        finally:
            _adopting(orphans=False)


def _adopting(*, orphans: bool) -> None:
    ctypes.CDLL(None).prctl(_ADOPT_ORPHANS, int(orphans), 0, 0, 0)


def _template() -> tuple[socket.socket, subprocess.Popen[bytes]]:
    """One for the process of the tests, which ends with it."""
    ours, theirs = socket.socketpair()
    line = [sys.executable, "-m", "tests.functional.copied_command", f"{theirs.fileno()}"]
    root = Path(__file__).parents[2]
    process = subprocess.Popen(line, pass_fds=[theirs.fileno()], cwd=root, stdin=subprocess.DEVNULL)
    theirs.close()
    return ours, process


def _serve(tests: socket.socket) -> None:
    """Make copies until the tests end; in a copy, run the command."""
    for module in pkgutil.iter_modules(backendctl.cli.__path__):
        importlib.import_module(f"backendctl.cli.{module.name}")
    connection = Aws(Access(keys=("any", "any"), endpoint_url="http://127.0.0.1:1"), backend="any")
    for service in (*_SERVICES, *_MORE):
        connection.client(service, "us-east-1")
    gc.collect()
    gc.freeze()
    while True:
        first, handed, _, _ = socket.recv_fds(tests, 1, 2)
        if not first:
            return
        text = b""
        while not text.endswith(b"\n"):
            text += tests.recv(65_536)
        reading, writing = os.pipe()
        between = os.fork()
        if between == 0:
            if (pid := os.fork()) == 0:
                tests.close()
                _become(json.loads(text), handed)
                main()
                return
            os.write(writing, f"{pid}".encode())
            os._exit(0)
        os.waitpid(between, 0)
        tests.sendall(os.read(reading, 64))
        for descriptor in (reading, writing, *handed):
            os.close(descriptor)


def _become(asked: Mapping[str, object], streams: Sequence[int]) -> None:
    for number, descriptor in enumerate(streams, 1):
        os.dup2(descriptor, number)
    os.closerange(3, 64)
    os.chdir(str(asked["folder"]))
    os.environ.clear()
    os.environ.update(asked["environment"])  # type: ignore[call-overload]  # from JSON
    sys.argv = ["backendctl", *asked["line"]]  # type: ignore[misc]  # the same


if __name__ == "__main__":
    _serve(socket.socket(fileno=int(sys.argv[1])))
