"""Lets code that waits say so, without knowing who listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_listener: ContextVar[Callable[[str], None] | None] = ContextVar("progress_listener", default=None)


@contextmanager
def reporting_to(listener: Callable[[str], None]) -> Iterator[None]:
    """Within this block, in this thread, `note` reaches the listener."""
    token = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(token)


def note(message: str) -> None:
    """Say what is being waited for, e.g. "replica us-west-2 CREATING"."""
    listener = _listener.get()
    if listener is not None:
        listener(message)
