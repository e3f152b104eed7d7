"""The longest chain of dependent calls, exactly, however busy the machine is: calls go out in rounds.

Every call waits until everybody who could still begin another one waits as well; then all that wait go at once. So the
number of rounds is the length of the longest chain: what needs an answer of round n cannot be in it.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

_POLL = 0.004
_QUIET = 4  # looks in a row at which nobody ran


class Rounds:
    """Where calls wait for their round. Linux only: it looks at the states of this process's threads."""

    def __init__(self) -> None:
        self.number = 0
        self._lock = threading.Condition()
        self._waiting = 0
        self._flying = 0
        self._ended = False
        self._watcher = threading.Thread(target=self._watch, name="rounds", daemon=True)
        self._watcher.start()

    def enter(self) -> int:
        """Wait for the next round, and be of it; its number, from 1."""
        with self._lock:
            mine = self.number + 1
            self._waiting += 1
            while self.number < mine:
                self._lock.wait()
            return mine

    def leave(self) -> None:
        """The call of this round has its answer."""
        with self._lock:
            self._flying -= 1

    def end(self) -> None:
        """No more rounds: whoever waits goes at once."""
        self._ended = True
        self._watcher.join()

    def _watch(self) -> None:
        quiet = 0
        while not self._ended:
            time.sleep(_POLL)
            with self._lock:
                resting = self._waiting > 0 and self._flying == 0
            quiet = quiet + 1 if resting and not _anybody_runs() else 0
            if quiet >= _QUIET:
                quiet = 0
                self._release()
        self._release()

    def _release(self) -> None:
        with self._lock:
            self.number += 1
            self._flying += self._waiting
            self._waiting = 0
            self._lock.notify_all()


def _anybody_runs() -> bool:
    """Whether a thread of this process, other than the asking one, runs or would if it had a processor."""
    me = str(threading.get_native_id())
    for task in Path("/proc/self/task").iterdir():
        if task.name == me:
            continue
        try:
            state = (task / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0]
        except OSError:  # it has ended meanwhile
            continue
        if state in {"R", "D"}:
            return True
    return False
