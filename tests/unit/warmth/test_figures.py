"""Counts, quantiles and intervals."""

from __future__ import annotations

from typing import Any

import pytest

from backendctl.warmth.cold import Cause
from backendctl.warmth.figures import Figures, Quantiles, Share, figures, overlap, quantiles, wilson, with_bins
from backendctl.warmth.invocations import Invocation
from backendctl.warmth.timeline import Bin
from tests.unit.warmth.made import NOW, OTHER, PING, USER, call


def counted(*found: Invocation, causes: dict[int, Cause] | None = None, **given: Any) -> Figures:
    usual: dict[str, Any] = {"version": "7", "now": NOW + 1000, "idle": 420.0, "is_estimated": False}
    return figures(found, causes or {}, **(usual | given))


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [  # the figures of statsmodels' proportion_confint(…, method="wilson")
        (0, 10, 0.0, 0.2775328),
        (1, 10, 0.01787621, 0.4041500),
        (5, 10, 0.2365931, 0.7634069),
        (10, 10, 0.7224672, 1.0),
        (3, 1240, 0.000823, 0.007088),
    ],
)
def test_a_share_has_wilson_s_interval(hits: int, trials: int, low: float, high: float) -> None:
    found = wilson(hits, trials)
    assert found.of == hits / trials
    assert [found.low, found.high] == pytest.approx([low, high], abs=1e-5)


def test_without_a_sample_there_is_no_share_and_no_quantile() -> None:
    assert wilson(0, 0) == Share()
    assert quantiles([]) == Quantiles()


def test_quantiles_are_values_that_occurred() -> None:
    assert quantiles([3.0]) == Quantiles(p50=3.0, p95=3.0)
    assert quantiles([2.0, 1.0]) == Quantiles(p50=1.0, p95=2.0)
    assert quantiles([float(n) for n in range(1, 101)]) == Quantiles(p50=50.0, p95=95.0)


def test_calls_are_counted_by_who_made_them() -> None:
    found = counted(call(0), call(1, caller=PING), call(2, caller=PING), call(3, caller=OTHER))
    assert (found.invocations, found.users, found.pings, found.others) == (4, 1, 2, 1)


def test_a_cold_start_is_a_user_s_or_absorbed_by_a_ping() -> None:
    found = counted(
        call(0, init=900, ms=100),
        call(1, init=500, caller=PING),
        call(2, init=500, caller=OTHER),
        call(3, ms=40),
        causes={0: Cause.IDLE, 1: Cause.RECYCLED, 2: Cause.RELEASE},
    )
    assert (found.cold_users, found.absorbed, found.lapsed) == (1, 1, 1)
    assert found.causes == {Cause.IDLE: 1}
    assert (found.init.p50, found.cold.p50, found.warm.p50) == (900, 1000, 40)
    assert found.cold_share.of == 0.5


def test_a_ping_s_duration_is_that_of_warm_ones() -> None:
    found = counted(call(0, init=500, ms=300, caller=PING), call(300, ms=2, caller=PING))
    assert found.ping == Quantiles(p50=2, p95=2)


def test_failed_pings_and_what_pings_cost_are_counted() -> None:
    found = counted(
        call(0, caller=PING, is_error=True, init=900, ms=100),
        call(1, caller=PING, ms=24, memory_mb=1024),
        call(2, ms=1000, is_error=True),
    )
    assert found.failed_pings == 1
    assert found.ping_gb_seconds == pytest.approx(1.0 * 0.25 + 0.024)


def test_alive_are_environments_of_what_users_hit_that_ran_within_the_idle_time() -> None:
    found = [
        call(0, stream="gone"),
        call(579, stream="just gone"),
        call(581, stream="b"),
        call(600, stream="b", caller=PING),
        call(0, ms=900_000, stream="long"),
        call(900, stream="old", version="6"),
    ]
    assert counted(*found).alive == 2
    assert counted(*found, version=None).alive == 3


