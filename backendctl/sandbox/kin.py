"""The processes which a handler has started, wherever they have gone: they end with its environment.

A child may leave its process group (setsid) and lose its parent (a second fork). Where /proc tells, all of them are
found: by descent, by the variables with which they were started, and, as this process adopts orphans, as children of
its own which it did not start. It needs no rights beyond those of the user.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import threading
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

MARK = "AWS_LAMBDA_LOG_STREAM_NAME"
"""The variable whose value no two environments share."""

_PROC = Path("/proc")
_PR_SET_CHILD_SUBREAPER = 36
_ROUNDS = 50

environments: set[int] = set()
"""Process ids of environments: children of this process which somebody waits for."""

starting = threading.Lock()
"""Held from the start of an environment's process until it is among `environments`: nobody takes it for an orphan."""

_adopting = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Process:
    """One process as /proc shows it.

    Attributes:
        started: ticks since the machine was started.
        ended: only its parent's question for its exit code is missing.
    """

    pid: int
    parent: int
    group: int
    started: int
    ended: bool


def adopt_orphans() -> None:
    """Make this process the parent of whatever descends from it and loses its own parent (Linux only).

    Only a process whose other children are in its own group may do so: all the others count as orphans.
    """
    global _adopting  # noqa: PLW0603 - it is a property of the process
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            _adopting = ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0


def end_kin(pid: int, *, started: int, stream: str) -> None:
    """Kill an environment's process with everything it has started; it may have ended already.

    All are stopped before any is killed, so that none of them gets to start another one meanwhile.

    Args:
        started: as `started_at` told of the process.
        stream: the value of `MARK` with which it was started.
    """
    with starting:
        _send_group(pid, signal.SIGSTOP)
        found: set[int] = set()
        for _ in range(_ROUNDS):
            fresh = _kin(pid, started, stream) - found
            if not fresh:
                break
            found |= fresh
            for each in fresh:
                _send(each, signal.SIGSTOP)
        _send_group(pid, signal.SIGKILL)
        for each in found:
            _send(each, signal.SIGKILL)


def started_at(pid: int) -> int:
    """When a process was started, in ticks since the machine was; 0 when nobody can tell."""
    one = _process(pid)
    return 0 if one is None else one.started


def end_strays() -> None:
    """Kill whatever handlers have left behind."""
    with starting:
        for _ in range(_ROUNDS):
            left = [one for one in _family().values() if _is_stray(one) and not one.ended]
            if not left:
                break
            for one in left:
                _send(one.pid, signal.SIGKILL)
    reap()


def reap() -> None:
    """Take the adopted processes that have ended off the list of processes."""
    if not _adopting:
        return
    with starting:
        for pid in _children(os.getpid()):
            one = _process(pid)
            if one is not None and one.ended and _is_stray(one):
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(one.pid, os.WNOHANG)


def _kin(pid: int, started: int, stream: str) -> set[int]:
    """Every living process which an environment has started, its own left out.

    Of the orphans which have come to us those are its own that carry its mark, and those without any mark that are
    younger than it: who hides belongs to whoever ends next.
    """
    known = _family()
    mark = f"{MARK}={stream}".encode()
    orphans = {
        one.pid
        for one in known.values()
        if _is_stray(one) and (mark in (marks := _marks(one.pid)) or (not marks and 0 < started <= one.started))
    }
    found = set(orphans)
    wanted = [pid, *orphans]
    children = defaultdict[int, list[int]](list)
    for one in known.values():
        children[one.parent].append(one.pid)
    while wanted:
        below = children[wanted.pop()]
        wanted += [each for each in below if each not in found]
        found.update(below)
    return {each for each in found - environments - {pid} if not known[each].ended}


def _is_stray(one: Process) -> bool:
    """Whether it is an orphan that came to us; what this process starts itself is in its own group."""
    return _adopting and one.parent == os.getpid() and one.group != os.getpgrp() and one.pid not in environments


def _marks(pid: int) -> list[bytes]:
    try:
        variables = (_PROC / f"{pid}" / "environ").read_bytes().split(b"\0")
    except OSError:
        return []
    return [one for one in variables if one.startswith(MARK.encode())]


def _family() -> dict[int, Process]:
    """Every process which descends from this one."""
    found: dict[int, Process] = {}
    wanted = _children(os.getpid())
    while wanted:
        one = _process(wanted.pop())
        if one is not None and one.pid not in found:
            found[one.pid] = one
            wanted += _children(one.pid)
    return found


def _children(pid: int) -> list[int]:
    """Children of a process, each thread's by itself: to look at all processes of a machine would take far longer."""
    try:
        threads = os.listdir(_PROC / f"{pid}" / "task")  # noqa: PTH208 - names are all it takes
    except OSError:
        return []
    found: list[int] = []
    for thread in threads:
        with contextlib.suppress(OSError):  # it has ended meanwhile
            told = (_PROC / f"{pid}" / "task" / thread / "children").read_text(encoding="ascii")
            found += map(int, told.split())
    return found


def _process(pid: int) -> Process | None:
    try:
        told = (_PROC / f"{pid}" / "stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    state, parent, group, *others = told.rpartition(")")[2].split()  # proc(5)
    return Process(pid=pid, parent=int(parent), group=int(group), started=int(others[16]), ended=state in {"Z", "X"})


def _send_group(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, number)
