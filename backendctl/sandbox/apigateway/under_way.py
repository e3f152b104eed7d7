"""What API Gateway does in the background: caches of stages and custom domain names (A61, A83)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

from backendctl.sandbox.timing import Deadlines, Pace

Key = tuple[str, ...]
"""Region, API id and stage name; or region and domain name."""


class Phase(NamedTuple):
    """A state with its bounds in AWS's seconds."""

    state: str
    low: float
    high: float


CACHE_CREATED = Phase("CREATE_IN_PROGRESS", 210, 300)  # A61: about four minutes, as for a new size
CACHE_DELETED = Phase("DELETE_IN_PROGRESS", 60, 120)  # how long is not known
CACHE_FLUSHED = Phase("FLUSH_IN_PROGRESS", 5, 20)  # the same
DOMAIN_CREATED = Phase("PENDING", 10, 30)  # A93: it answers some minutes later, at most
CERTIFICATE_LEFT = Phase("IN_USE", 60, 600)  # F32: minutes after the domain is gone
DOMAIN_UPDATED = Phase("UPDATING", 10, 30)  # a change of the newest security policies takes longer (A84)


@dataclass(kw_only=True, slots=True)
class UnderWay:
    """States that pass by themselves; after a restart they have passed."""

    pace: Pace
    _ends: Deadlines[Key] = field(init=False)
    _states: dict[Key, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ends = Deadlines(pace=self.pace)

    def begin(self, key: Key, phase: Phase) -> None:
        """Enter a state for as long as AWS takes."""
        self._states[key] = phase.state
        self._ends.begin(key, phase.low, phase.high)

    def end(self, key: Key) -> None:
        """What was under way is no more."""
        self._states.pop(key, None)
        self._ends.drop(key)

    def state(self, key: Key) -> str | None:
        """The state that lasts; None when nothing is under way."""
        if not self._ends.lasts(key):
            self._states.pop(key, None)
        return self._states.get(key)
