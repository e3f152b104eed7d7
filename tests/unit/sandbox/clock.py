"""A clock that tests turn by hand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Clock:
    """Seconds, from any origin."""

    now: float = 100.0

    def __call__(self) -> float:
        return self.now
