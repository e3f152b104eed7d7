"""The two places that catch whatever a piece of work raises: to hand it on as a value, or to whoever waits for it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def caught(work: Callable[[], T], *, let: tuple[type[Exception], ...] = ()) -> T | Exception:
    """What the work gives, or what it raised, because others go on.

    Args:
        let: what is raised all the same.
    """
    try:
        return work()
    except let:
        raise
    except Exception as error:  # noqa: BLE001  # the caller explains it
        return error


def settle(future: Future[T], work: Callable[[], T]) -> None:
    """Give the future what the work gives or raises: whoever waits must hear of it, whatever it is."""
    try:
        answer = work()
    except BaseException as error:  # noqa: BLE001  # as said
        future.set_exception(error)
    else:
        future.set_result(answer)
