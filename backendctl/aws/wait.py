"""Polling until something holds; AWS has no waiter for most of what we wait for (A46, B47, D16)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

from backendctl.aws.progress import note
from backendctl.errors import WaitTimeoutError

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

T = TypeVar("T")

_settling: ContextVar[Callable[[float], None] | None] = ContextVar("settling", default=None)


def until(aws: Aws, what: str, probe: Callable[[], T | None], *, limit: float, step: float = 2.0) -> T:
    """Ask until the answer is not None, and give it back. What is waited for is told once; a probe may tell more.

    Args:
        what: what is waited for, as told to the user, e.g. "replica us-west-2 to be ACTIVE".
        probe: asks once; may raise to end the wait.
        limit: seconds at AWS's pace. step: seconds between two questions.

    Raises:
        WaitTimeoutError: the limit has passed; the same command goes on waiting.
    """
    deadline = aws.clock() + limit * max(aws.time_scale, 0.2)
    pause = max(step * aws.time_scale, 0.02)
    told = False
    while (answer := probe()) is None:
        if aws.clock() > deadline:
            raise WaitTimeoutError(
                f"gave up waiting for {what} after {limit:.0f} s",
                hint="AWS may still finish: run the same command again to keep waiting",
            )
        if not told:
            note(f"waiting for {what}")
            told = True
        aws.sleep(pause)
    return answer


def settle(aws: Aws, what: str, *, seconds: float = 5.0) -> None:
    """Wait for a change to be known to all of AWS's hosts; nothing there can be asked whether it is (A51, B43).

    Within `settling_later` it is left to whoever goes on from there.

    Args:
        what: what is waited for, as told to the user.
        seconds: at AWS's pace.
    """
    note(f"waiting for {what}")
    later = _settling.get()
    if later is None:
        aws.sleep(seconds * aws.time_scale)
    else:
        later(seconds * aws.time_scale)


@contextmanager
def settling_later(listener: Callable[[float], None]) -> Iterator[None]:
    """Within this block, in this thread, `settle` does not wait: the listener gets the seconds that are needed yet."""
    token = _settling.set(listener)
    try:
        yield
    finally:
        _settling.reset(token)
