"""AWS's own durations at the sandbox's pace, and changes which arrive later than they are answered.

Every duration in the sandbox is written down as AWS's, in seconds, and multiplied by one factor. What is on its way
is only ever kept in memory: after a restart everything has arrived.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Generic, Self, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

DEFAULT_FACTOR = 0.01
FAITHFUL = 0.1
"""From this factor on the long durations count in full."""

LONGEST = 120.0
"""AWS seconds that the longest duration counts for below `FAITHFUL`.

Otherwise a copied item (C8), an index (C42), an hour without TTL changes (C49) or a day without the removal of a
source (C23) would hold up a quick sandbox for seconds to minutes, and teach nothing that a second does not.
"""

HOSTS = (0.5, 3.0)
"""Seconds until one change of an alias, a permission or a stage is seen by a host that serves (A51, B43)."""

FLEET = 3
"""How many hosts serve. Each hears of a change at its own moment, so for a while old and new are both about."""

_LONG_AGO = float("-inf")

FAR = "x-sandbox-far"
"""A header on requests of the sandbox's own: whoever serves calls asks, and is to see what has reached it by now."""


@dataclass(frozen=True, slots=True)
class TimeScale:
    """How fast the sandbox's time runs.

    Attributes:
        factor: what AWS's durations are multiplied by; 0 is at once, 1 AWS's own pace.
    """

    factor: float

    def __post_init__(self) -> None:
        if not 0 <= self.factor <= 1:
            message = f"a time scale is between 0 (at once) and 1 (AWS's pace), not {self.factor}"
            raise ValueError(message)

    @classmethod
    def default(cls) -> Self:
        """The one of a sandbox nobody told otherwise."""
        return cls(DEFAULT_FACTOR)

    def seconds(self, aws_seconds: float) -> float:
        """What so many seconds of AWS's take here."""
        counted = aws_seconds if self.factor >= FAITHFUL else min(aws_seconds, LONGEST)
        return counted * self.factor


@dataclass(kw_only=True, slots=True)
class Pace:
    """A time scale with the clock and the chance that belong to it.

    Attributes:
        clock: seconds, from any origin.
        chance: where between its bounds a duration falls; seed it to have the same ones again.
    """

    scale: TimeScale = field(default_factory=TimeScale.default)
    clock: Callable[[], float] = time.monotonic
    chance: random.Random = field(default_factory=random.Random)

    def due(self, low: float, high: float | None = None) -> float:
        """The moment which is so many of AWS's seconds away, or somewhere between two numbers of them."""
        aws_seconds = low if high is None else self.chance.uniform(low, high)
        return self.clock() + self.scale.seconds(aws_seconds)

    def is_past(self, moment: float) -> bool:
        """Whether a moment has come."""
        return self.clock() >= moment


@dataclass(kw_only=True, slots=True)
class Deadlines(Generic[K]):
    """Until when something lasts, by key."""

    pace: Pace
    _ends: dict[K, float] = field(default_factory=dict)

    def begin(self, key: K, low: float, high: float | None = None) -> None:
        """Begin anew, for so many of AWS's seconds."""
        self.end_at(key, self.pace.due(low, high))

    def end_at(self, key: K, moment: float) -> None:
        """Begin anew, until a moment."""
        self._ends[key] = moment

    def drop(self, key: K) -> None:
        """End it now."""
        self._ends.pop(key, None)

    def lasts(self, key: K) -> bool:
        """Whether it has begun and not yet ended."""
        end = self._ends.get(key)
        if end is None:
            return False
        if self.pace.is_past(end):
            del self._ends[key]
            return False
        return True


@dataclass(frozen=True, kw_only=True, slots=True)
class _Written(Generic[V]):
    """One value, and from when on each host shows it."""

    arrives: tuple[float, ...]
    value: V


@dataclass(kw_only=True, slots=True)
class Propagation(Generic[K, V]):
    """What readers far from the writer see: each change arrives by itself, a little later (A51, B43).

    Every host has its own moment for every change, and a reader asks any host. Two changes of one key may overtake
    each other; the younger one then hides the older for good, on that host. Two keys know nothing of each other,
    which is what makes an alias and a stage change at different moments.

    Attributes:
        low, high: bounds of the delay in AWS's seconds.
        hosts: how many there are. With one, no reader ever sees something older than it has seen.
    """

    pace: Pace
    low: float = HOSTS[0]
    high: float = HOSTS[1]
    hosts: int = 1
    _histories: dict[K, list[_Written[V]]] = field(default_factory=dict)

    def change(self, key: K, *, before: V, after: V) -> None:
        """Something has been written: what stood there, and what stands there now."""
        for each in list(self._histories):
            self._tidy(each)
        history = self._histories.setdefault(key, [_Written(arrives=(_LONG_AGO,) * self.hosts, value=before)])
        arrives = tuple(self.pace.due(self.low, self.high) for _ in range(self.hosts))
        history.append(_Written(arrives=arrives, value=after))

    def host(self) -> int:
        """The host that a reader gets to."""
        return self.pace.chance.randrange(self.hosts)

    def seen(self, key: K, present: V, *, host: int | None = None) -> V:
        """What a far reader sees.

        Args:
            key: what is read.
            present: what a near reader sees, and the answer when nothing is on its way.
            host: whom the reader asks; None is any.
        """
        self._tidy(key)
        history = self._histories.get(key)
        if history is None:
            return present
        arrived = self._arrived(history, self.host() if host is None else host)
        return present if arrived == len(history) - 1 else history[arrived].value

    def on_the_way(self) -> list[K]:
        """The keys of which something may not have arrived."""
        return list(self._histories)

    def _arrived(self, history: list[_Written[V]], host: int) -> int:
        return max(place for place, each in enumerate(history) if self.pace.is_past(each.arrives[host]))

    def _tidy(self, key: K) -> None:
        """Forget what no host shows any more."""
        history = self._histories.get(key, [])
        everywhere = min((self._arrived(history, host) for host in range(self.hosts)), default=0) if history else 0
        if history and everywhere == len(history) - 1:
            del self._histories[key]
        else:
            del history[:everywhere]
