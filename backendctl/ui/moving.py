"""What moves on the terminal now, so that a question or a line of the log does not tear it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from rich.live import Live
from rich.status import Status
from rich.text import Text

_drawn: list[Live | Status] = []


def begin(moving: Live | Status) -> None:
    """Draw it from now on."""
    moving.start()
    _drawn.append(moving)


def end(moving: Live | Status) -> None:
    """Draw it no more."""
    if moving in _drawn:
        _drawn.remove(moving)
    moving.stop()


@contextmanager
def paused() -> Iterator[None]:
    """Nothing is drawn within this block, because somebody is asked something; any thread may call it."""
    stopped = list(_drawn)
    for one in stopped:
        one.stop()
    try:
        yield
    finally:
        for one in stopped:
            one.start()


def write_line(text: str, stream: TextIO) -> None:
    """Write one line to stderr, above whatever moves on the same terminal; any thread may call it.

    Args:
        stream: stderr, as it was before anything moved.
    """
    moving = list(_drawn)[-1:] if stream.isatty() else []
    if moving:
        moving[0].console.print(Text(text), soft_wrap=True)
    else:
        stream.write(f"{text}\n")
        stream.flush()
