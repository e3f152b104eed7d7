"""The statistics, against exact sums, Fisher's test and many seeded runs."""

from __future__ import annotations

import math
import random

import pytest

from backendctl.release import statistics
from backendctl.release.statistics import (
    Split,
    increase,
    increase_at_most,
    odds_against,
    p_value,
    quantile_ranks,
    rate_bounds,
    requests_for,
)


def _minute(base: tuple[int, int], canary: tuple[int, int]) -> Split:
    """Of (errors, requests)."""
    return Split(
        requests=base[1] + canary[1],
        errors=base[0] + canary[0],
        canary_requests=canary[1],
        canary_errors=canary[0],
    )


def _seeded(number: int) -> random.Random:
    return random.Random(number)  # noqa: S311 - the same runs every time


def _fisher(base: tuple[int, int], canary: tuple[int, int]) -> float:
    """The one-sided p-value of Fisher's exact test: the canary has that many errors or more."""
    errors, requests = base[0] + canary[0], base[1] + canary[1]
    worse = range(canary[0], min(errors, canary[1]) + 1)
    ways = sum(math.comb(canary[1], x) * math.comb(base[1], errors - x) for x in worse)
    return ways / math.comb(requests, errors)


@pytest.mark.parametrize("rate", [0.001, 0.05, 0.5, 0.95])
def test_the_game_against_a_proportion_is_fair(rate: float) -> None:
    n = 40
    weights = [math.comb(n, x) * rate**x * (1 - rate) ** (n - x) for x in range(n + 1)]
    stakes = [math.exp(statistics._log_stake(x, n, rate)) for x in range(n + 1)]
    assert sum(w * s for w, s in zip(weights, stakes, strict=True)) == pytest.approx(1.0)


@pytest.mark.parametrize(("requests", "canary", "errors"), [(20, 2, 3), (30, 15, 8), (12, 11, 5)])
def test_the_game_against_the_canary_is_fair_or_unfavourable(requests: int, canary: int, errors: int) -> None:
    worth = 0.0
    for x in range(max(0, errors - requests + canary), min(errors, canary) + 1):
        ways = math.comb(canary, x) * math.comb(requests - canary, errors - x) / math.comb(requests, errors)
        share = canary / requests
        worth += ways * sum(p * t**x / (1 + share * (t - 1)) ** errors for t, p in statistics._STAKES)
    assert 0.5 < worth <= 1.0 + 1e-12


@pytest.mark.parametrize("canary", [(5, 100), (12, 300), (40, 300)])
@pytest.mark.parametrize("base", [(0, 2700), (27, 2700), (300, 2700)])
def test_nothing_is_claimed_that_fishers_exact_test_would_not_claim_of_one_look(
    base: tuple[int, int], canary: tuple[int, int]
) -> None:
    assert p_value(odds_against([_minute(base, canary)])) >= _fisher(base, canary)


def test_errors_that_follow_the_canary_are_found_out() -> None:
    assert p_value(odds_against([_minute((0, 2700), (15, 300))])) < 1e-6
    assert p_value(odds_against([_minute((27, 2700), (18, 300))])) < 0.005


def test_errors_that_hit_both_or_the_base_alone_say_nothing_against_the_canary() -> None:
    assert odds_against([_minute((270, 2700), (30, 300))]) < 1
    assert odds_against([_minute((270, 2700), (0, 300))]) == 0.0
    assert odds_against([]) == 0.0


def test_an_incident_while_the_share_is_high_is_not_held_against_the_canary() -> None:
    calm, incident = _minute((0, 950), (0, 50)), _minute((250, 500), (250, 500))
    assert odds_against([calm] * 10 + [incident] * 3) < 1
    assert increase([calm] * 10 + [incident] * 3) == pytest.approx(0.0)


def test_minutes_that_only_one_side_served_teach_nothing() -> None:
    assert odds_against([_minute((0, 0), (5, 5)), _minute((0, 100), (0, 0))]) == 0.0
    assert increase([_minute((0, 0), (5, 5))]) == 0.0


def test_what_was_once_proven_stays_proven_however_much_comes_after() -> None:
    bad, good = [_minute((0, 270), (6, 30))] * 2, [_minute((0, 270), (0, 30))] * 50
    assert odds_against([*bad, *good]) == odds_against(bad)


