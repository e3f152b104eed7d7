"""A game day: a region breaks, or is drained, under load; what its clients saw, and how long it took."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from backendctl.errors import BackendctlError, Exit

if TYPE_CHECKING:
    from backendctl.draining.load import Load, Sample

BREAK, DRAIN = "break", "drain"
_LOOK = 0.05
_STEADY = 10.0
"""Seconds within which a client has to land in the region before anything is done to it."""


class Ground(Protocol):
    """Where it is played."""

    @property
    def load(self) -> Load: ...

    def begin(self, act: str, region: str) -> None:
        """Break the region, or drain it."""

    def end(self, act: str, region: str) -> None:
        """Mend it, or restore it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Act:
    """One of them.

    Attributes:
        name: "break" or "drain".
        left: seconds from its beginning until the last client left the region; None when they did not.
        lost: requests that failed until then. returned: seconds from its end until the first client was back and was
            answered; None when none was.
        lost_later: requests that failed afterwards, until the return.
        requests: all that were made in the act. expected: seconds until the last client should have left.
    """

    name: str
    left: float | None
    lost: int
    returned: float | None
    lost_later: int
    requests: int
    expected: float

    @property
    def passed(self) -> bool:
        """Whether users were sent away and came back, and a drain lost no request."""
        moved = self.left is not None and self.returned is not None
        return moved and not (self.name == DRAIN and self.lost + self.lost_later)


@dataclass(frozen=True, kw_only=True, slots=True)
class GameDay:
    """All of it.

    Attributes:
        at: UTC, ISO 8601. operator: "user@host". where: "sandbox", or the account id.
        places: where the clients were; empty for real users.
        notes: what is to be known of how it was measured.
    """

    backend: str
    region: str
    at: str
    operator: str
    where: str
    places: tuple[str, ...]
    acts: tuple[Act, ...]
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> Exit:
        """Whether every act passed."""
        return Exit.OK if all(act.passed for act in self.acts) else Exit.FAILED_VERDICT


@dataclass(frozen=True, kw_only=True)
class Playing:
    """How long things may take.

    Attributes:
        expected: act → seconds until the last client should have left.
        quiet: seconds without a client in the region after which all have left: longer than a resolver remembers.
        patience: seconds until nobody is waited for any more.
        tell: gets what happens.
    """

    ground: Ground
    region: str
    expected: dict[str, float]
    quiet: float
    patience: float
    tell: Callable[[str], None]
    sleep: Callable[[float], None]

    def acts(self, names: Sequence[str]) -> tuple[Act, ...]:
        """Play them, one after the other.

        Raises:
            BackendctlError: no client is near the region, so that nothing would be measured.
        """
        self._await(lambda: bool(self._answered(0.0)), _STEADY)
        if not self._answered(0.0):
            raise BackendctlError(
                f"no client lands in {self.region}: nothing would be measured", hint="backendctl status"
            )
        return tuple(self._act(name) for name in names)

    def _act(self, name: str) -> Act:
        load, region = self.ground.load, self.region
        began = load.clock()
        self.tell(f"{name}: begins; {region} has clients")
        try:
            self.ground.begin(name, region)
            last = self._await_left(began, load.clock())
        except BaseException:
            self.tell(f"{name}: is undone, as it did not come to its end")
            with contextlib.suppress(BackendctlError):  # what ended it is what is told
                self.ground.end(name, region)
            raise
        self.tell(f"{name}: the last client left after {last - began:.1f} s" if last else f"{name}: clients stay")
        ended = load.clock()
        self.ground.end(name, region)
        self._await(lambda: bool(self._answered(ended)), self.patience)
        back = min((one.at for one in self._answered(ended)), default=None)
        self.tell(f"{name}: a client is back after {back - ended:.1f} s" if back else f"{name}: nobody came back")
        self.sleep(self.quiet)
        samples = load.since(began)
        until = last if last is not None else ended
        return Act(
            name=name,
            left=None if last is None else last - began,
            lost=sum(one.failed for one in samples if one.at <= until),
            returned=None if back is None else back - ended,
            lost_later=sum(one.failed for one in samples if one.at > until),
            requests=len(samples),
            expected=self.expected[name],
        )

    def _await_left(self, began: float, done: float) -> float | None:
        """When the last request landed in the region; None when they did not end."""

        def last() -> float:
            return max((one.at for one in self.ground.load.landed(self.region, since=began)), default=began)

        def quiet() -> bool:
            return self.ground.load.clock() - max(last(), done) > self.quiet

        return last() if self._await(quiet, self.patience) else None

    def _answered(self, since: float) -> list[Sample]:
        return [one for one in self.ground.load.landed(self.region, since=since) if not one.failed]

    def _await(self, holds: Callable[[], bool], patience: float) -> bool:
        ends = self.ground.load.clock() + patience
        while not holds():
            if self.ground.load.clock() > ends:
                return False
            self.sleep(_LOOK)
        return True
