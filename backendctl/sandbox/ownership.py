"""Who runs a sandbox: one process at a time holds the lock of a data directory, and the kernel says which.

No file's content is trusted: a process id that was written down may belong to another program by now.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import struct
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from backendctl.sandbox import private

if TYPE_CHECKING:
    from collections.abc import Iterator

_POLL = 0.05
# struct flock of fcntl(2), which the standard library can send but not build
_FLOCK = "hhqqi4x" if sys.platform == "linux" else "qqihh"


class BusyError(Exception):
    """Somebody else holds the lock."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Owner:
    """The process which runs a sandbox.

    Attributes:
        started: its start time as the system counts it, which tells it from a later process with the same id; None
            where nobody can tell.
    """

    pid: int
    started: str | None


def own(data: Path) -> int:
    """Take the lock of a data directory for as long as this process lives; the descriptor that holds it.

    Raises:
        BusyError: another process has it.
    """
    descriptor = os.open(_lock(data), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)  # a lock of the process: no child inherits it
    except OSError as problem:
        os.close(descriptor)
        raise BusyError(f"another sandbox is running on {data}") from problem
    return descriptor


def owner(data: Path) -> Owner | None:
    """The process which holds the lock of a data directory."""
    try:
        descriptor = os.open(_lock(data), os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        pid = _holder(descriptor)
    finally:
        os.close(descriptor)
    return None if pid is None else Owner(pid=pid, started=start_time(pid))


def start_time(pid: int) -> str | None:
    """When a process was started, in the system's own count; None when it is not there or nobody can tell."""
    try:
        told = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    return told.rpartition(")")[2].split()[19]  # field 22 of proc(5); a program's name may hold anything


def send(number: signal.Signals, to: Owner, data: Path) -> bool:
    """Send a signal to the owner of a data directory; False when it is no longer the owner, and was sent nothing."""
    if not hasattr(signal, "pidfd_send_signal"):  # not Linux
        if owner(data) != to:
            return False
        with contextlib.suppress(ProcessLookupError):
            os.kill(to.pid, number)
        return True
    try:
        process = os.pidfd_open(to.pid)  # stays this process, whoever gets its id afterwards
    except OSError:
        return False
    try:
        if owner(data) != to:
            return False
        signal.pidfd_send_signal(process, number)
    except ProcessLookupError:
        return False
    finally:
        os.close(process)
    return True


@contextlib.contextmanager
def alone(data: Path, *, timeout: float) -> Iterator[None]:
    """Keep every other start, stop and reset of the same data directory out.

    The lock file stands beside the directory, so that it outlives a reset.

    Raises:
        BusyError: another command was not through within `timeout` seconds.
        OSError: the folder cannot be written to.
    """
    if not data.parent.exists():
        private.folder(data.parent)
    path = data.with_name(f"{data.name}.lock")
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _wait(descriptor, data, timeout)
        yield
    finally:
        os.close(descriptor)


def _wait(descriptor: int, data: Path, timeout: float) -> None:
    deadline = time.monotonic() + timeout
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            if time.monotonic() > deadline:
                raise BusyError(f"another command is starting or stopping the sandbox in {data}") from problem
            time.sleep(_POLL)
        else:
            return


def _lock(data: Path) -> Path:
    return data / "sandbox.lock"


def _holder(descriptor: int) -> int | None:
    if sys.platform == "linux":
        asked = struct.pack(_FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        kind, _whence, _start, _length, pid = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
    else:
        asked = struct.pack(_FLOCK, 0, 0, 0, fcntl.F_WRLCK, os.SEEK_SET)
        _start, _length, pid, kind, _whence = struct.unpack(_FLOCK, fcntl.fcntl(descriptor, fcntl.F_GETLK, asked))
    return pid if kind != fcntl.F_UNLCK and pid > 1 else None