def test_chance_alone_seldom_proves_anything_however_often_one_looks() -> None:
    rng, alarms, runs = _seeded(7), 0, 1000
    for _ in range(runs):
        minutes = []
        for _ in range(60):
            canary = sum(rng.random() < 0.1 for _ in range(100))
            errors = sum(rng.random() < 0.02 for _ in range(100))
            hit = sum(rng.random() < canary / 100 for _ in range(errors))
            minutes.append(Split(requests=100, errors=errors, canary_requests=canary, canary_errors=min(hit, canary)))
        alarms += p_value(odds_against(minutes)) <= 0.05
    assert alarms / runs <= 0.05


def test_bounds_enclose_what_was_seen_and_close_in() -> None:
    wide, narrow = rate_bounds(3, 300, 0.05), rate_bounds(30, 3000, 0.05)
    assert 0 < wide[0] < narrow[0] < 0.01 < narrow[1] < wide[1] < 1
    assert rate_bounds(0, 300, 0.05)[0] == 0.0
    assert rate_bounds(300, 300, 0.05)[1] == 1.0
    assert rate_bounds(0, 0, 0.05) == (0.0, 1.0)


def test_a_dozen_requests_without_an_error_bound_very_little() -> None:
    assert rate_bounds(0, 12, 0.05)[1] > 0.5


@pytest.mark.parametrize("rate", [0.003, 0.05])
def test_bounds_hold_at_all_times_together(rate: float) -> None:
    rng, misses, runs = _seeded(11), 0, 300
    for _ in range(runs):
        errors, outside = 0, False
        for block in range(1, 41):
            errors += sum(rng.random() < rate for _ in range(50))
            low, high = rate_bounds(errors, 50 * block, 0.05)
            outside |= not low <= rate <= high
        misses += outside
    assert misses / runs <= 0.05


def test_a_canary_at_the_limit_is_seldom_taken_for_a_good_one() -> None:
    rng, wrong, runs = _seeded(13), 0, 300
    for _ in range(runs):
        base = canary = 0
        taken = False
        for block in range(1, 41):
            base += sum(rng.random() < 0.01 for _ in range(270))
            canary += sum(rng.random() < 0.03 for _ in range(30))
            taken |= increase_at_most((base, 270 * block), (canary, 30 * block), 0.05) <= 0.02
        wrong += taken
    assert wrong / runs <= 0.05


def test_without_requests_anything_is_possible() -> None:
    assert increase_at_most((0, 0), (0, 100), 0.05) == 1.0
    assert increase_at_most((0, 100), (0, 0), 0.05) == 1.0


@pytest.mark.parametrize("quantile", [0.5, 0.95])
def test_ranks_enclose_the_quantile_at_all_times_together(quantile: float) -> None:
    rng, misses, runs = _seeded(17), 0, 300
    for _ in range(runs):
        below, outside = 0, False
        for block in range(1, 31):
            below += sum(rng.random() < quantile for _ in range(40))
            low, high = quantile_ranks(40 * block, quantile, 0.05)
            outside |= not low <= below < high
        misses += outside
    assert misses / runs <= 0.05


def test_few_samples_do_not_bound_a_high_quantile() -> None:
    assert quantile_ranks(20, 0.95, 0.05)[1] == 21
    low, high = quantile_ranks(1000, 0.95, 0.05)
    assert 900 < low < 950 < high < 1000
    assert quantile_ranks(0, 0.95, 0.05) == (0, 1)


def test_a_quantile_can_be_bounded_more_closely_with_more_samples() -> None:
    widths = [(high - low) / n for n in (200, 2000, 20000) for low, high in [quantile_ranks(n, 0.5, 0.01)]]
    assert widths == sorted(widths, reverse=True)


def test_how_many_requests_it_takes_is_enough_and_not_far_too_many() -> None:
    wanted = requests_for(base_rate=0.01, base_per_canary=9, increase=0.01, risk=0.05, start=100)
    assert wanted is not None
    at_most = [
        increase_at_most((round(n * 0.09), n * 9), (round(n * 0.01), n), 0.05) for n in (wanted, round(wanted * 0.7))
    ]
    assert at_most[0] <= 0.01 < at_most[1]
    assert requests_for(base_rate=0.5, base_per_canary=1, increase=1e-6, risk=0.05, start=100) is None
