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
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlencode

from backendctl.sandbox import ownership, private
from backendctl.sandbox.iam.policy import Policy
from backendctl.sandbox.keys import Keys, read_keys, require_keys
from backendctl.sandbox.requested import Requested
from backendctl.sandbox.world import LOOPBACK, USUAL_IDLE_MINUTES, environment, url_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DEFAULT_PORT = 4566
SCRUBBED = "--scrubbed"
"""Says to the server that it was started with `world.environment` and nothing else."""
_PARTS = ("ministack", "moto", "hypercorn")
_LOG_LINES = 15
_TEARING_DOWN, _PATIENCE, _RESET = 3.0, 8.0, 20.0
"""Seconds."""


class Child(Protocol):
    """A process that was started, as far as a start looks at it; as `subprocess.Popen` has it."""

    def poll(self) -> int | None:
        """None while it runs."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...

    def wait(self) -> int:
        """Until it has ended."""
        ...


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
        iam: the file with the policy of whoever calls; "" when everything is allowed.
        throttled: how many calls have been too many for the quotas. faults: how many faults are on.
        token: whether calls need the access key id of `key`.
        damaged: files of the state which could not be loaded and were kept aside.
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
    token: bool = False
    damaged: tuple[Path, ...] = ()
    idle_minutes: float = USUAL_IDLE_MINUTES
    minute_seconds: float = 60.0
    iam: str = ""


def default_data(port: int) -> Path:
    """Where the sandbox of a port keeps its state when nobody says otherwise."""
    base = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(base) / "backendctl" / f"sandbox-{port}"


def pid_file(data: Path) -> Path:
    """The file with the process id of the running sandbox, for people to look at: no command relies on it."""
    return data / "sandbox.pid"


def log_file(data: Path) -> Path:
    """The log of the sandbox in the background."""
    return data / "sandbox.log"


def start(
    port: int,
    data: Path,
    *,
    timeout: float = 20,
    time_scale: float | None = None,
    quotas: bool | None = None,
    require_token: bool | None = None,
    iam: Path | None = None,
    popen: Callable[..., Child] = subprocess.Popen,
) -> Status:
    """Start a sandbox in the background and wait until it answers; one that runs already is left alone.

    Of several starts at the same time one starts it, and the others find it running.

    Args:
        time_scale: real seconds that a second of AWS shall take; None means whatever it runs with, or the default.
        quotas: whether AWS's control-plane rates shall hold; None means whatever it runs with, or that they do not.
        require_token: whether calls need the access key id of `key`; None means what was said last, at first not.
        iam: a file with the policy of whoever calls; None means whatever it runs with, or that everything is allowed.
        popen: starts the process, as subprocess.Popen does.

    Raises:
        SandboxError: the extra is not installed, the policy is none, the port is taken, it runs with other settings,
            or it did not come up within `timeout` seconds.
    """
    try:
        requested = Requested.asked(time_scale=time_scale, quotas=quotas, token=require_token, iam=iam)
        if iam is not None:
            Policy.read(iam)
    except ValueError as error:
        raise SandboxError(str(error)) from None
    now = status(port, data)
    if now.ready:
        return _as_requested(now, requested)
    check_installed()
    with _alone(data, timeout):
        return _start(port, data, requested, timeout, popen)


def _start(port: int, data: Path, requested: Requested, timeout: float, popen: Callable[..., Child]) -> Status:
    child: Child | None = None
    deadline = time.monotonic() + timeout
    while time.monotonic() < deadline:
        now = status(port, data)
        if now.ready:
            return _as_requested(now, requested)
        if child is None and not now.running:  # also when the one found at first was only about to end
            check_port(port)
            private.folder(data)
            if requested.token is not None:
                require_keys(data, required=requested.token)
            child = _spawn(port, data, requested.flags(), popen)
        elif child is not None and child.poll() is not None:
            raise SandboxError(f"the sandbox ended while starting:\n{_last_lines(data)}")
        time.sleep(0.05)
    if child is not None:
        child.kill()
        child.wait()
    raise SandboxError(f"the sandbox did not answer within {timeout:g} s:\n{_last_lines(data)}")


def stop(port: int, data: Path, *, timeout: float = 20) -> bool:
    """End a sandbox and wait for its end; whether there was one.

    One that does not end by itself is killed after `_PATIENCE` seconds; its state is that of the last saving.

    Raises:
        SandboxError: it did not end within `timeout` seconds.
    """
    if not data.exists() or ownership.owner(data) is None:
        return False
    with _alone(data, timeout):
        return _stop(port, data, timeout)


def _stop(port: int, data: Path, timeout: float) -> bool:
    owner = ownership.owner(data)
    if owner is None:
        return False
    health = _health(port, data)
    if health is not None and health.get("data") == str(data.resolve()) and health.get("pid") != owner.pid:
        other = health.get("pid")
        raise SandboxError(f"process {owner.pid} holds {data}, but {other} answers on port {port}; nothing is ended")
    began, sent = time.monotonic(), set[signal.Signals]()
    while time.monotonic() < began + timeout:
        if ownership.owner(data) != owner:
            _reap(owner.pid)
            return True
        late = time.monotonic() > began + _PATIENCE
        number = signal.SIGKILL if late else signal.SIGTERM
        if number not in sent:
            sent.add(number)
            ownership.send(number, owner, data)
            ownership.send(signal.SIGCONT, owner, data)  # a handler may have stopped it
        time.sleep(0.05)
    raise SandboxError(f"the sandbox (process {owner.pid}) did not end within {timeout:g} s; see {log_file(data)}")


def status(port: int, data: Path) -> Status:
    """How the sandbox of a port and data directory stands."""
    owner = ownership.owner(data)
    health = (None if owner is None else _health(port, data)) or {}
    return Status(
        running=owner is not None,
        ready=owner is not None and health.get("ready") is True and health.get("pid") == owner.pid,
        pid=None if owner is None else owner.pid,
        port=port,
        url=url_of(port),
        data=data,
        time_scale=float(health.get("time_scale", 0)),
        quotas=health.get("quotas") is True,
        throttled=int(health.get("throttled", 0)),
        faults=int(health.get("faults", 0)),
        token=health.get("token") is True,
        damaged=tuple(sorted((data / "state").glob("*.damaged"))),
        idle_minutes=float(health.get("idle_minutes", USUAL_IDLE_MINUTES)),
        minute_seconds=float(health.get("minute_seconds", 60)),
        iam=str(health.get("iam", "")),
    )


def key(data: Path) -> str:
    """The access key id with which to call the sandbox of a data directory; one that takes any gets "test".

    With "test" and the secret "sandbox" presigned URLs of S3 work, whose signatures are verified.

    Raises:
        SandboxError: the file that holds it cannot be read.
    """
    keys = _keys(data)
    return "test" if keys is None else keys.client


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


def resolve(port: int, data: Path, *, name: str, near: str) -> dict[str, Any]:
    """What Route 53 answers a resolver near that region, as `routing.Routing.resolve` says; empty for no answer."""
    return (_ask(port, data, "GET", f"/_sandbox/resolve?{urlencode({'name': name, 'near': near})}") or (0, {}))[1]


def reset(port: int, data: Path) -> None:
    """End a sandbox, if it runs, and delete its state.

    Raises:
        SandboxError: it did not end, or the directory is not one of a sandbox.
    """
    if not data.exists():
        return
    with _alone(data, _RESET):
        _stop(port, data, _RESET)
        if any(data.iterdir()) and not (data / "state").is_dir():
            raise SandboxError(f"{data} is not the data directory of a sandbox; nothing was deleted")
        shutil.rmtree(data)


def _as_requested(now: Status, requested: Requested) -> Status:
    other = requested.other_than(
        time_scale=now.time_scale,
        quotas=now.quotas,
        token=now.token,
        idle_minutes=now.idle_minutes,
        minute_seconds=now.minute_seconds,
        iam=now.iam,
    )
    if other:
        raise SandboxError(
            f"the sandbox on port {now.port} is up with {' and '.join(other)}; "
            "stop it first (backendctl sandbox down), its state is kept"
        )
    return now


@contextlib.contextmanager
def _alone(data: Path, timeout: float) -> Iterator[None]:
    try:
        with ownership.alone(data, timeout=timeout):
            yield
    except ownership.BusyError as problem:
        raise SandboxError(f"{problem}; try again") from problem


def _spawn(port: int, data: Path, flags: list[str], popen: Callable[..., Child]) -> Child:
    keys = _keys(data)
    with os.fdopen(private.opened(log_file(data)), "wb") as log:
        return popen(
            [sys.executable, "-m", "backendctl.sandbox", "--port", str(port), "--data", str(data), *flags, SCRUBBED],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=data,
            env=environment(port=port, data=data.resolve(), key=None if keys is None else keys.handlers),
            start_new_session=True,
        )


def check_installed() -> None:
    """Raise SandboxError when something the server needs is not installed."""
    missing = [name for name in _PARTS if importlib.util.find_spec(name) is None]
    if missing:
        raise SandboxError(
            f"the sandbox needs packages which are not installed ({', '.join(missing)}); they come with the extra "
            "`sandbox`: pip install '.[sandbox]' in a clone"
        )


def check_port(port: int) -> None:
    """Raise SandboxError unless the port is free, or becomes so: one that was killed holds it for a moment longer."""
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
    told = _ask(port, data, method, f"/_sandbox/faults/{quote(name, safe='')}".rstrip("/"), body=body)
    if told is None:
        raise SandboxError(f"the sandbox on port {port} does not answer; see {log_file(data)}")
    code, document = told
    if code >= http.client.BAD_REQUEST:
        raise SandboxError(str(document.get("message", document)))
    return document


def _health(port: int, data: Path) -> dict[str, Any] | None:
    """What the server on the port says of itself; None when there is none, or it does not know us."""
    told = _ask(port, data, "GET", "/_sandbox/health")
    return None if told is None else told[1]


def _ask(
    port: int, data: Path, method: str, path: str, *, body: dict[str, Any] | None = None
) -> tuple[int, dict[str, Any]] | None:
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=2)
    try:
        headers = {"X-Sandbox-Client": key(data)}
        connection.request(method, path, body=None if body is None else json.dumps(body), headers=headers)
        answer = connection.getresponse()
        document = json.loads(answer.read())
    except (OSError, ValueError, http.client.HTTPException):
        return None
    finally:
        connection.close()
    return (answer.status, document) if isinstance(document, dict) else None


def _keys(data: Path) -> Keys | None:
    try:
        return read_keys(data)
    except (OSError, ValueError) as problem:
        raise SandboxError(f"the access key of the sandbox cannot be read: {problem}") from problem


def _reap(pid: int) -> None:
    """A child of ours which is ending leaves the list of processes."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(pid, 0)


def _last_lines(data: Path) -> str:
    try:
        lines = log_file(data).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return "(no log)"
    return "\n".join(lines[-_LOG_LINES:])
