"""What a handler prints, line by line as it comes, and no more of it than is kept."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

MOST = 4_194_304
"""Bytes of one call which are kept, with 26 for every line, as CloudWatch Logs counts them: four of its batches."""

_OVERHEAD = 26
_CHUNK = 65_536
_AT_ONCE = 16  # pieces; a handler may print faster than anybody reads


@dataclass(kw_only=True, slots=True)
class Printed:
    """Lines out of a pipe. What is beyond `MOST` is read and dropped, so that the handler does not wait for it.

    Attributes:
        pipe: a descriptor which does not block.
        lines: milliseconds since the epoch and text, added to as they come.
        dropped: bytes of the lines that were not kept.
        is_over: whether nothing will ever come again.
    """

    pipe: int
    lines: list[tuple[int, str]]
    dropped: int = 0
    is_over: bool = False
    _kept: int = 0
    _rest: bytes = b""

    def read(self) -> bool:
        """Take what is there, up to a megabyte; False when nothing will ever come again."""
        for _ in range(_AT_ONCE):
            try:
                piece = os.read(self.pipe, _CHUNK)
            except BlockingIOError:
                return True
            if not piece:
                self.is_over = True
                return False
            if self._kept >= MOST:
                self.dropped += len(piece)
                continue
            *whole, self._rest = (self._rest + piece).split(b"\n")
            for line in whole:
                self._keep(line)
            if self._kept + len(self._rest) >= MOST:
                self._keep(self._rest)
                self._rest = b""
        return True

    def finish(self) -> None:
        """Take what is left, and the line which did not end; say how much was dropped."""
        self.read()
        if self._rest:
            self._keep(self._rest)
            self._rest = b""
        if self.dropped:
            words = f"[sandbox] {self.dropped} more bytes of output were dropped: {MOST} a call are kept"
            self.lines.append((now(), words))
            self.dropped = 0

    def _keep(self, line: bytes) -> None:
        room = max(0, MOST - self._kept)
        self.dropped += max(0, len(line) - room)
        if room:
            self.lines.append((now(), line[:room].decode(errors="replace")))
            self._kept += min(len(line), room) + _OVERHEAD


def now() -> int:
    """Milliseconds since the epoch."""
    return int(time.time() * 1000)
