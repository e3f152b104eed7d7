"""What a thread that works for others does with whatever its work raises."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def settle(future: Future[T], work: Callable[[], T]) -> None:
    """Give the future what the work gives or raises: whoever waits must hear of it, whatever it is."""
    try:
        answer = work()
    except BaseException as error:  # noqa: BLE001  # as said
        future.set_exception(error)
    else:
        future.set_result(answer)
