"""The class of each cold start."""

from __future__ import annotations

from typing import Any

import pytest

from backendctl.warmth.cold import Cause, Circumstances, causes
from backendctl.warmth.invocations import Invocation
from tests.unit.warmth.made import NOW, PING, USER, call

IDLE = 420.0


def told(*found: Invocation, since: float = -86_400, **known: Any) -> list[str]:
    """The causes of the cold ones, in the order given."""
    classes = causes(found, Circumstances(since=NOW + since, idle=IDLE, **known))
    assert set(classes) == {n for n, one in enumerate(found) if one.is_cold}
    return [classes[n].value for n in sorted(classes)]


def test_nothing_that_ran_within_the_idle_time_is_idle() -> None:
    assert told(call(0), call(421, init=500)) == [Cause.IDLE]


def test_an_environment_that_ran_within_the_idle_time_and_was_free_was_replaced() -> None:
    assert told(call(0), call(419, init=500, stream="b")) == [Cause.RECYCLED]


def test_a_ping_counts_as_life_like_a_user() -> None:
    assert told(call(0, caller=PING), call(300, init=500, stream="b")) == [Cause.RECYCLED]


def test_all_environments_busy_is_scale_out() -> None:
    assert told(call(0, ms=2000), call(1, init=500, stream="b")) == [Cause.SCALE_OUT]


def test_one_of_two_environments_free_is_no_scale_out() -> None:
    found = [call(-10, stream="a"), call(0, ms=2000, stream="b"), call(1.6, init=500, stream="c")]
    assert told(*found) == [Cause.RECYCLED]


def test_an_environment_that_still_loads_is_busy() -> None:
    """The slow one came first, and its handler begins last."""
    quick, slow = call(2, init=1000, stream="b"), call(5, init=5000, stream="a")
    assert told(quick, slow) == [Cause.SCALE_OUT, Cause.IDLE]


def test_of_those_that_come_at_the_same_moment_one_is_idle_and_the_rest_scale_out() -> None:
    found = [call(1, init=1000, stream=name) for name in "abc"]
    assert told(*found) == [Cause.IDLE, Cause.SCALE_OUT, Cause.SCALE_OUT]


def test_a_call_that_ended_long_after_it_began_keeps_its_environment_alive() -> None:
    assert told(call(-800, ms=790_000), call(100, init=500, stream="b")) == [Cause.RECYCLED]


def test_an_environment_of_another_version_helps_nobody() -> None:
    assert told(call(0, version="6", caller=PING), call(100, init=500)) == [Cause.IDLE]


def test_what_lived_before_the_window_is_unknown() -> None:
    assert told(call(0, init=500), since=-419) == [Cause.UNKNOWN]
    assert told(call(0, init=500), since=-421) == [Cause.IDLE]


def test_the_first_cold_start_of_a_version_just_published_is_the_release_s() -> None:
    assert told(call(0, init=500), published={"7": NOW - 599}) == [Cause.RELEASE]
    assert told(call(0, init=500), published={"7": NOW - 620}) == [Cause.IDLE]


def test_a_later_cold_start_of_a_version_just_published_has_its_own_cause() -> None:
    found = [call(0, init=500, caller=PING), call(1, ms=2000), call(2, init=500, stream="b")]
    assert told(*found, published={"7": NOW - 60}) == [Cause.RELEASE, Cause.SCALE_OUT]


def test_users_who_are_sent_to_another_version_meet_the_release() -> None:
    before = [call(n, version="6", stream="old") for n in range(-100, 0, 10)]
    turned = [call(1, init=500, stream="b"), call(1.2, init=500, stream="c"), call(62, init=500, stream="d")]
    assert told(*before, *turned) == [Cause.RELEASE, Cause.RELEASE, Cause.RECYCLED]


def test_a_ping_after_a_turn_is_not_the_release_s_by_the_turn() -> None:
    before = [call(-10, version="6", stream="old")]
    turned = [call(0, stream="a"), call(30, init=500, stream="b", caller=PING)]
    assert told(*before, *turned) == [Cause.RECYCLED]


def test_the_first_version_of_the_window_was_not_turned_to() -> None:
    assert told(call(0), call(30, ms=5000), call(32, init=500, stream="b")) == [Cause.SCALE_OUT]


def test_users_who_are_sent_back_meet_the_release_again() -> None:
    old = [call(n, version="6", stream="old") for n in (-2000, -1990)]
    new = [call(n, version="7", stream="new") for n in (-1500, -1000, -10)]
    assert told(*old, *new, call(1, version="6", init=500, stream="again")) == [Cause.RELEASE]


def test_a_canary_s_turns_are_not_releases() -> None:
    both = [call(n, version="67"[n % 2], stream="67"[n % 2]) for n in range(200)]
    assert told(*both, call(200.5, version="6", init=500, stream="x")) == [Cause.RECYCLED]


def test_a_version_with_provisioned_concurrency_spills_over() -> None:
    assert told(call(0, init=500), provisioned=frozenset({"7"})) == [Cause.SPILLOVER]
    assert told(call(0, init=500), provisioned=frozenset({"8"})) == [Cause.IDLE]


@pytest.mark.parametrize("caller", [USER, PING])
def test_a_warm_invocation_has_no_cause(caller: str) -> None:
    assert told(call(0, caller=caller), call(1, caller=caller)) == []


def test_a_free_environment_that_is_called_in_the_same_moment_was_not_free_for_this_call() -> None:
    """When a call came is reckoned from its report: the order of simultaneous calls is not known."""
    found = [call(-10, stream="a"), call(0.6, init=500, stream="b"), call(0.2, stream="a")]
    assert told(*found) == [Cause.SCALE_OUT]
    assert told(found[0], found[1], call(0.5, stream="a")) == [Cause.RECYCLED]
