"""Start, find and stop a sandbox in the background. Imports nothing of what the sandbox needs to run."""

from __future__ import annotations

import contextlib
import http.client
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from backendctl.sandbox.world import LOOPBACK, USUAL_IDLE_MINUTES, url_of

DEFAULT_PORT = 4566
_PARTS = ("ministack", "moto", "hypercorn")
_LOG_LINES = 15
_TEARING_DOWN = 3.0
"""Seconds."""


class SandboxError(Exception):
    """The sandbox cannot be started or stopped; the message says why and what to do."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """A sandbox as it stands.

    Attributes:
        running: its process exists.
        ready: it answers its health endpoint.
        time_scale: real seconds that a second of AWS takes.
        quotas: whether AWS's control-plane rates hold.
        idle_minutes: after which an unused execution environment is given up.
        minute_seconds: seconds of the clock that a minute of a rule's rate takes.
        throttled: how many calls have been too many for the quotas. faults: how many faults are on.
    """

    running: bool
    ready: bool
    pid: int | None
    port: int
    url: str
    data: Path
    time_scale: float = 0.0
    quotas: bool = False
    throttled: int = 0
    faults: int = 0
    idle_minutes: float = USUAL_IDLE_MINUTES
    minute_seconds: float = 60.0


def default_data(port: int) -> Path:
    """Where the sandbox of a port keeps its state when nobody says otherwise."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "backendctl" / f"sandbox-{port}"


def pid_file(data: Path) -> Path:
    """The file with the process id of the running sandbox."""
    return data / "sandbox.pid"


def log_file(data: Path) -> Path:
    """The log of the sandbox in the background."""
    return data / "sandbox.log"


def start(
    port: int, data: Path, *, timeout: float = 20, time_scale: float | None = None, quotas: bool | None = None
) -> Status:
    """Start a sandbox in the background and wait until it answers; one that runs already is left alone.

    Args:
        time_scale: real seconds that a second of AWS shall take; None means whatever it runs with, or the default.
        quotas: whether AWS's control-plane rates shall hold; None means whatever it runs with, or that they do not.

    Raises:
        SandboxError: the extra is not installed, the port is taken, it runs with other settings, or it did not come
            up within `timeout` seconds.
    """
    now = status(port, data)
    if now.ready:
        return _as_wished(now, time_scale, quotas)
    _check_installed()
    child: subprocess.Popen[bytes] | None = None
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        now = status(port, data)
        if now.ready:
            return _as_wished(now, time_scale, quotas)
        if child is None and not now.running:  # also when the one found at first was only about to end
            _check_port(port)
            child = _spawn(port, data, _flags(time_scale, quotas))
        elif child is not None and child.poll() is not None:
            raise SandboxError(f"the sandbox ended while starting:\n{_last_lines(data)}")
        time.sleep(0.05)
    if child is not None:
        child.terminate()
    raise SandboxError(f"the sandbox did not answer within {timeout:g} s:\n{_last_lines(data)}")


def stop(port: int, data: Path, *, timeout: float = 20) -> bool:
    """End a sandbox and wait for its end; whether there was one.

    Raises:
        SandboxError: it did not end within `timeout` seconds.
    """
    pid = status(port, data).pid
    if pid is None:
        return False
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        if not _is_sandbox(pid):
            return True
        time.sleep(0.05)
    raise SandboxError(f"the sandbox (process {pid}) did not end within {timeout:g} s; see {log_file(data)}")


def status(port: int, data: Path) -> Status:
    """How the sandbox of a port and data directory stands."""
    pid = _pid(data)
    health = (None if pid is None else _health(port)) or {}
    return Status(
        running=pid is not None,
        ready=health.get("ready") is True and health.get("pid") == pid,
        pid=pid,
        port=port,
        url=url_of(port),
        data=data,
        time_scale=float(health.get("time_scale", 0)),
        quotas=health.get("quotas") is True,
        throttled=int(health.get("throttled", 0)),
        faults=int(health.get("faults", 0)),
        idle_minutes=float(health.get("idle_minutes", USUAL_IDLE_MINUTES)),
        minute_seconds=float(health.get("minute_seconds", 60)),
    )


def add_fault(port: int, data: Path, fault: dict[str, Any]) -> dict[str, Any]:
    """Turn a fault on; its members are those of `faults.Fault`, which are also what comes back.

    Raises:
        SandboxError: the sandbox is not up, or the fault makes no sense.
    """
    return _control(port, data, "POST", body=fault)


def faults(port: int, data: Path) -> list[dict[str, Any]]:
    """The faults that are on, and those which have struck often enough.

    Raises:
        SandboxError: the sandbox is not up.
    """
    found: list[dict[str, Any]] = _control(port, data, "GET")["faults"]
    return found


