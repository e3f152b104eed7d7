"""The verdict: what passes, what fails, and what cannot be said yet."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace

import pytest

from backendctl.release.latency import levels_wanted
from backendctl.release.observed import Curve, Minute, Observed, curve_of, rough_curve
from backendctl.release.outcome import Finding
from backendctl.release.thresholds import OnNoData
from backendctl.release.verdict import Outcome, Thresholds, judge, rate_of
from tests.bench.verdict_rates import Backend, found_by, release, timed

ERRORS = Thresholds(max_latency_increase=None)


def _seeded(number: int) -> random.Random:
    return random.Random(number)  # noqa: S311 - the same runs every time


def _side(
    requests: int,
    errors: int = 0,
    *,
    minutes: int = 10,
    rejections: int = 0,
    samples: Sequence[float] = (),
    parts: tuple[Observed, ...] = (),
    name: str = "",
) -> Observed:
    """That many requests and errors, spread evenly over the minutes."""

    def part(total: int, index: int) -> int:
        return total * (index + 1) // minutes - total * index // minutes

    return Observed(
        name=name,
        until=60 * minutes,
        minutes=tuple(
            Minute(
                at=60 * index,
                requests=part(requests, index),
                errors=part(errors, index),
                rejections=part(rejections, index),
            )
            for index in range(minutes)
        ),
        curve=curve_of(samples),
        sampled=len(samples),
        parts=parts,
    )


def _samples(count: int, times: float = 1.0, *, seed: int = 3) -> list[float]:
    rng = _seeded(seed)
    return [rng.lognormvariate(4.6, 0.5) * times for _ in range(count)]


def test_a_canary_as_good_as_the_base_passes_once_there_are_enough_requests() -> None:
    verdict = judge(_side(18000, 18), _side(2000, 2), ERRORS)
    assert verdict.outcome is Outcome.PASS
    assert verdict.confidence == pytest.approx(0.95)
    assert verdict.increase == pytest.approx(0.0, abs=0.05)
    assert 0 < verdict.increase_at_most <= 1.0
    assert "with 95 % confidence at most" in verdict.reasons[0]


@pytest.mark.parametrize("requests", [1, 12, 40, 100])
def test_that_a_few_requests_show_no_difference_is_no_pass(requests: int) -> None:
    verdict = judge(_side(9 * requests), _side(requests), ERRORS)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.confidence == 0.0
    few = f"{requests} user requests to the canary at its present percentage; a verdict needs at least 50"
    assert (verdict.reasons[0] == few) is (requests < 50)


def test_what_is_inconclusive_says_how_many_requests_will_tell_and_they_do() -> None:
    verdict = judge(_side(1800), _side(200), ERRORS)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.requests_wanted is not None
    assert verdict.requests_wanted == 287
    assert "about 290 more canary requests will tell, some 14 min at this rate" in verdict.reasons
    enough = 200 + verdict.requests_wanted
    assert judge(_side(9 * enough), _side(enough), ERRORS).outcome is Outcome.PASS


def test_a_canary_that_fails_more_often_fails_with_the_figures_in_words() -> None:
    verdict = judge(_side(2700, 27), _side(300, 24), ERRORS)
    assert verdict.outcome is Outcome.FAIL
    assert verdict.p_value < 1e-4
    assert verdict.confidence > 0.999
    assert verdict.increase == pytest.approx(7.0)
    assert "24 of 300 canary requests (8.0 %), 27 of 2700 baseline requests (1.0 %)" in verdict.reasons[0]
    assert verdict.requests_wanted is None


def test_a_canary_that_always_fails_is_stopped_within_a_dozen_requests() -> None:
    assert judge(_side(90), _side(10, 10, minutes=5), ERRORS).outcome is Outcome.FAIL


def test_more_errors_than_chance_brings_but_within_the_limit_are_no_fail() -> None:
    verdict = judge(_side(90000, 90), _side(10000, 70), ERRORS)
    assert verdict.p_value < 1e-6
    assert verdict.outcome is Outcome.PASS


def test_an_incident_that_hits_both_is_not_held_against_the_canary() -> None:
    assert judge(_side(2700, 540), _side(300, 60), ERRORS).outcome is Outcome.INCONCLUSIVE


def test_no_traffic_is_no_success() -> None:
    verdict = judge(_side(3000), _side(0), ERRORS)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "no traffic is not a pass" in verdict.reasons[0]
    assert not verdict.wants_synthetic
    assert judge(Observed(), Observed()).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(
    ("said", "outcome", "synthetic"),
    [
        (OnNoData.HOLD, Outcome.INCONCLUSIVE, False),
        (OnNoData.SYNTHETIC, Outcome.INCONCLUSIVE, True),
        (OnNoData.PASS, Outcome.PASS, False),
        (OnNoData.FAIL, Outcome.FAIL, False),
    ],
)
@pytest.mark.parametrize("requests", [0, 49])
def test_what_no_or_hardly_any_traffic_means_can_be_said(
    said: OnNoData, outcome: Outcome, requests: int, *, synthetic: bool
) -> None:
    verdict = judge(_side(3000), _side(requests), Thresholds(on_no_data=said))
    assert (verdict.outcome, verdict.wants_synthetic) == (outcome, synthetic)


def test_what_no_traffic_means_has_no_say_over_a_canary_that_is_called_or_that_fails() -> None:
    lenient = Thresholds(max_latency_increase=None, on_no_data=OnNoData.PASS)
    assert judge(_side(900), _side(100), lenient).outcome is Outcome.INCONCLUSIVE
    assert judge(_side(400), _side(45, 20), lenient).outcome is Outcome.FAIL


def test_a_canary_nobody_called_says_how_many_requests_it_would_take() -> None:
    wanted = judge(_side(3000), _side(0), ERRORS).requests_wanted
    assert wanted is not None
    assert judge(_side(9 * wanted), _side(wanted), ERRORS).outcome is Outcome.PASS


def test_a_canary_that_nothing_tells_from_its_base_is_not_called_silent() -> None:
    verdict = judge(Observed(is_blind=True), Observed(is_blind=True), Thresholds(on_no_data=OnNoData.PASS))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.reasons == ("blind: nothing distinguishes the canary from the baseline: both call the same aliases",)


def test_without_traffic_on_the_base_there_is_nothing_to_compare_with() -> None:
    verdict = judge(_side(0), _side(3000), ERRORS)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "nothing to compare with" in verdict.reasons[0]


def test_a_pass_rests_on_the_present_share_alone_and_a_fail_on_all_of_them() -> None:
    early = [Minute(at=60 * n, requests=200) for n in range(10)]
    late = Minute(at=600, requests=5)
    seen = Observed(minutes=(*early, late), steady=600)
    assert judge(seen, seen, ERRORS).outcome is Outcome.INCONCLUSIVE
    bad = Observed(minutes=(*(Minute(at=60 * n, requests=20, errors=3) for n in range(10)), late), steady=600)
    assert judge(seen, bad, ERRORS).outcome is Outcome.FAIL


def test_more_answers_that_blame_the_caller_fail_a_canary_beyond_their_own_limit() -> None:
    base, canary = _side(9000, rejections=180), _side(1000, rejections=150)
    assert judge(base, canary, ERRORS).outcome is Outcome.FAIL
    assert "4xx answers" in judge(base, canary, ERRORS).reasons[0]
    lenient = Thresholds(max_latency_increase=None, max_rejection_increase=None)
    assert judge(base, canary, lenient).outcome is Outcome.PASS


def test_one_function_that_always_fails_is_not_lost_among_the_others() -> None:
    base = _side(90000, 90, parts=(_side(89100, 90, name="places"), _side(900, name="search")))
    canary = _side(10000, 40, parts=(_side(9970, 10, name="places"), _side(30, 30, name="search")))
    verdict = judge(base, canary, ERRORS)
    assert verdict.outcome is Outcome.FAIL
    assert verdict.reasons[0].startswith("errors of search: 30 of 30")


def test_the_more_verdicts_share_the_false_alarms_the_more_each_must_prove() -> None:
    base, canary = _side(2700, 27), _side(300, 15)
    assert judge(base, canary, ERRORS).outcome is Outcome.FAIL
    assert judge(base, canary, ERRORS, among=200).outcome is Outcome.INCONCLUSIVE


@pytest.mark.parametrize(("times", "outcome"), [(1.0, Outcome.PASS), (2.0, Outcome.FAIL)])
def test_a_canary_twice_as_slow_fails_and_one_as_quick_passes(times: float, outcome: Outcome) -> None:
    base = _side(18000, samples=_samples(18000))
    verdict = judge(base, _side(2000, samples=_samples(2000, times, seed=5)))
    assert verdict.outcome is outcome
    assert verdict.latency[0].increase == pytest.approx((times - 1) * 100, abs=15)


def test_few_requests_are_too_few_to_tell_about_latency() -> None:
    verdict = judge(_side(540, samples=_samples(540)), _side(60, samples=_samples(60, 1.2)))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert any("latency" in reason and "too few requests to tell" in reason for reason in verdict.reasons)


def test_a_few_milliseconds_more_are_no_increase_whatever_their_percentage() -> None:
    base, canary = _samples(18000, 0.03), _samples(2000, 0.06, seed=5)
    assert judge(_side(18000, samples=base), _side(2000, samples=canary)).outcome is Outcome.PASS
    strict = Thresholds(tolerated_latency=0)
    assert judge(_side(18000, samples=base), _side(2000, samples=canary), strict).outcome is Outcome.FAIL


def test_latency_is_compared_function_by_function_where_there_is_no_curve_of_all() -> None:
    def both(factor: float) -> tuple[Observed, ...]:
        quick, slow = _samples(3000), _samples(3000, 8 * factor, seed=5)
        return _side(3000, samples=quick, name="places"), _side(3000, samples=slow, name="search")

    verdict = judge(_side(6000, parts=both(1.0)), _side(6000, parts=both(2.0)))
    assert [(one.name, one.finding.outcome) for one in verdict.latency] == [
        ("places", Outcome.PASS),
        ("search", Outcome.FAIL),
    ]
    assert verdict.outcome is Outcome.FAIL


def test_latency_that_is_known_for_too_few_requests_keeps_a_verdict_open() -> None:
    verdict = judge(_side(18000), _side(2000))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert "latency: known for 0 of 2000 canary requests" in verdict.reasons[0]


def test_the_levels_asked_for_are_enough_to_judge_as_if_all_samples_were_known() -> None:
    settings = Thresholds()

    def only(samples: list[float]) -> Curve:
        whole = sorted(samples)
        levels = levels_wanted(len(whole), settings)
        return tuple((level, whole[max(0, round(level * len(whole)) - 1)]) for level in levels)

    for times, outcome in ((1.0, Outcome.PASS), (2.0, Outcome.FAIL)):
        old, new = _samples(18000), _samples(2000, times, seed=5)
        base = Observed(minutes=_side(18000).minutes, curve=only(old), sampled=18000)
        canary = Observed(minutes=_side(2000).minutes, curve=only(new), sampled=2000)
        assert judge(base, canary, settings).outcome is outcome


def test_a_rough_curve_is_no_quicker_than_what_it_was_made_of() -> None:
    minutes = [Minute(at=60 * n, requests=100, p50=100 + n, p95=200 + n, p99=400 + n) for n in range(10)]
    seen = Observed(minutes=tuple(minutes), curve=rough_curve(minutes), sampled=1000, is_rough=True)
    assert seen.at_level(0.5) == pytest.approx(109, abs=1)
    assert seen.at_level(0.95) == pytest.approx(209, abs=1)
    assert rough_curve([]) == ()
    assert any("rough" in note for note in judge(seen, seen).notes)


UNSEEN = "stage prodv1 has no access log in CloudWatch Logs"


def _blind(requests: int = 2000, errors: int = 0) -> Observed:
    return replace(_side(requests, errors), source="AWS/Lambda", unseen=UNSEEN)


@pytest.mark.parametrize("on_no_data", list(OnNoData))
@pytest.mark.parametrize("requests", [6, 20, 2000])
def test_a_blind_verdict_does_not_pass_and_says_so_first(requests: int, on_no_data: OnNoData) -> None:
    verdict = judge(_side(18000), _blind(requests), replace(ERRORS, on_no_data=on_no_data))
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.is_blind
    assert not verdict.is_too_few
    why = f"{UNSEEN}, and CloudWatch shows no AWS/ApiGateway metrics of the canary"
    assert verdict.reasons == (f"blind: 5xx responses returned by handlers cannot be seen: {why}",)


def test_a_canary_that_nobody_calls_is_no_blind_one_and_what_would_not_be_seen_is_noted() -> None:
    verdict = judge(_side(18000), _blind(0), ERRORS)
    assert (verdict.outcome, verdict.is_blind, verdict.is_too_few) == (Outcome.INCONCLUSIVE, False, True)
    assert verdict.reasons[0].startswith("no user request to the canary")
    assert "cannot be seen" in verdict.notes[0]


@pytest.mark.parametrize(("smoke", "few"), [(5, False), (6, True), (12, True)])
def test_a_canary_that_only_a_smoke_test_has_called_lacks_nothing_but_requests(smoke: int, few: bool) -> None:  # noqa: FBT001
    assert judge(_side(18000), _blind(6), ERRORS, smoke=smoke).is_too_few is few


def test_a_blind_verdict_still_fails_what_it_sees() -> None:
    assert judge(_side(18000), _blind(2000, 200), ERRORS).outcome is Outcome.FAIL


def test_a_blind_verdict_passes_where_the_spec_accepts_it_and_says_so_first() -> None:
    accepting = replace(ERRORS, accept_blind=True)
    verdict = judge(_side(18000), _blind(), accepting)
    assert verdict.outcome is Outcome.PASS
    assert verdict.reasons[0].startswith("blind: ")
    assert "accept-blind" in verdict.reasons[0]
    assert judge(_side(400), _blind(20), accepting).outcome is Outcome.INCONCLUSIVE


def test_no_forecast_is_made_from_a_dozen_requests() -> None:
    verdict = judge(_side(100, 8), _side(12, 1), ERRORS)
    assert verdict.reasons == ("12 user requests to the canary at its present percentage; a verdict needs at least 50",)
    assert verdict.is_too_few


def test_a_forecast_out_of_all_proportion_is_said_to_be_none() -> None:
    told = judge(_side(900, 180), _side(100, 20), ERRORS).reasons[-1]
    assert told.startswith("more requests will not decide it: 20.0 % of the baseline's requests fail")


def test_one_slow_function_among_many_fails_though_the_whole_looks_alike() -> None:
    slow = _side(400, name="GET /slow", samples=_samples(400, 2.0, seed=5))
    quick = _side(3600, name="GET /quick", samples=_samples(3600, seed=6))
    base = _side(
        36000,
        samples=_samples(36000, seed=7),
        parts=(
            _side(3600, name="GET /slow", samples=_samples(3600, seed=8)),
            _side(32400, name="GET /quick", samples=_samples(8000, seed=9)),
        ),
    )
    whole = [*_samples(3600, seed=6), *_samples(400, 2.0, seed=5)]
    verdict = judge(base, _side(4000, samples=whole, parts=(quick, slow)))
    assert verdict.outcome is Outcome.FAIL
    assert verdict.reasons[0].startswith("latency of GET /slow: ")


def test_checks_of_the_users_own_fail_hold_or_let_pass() -> None:
    sides = (_side(18000), _side(2000))
    for outcome in Outcome:
        verdict = judge(*sides, ERRORS, checks=[Finding(outcome=outcome, told=f"mine: {outcome}")])
        assert verdict.outcome is outcome
        assert f"mine: {outcome}" in verdict.reasons
    silent = judge(*sides, ERRORS, checks=[Finding(outcome=None, told="not made here")])
    assert (silent.outcome, silent.notes) == (Outcome.PASS, ("not made here",))


def test_a_rate_has_bounds() -> None:
    rate = rate_of(_side(300, 3))
    assert rate.low < rate.seen == 0.01 < rate.high
    assert rate_of(Observed()).seen == 0.0


def test_false_alarms_of_whole_releases_are_rare() -> None:
    rng = _seeded(1)
    backends = [Backend(per_minute=200, errors=0.01), Backend(per_minute=200, errors=0.02, storms=0.1)]
    ends = [release(rng, backend)[0] for backend in backends for _ in range(25)]
    assert ends.count(Outcome.FAIL) <= 1


def test_five_points_more_errors_are_found_by_three_hundred_requests() -> None:
    rng = _seeded(2)
    found = [found_by(rng, Backend(per_minute=300, errors=e, more=0.05), share=0.1, requests=300) for e in (0, 0.005)]
    runs = [found_by(rng, Backend(per_minute=300, errors=0.005, more=0.05), share=0.1, requests=300) for _ in range(80)]
    assert all(found)
    assert runs.count(True) >= 74


def test_a_release_two_points_worse_does_not_pass() -> None:
    rng = _seeded(3)
    ends = [release(rng, Backend(per_minute=600, errors=0.01, more=0.02))[0] for _ in range(40)]
    assert ends.count(Outcome.PASS) <= 1


def test_twice_as_slow_is_found_and_as_quick_is_not_failed() -> None:
    rng = _seeded(4)
    slow = [timed(rng, Backend(per_minute=150, errors=0.0, slower=2.0), share=0.1) for _ in range(10)]
    same = [timed(rng, Backend(per_minute=150, errors=0.0), share=0.1) for _ in range(10)]
    assert slow.count(Outcome.FAIL) >= 9
    assert same.count(Outcome.FAIL) == 0
