"""Processor time in proportion to memory: a process which has used up its share is stopped for a while."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path

FULL = 1769
"""Megabytes for which AWS gives one whole processor (B54)."""

PERIOD = 0.02
"""Seconds whose share may be used at once."""

TICK = 0.01
"""Seconds between two looks at a process which works."""


def share(megabytes: int) -> float:
    """The processors a function of that memory gets."""
    return megabytes / FULL


@dataclass(kw_only=True, slots=True)
class Rein:
    """Holds one process, and what belongs to its group, to a share of the processor.

    It measures what the process really used, so waiting costs nothing, and being looked at late gives nothing away.
    Its clock stands still while other programs of this machine keep the process from running: on AWS there are none,
    and a share that grew meanwhile would be used up at once afterwards. Where the system cannot tell the time another
    process used (not Linux), it does nothing.

    Attributes:
        pid: of the process, which leads a group of its own.
        portion: processors, 1.0 is a whole one.
    """

    pid: int
    portion: float
    stopped: bool = False
    _credit: float = field(init=False)
    _seen: float = 0.0
    _used: float = 0.0

    def __post_init__(self) -> None:
        self._credit = self.portion * PERIOD

    def begin(self) -> None:
        """A call begins: let the process run, with a fresh period's share."""
        self._credit = self.portion * PERIOD
        self._seen, self._used = undisturbed(self.pid), used(self.pid) or 0.0
        self.release()

    def tick(self) -> float:
        """Look at the process, stop it or let it go; the seconds until the next look is due."""
        now, spent = undisturbed(self.pid), used(self.pid)
        if spent is None:
            return PERIOD
        self._credit += self.portion * (now - self._seen) - (spent - self._used)
        self._credit = min(self._credit, self.portion * PERIOD)
        self._seen, self._used = now, spent
        if self._credit >= 0:
            self.release()
            return TICK
        self.stop()
        return -self._credit / self.portion

    def stop(self) -> None:
        """Freeze the process and its children."""
        if not self.stopped:
            self.stopped = _signal(self.pid, signal.SIGSTOP)

    def release(self) -> None:
        """Let them go on."""
        if self.stopped:
            _signal(self.pid, signal.SIGCONT)
            self.stopped = False


def used(pid: int) -> float | None:
    """Seconds of processor time of all threads of a process; None when nobody can tell."""
    if not hasattr(time, "clock_gettime") or not os.path.exists("/proc/self"):  # noqa: PTH110 - called very often
        return None
    try:
        return time.clock_gettime((~pid << 3) | 2)  # clock_getcpuclockid(3), which Python lacks
    except OSError:
        return None


def waited(pid: int) -> float:
    """Seconds for which a process could have run, but others had the processors; 0.0 when nobody can tell."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


def undisturbed(pid: int) -> float:
    """Seconds of a clock that stands still while others have the processors that a process could use."""
    return time.monotonic() - waited(pid)


def _signal(pid: int, number: signal.Signals) -> bool:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
