"""What CloudWatch counts of rules and aliases."""

from __future__ import annotations

from typing import Any

import pytest

from backendctl.aws.connection import Aws
from backendctl.warmth.counting import Measured, Window, measure
from backendctl.warmth.subject import Subject
from tests.unit.release.cloudwatch import REGION, CloudWatch
from tests.unit.warmth.made import NOW, by_hand, rule, subject

DAY = 86_400
T = int(NOW)
ALIAS = {"FunctionName": "corkhounds-places", "Resource": "corkhounds-places:version1-a"}
RULE = {"RuleName": "corkhounds-warm-places"}


@pytest.fixture
def watch() -> CloudWatch:
    return CloudWatch()


def connected(watch: CloudWatch) -> Aws:
    aws = watch.aws()
    aws.time_scale = 1.0  # periods and lag of AWS
    return aws


def measured(watch: CloudWatch, row: Subject | None = None, *, seconds: float = DAY) -> Measured:
    window = Window(since=NOW - seconds, until=NOW)
    (found,) = measure(connected(watch), REGION, [row or subject()], window)
    return found


def fired(watch: CloudWatch, *, last: int = -300, times: int = 10, calls: int = 2, name: str = "", **at: Any) -> None:
    for n in range(times):
        named = {"RuleName": name} if name else RULE
        watch.put("AWS/Events", at.get("metric", "Invocations"), T + last - 300 * n, [1.0] * calls, **named)


@pytest.mark.parametrize(("days", "period"), [(0.01, 60), (14.9, 60), (15, 300), (62.9, 300), (63, 3600), (455, 3600)])
def test_periods_are_those_that_cloudwatch_still_keeps(watch: CloudWatch, days: float, period: int) -> None:
    assert measured(watch, seconds=days * DAY).firings.period == period
    asked = watch.asked[0]
    assert {one["MetricStat"]["Period"] for one in asked["MetricDataQueries"]} == {period}
    assert asked["StartTime"].timestamp() % period == 0
    assert asked["StartTime"].timestamp() <= NOW - days * DAY


def test_all_rows_of_a_region_are_asked_for_at_once(watch: CloudWatch) -> None:
    rows = [subject(), by_hand()]
    assert len(measure(connected(watch), REGION, rows, Window(since=NOW - DAY, until=NOW))) == 2
    assert len(watch.asked) == 1


def test_missing_data_is_missing(watch: CloudWatch) -> None:
    found = measured(watch)
    assert (found.counted.is_known, found.volume) == (False, None)
    assert (found.firings.counts, found.firings.requests) == ({}, {})
    assert (found.counted.fired, found.counted.last) == (0, None)


def test_calls_of_a_rule_are_those_of_what_users_hit(watch: CloudWatch) -> None:
    fired(watch)
    found = measured(watch)
    assert (found.counted.fired, found.counted.failed, found.counted.due) == (10, 0, 288)
    assert found.counted.last == T - 300
    assert found.counted.is_known


def test_calls_of_a_slot_whose_version_is_another_row_s_are_no_pings_of_this_one(watch: CloudWatch) -> None:
    fired(watch)
    mine = subject(aliases={"version1-a": "7", "version1-b": "6"})
    assert set(measured(watch, mine).firings.counts.values()) == {1.0}
    both = subject(aliases={"version1-a": "7", "version1-b": "6"}, versions=frozenset({"6", "7"}))
    assert set(measured(watch, both).firings.counts.values()) == {2.0}


def test_calls_that_a_rule_shares_with_other_functions_are_counted_in_part(watch: CloudWatch) -> None:
    fired(watch, calls=4)
    row = subject(rules=(rule(targets={"version1-a": 1}, all_targets=4),))
    assert measured(watch, row).counted.fired == 10


def test_calls_that_failed_are_no_pings(watch: CloudWatch) -> None:
    fired(watch)
    fired(watch, metric="FailedInvocations", times=4)
    row = subject(rules=(rule(targets={"version1-a": 2}),))
    found = measured(watch, row)
    assert (found.counted.fired, found.counted.failed) == (20, 8)
    assert sorted(found.firings.counts.values()) == [0.0] * 4 + [2.0] * 6


def test_silence_is_reckoned_from_the_end_of_the_last_minute_and_what_cloudwatch_is_late(watch: CloudWatch) -> None:
    fired(watch, last=-600)
    assert measured(watch).counted.silent == 600 - 60 - 180
    assert measured(watch, by_hand(rules=(rule(targets={"live": 1}, name="mine"),))).counted.silent == DAY - 180


def test_a_function_that_is_younger_than_the_window_was_not_silent_before(watch: CloudWatch) -> None:
    found = measured(watch, subject(published={"7": NOW - 3600})).counted
    assert (found.silent, found.due) == (3600 - 180, 12)


def test_the_last_firing_is_that_of_a_rule_that_calls_what_users_hit(watch: CloudWatch) -> None:
    fired(watch, last=-7200)
    fired(watch, last=-300, name="second")
    row = subject(rules=(rule(targets={"version1-a": 1}), rule(name="second", targets={"version1-b": 1})))
    found = measured(watch, row).counted
    assert found.last == T - 7200
    assert found.silent > 6000


def test_what_came_lately_is_not_known_yet(watch: CloudWatch) -> None:
    assert measured(watch).firings.until == NOW - 180 - 60


def test_throttles_are_the_function_s_and_errors_the_alias_s(watch: CloudWatch) -> None:
    watch.put("AWS/Lambda", "Invocations", T - 600, [1.0] * 50, FunctionName="corkhounds-places")
    watch.put("AWS/Lambda", "Throttles", T - 600, [1.0] * 3, FunctionName="corkhounds-places")
    watch.put("AWS/Lambda", "Invocations", T - 600, [1.0] * 40, **ALIAS)
    watch.put("AWS/Lambda", "Errors", T - 600, [1.0, 1.0, 0.0], **ALIAS)
    found = measured(watch)
    assert (found.volume, found.counted.invocations, found.counted.throttles) == (50, 40, 3)
    assert found.counted.errors == 2


def test_spill_over_is_asked_for_where_concurrency_is_provisioned(watch: CloudWatch) -> None:
    watch.put("AWS/Lambda", "ProvisionedConcurrencySpilloverInvocations", T - 600, [1.0] * 4, **ALIAS)
    assert measured(watch).counted.spilled == 0
    assert measured(watch, subject(provisioned=1)).counted.spilled == 4


def test_requests_are_those_of_all_stages_that_lead_here(watch: CloudWatch) -> None:
    for stage, count in (("prodv1", 5), ("beta", 2), ("other", 9)):
        watch.put("AWS/ApiGateway", "Count", T - 600, [1.0] * count, ApiName="corkhounds", Stage=stage)
    assert measured(watch, subject(stages=("prodv1", "beta"))).firings.requests == {T - 600: 7}
    assert measured(watch, by_hand()).firings.requests is None


def test_a_rule_that_is_not_there_or_of_scheduler_has_no_metric(watch: CloudWatch) -> None:
    measured(watch, subject(rules=(rule(is_there=False), rule(name="s", is_schedule=True))))
    spaces = {one["MetricStat"]["Metric"]["Namespace"] for one in watch.asked[0]["MetricDataQueries"]}
    assert "AWS/Events" not in spaces
