"""A game day reports what its clients saw; the clock is the test's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

import pytest

from backendctl.draining.game_day import BREAK, DRAIN, Act, GameDay, Playing
from backendctl.draining.load import Load, Resolved, Sample
from backendctl.errors import BackendctlError, Exit

WEST, EAST = "us-west-2", "us-east-1"


@dataclass(kw_only=True)
class Ground:
    """One client near the west, who asks ten times a second of the test's clock.

    Attributes:
        stays: seconds until it lands elsewhere once the region is broken or drained; None for ever.
    """

    stays: float | None = 2.0
    returns: float = 1.0
    loses: dict[str, bool] = field(default_factory=lambda: {BREAK: True, DRAIN: False})
    near: bool = True
    now: float = 0.0
    load: Load = field(init=False)
    _act: str = ""
    _since: float = float("-inf")
    _back: float = float("-inf")

    def __post_init__(self) -> None:
        self.load = Load(
            places=(WEST,), resolve=lambda _: Resolved(region="", ttl=0), ask=lambda _: 0, clock=lambda: self.now
        )

    def begin(self, act: str, region: str) -> None:
        assert region == WEST
        self._act, self._since = act, self.now

    def end(self, act: str, region: str) -> None:
        assert (act, region) == (self._act, WEST)
        self._act, self._back = "", self.now

    def sleep(self, seconds: float) -> None:
        for _ in range(max(1, round(seconds * 10))):
            self.now += 0.1
            self.load.samples.append(self._sample())

    def _sample(self) -> Sample:
        there = self.stays is None or self.now - self._since < self.stays
        here = self.near and (there if self._act else self.now - self._back > self.returns)
        failed = here and bool(self._act) and self.loses[self._act]
        return Sample(at=self.now, place=WEST, region=WEST if here else EAST, status=0 if failed else 200)


def played(ground: Ground, *acts: str, tell: Callable[[str], None] = lambda _: None) -> tuple[Act, ...]:
    playing = Playing(
        ground=ground,
        region=WEST,
        expected={BREAK: 3.0, DRAIN: 3.0},
        quiet=1.0,
        patience=20.0,
        tell=tell,
        sleep=ground.sleep,
    )
    return playing.acts(acts)


def day(*acts: Act) -> GameDay:
    return GameDay(backend="b", region=WEST, at="", operator="", where="", places=(WEST,), acts=acts)


def test_it_tells_when_the_last_client_left_what_failed_until_then_and_the_return() -> None:
    broken, drained = played(Ground(), BREAK, DRAIN)
    assert broken.left == pytest.approx(2.0, abs=0.2)
    assert broken.returned == pytest.approx(1.0, abs=0.2)
    assert 15 <= broken.lost <= 21
    assert (broken.lost_later, drained.lost, drained.lost_later) == (0, 0, 0)
    assert day(broken, drained).exit_code is Exit.OK


def test_a_drain_that_loses_a_request_has_failed() -> None:
    (drained,) = played(Ground(loses={DRAIN: True}), DRAIN)
    assert drained.lost > 0
    assert day(drained).exit_code is Exit.FAILED_VERDICT


def test_clients_that_stay_are_told() -> None:
    told: list[str] = []
    (drained,) = played(Ground(stays=None), DRAIN, tell=told.append)
    assert drained.left is None
    assert "drain: clients stay" in told


def test_nothing_is_broken_when_no_client_is_near() -> None:
    ground = Ground(near=False)
    with pytest.raises(BackendctlError, match="no client lands in us-west-2"):
        played(ground, BREAK)
    assert ground._act == ""
