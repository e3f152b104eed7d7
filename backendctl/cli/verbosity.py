"""What -v adds to every command, on stderr: what was used, and how many calls to AWS were made; -vv: each of them."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TextIO

from backendctl.secrets import KNOWN

if TYPE_CHECKING:
    from backendctl.aws.call_log import CallEnd


@dataclass(kw_only=True)
class Verbosity:
    """What one command tells beside its result; safe from many threads.

    Attributes:
        level: how many -v. stream: stderr, before anything is drawn on it.
        used: what this command was given or found, in words: "spec" → "specs/places.yaml".
    """

    level: int
    stream: TextIO
    used: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _by_region: Counter[str] = field(default_factory=Counter)
    _retries: int = 0
    _refused: int = 0

    def hear(self, call: CallEnd) -> None:
        """Take in how a call to AWS ended."""
        with self._lock:
            self._by_region[call.region] += 1
            self._retries += call.retries
            self._refused += bool(call.error)
        if self.level > 1:
            from backendctl.ui.moving import write_line

            write_line(call.line, self.stream)

    @contextmanager
    def telling(self, clock: Callable[[], float] = time.monotonic) -> Iterator[None]:
        """Say at the end of this block, however it ends, what was used and asked."""
        if not self.level:
            yield
            return
        began = clock()
        try:
            yield
        finally:
            for line in self._lines(clock() - began):
                self.stream.write(f"{line}\n")
            self.stream.flush()

    def _lines(self, seconds: float) -> Iterator[str]:
        if self.used:
            yield KNOWN.redact("used " + ", ".join(f"{name} {value}" for name, value in self.used.items()))
        total = self._by_region.total()
        where = ", ".join(f"{region} {count}" for region, count in sorted(self._by_region.items()))
        also = [f"{self._retries} retries"] if self._retries else []
        also += [f"{self._refused} ended in an error"] if self._refused else []
        asked = f"{total} calls to AWS" + (f" ({where})" if where else "")
        yield f"{', '.join([asked, *also])}; {seconds:.1f} s"


def verbosity(level: int) -> Verbosity:
    """Of the command that begins now."""
    return Verbosity(level=level, stream=sys.stderr)
