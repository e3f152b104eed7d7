"""Processor time in proportion to memory: a process which has used up its share is stopped for a while."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass, field

FULL = 1769
"""Megabytes for which AWS gives one whole processor (B54)."""

PERIOD = 0.02
"""Seconds whose share may be used at once."""

TICK = 0.01
"""Seconds between two looks at a process which works."""

_NOTHING = 1e-6  # seconds, which arithmetic leaves
_SMALL = 8192  # bytes, more than such a file has


def share(megabytes: int) -> float:
    """The processors a function of that memory gets."""
    return megabytes / FULL


@dataclass(kw_only=True, slots=True)
class Rein:
    """Holds one process, and what belongs to its group, to a share of the processor.

    It measures what the process really used, so waiting costs nothing, and being looked at late gives nothing away.
    Time for which other programs of this machine keep the process from running is no time in which its share grows:
    on AWS there are none, and it would be used up at once afterwards. Where the system cannot tell the time another
    process used (not Linux), it does nothing.

    Attributes:
        pid: of the process, which leads a group of its own.
        portion: processors, 1.0 is a whole one.
        late: seconds of this call for which the process stayed stopped only because nobody came to let it go.
    """

    pid: int
    portion: float
    stopped: bool = False
    late: float = 0.0
    _credit: float = field(init=False)
    _granted: float = 0.0
    _due: float = 0.0
    _seen: float = 0.0
    _used: float = 0.0
    _waited: float = 0.0

    def __post_init__(self) -> None:
        self._credit = self.portion * PERIOD

    def begin(self) -> None:
        """A call begins: let the process run, with a fresh period's share."""
        self._credit, self._granted, self.late = self.portion * PERIOD, 0.0, 0.0
        self._seen, self._used, self._waited = time.monotonic(), used(self.pid) or 0.0, waited(self.pid)
        self.release()

    def tick(self) -> float:
        """Look at the process, stop it or let it go; the seconds until the next look is due."""
        now, spent = time.monotonic(), used(self.pid)
        if spent is None:
            return PERIOD
        late = max(0.0, now - self._due) if self.stopped else 0.0
        self._grow(now - self._seen - late - self._taken_back(now), spent - self._used)
        self._seen, self._used, self._due, self.late = now, spent, now, self.late + late
        if self._credit >= -_NOTHING:
            self.release()
            return TICK
        self.stop()
        self._due = now - self._credit / self.portion
        return self._due - now

    def _grow(self, elapsed: float, spent: float) -> None:
        before = self._credit - spent
        self._credit = min(before + self.portion * elapsed, self.portion * PERIOD)
        self._granted += self._credit - before

    def _taken_back(self, now: float) -> float:
        """Seconds since the last look which others took; what they took before is told only now, and taken back."""
        known, self._waited = self._waited, waited(self.pid)
        lost = self._waited - known
        if lost <= 0:
            return 0.0
        recent = min(lost, now - self._seen)
        self._credit -= min(self._granted, self.portion * (lost - recent))
        self._granted = 0.0
        return recent

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
        return int(_read(f"/proc/{pid}/schedstat").split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return 0.0


def undisturbed(pid: int) -> float:
    """Seconds of a clock that stands still while others have the processors that a process could use."""
    return time.monotonic() - waited(pid)


def peak(pid: int | None) -> int:
    """MB a process has used at most, asked from outside: one that is killed cannot say. 0 when nobody can tell."""
    try:
        _, _, rest = _read(f"/proc/{pid}/status").partition(b"\nVmHWM:")
        return -(-int(rest.split(maxsplit=1)[0]) // 1024)
    except (OSError, IndexError, ValueError):
        return 0


def _read(path: str) -> bytes:
    """A small file of /proc; without the buffers of `open`, for it is read several times in each call."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        return os.read(descriptor, _SMALL)
    finally:
        os.close(descriptor)


def _signal(pid: int, number: signal.Signals) -> bool:
    try:
        os.killpg(pid, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True
