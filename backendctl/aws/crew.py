"""Threads of which so many work at the same time; one that waits gives its place to another.

Most of what takes long is waiting: for a token of a rate, for the next poll, for a lock. A thread that sleeps through
`resting` holds no place meanwhile, so waits cost nobody's work.
"""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from contextvars import copy_context
from types import TracebackType
from typing import Any, Self, TypeVar

from backendctl.catching import settle

S = TypeVar("S")
T = TypeVar("T")

_MOST = 128
_TOGETHER = 32
"""Threads of one `together`."""
_local = threading.local()


class Crew:
    """A pool of threads; leaving it as a context waits for all work.

    Args:
        places: how many work at the same time.
        name: of the threads.
        most: threads, those that wait included; 128 at least.
    """

    def __init__(self, places: int, *, name: str, most: int = 0) -> None:
        self._places = threading.Semaphore(max(1, places))
        self._pool = ThreadPoolExecutor(max_workers=max(places, most, _MOST), thread_name_prefix=name)
        self._waiting: list[tuple[float, int, Callable[[], Any], Future[Any]]] = []
        self._count = itertools.count()
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        del kind, error, at
        self._pool.shutdown(wait=True)

    def submit(self, work: Callable[[], T], *, weight: float = 0.0) -> Future[T]:
        """Have it done. weight: of all that wait for a place, the heaviest is first, then what came first."""
        future: Future[T] = Future()
        with self._lock:
            heapq.heappush(self._waiting, (-weight, next(self._count), work, future))
        self._pool.submit(self._work_next)
        return future

    def _work_next(self) -> None:
        with _place_of(self._places):
            with self._lock:
                _, _, work, future = heapq.heappop(self._waiting)
            settle(future, work)


def together(works: Iterable[Callable[[], T]]) -> list[T]:
    """Do all of them at once, in the places of the crew whose thread asks, and give back what they give.

    Raises:
        Exception: what the first of them raised; the others have ended by then.
    """
    asked = list(works)
    if len(asked) <= 1:  # which needs no other thread
        return [work() for work in asked]
    places: threading.Semaphore | None = getattr(_local, "places", None)

    def one(work: Callable[[], T]) -> T:
        if places is None:
            return work()
        with _place_of(places):
            return work()

    with resting(), ThreadPoolExecutor(min(len(asked), _TOGETHER), thread_name_prefix="together") as pool:
        answers = [pool.submit(copy_context().run, one, work) for work in asked]  # what they note is the asker's
    return [answer.result() for answer in answers]


def both(one: Callable[[], T], other: Callable[[], S]) -> tuple[T, S]:
    """The same of two that give back different things."""
    found: list[Any] = together([one, other])
    return found[0], found[1]


@contextmanager
def resting() -> Iterator[None]:
    """Within this block, this thread's place is free for another."""
    places: threading.Semaphore | None = getattr(_local, "places", None)
    if places is None:
        yield
        return
    _local.places = None
    places.release()
    try:
        yield
    finally:
        places.acquire()
        _local.places = places


def asleep(sleep: Callable[[float], None]) -> Callable[[float], None]:
    """The same sleep, without a place."""

    def rest(seconds: float) -> None:
        with resting():
            sleep(seconds)

    return rest


class PatientLock:
    """A lock for which one waits without a place: whoever holds it may be waiting for one."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        if not self._lock.acquire(blocking=False):
            with resting():
                self._lock.acquire()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        del kind, error, at
        self._lock.release()


def interleaved(items: Sequence[T], key: Callable[[T], object]) -> list[T]:
    """One of each key, then the second of each, and so on: regions have rates of their own, and none is to wait."""
    turns: dict[object, itertools.count[int]] = {}
    ranked = [(next(turns.setdefault(key(item), itertools.count())), position) for position, item in enumerate(items)]
    return [items[position] for _, position in sorted(ranked)]


@contextmanager
def _place_of(places: threading.Semaphore) -> Iterator[None]:
    with places:
        _local.places = places
        try:
            yield
        finally:
            _local.places = None
