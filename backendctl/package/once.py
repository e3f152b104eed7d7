"""Work that many threads ask for and one does."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from backendctl.catching import settle

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

K = TypeVar("K", bound="Hashable")
V = TypeVar("V")


@dataclass(kw_only=True, slots=True)
class Once(Generic[K, V]):
    """A memory of results by key; who comes second waits for the first and gets the same, be it a failure."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _futures: dict[K, Future[V]] = field(default_factory=dict)

    def get(self, key: K, make: Callable[[], V]) -> V:
        """The result of the first `make` given for this key, or the exception it raised."""
        with self._lock:
            future = self._futures.get(key)
            first = future is None
            if future is None:
                future = self._futures[key] = Future()
        if first:
            settle(future, make)
        return future.result()
