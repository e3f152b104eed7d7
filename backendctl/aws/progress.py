"""Lets code that waits say so, without knowing who listens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_listener: ContextVar[Callable[[str], None] | None] = ContextVar("progress_listener", default=None)
_remarks: ContextVar[Callable[[str], None] | None] = ContextVar("remarks_listener", default=None)


@contextmanager
def reporting_to(listener: Callable[[str], None], *, remarks: Callable[[str], None] | None = None) -> Iterator[None]:
    """Within this block, in this thread, `note` reaches the listener, and `remark` the other one, if there is one."""
    token, other = _listener.set(listener), _remarks.set(remarks or listener)
    try:
        yield
    finally:
        _listener.reset(token)
        _remarks.reset(other)


def note(message: str) -> None:
    """Say what is being waited for, e.g. "replica us-west-2 CREATING"."""
    listener = _listener.get()
    if listener is not None:
        listener(message)


def remark(message: str) -> None:
    """Say what is to be known when all is done, e.g. a consequence of what was deployed; the same words count once."""
    listener = _remarks.get()
    if listener is not None:
        listener(message)