def test_pings_that_run_at_the_same_time_overlap() -> None:
    assert overlap([call(0, ms=75, caller=PING), call(0.05, ms=75), call(0.07, ms=75)]) == 3
    assert overlap([call(0, ms=75), call(0.1, ms=75)]) == 1
    assert overlap([call(0, ms=100), call(0.1, ms=100)]) == 1  # one ends as the other begins
    assert overlap([]) == 0


def test_loading_takes_an_environment_too() -> None:
    """Two that are loaded at once hold two environments, however early their handlers return."""
    assert overlap([call(0.5, ms=1, init=500), call(1.0, ms=1, init=500, stream="b"), call(1.2, ms=1, init=200)]) == 2


def test_one_lucky_firing_proves_nothing() -> None:
    def firing(at: float, gap: float) -> list[Invocation]:
        return [call(at, ms=75), call(at + gap, ms=75), call(at + 2 * gap, ms=75)]

    assert overlap([*firing(0, 0.01), *firing(300, 1.0)]) == 1
    assert overlap([*firing(0, 0.01), *firing(300, 1.0), *firing(600, 0.01)]) == 3
    assert overlap([*firing(0, 0.01), *firing(300, 1.0), *firing(600, 1.0)]) == 1


def test_firings_in_quick_succession_are_told_apart_by_their_interval() -> None:
    lucky = [call(0, ms=75), call(0.01, ms=75)]
    usual = [call(3.0 * n + gap, ms=75) for n in range(1, 4) for gap in (0, 1)]
    assert overlap([*lucky, *usual]) == 2
    assert overlap([*lucky, *usual], interval=3.0) == 1


def test_overlap_is_that_of_the_version_users_hit() -> None:
    found = [call(0, ms=75, caller=PING), call(0.01, ms=75, caller=PING, version="6")]
    assert counted(*found).overlap == 1


def test_the_first_request_after_a_ping_loaded_is_told_from_later_ones() -> None:
    found = counted(
        call(0, init=500, caller=PING),
        call(10, caller=PING),
        call(20, ms=700),
        call(30, ms=20),
        call(40, ms=30),
        call(50, init=500, ms=90, stream="by a user"),
        call(60, ms=95, stream="by a user"),
        call(70, ms=99, stream="from before"),
    )
    assert (found.first, found.first_count) == (Quantiles(p50=700, p95=700), 1)
    assert (found.later, found.later_count) == (Quantiles(p50=20, p95=30), 2)


def bins(*counts: int, at: float = 0.0) -> list[Bin]:
    return [
        Bin(at=NOW + at + 60 * n, seconds=60, count=count, p50_ms=10.0 * (n + 1), p95_ms=100.0 * (n + 1))
        for n, count in enumerate(counts)
    ]


def test_warm_calls_in_bins_are_added_and_all_is_estimated() -> None:
    cold = counted(*[call(900 + n, init=500, stream=str(n)) for n in range(10)])
    found = with_bins(cold, bins(300, 600, 90), pings=288, alive_since=NOW)
    assert (found.invocations, found.users, found.pings, found.cold_users) == (1000, 712, 288, 10)
    assert (found.is_estimated, found.is_binned) == (True, True)
    assert found.cold_share.of == pytest.approx(10 / 712)
    assert found.warm == Quantiles(p50=20, p95=300)
    assert found.alive == 10


def test_nothing_is_alive_where_the_last_bin_is_long_over() -> None:
    found = with_bins(Figures(), bins(300), pings=0, alive_since=NOW + 3600)
    assert found.alive == 0
    assert with_bins(Figures(), bins(300), pings=0, alive_since=NOW - 60).alive == 1


def test_without_bins_the_figures_stay_as_they_are() -> None:
    found = counted(call(0))
    assert with_bins(found, [], pings=5, alive_since=NOW) is found


def test_users_and_pings_are_not_mixed() -> None:
    assert counted(call(0, caller=USER)).pings == counted(call(0, caller=PING)).users == 0
