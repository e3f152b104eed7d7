"""Figures, and the sizes they recommend."""

from __future__ import annotations

import random

import pytest

from backendctl.warmth.cost.prices import load_prices
from backendctl.warmth.report_line import Report
from backendctl.warmth.tune.advice import advise
from backendctl.warmth.tune.figures import Rates, Size, cost_of, quantile, size_of
from backendctl.warmth.tune.rates import rates_of
from backendctl.warmth.tune.request import Goal
from tests.unit.warmth.tune.fakes import ID

RATES = Rates(gb_second=0.0000166667, request=0.0000002, region="us-east-1")
SIZES = (128, 256, 512, 1024, 1769, 3008)


def report(memory: int, ms: float, *, init: float | None = None) -> Report:
    billed = round(ms + (init or 0) + 0.5)
    return Report(request_id=ID, duration_ms=ms, billed_ms=billed, memory_mb=memory, max_memory_mb=50, init_ms=init)


def measured(memory: int, ms: float, *, noise: float = 0.0, runs: int = 20) -> Size:
    dice = random.Random(memory)  # noqa: S311 - no secret
    warm = [report(memory, ms * (1 + dice.uniform(-noise, noise))) for _ in range(runs)]
    return size_of(memory, warm=warm, cold=[report(memory, ms, init=300)] * 3, rates=RATES)


def computing(memory: int) -> float:
    """2 s on one processor."""
    return 2000 * 1769 / min(memory, 1769)


def test_a_handler_that_computes_wants_one_processor() -> None:
    advice = advise([measured(memory, computing(memory), noise=0.05) for memory in SIZES])
    assert {goal: one.memory for goal, one in advice.items()} == dict.fromkeys(Goal, 1769)
    assert advice[Goal.BALANCED].is_sure
    assert advice[Goal.SPEED].rivals == (3008,)
    assert 3008 not in advice[Goal.COST].rivals


def test_a_handler_that_waits_wants_the_smallest() -> None:
    advice = advise([measured(memory, 80, noise=0.05) for memory in SIZES])
    assert {goal: one.memory for goal, one in advice.items()} == dict.fromkeys(Goal, 128)
    assert advice[Goal.SPEED].rivals == SIZES[1:]
    assert advice[Goal.COST].is_sure


def test_a_handler_that_does_both_wants_something_between() -> None:
    advice = advise([measured(memory, 180 + computing(memory) / 100, noise=0.02) for memory in SIZES])
    assert advice[Goal.COST].memory == 128
    assert advice[Goal.BALANCED].memory == 256
    assert advice[Goal.SPEED].memory == 1769


def test_the_balanced_size_does_not_depend_on_a_size_nobody_wants() -> None:
    some = [measured(memory, 180 + computing(memory) / 100) for memory in SIZES]
    more = [*some, measured(10240, 198)]
    assert advise(some)[Goal.BALANCED] == advise(more)[Goal.BALANCED]


def test_few_noisy_calls_make_no_difference_clear_and_many_do() -> None:
    def speed(runs: int) -> bool:
        pair = [measured(512, 100, noise=0.5, runs=runs), measured(1024, 90, noise=0.5, runs=runs)]
        return advise(pair)[Goal.SPEED].is_sure

    assert (speed(6), speed(1000)) == (False, True)


def test_a_difference_nobody_cares_about_is_none() -> None:
    advice = advise([measured(512, 101), measured(1024, 100)])
    assert (advice[Goal.SPEED].memory, advice[Goal.SPEED].rivals) == (512, (1024,))


def test_one_size_has_nothing_to_compare_with() -> None:
    assert advise([measured(512, 100)])[Goal.COST].rivals == ()


def test_costs_are_what_the_calls_were_billed() -> None:
    one = size_of(1024, warm=[report(1024, 99.5)] * 5, cold=[report(1024, 99.5, init=400)] * 2, rates=RATES)
    assert one.cost is not None
    assert one.cost.value == pytest.approx(0.2 + 100 * 1000 * 0.0000166667)
    assert one.cold_cost == pytest.approx(0.2 + 500 * 1000 * 0.0000166667)
    assert (one.cold_time, one.init, one.calls, one.cold_calls) == (499.5, 400, 5, 2)
    assert (one.cost.low, one.cost.high) == (one.cost.value, one.cost.value)


def test_without_a_price_the_recommendations_stand() -> None:
    warm = {memory: [report(memory, computing(memory))] * 5 for memory in (512, 1769)}
    sizes = [size_of(memory, warm=calls, cold=[], rates=None) for memory, calls in warm.items()]
    assert sizes[0].cost is None
    assert sizes[0].cold_time is None
    assert advise(sizes)[Goal.SPEED].memory == 1769


def test_the_spread_holds_the_figure_and_the_same_calls_give_the_same_spread() -> None:
    one, again = measured(512, 100, noise=0.3), measured(512, 100, noise=0.3)
    assert one == again
    assert one.draws == again.draws
    assert one.billed.low < one.billed.value < one.billed.high
    assert one.time.low <= one.time.value <= one.time.high


def test_a_quantile_is_a_value_that_was_seen() -> None:
    assert [quantile([3.0, 1.0, 2.0, 4.0], level) for level in (0.25, 0.5, 0.95, 1.0)] == [1, 2, 4, 4]


def test_prices_come_from_the_list_that_cost_keeps() -> None:
    prices = load_prices()
    here, arm = rates_of(prices, "us-east-1", "x86_64"), rates_of(prices, "us-east-1", "arm64")
    assert here is not None and arm is not None  # noqa: PT018 - for the types alone
    assert cost_of(1024, 1000, here) == pytest.approx(0.2 + 16.6667)
    assert cost_of(1024, 1000, arm) == pytest.approx(0.2 + 13.3334)
    borrowed = rates_of(prices, "sa-east-1", "x86_64")
    assert borrowed is not None
    assert borrowed.region == "us-east-1"
