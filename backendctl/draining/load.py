"""Requests from clients in several places, each with a resolver that remembers an answer as long as it may."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

_FAILED = 500
_THROTTLED = 429
_UNANSWERED = 0


@dataclass(frozen=True, kw_only=True, slots=True)
class Resolved:
    """What a resolver was answered. region: "" for nothing. ttl: seconds for which it is remembered."""

    region: str
    ttl: float


@dataclass(frozen=True, kw_only=True, slots=True)
class Sample:
    """One request. at: seconds, when it was sent; status: 0 when nothing answered."""

    at: float
    place: str
    region: str
    status: int

    @property
    def failed(self) -> bool:
        """Whether its client got nothing, an error of the server, or a throttle."""
        return self.status in {_UNANSWERED, _THROTTLED} or self.status >= _FAILED


@dataclass(kw_only=True)
class Load:
    """Clients that never stop asking until they are told to.

    Attributes:
        places: the region that each client is near. resolve: asks DNS as from such a place.
        ask: makes one request in a region; gives the status, 0 when nothing answers.
        pause: seconds between two requests of a client.
    """

    places: Sequence[str]
    resolve: Callable[[str], Resolved]
    ask: Callable[[str], int]
    pause: float = 0.1
    clock: Callable[[], float] = time.monotonic
    samples: list[Sample] = field(default_factory=list)
    _over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[Load]:
        """Within this block they ask."""
        threads = [threading.Thread(target=self._client, args=(place,), daemon=True) for place in self.places]
        for thread in threads:
            thread.start()
        try:
            yield self
        finally:
            self._over.set()
            for thread in threads:
                thread.join()

    def since(self, moment: float) -> list[Sample]:
        """What has been asked since then, in the order of time."""
        return sorted((one for one in list(self.samples) if one.at >= moment), key=lambda one: one.at)

    def landed(self, region: str, *, since: float) -> list[Sample]:
        """What has been asked in a region since then."""
        return [one for one in self.since(since) if one.region == region]

    def _client(self, place: str) -> None:
        known, until = Resolved(region="", ttl=0.0), float("-inf")
        while not self._over.is_set():
            at = self.clock()
            if at >= until:
                known = self.resolve(place)
                until = at + known.ttl
            status = self.ask(known.region) if known.region else _UNANSWERED
            self.samples.append(Sample(at=at, place=place, region=known.region, status=status))
            self._over.wait(self.pause)
