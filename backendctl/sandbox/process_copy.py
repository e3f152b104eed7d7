"""Work done by a copy of this process, which has everything as it stood and holds nobody up."""

from __future__ import annotations

import contextlib
import copy
import os
import signal
import sys
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

POSSIBLE = sys.platform == "linux"
"""Elsewhere a process with threads had better not be copied."""


class ProcessCopy:
    """A copy at work.

    Attributes:
        seconds: of processor time that it took, once it has ended.

    Args:
        work: what it does; whether it went well.

    Raises:
        OSError: the system allows no more processes.
    """

    def __init__(self, work: Callable[[], bool]) -> None:
        self.seconds = 0.0
        self._pid = os.fork()
        if self._pid == 0:
            _run(work)

    def outcome(self) -> bool | None:
        """Whether it went well; None while it is at work."""
        try:
            found, status, used = os.wait4(self._pid, os.WNOHANG)
        except ChildProcessError:  # somebody else has asked, and nobody knows any more
            return False
        self.seconds = used.ru_utime + used.ru_stime
        return status == 0 if found else None

    def kill(self) -> None:
        """End it, before it has been asked for its outcome."""
        with contextlib.suppress(ProcessLookupError, ChildProcessError):
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)


def _run(work: Callable[[], bool]) -> NoReturn:
    went_well = False
    try:
        signal.set_wakeup_fd(-1)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))  # the port is free as soon as the original is killed
        share_everything()
        went_well = work()
    finally:
        os._exit(0 if went_well else 1)


def share_everything() -> None:
    """Stop making deep copies in this process, in which nobody changes anything any more."""
    copy.deepcopy = _same


def _same(x: T, memo: dict[int, Any] | None = None, _nil: Any = None) -> T:
    del memo
    return x