def clear_faults(port: int, data: Path, *, name: str = "") -> list[dict[str, Any]]:
    """Turn one fault off, or all of them; those which were on.

    Raises:
        SandboxError: the sandbox is not up, or there is no such fault.
    """
    found: list[dict[str, Any]] = _control(port, data, "DELETE", name=name)["faults"]
    return found


def reset(port: int, data: Path) -> None:
    """End a sandbox, if it runs, and delete its state.

    Raises:
        SandboxError: it did not end, or the directory is not one of a sandbox.
    """
    stop(port, data)
    if not data.exists():
        return
    if any(data.iterdir()) and not (data / "state").is_dir():
        raise SandboxError(f"{data} is not the data directory of a sandbox; nothing was deleted")
    shutil.rmtree(data)


def _as_wished(now: Status, time_scale: float | None, quotas: bool | None) -> Status:  # noqa: FBT001 - private
    other = [f"time scale {now.time_scale:g}"] if time_scale not in {None, now.time_scale} else []
    if quotas not in {None, now.quotas}:
        other.append("quotas" if now.quotas else "no quotas")
    if other:
        raise SandboxError(
            f"the sandbox on port {now.port} is up with {' and '.join(other)}; "
            "stop it first (backendctl sandbox down), its state is kept"
        )
    return now


def _flags(time_scale: float | None, quotas: bool | None) -> list[str]:  # noqa: FBT001 - private
    scaled = [] if time_scale is None else ["--time-scale", str(time_scale)]
    return [*scaled, *(["--quotas"] if quotas else [])]


def _spawn(port: int, data: Path, flags: list[str]) -> subprocess.Popen[bytes]:
    data.mkdir(parents=True, exist_ok=True)
    source = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(source)}  # a plain checkout works without installation
    with log_file(data).open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - our own module with our own interpreter
            [sys.executable, "-m", "backendctl.sandbox", "--port", str(port), "--data", str(data), *flags],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=data,
            env=environment,
            start_new_session=True,
        )


def _check_installed() -> None:
    missing = [name for name in _PARTS if importlib.util.find_spec(name) is None]
    if missing:
        raise SandboxError(
            f"the sandbox needs packages which are not installed ({', '.join(missing)}); they come with the extra "
            "`sandbox`: pip install '.[sandbox]' in a clone"
        )


def _check_port(port: int) -> None:
    """The port is free, or becomes so: one that was killed a moment ago still holds it while it is torn down."""
    deadline = time.monotonic() + _TEARING_DOWN
    while (problem := _taken(port)) is not None:
        if time.monotonic() > deadline:
            raise SandboxError(
                f"port {port} is taken by something else ({problem.strerror}); choose another one with --port"
            ) from problem
        time.sleep(0.05)


def _taken(port: int) -> OSError | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as problem:
            return problem
    return None


def _control(
    port: int, data: Path, method: str, *, name: str = "", body: dict[str, Any] | None = None
) -> dict[str, Any]:
    if not status(port, data).ready:
        raise SandboxError(f"the sandbox on port {port} is not up; start it: backendctl sandbox up --port {port}")
    told = _ask(port, method, f"/_sandbox/faults/{quote(name, safe='')}".rstrip("/"), body=body)
    if told is None:
        raise SandboxError(f"the sandbox on port {port} does not answer; see {log_file(data)}")
    code, document = told
    if code >= http.client.BAD_REQUEST:
        raise SandboxError(str(document.get("message", document)))
    return document


def _health(port: int) -> dict[str, Any] | None:
    told = _ask(port, "GET", "/_sandbox/health")
    return None if told is None else told[1]


def _ask(port: int, method: str, path: str, *, body: dict[str, Any] | None = None) -> tuple[int, dict[str, Any]] | None:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        connection.request(method, path, body=None if body is None else json.dumps(body))
        answer = connection.getresponse()
        document = json.loads(answer.read())
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return (answer.status, document) if isinstance(document, dict) else None


def _pid(data: Path) -> int | None:
    try:
        pid = int(pid_file(data).read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
    return pid if _is_sandbox(pid) else None


def _is_sandbox(pid: int) -> bool:
    """Whether a process is alive and, where /proc can tell, a sandbox: pids are used again."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # a child of ours which has ended is not alive
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return False
    command = Path(f"/proc/{pid}/cmdline")
    return not command.exists() or b"backendctl.sandbox" in command.read_bytes()


def _last_lines(data: Path) -> str:
    try:
        lines = log_file(data).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return "(no log)"
    return "\n".join(lines[-_LOG_LINES:])
