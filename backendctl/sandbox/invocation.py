"""The request id of the Lambda invocation at hand: one for the answer, the handler, its log lines and every retry."""

from __future__ import annotations

import contextlib
import uuid
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_current: ContextVar[str | None] = ContextVar("invocation", default=None)


@contextlib.contextmanager
def begun() -> Iterator[str]:
    """A new invocation: its request id, which is known within, also in threads that are given this context."""
    request_id = str(uuid.uuid4())
    token = _current.set(request_id)
    try:
        yield request_id
    finally:
        _current.reset(token)


def request_id() -> str | None:
    """Of the invocation at hand; None outside of one."""
    return _current.get()
