"""Reading base and canary from CloudWatch: the same minutes, users only, few calls."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backendctl.aws.metrics import Series, fetch
from backendctl.errors import AwsError
from backendctl.release.metrics import Scope, Warmed, Watched, one_period, read, warmed
from backendctl.release.observed import Observed
from backendctl.release.thresholds import Thresholds
from backendctl.release.verdict import Outcome, judge
from backendctl.warmth.pings import Pinger
from tests.unit.release.cloudwatch import REGION, CloudWatch

START = 1_764_000_000 // 60 * 60
PLACES = Watched(name="places", physical="b-places", base="version1-a", canary="version1-b")
SEARCH = Watched(name="search", physical="b-search", base="version1-b", canary="version1-a")
SCOPE = Scope(region=REGION, functions=(PLACES,), since=START, until=START + 660, lag=60)


def _called(
    cloud: CloudWatch,
    at: int,
    alias: str,
    *,
    times: int,
    errors: int = 0,
    throttles: int = 0,
    ms: float = 100.0,
    physical: str = "b-places",
    **more: str,
) -> None:
    """Calls of a function through an alias, in the minute of that second, of ms to twice as much."""
    named = {"FunctionName": physical, "Resource": f"{physical}:{alias}", **more}
    cloud.put("AWS/Lambda", "Invocations", at, [1.0] * times, **named)
    cloud.put("AWS/Lambda", "Errors", at, [1.0] * errors + [0.0] * (times - errors), **named)
    cloud.put("AWS/Lambda", "Throttles", at, [1.0] * throttles + [0.0] * times, **named)
    cloud.put("AWS/Lambda", "Duration", at, [ms * (1 + n / times) for n in range(times)], **named)


def _answered(cloud: CloudWatch, at: int, stage: str, *, times: int, errors: int = 0, rejections: int = 0) -> None:
    named = {"ApiName": "b", "Stage": stage}
    cloud.put("AWS/ApiGateway", "Count", at, [1.0] * times, **named)
    cloud.put("AWS/ApiGateway", "5XXError", at, [1.0] * errors + [0.0] * (times - errors), **named)
    cloud.put("AWS/ApiGateway", "4XXError", at, [1.0] * rejections + [0.0] * (times - rejections), **named)
    cloud.put("AWS/ApiGateway", "Latency", at, [float(50 + n) for n in range(times)], **named)


def _served(cloud: CloudWatch, *, minutes: int = 10, canary_errors: int = 0, canary_ms: float = 100.0) -> None:
    for minute in range(minutes):
        at = START + 60 * minute + 7
        _called(cloud, at, "version1-a", times=900)
        _called(cloud, at, "version1-b", times=100, errors=canary_errors, ms=canary_ms)


def _pass(base: Observed, canary: Observed) -> Outcome:
    return judge(base, canary).outcome


def test_base_and_canary_are_told_apart_by_their_aliases() -> None:
    cloud = CloudWatch()
    _served(cloud, canary_errors=5)
    base, canary = read(cloud.aws(), SCOPE)
    assert (base.requests, base.errors) == (9000, 0)
    assert (canary.requests, canary.errors) == (1000, 50)
    assert (canary.since, canary.until) == (START, START + 600)
    assert canary.minutes[0].at == START
    assert judge(base, canary).outcome is Outcome.FAIL


def test_counts_of_all_functions_take_one_call_and_curves_another() -> None:
    cloud = CloudWatch()
    _served(cloud)
    many = tuple(replace(PLACES, name=f"f{n}", physical=f"b-f{n}") for n in range(30))
    read(cloud.aws(), replace(SCOPE, functions=(PLACES, *many)))
    assert len([one for one in cloud.asked if "MetricDataQueries" in one]) == 2


def test_more_than_five_hundred_series_are_asked_for_in_turns() -> None:
    cloud = CloudWatch(page=100)
    named = tuple(Series(namespace="n", metric=f"m{n}", dimensions=()) for n in range(1100))
    for n in range(1100):
        cloud.put("n", f"m{n}", START, [float(n)])
    found = fetch(cloud.aws(), REGION, named, since=START, until=START + 60)
    assert all(found[one] == {START: float(n)} for n, one in enumerate(named))


def test_a_minute_that_is_not_over_or_not_there_yet_is_not_counted() -> None:
    cloud = CloudWatch()
    _served(cloud, minutes=12)
    _, canary = read(cloud.aws(), replace(SCOPE, until=START + 659, lag=60))
    assert canary.until == START + 540
    assert canary.requests == 900


def test_the_minute_in_which_the_canary_began_is_not_counted() -> None:
    cloud = CloudWatch()
    _served(cloud)
    base, canary = read(cloud.aws(), replace(SCOPE, since=START + 1))
    assert (base.since, canary.since) == (START + 60, START + 60)
    assert canary.requests == 900


def test_before_the_first_minute_is_over_there_is_nothing_and_nothing_is_asked() -> None:
    cloud = CloudWatch()
    base, canary = read(cloud.aws(), replace(SCOPE, until=START + 90, lag=60))
    assert (base.requests, canary.requests) == (0, 0)
    assert cloud.asked == []
    assert judge(base, canary).outcome is Outcome.INCONCLUSIVE


def test_only_the_present_share_shapes_the_curve() -> None:
    cloud = CloudWatch()
    for minute in range(10):
        slow = 500.0 if minute < 5 else 100.0
        _called(cloud, START + 60 * minute, "version1-a", times=90, ms=slow)
        _called(cloud, START + 60 * minute, "version1-b", times=10, ms=slow)
    _, canary = read(cloud.aws(), replace(SCOPE, steady=START + 300))
    assert canary.requests == 100
    assert canary.sampled == 50
    assert (canary.at_level(0.95) or 0) < 200


@pytest.mark.parametrize("from_epoch", [True, False])
def test_the_curve_is_one_of_the_whole_time_however_periods_are_counted(*, from_epoch: bool) -> None:
    cloud = CloudWatch(from_epoch=from_epoch)
    _served(cloud)
    base, canary = read(cloud.aws(), SCOPE)
    assert not canary.is_rough
    assert canary.sampled == 1000
    assert canary.at_level(0.5) == pytest.approx(150, abs=2)
    assert canary.at_level(0.95) == pytest.approx(195, abs=2)
    assert _pass(base, canary) is Outcome.PASS


def test_a_canary_twice_as_slow_fails_by_what_cloudwatch_says() -> None:
    cloud = CloudWatch()
    _served(cloud, canary_ms=200)
    verdict = judge(*read(cloud.aws(), SCOPE))
    assert verdict.outcome is Outcome.FAIL
    assert verdict.reasons[0].startswith("latency: 95 % take at most 388 ms, baseline 195 ms")


def test_a_curve_that_does_not_come_whole_is_made_from_the_minutes_and_said_so() -> None:
    class Halved(CloudWatch):
        def _series(self, query: object, begin: float, end: float) -> dict[str, object]:
            found = super()._series(query, begin, end)  # type: ignore[arg-type]
            if query["MetricStat"]["Period"] > 60:  # type: ignore[index]
                found["Timestamps"], found["Values"] = [], []
            return found

    cloud = Halved()
    _served(cloud)
    base, canary = read(cloud.aws(), SCOPE)
    assert canary.is_rough
    assert canary.at_level(0.95) == pytest.approx(195, abs=3)
    assert any("rough" in note for note in judge(base, canary).notes)


def test_throttled_calls_are_failed_requests_that_lambda_does_not_count() -> None:
    cloud = CloudWatch()
    _called(cloud, START, "version1-b", times=10, errors=1, throttles=4)
    _, canary = read(cloud.aws(), SCOPE)
    assert (canary.requests, canary.errors, canary.throttles) == (14, 5, 4)


def _warmed(cloud: CloudWatch, *, minutes: int = 10, users: int = 0) -> None:
    """A rule with four targets, two on the canary, that fires in every minute."""
    for minute in range(minutes):
        at = START + 60 * minute
        cloud.put("AWS/Events", "Invocations", at + 1, [1.0] * 4, RuleName="b-warm-places")
        _called(cloud, at + 2, "version1-b", times=2, ms=1.0)
        if users:
            _called(cloud, at + 3, "version1-b", times=users)


PINGER = Pinger(name="b-warm-places", targets={"version1-a": 1, "version1-b": 2, "version1": 1})
WARM = replace(SCOPE, functions=(replace(PLACES, warm=(Warmed(pinger=PINGER, base=0.25, canary=0.5),)),))


def test_a_canary_that_only_its_warmer_calls_has_no_traffic() -> None:
    cloud = CloudWatch()
    _warmed(cloud)
    base, canary = read(cloud.aws(), WARM)
    assert (canary.requests, canary.warmed) == (0, 20)
    assert "no traffic is not a pass" in judge(base, canary).reasons[0]


def test_warm_calls_do_not_make_users_look_better_served() -> None:
    cloud = CloudWatch()
    _warmed(cloud, users=8)
    _, canary = read(cloud.aws(), WARM)
    assert (canary.requests, canary.warmed, canary.sampled) == (80, 20, 80)
    assert canary.at_level(0.5) == pytest.approx(150, abs=15)


def test_a_warm_call_counts_in_the_minute_it_was_served_in() -> None:
    cloud = CloudWatch()
    cloud.put("AWS/Events", "Invocations", START + 59, [1.0] * 4, RuleName="b-warm-places")
    _called(cloud, START + 60, "version1-b", times=2)
    _, canary = read(cloud.aws(), WARM)
    assert canary.requests == 0


def test_a_warm_call_that_fails_stays_and_shows() -> None:
    cloud = CloudWatch()
    cloud.put("AWS/Events", "Invocations", START, [1.0] * 4, RuleName="b-warm-places")
    _called(cloud, START, "version1-b", times=2, errors=2)
    _, canary = read(cloud.aws(), WARM)
    assert (canary.requests, canary.errors) == (2, 2)


def test_a_ping_that_got_nowhere_is_not_subtracted() -> None:
    cloud = CloudWatch()
    cloud.put("AWS/Events", "Invocations", START, [1.0] * 4, RuleName="b-warm-places")
    cloud.put("AWS/Events", "FailedInvocations", START, [1.0] * 4, RuleName="b-warm-places")
    _called(cloud, START, "version1-b", times=2)
    _, canary = read(cloud.aws(), WARM)
    assert (canary.requests, canary.warmed) == (2, 0)


def test_pings_of_a_schedule_group_are_subtracted_as_those_of_a_rule_are() -> None:
    cloud = CloudWatch()
    group = Pinger(name="b-warm-places", is_schedule=True, targets={"version1-a": 2, "version1-b": 2})
    for minute in range(10):
        at = START + 60 * minute
        cloud.put("AWS/Scheduler", "InvocationAttemptCount", at, [1.0] * 4, ScheduleGroup="b-warm-places")
        _called(cloud, at, "version1-b", times=2, ms=1.0)
    scope = replace(SCOPE, functions=(replace(PLACES, warm=warmed([group], base="version1-a", canary="version1-b")),))
    _, canary = read(cloud.aws(), scope)
    assert (canary.requests, canary.warmed) == (0, 20)


def test_pingers_are_known_by_the_aliases_they_call() -> None:
    both = Pinger(name="b-warm-places", targets={"version1-a": 1, "version1-b": 2, "v2": 1})
    other = Pinger(name="b-warm-places-2", targets={"version1": 1})
    assert warmed([both, other], base="version1-a", canary="version1-b") == (
        Warmed(pinger=both, base=0.25, canary=0.5),
    )


def test_the_api_of_a_canary_that_has_metrics_says_what_lambda_does_not_see() -> None:
    cloud = CloudWatch()
    _served(cloud)
    for minute in range(10):
        _answered(cloud, START + 60 * minute, "live", times=900, rejections=9)
        _answered(cloud, START + 60 * minute, "live/Canary", times=100, errors=6, rejections=1)
    base, canary = read(cloud.aws(), replace(SCOPE, api="b", stage="live"))
    assert (base.requests, canary.requests) == (9000, 1000)
    assert (canary.errors, canary.rejections) == (60, 10)
    assert canary.source == "AWS/ApiGateway"
    assert [part.name for part in canary.parts] == ["places"]
    assert canary.parts[0].errors == 0
    verdict = judge(base, canary)
    assert verdict.outcome is Outcome.FAIL
    assert verdict.notes == ()


def test_without_metrics_of_the_canary_in_the_api_lambda_tells_what_it_can_and_that_passes_nothing() -> None:
    cloud = CloudWatch()
    _served(cloud)
    for minute in range(10):
        _answered(cloud, START + 60 * minute, "live", times=1000)
    base, canary = read(cloud.aws(), replace(SCOPE, api="b", stage="live"))
    assert canary.source == "AWS/Lambda"
    assert (base.requests, canary.requests) == (9000, 1000)
    verdict = judge(base, canary)
    assert verdict.outcome is Outcome.INCONCLUSIVE
    assert verdict.reasons[0].startswith("blind: 5xx responses returned by handlers cannot be seen")


def test_metrics_of_an_earlier_canary_in_the_api_are_not_taken_for_silence() -> None:
    cloud = CloudWatch()
    _served(cloud)
    _answered(cloud, START - 86400, "live/Canary", times=100)
    _, canary = read(cloud.aws(), replace(SCOPE, api="b", stage="live"))
    assert (canary.source, canary.requests) == ("AWS/Lambda", 1000)


def test_metrics_of_the_canary_in_the_api_are_found_before_they_are_listed() -> None:
    class Unlisted(CloudWatch):
        def _list(self, params: object) -> dict[str, object]:
            del params
            return {"Metrics": []}

    cloud = Unlisted()
    _served(cloud)
    for minute in range(10):
        _answered(cloud, START + 60 * minute, "live", times=900)
        _answered(cloud, START + 60 * minute, "live/Canary", times=100, errors=6)
    _, canary = read(cloud.aws(), replace(SCOPE, api="b", stage="live"))
    assert (canary.source, canary.errors) == ("AWS/ApiGateway", 60)


def test_a_release_that_leaves_the_code_as_it_is_shows_in_the_api_or_not_at_all() -> None:
    cloud = CloudWatch()
    _served(cloud)
    alike = replace(SCOPE, functions=(replace(PLACES, canary="version1-a"),), api="b", stage="live")
    _, canary = read(cloud.aws(), alike)
    assert canary.is_blind
    _answered(cloud, START, "live/Canary", times=100)
    _, canary = read(cloud.aws(), alike)
    assert not canary.is_blind
    assert canary.requests == 100


def test_several_functions_add_up_and_keep_their_own_latency() -> None:
    cloud = CloudWatch()
    _served(cloud)
    for minute in range(10):
        _called(cloud, START + 60 * minute, "version1-b", times=450, ms=10, physical="b-search")
        _called(cloud, START + 60 * minute, "version1-a", times=50, ms=10, physical="b-search")
    base, canary = read(cloud.aws(), replace(SCOPE, functions=(PLACES, SEARCH)))
    assert (base.requests, canary.requests) == (13500, 1500)
    assert canary.curve == ()
    assert [part.sampled for part in canary.parts] == [1000, 500]
    verdict = judge(base, canary)
    assert [one.name for one in verdict.latency] == ["places", "search"]
    assert verdict.outcome is Outcome.PASS


def test_versions_behind_one_weighted_alias_are_told_apart() -> None:
    cloud = CloudWatch()
    _called(cloud, START, "live", times=90, ExecutedVersion="4")
    _called(cloud, START, "live", times=10, errors=1, ExecutedVersion="5")
    weighted = Watched(
        name="places", physical="b-places", base="live", canary="live", base_version="4", canary_version="5"
    )
    base, canary = read(cloud.aws(), replace(SCOPE, functions=(weighted,)))
    assert (base.requests, canary.requests, canary.errors) == (90, 10, 1)


def test_what_cloudwatch_refuses_or_cannot_say_is_an_error_with_its_region() -> None:
    cloud = CloudWatch(refuses="AccessDenied")
    with pytest.raises(AwsError, match="read us-east-1/metrics: AccessDenied"):
        read(cloud.aws(), SCOPE)
    partial = CloudWatch(status="InternalError")
    with pytest.raises(AwsError, match="told why"):
        read(partial.aws(), SCOPE)


@pytest.mark.parametrize("begin", [START, START + 60, 1_764_028_740, 1_763_942_400 - 300])
@pytest.mark.parametrize("length", [60, 600, 5400])
def test_one_period_holds_all_of_a_time_even_across_midnight(begin: int, length: int) -> None:
    period = one_period(begin, begin + length, 60)
    assert period % 60 == 0
    assert period >= length
    assert begin // period == (begin + length - 1) // period


@pytest.mark.parametrize("length", [0, 1, 4, 11, 29, 31, 61])
def test_one_period_is_one_that_cloudwatch_has(length: int) -> None:
    for begin in range(START, START + 120, 7):
        period = one_period(begin, begin + length, 1)
        assert period in {1, 5, 10, 20, 30} or period % 60 == 0
        assert begin // period == (begin + max(length, 1) - 1) // period


def test_the_levels_asked_for_follow_the_settings() -> None:
    cloud = CloudWatch()
    _served(cloud)
    read(cloud.aws(), SCOPE, Thresholds(quantile=80))
    stats = {one["MetricStat"]["Stat"] for one in cloud.asked[-1]["MetricDataQueries"]}
    assert {"p50", "p80", "p95", "p99", "SampleCount"} <= stats
