"""What the data plane knows only while it runs: fill levels of the throttles, and what authorizers have said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

REMEMBERED = 10_000
"""Authorizer answers kept at most; the oldest go first."""


@dataclass(kw_only=True, slots=True)
class Bucket:
    """A token bucket: `burst` requests at once, `rate` more every second."""

    level: float
    filled: float

    def take(self, *, rate: float, burst: float, now: float) -> bool:
        """Take one token if there is one; the limits may have changed since the last time."""
        self.level = min(burst, self.level + max(0.0, now - self.filled) * rate)
        self.filled = now
        if self.level < 1:
            return False
        self.level -= 1
        return True


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """What an authorizer answered, until `expires` (epoch seconds)."""

    payload: bytes
    expires: float


@dataclass(kw_only=True, slots=True)
class Live:
    """Nothing of this is saved, nor copied into deployments."""

    _buckets: dict[tuple[str, ...], Bucket] = field(default_factory=dict)
    _verdicts: dict[tuple[Any, ...], Verdict] = field(default_factory=dict)

    def take(self, *key: str, rate: float, burst: float, now: float) -> bool:
        """Whether one more request fits under a limit."""
        bucket = self._buckets.setdefault(key, Bucket(level=burst, filled=now))
        return bucket.take(rate=rate, burst=burst, now=now)

    def verdict(self, key: tuple[Any, ...], now: float) -> bytes | None:
        """The answer remembered under a key, None when there is none any more."""
        found = self._verdicts.get(key)
        return found.payload if found is not None and found.expires > now else None

    def remember(self, key: tuple[Any, ...], payload: bytes, *, expires: float) -> None:
        """Keep an authorizer's answer; keys begin with API id and stage name."""
        self._verdicts.pop(key, None)
        self._verdicts[key] = Verdict(payload=payload, expires=expires)
        while len(self._verdicts) > REMEMBERED:
            del self._verdicts[next(iter(self._verdicts))]

    def flush(self, api_id: str, stage: str) -> None:
        """Forget what the authorizers of a stage have said."""
        self._verdicts = {key: each for key, each in self._verdicts.items() if key[:2] != (api_id, stage)}
