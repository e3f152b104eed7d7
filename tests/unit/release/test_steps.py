from __future__ import annotations

import pytest

from backendctl.release.running import Serving
from backendctl.release.steps import FULL, earlier_wave, held_back, next_percent, next_wave, present_percent, reachable
from backendctl.resources.apigateway.canary import Canary

EAST, WEST, EUROPE = "us-east-1", "us-west-2", "eu-west-1"


def stage(region: str, percent: float | None) -> Serving:
    canary = None if percent is None else Canary(region=region, name="prod", owner="b", api="b", percent=percent)
    return Serving(
        region=region,
        stage="prod",
        api="b",
        api_id="x",
        routes=(),
        owner="b",
        deployment="d",
        definition=None,
        variables={},
        canary=canary,
    )


@pytest.mark.parametrize(("present", "following"), [(0, 5), (4.9, 5), (5, 25), (30, 50), (50, FULL), (90, FULL)])
def test_the_next_share_is_the_first_step_above_the_present_one(present: float, following: float) -> None:
    assert next_percent((5, 25, 50), present) == following


def test_what_an_interrupted_shift_has_left_behind_is_caught_up_first() -> None:
    assert present_percent([stage(EAST, 25), stage(WEST, 5), stage(EUROPE, None)]) == 5


def test_a_wave_is_done_when_none_of_its_canaries_runs_any_more() -> None:
    waves = ((WEST,), (EAST, EUROPE))
    found = [stage(EAST, 10), stage(WEST, 10), stage(EUROPE, 10)]
    assert [one.region for one in next_wave(found, waves)] == [WEST]
    found = [stage(EAST, 10), stage(WEST, None), stage(EUROPE, 10)]
    assert [one.region for one in next_wave(found, waves)] == [EAST, EUROPE]
    assert next_wave([stage(WEST, None)], waves) == []


def test_a_region_that_no_wave_names_is_not_forgotten() -> None:
    assert [one.region for one in next_wave([stage(EUROPE, 10)], ((EAST,), (WEST,)))] == [EUROPE]


def test_a_wave_waits_for_the_one_before_it() -> None:
    waves = ((WEST,), (EAST, EUROPE))
    assert earlier_wave(EAST, waves) == {WEST}
    assert earlier_wave(WEST, waves) == set()
    assert earlier_wave(EAST, ()) == set()


def test_no_wave_goes_on_past_a_region_that_is_silent() -> None:
    waves = ((WEST,), (EUROPE,), (EAST,))
    found = [stage(EAST, 10), stage(EUROPE, 10)]
    assert reachable(found, waves, silent={WEST}) == []
    assert [one.region for one in reachable(found, waves, silent={EUROPE})] == [EUROPE]
    assert reachable(found, waves, silent=()) == found
    assert reachable(found, (), silent={WEST}) == found


@pytest.mark.parametrize(
    ("silent", "behind"),
    [((), ()), (("us-west-2",), ("eu-west-1", "us-east-1")), (("us-east-1",), ()), (("ap-south-1",), ())],
)
def test_the_waves_after_a_silent_region_wait_for_it(silent: tuple[str, ...], behind: tuple[str, ...]) -> None:
    waves = (("us-west-2",), ("eu-west-1",), ("us-east-1",))
    assert held_back(waves, silent=silent) == frozenset(behind)
