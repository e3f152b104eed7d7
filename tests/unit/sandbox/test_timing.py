from __future__ import annotations

import random

import pytest

from backendctl.sandbox.timing import FLEET, LONGEST, Deadlines, Pace, Propagation, TimeScale
from tests.unit.sandbox.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _pace(clock: Clock, factor: float = 1.0, seed: int = 1) -> Pace:
    chance = random.Random(seed)  # noqa: S311 - it draws durations
    return Pace(scale=TimeScale(factor), clock=clock, chance=chance)


def test_zero_is_at_once_and_one_is_the_pace_of_aws() -> None:
    assert TimeScale(0).seconds(86_400) == 0
    assert TimeScale(1).seconds(86_400) == 86_400
    assert TimeScale.default().seconds(8) == pytest.approx(0.08)


def test_a_quick_scale_makes_no_day_of_a_day() -> None:
    assert TimeScale(0.01).seconds(86_400) == pytest.approx(LONGEST * 0.01)
    assert TimeScale(0.1).seconds(86_400) == pytest.approx(8640)


@pytest.mark.parametrize("factor", [-0.1, 1.5])
def test_a_scale_outside_its_bounds_is_an_error(factor: float) -> None:
    with pytest.raises(ValueError, match="time scale"):
        TimeScale(factor)


def test_the_same_seed_gives_the_same_durations(clock: Clock) -> None:
    first, again, other = (_pace(clock, seed=seed).due(1, 50) for seed in (7, 7, 8))
    assert first == again != other
    assert 101 <= first <= 150


def test_a_deadline_lasts_until_its_end(clock: Clock) -> None:
    deadlines = Deadlines[str](pace=_pace(clock))
    assert not deadlines.lasts("a")
    deadlines.begin("a", 10)
    clock.now += 9.9
    assert deadlines.lasts("a")
    clock.now += 0.2
    assert not deadlines.lasts("a")


def test_a_change_is_seen_later(clock: Clock) -> None:
    aliases = Propagation[str, str](pace=_pace(clock))
    aliases.change("live", before="1", after="2")
    assert aliases.seen("live", "2") == "1"
    assert aliases.seen("other", "5") == "5"
    clock.now += 3
    assert aliases.seen("live", "2") == "2"
    assert aliases.on_the_way() == []


def test_nothing_is_late_at_scale_zero(clock: Clock) -> None:
    aliases = Propagation[str, str](pace=_pace(clock, factor=0))
    aliases.change("live", before="1", after="2")
    assert aliases.seen("live", "2") == "2"


def test_two_changes_arrive_each_by_itself_and_never_backwards(clock: Clock) -> None:
    for seed in range(20):
        aliases = Propagation[str, int](pace=_pace(clock, seed=seed))
        aliases.change("live", before=1, after=2)
        clock.now += 0.4
        aliases.change("live", before=2, after=3)
        seen = []
        for _ in range(40):
            seen.append(aliases.seen("live", 3))
            clock.now += 0.1
        assert seen == sorted(seen)
        assert (seen[0], seen[-1]) == (1, 3)


def test_a_fleet_shows_old_and_new_for_a_while_and_no_host_goes_back(clock: Clock) -> None:
    aliases = Propagation[str, int](pace=_pace(clock), hosts=FLEET)
    aliases.change("live", before=1, after=2)
    clock.now += 0.4
    aliases.change("live", before=2, after=3)
    hosts: list[list[int]] = [[] for _ in range(FLEET)]
    for _ in range(40):
        for host, seen in enumerate(hosts):
            seen.append(aliases.seen("live", 3, host=host))
        clock.now += 0.1
    assert all(seen == sorted(seen) and (seen[0], seen[-1]) == (1, 3) for seen in hosts)
    assert any(len(set(moment)) > 1 for moment in zip(*hosts, strict=True))


def test_a_reader_gets_to_any_host(clock: Clock) -> None:
    aliases = Propagation[str, str](pace=_pace(clock), hosts=FLEET)
    aliases.change("live", before="old", after="new")
    seen = []
    for _ in range(30):
        clock.now += 0.1
        seen.append({aliases.seen("live", "new") for _ in range(20)})
    assert {"old", "new"} in seen
    assert seen[-1] == {"new"}


def test_what_nobody_reads_is_not_kept_for_ever(clock: Clock) -> None:
    aliases = Propagation[int, str](pace=_pace(clock), hosts=FLEET)
    for key in range(5):
        aliases.change(key, before="old", after="new")
        clock.now += 3
    assert aliases.on_the_way() == [4]


def test_two_keys_arrive_at_moments_of_their_own(clock: Clock) -> None:
    changes = Propagation[str, str](pace=_pace(clock))
    changes.change("alias", before="old", after="new")
    changes.change("stage", before="old", after="new")
    mixed = False
    for _ in range(30):
        clock.now += 0.1
        mixed |= changes.seen("alias", "new") != changes.seen("stage", "new")
    assert mixed
