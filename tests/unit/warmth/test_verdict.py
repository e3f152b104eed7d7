"""One verdict per row: the word, the reason and what to type, for every situation."""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import Any

import pytest

from backendctl.warmth.cold import Cause
from backendctl.warmth.evidence import Counted, Outcome, Verdict
from backendctl.warmth.figures import Figures, Quantiles, wilson
from backendctl.warmth.subject import Subject
from backendctl.warmth.verdict import judge
from tests.unit.warmth.made import by_hand, counted, evidence, rule, subject


def seen(*, users: int = 1000, cold: int = 0, **given: Any) -> Figures:
    """A day of a function that is kept warm; `cold` of its users' requests were not."""
    usual: dict[str, Any] = {
        "invocations": users + 288,
        "users": users,
        "pings": 288,
        "cold_users": cold,
        "cold_share": wilson(cold, users),
        "causes": {Cause.IDLE: cold} if cold else {},
        "absorbed": 3,
        "warm": Quantiles(p50=120, p95=300) if users else Quantiles(),
        "ping": Quantiles(p50=2, p95=4),
        "alive": 1,
        "overlap": 1,
    }
    return Figures(**(usual | given))


def told(figures: Figures | None = None, **given: Any) -> Verdict:
    return judge(evidence(figures if figures is not None or "unread" in given else seen(), **given))


def test_a_rule_that_is_on_and_right_is_warm() -> None:
    assert told() == Verdict(outcome=Outcome.WARM, reason="1 alive, 288 pings; 0 of 1000 users' requests cold")


def test_pings_alone_are_warm_and_say_that_no_user_came() -> None:
    found = told(seen(users=0))
    assert (found.outcome, found.reason) == (Outcome.WARM, "1 alive, 288 pings; no user's request in this time")


def test_a_rule_disabled_by_hand_is_enabled_by_hand() -> None:
    found = told(row=subject(rules=(rule(is_enabled=False),)))
    assert (found.outcome, found.reason) == (Outcome.NOT_FIRING, "rule corkhounds-warm-places is disabled by hand")
    assert found.next_step == "aws events enable-rule --name corkhounds-warm-places --region us-east-1"


def test_a_rule_that_the_spec_switches_off_is_switched_on_there() -> None:
    found = told(row=subject(rules=(rule(is_enabled=False),), disabled_by_spec=True))
    assert found.outcome is Outcome.NOT_FIRING
    assert "enabled: false" in found.reason
    assert found.next_step == "write enabled: true in the spec, then backendctl sync-warmers -r us-east-1"


def test_a_rule_that_was_deleted_is_made_by_sync_warmers() -> None:
    found = told(row=subject(rules=(rule(is_there=False, is_enabled=False, targets={}),)))
    assert (found.outcome, found.reason) == (Outcome.NOT_FIRING, "rule corkhounds-warm-places does not exist")
    assert found.next_step == "backendctl sync-warmers -r us-east-1"


def test_a_disabled_rule_is_told_though_another_calls_the_other_slot() -> None:
    rules = (
        rule(is_enabled=False, targets={"version1-a": 5}),
        rule(name="corkhounds-warm-places-2", targets={"version1-b": 5}),
    )
    found = told(row=subject(rules=rules))
    assert (found.outcome, found.reason) == (Outcome.NOT_FIRING, "rule corkhounds-warm-places is disabled by hand")


def test_a_disabled_rule_of_the_other_slot_is_no_matter() -> None:
    rules = (rule(targets={"version1-a": 1}), rule(name="second", is_enabled=False, targets={"version1-b": 1}))
    assert told(row=subject(rules=rules)).outcome is Outcome.WARM


def test_of_two_rules_by_hand_one_is_enough() -> None:
    rules = (rule(targets={"live": 1}), rule(name="old", is_enabled=False, targets={"live": 1}))
    assert told(row=by_hand(rules=rules)).outcome is Outcome.WARM


def test_of_two_rules_that_the_spec_wants_both_have_to_be_on() -> None:
    rules = (rule(targets={"version1-a": 5}), rule(name="second", is_enabled=False, targets={"version1-a": 2}))
    found = told(row=subject(rules=rules, instances=7))
    assert (found.outcome, found.reason) == (Outcome.NOT_FIRING, "rule second is disabled by hand")


@pytest.mark.parametrize(
    ("targets", "words"), [({None: 1}, "$LATEST"), ({"version1-b": 1}, "version1-b"), ({}, "no target")]
)
def test_a_rule_that_calls_what_users_do_not_hit_has_the_wrong_target(
    targets: dict[str | None, int], words: str
) -> None:
    found = told(row=subject(rules=(rule(targets=targets),)))
    assert found.outcome is Outcome.WRONG_TARGET
    assert words in found.reason
    assert "users hit version1-a" in found.reason
    assert found.next_step == "backendctl sync-warmers -r us-east-1"


def test_a_policy_that_does_not_let_the_rule_call_is_told_before_its_silence() -> None:
    row = subject(rules=(rule(is_permitted=False),))
    found = told(row=row, counted=counted(last=None, silent=86_400.0))
    assert found.outcome is Outcome.NO_PERMISSION
    assert "corkhounds-places:version1-a" in found.reason


def test_by_hand_the_permission_is_given_by_hand() -> None:
    found = told(row=by_hand(rules=(rule(name="my.rule", is_permitted=False, targets={"live": 1}),)))
    assert found.next_step.startswith(
        "aws lambda add-permission --function-name handmade --qualifier live --statement-id my-rule "
    )


def test_calls_that_all_failed_had_no_permission() -> None:
    found = told(counted=counted(fired=288, failed=288))
    assert (found.outcome, found.reason) == (
        Outcome.NO_PERMISSION,
        "288 of 288 calls of the rule did not reach corkhounds-places:version1-a",
    )
    assert told(counted=counted(fired=288, failed=20)).outcome is Outcome.WARM


def test_a_rule_that_is_enabled_and_silent_is_not_firing() -> None:
    found = told(counted=counted(silent=1000.0))
    assert found.outcome is Outcome.NOT_FIRING
    assert found.reason == "rule corkhounds-warm-places is enabled and did not fire for 16.7 min; it should every 5 min"
    assert told(counted=counted(silent=900.0)).outcome is Outcome.WARM


def test_a_rule_that_never_fired_may_just_have_been_made() -> None:
    found = told(counted=counted(fired=0, last=None, silent=86_400.0))
    assert "one made just now takes some minutes" in found.reason


def test_silence_is_no_proof_without_any_metric() -> None:
    found = told(Figures(), counted=Counted(silent=86_400.0))
    assert (found.outcome, found.reason) == (Outcome.NO_DATA, "no invocation in this time")


def test_a_schedule_or_a_cron_expression_has_no_interval_to_be_silent_in() -> None:
    cron = subject(rules=(rule(interval=None, schedule="cron(0/5 8-18 ? * MON-FRI *)"),))
    schedule = subject(rules=(rule(is_schedule=True),))
    for row in (cron, schedule):
        assert told(row=row, counted=counted(silent=80_000.0)).outcome is Outcome.WARM


def test_throttled_users_are_told_though_pings_are_warm() -> None:
    found = told(counted=counted(throttles=40, invocations=1288))
    assert found.outcome is Outcome.THROTTLED
    assert found.next_step == (
        "aws lambda get-function-concurrency --function-name corkhounds-places --region us-east-1"
    )


def test_a_throttle_among_very_many_calls_proves_nothing() -> None:
    assert told(counted=counted(throttles=1, invocations=100_000)).outcome is Outcome.WARM


def test_a_ping_that_raises_is_told_with_its_log() -> None:
    found = told(seen(failed_pings=200))
    assert (found.outcome, found.reason) == (Outcome.PING_FAILS, "200 of 288 pings raised or timed out")
    assert found.next_step == "aws logs tail /aws/lambda/corkhounds-places --since 1h --region us-east-1"


def test_an_interval_longer_than_environments_live_is_too_long() -> None:
    found = told(seen(absorbed=280), row=subject(rules=(rule(interval=1800.0),)))
    assert found.outcome is Outcome.TOO_SELDOM
    assert "the rule fires every 30 min, and an unused environment lives about 7 min" in found.reason
    assert found.next_step.endswith("backendctl sync-warmers -r us-east-1")


def test_pings_that_find_nothing_within_the_idle_time_are_not_warm() -> None:
    found = told(seen(users=0, absorbed=280, lapsed=280))
    assert found.outcome is Outcome.TOO_SELDOM
    assert "lives less than the 7 min" in found.reason


def test_cold_pings_of_a_release_are_not_an_interval_too_long() -> None:
    figures = seen(users=0, pings=3, absorbed=3, lapsed=0, overlap=3, alive=3)
    assert told(figures, row=subject(instances=3, rules=(rule(targets={"version1-a": 3}),))).outcome is Outcome.WARM


HELD = rule(targets={"version1-a": 3}, hold_ms=75.0)


def test_three_instances_that_are_held_are_warm() -> None:
    found = told(seen(overlap=3, alive=3, ping=Quantiles(p50=77, p95=80)), row=subject(instances=3, rules=(HELD,)))
    assert found.outcome is Outcome.WARM


def test_three_pings_that_never_overlap_hold_one_instance() -> None:
    found = told(seen(overlap=1), row=subject(instances=3, rules=(HELD,)))
    assert (found.outcome, found.reason) == (
        Outcome.TOO_FEW,
        "3 pings are sent at once and 1 ran at the same time: 1 environment alive",
    )


def test_fewer_targets_than_the_spec_wants_are_told_as_such() -> None:
    found = told(seen(overlap=1), row=subject(instances=3))
    assert (found.outcome, found.reason) == (
        Outcome.TOO_FEW,
        "the spec wants 3 instances, and its rules send 1 pings at once",
    )
    assert found.next_step == "backendctl sync-warmers -r us-east-1"


def test_too_few_pings_prove_no_instances() -> None:
    found = told(seen(pings=2, absorbed=2, overlap=1, users=0), row=subject(instances=3, rules=(HELD,)))
    assert found.outcome is Outcome.NO_DATA


def test_a_ping_as_long_as_a_request_means_that_the_handler_ignores_it() -> None:
    found = told(seen(ping=Quantiles(p50=118, p95=200)))
    assert found.outcome is Outcome.IGNORED
    assert found.reason.startswith("a ping takes 118 ms, a user's request 120 ms:")


def test_the_time_a_ping_was_asked_to_stay_is_not_held_against_it() -> None:
    figures = seen(ping=Quantiles(p50=120, p95=130))
    assert told(figures, row=subject(rules=(rule(hold_ms=110.0),))).outcome is Outcome.WARM


def test_a_short_ping_is_early_whatever_requests_take() -> None:
    assert told(seen(ping=Quantiles(p50=19, p95=30), warm=Quantiles(p50=15, p95=30))).outcome is Outcome.WARM


def test_users_who_meet_cold_starts_are_told_with_the_cause() -> None:
    found = told(seen(cold=200, causes={Cause.RECYCLED: 150, Cause.RELEASE: 50}))
    assert (found.outcome, found.reason) == (
        Outcome.COLD,
        "200 of 1000 users' requests met a cold start, 150 because AWS replaced a warm environment",
    )
    assert found.next_step == "backendctl warm-status places -r us-east-1 -v"


def test_cold_starts_within_what_is_allowed_are_warm() -> None:
    assert told(seen(cold=10)).outcome is Outcome.WARM
    assert told(seen(cold=60), allowed=0.1).outcome is Outcome.WARM


def test_users_at_once_on_one_warm_instance_need_more_instances() -> None:
    found = told(seen(cold=200, causes={Cause.SCALE_OUT: 200}))
    assert found.outcome is Outcome.TOO_FEW
    assert "200 because all environments were busy" in found.reason


def test_without_a_warmer_a_cold_function_is_to_get_one() -> None:
    figures = seen(users=50, cold=20, pings=0, absorbed=0, ping=Quantiles())
    in_spec = told(figures, row=subject(wants_warmth=False, rules=()))
    assert in_spec.outcome is Outcome.COLD
    assert "in the spec" in in_spec.next_step
    made = told(figures, row=by_hand())
    assert made.outcome is Outcome.COLD
    assert made.next_step == "add an EventBridge rule of rate(5 minutes) whose target is handmade:live"


def test_without_a_warmer_much_traffic_and_no_cold_start_is_warm() -> None:
    figures = seen(users=5000, pings=0, absorbed=0, ping=Quantiles())
    assert told(figures, row=by_hand()).outcome is Outcome.WARM


def test_without_a_warmer_little_traffic_proves_nothing() -> None:
    found = told(seen(users=5, pings=0, absorbed=0, ping=Quantiles()), row=by_hand())
    assert (found.outcome, found.reason) == (
        Outcome.NO_DATA,
        "no pings; 0 of 5 users' requests were cold, too few to tell",
    )


LAZY: dict[str, Any] = {"first": Quantiles(p50=700, p95=700), "later": Quantiles(p50=20, p95=40), "first_count": 1}


def test_a_handler_that_opens_its_connections_on_the_first_real_call_is_cold() -> None:
    found = told(seen(**LAZY, later_count=9))
    assert found.outcome is Outcome.COLD
    assert "takes 700 ms, later ones 20 ms" in found.reason


def test_one_slow_request_beside_one_quick_one_proves_nothing() -> None:
    assert told(seen(**LAZY, later_count=2)).outcome is Outcome.WARM


def test_pings_without_anything_alive_are_no_data() -> None:
    assert told(seen(users=0, alive=0)).outcome is Outcome.NO_DATA
    found = told(seen(users=3, alive=0))
    assert (found.outcome, found.reason) == (Outcome.NO_DATA, "288 pings, and no environment is alive now")


def test_provisioned_concurrency_is_its_own_verdict() -> None:
    row = subject(provisioned=2)
    assert told(row=row) == Verdict(outcome=Outcome.PROVISIONED, reason="2 provisioned, no spill-over")
    found = told(seen(cold=1), row=row, counted=counted(spilled=4))
    assert (found.outcome, found.reason) == (
        Outcome.PROVISIONED,
        "2 provisioned; 4 calls spilled over to on-demand environments",
    )


def test_provisioned_environments_that_report_their_loading_are_not_cold() -> None:
    assert (
        told(seen(cold=300, causes={Cause.SPILLOVER: 300}), row=subject(provisioned=2)).outcome is Outcome.PROVISIONED
    )


def test_provisioned_concurrency_that_spills_over_much_is_cold() -> None:
    figures = seen(cold=300, causes={Cause.SPILLOVER: 300})
    found = told(figures, row=subject(provisioned=2), counted=counted(spilled=900))
    assert found.outcome is Outcome.COLD
    assert found.next_step == (
        "aws lambda put-provisioned-concurrency-config --function-name corkhounds-places "
        "--qualifier version1-a --provisioned-concurrent-executions 3 --region us-east-1"
    )


def test_what_is_not_there_is_no_data() -> None:
    found = told(row=subject(is_there=False, rules=()))
    assert found == Verdict(
        outcome=Outcome.NO_DATA,
        reason="us-east-1 has no corkhounds-places:version1-a",
        next_step="backendctl deploy -r us-east-1",
    )


def test_a_function_that_no_live_stage_leads_to_is_no_data() -> None:
    found = told(row=subject(is_reached=False, alias=None, rules=()))
    assert (found.outcome, found.reason) == (
        Outcome.NO_DATA,
        "no live stage of us-east-1 leads to corkhounds-places",
    )


def test_a_log_that_was_not_read_is_no_data_with_the_reason() -> None:
    found = told(unread="the log has no reports: its system log level is WARN")
    assert (found.outcome, found.reason) == (
        Outcome.NO_DATA,
        "the log has no reports: its system log level is WARN",
    )


def test_what_metrics_prove_is_told_without_the_log() -> None:
    assert told(unread="x", row=subject(rules=(rule(is_enabled=False),))).outcome is Outcome.NOT_FIRING
    assert told(unread="x", counted=counted(throttles=900)).outcome is Outcome.THROTTLED


def test_an_hour_without_anything_is_no_data() -> None:
    found = told(Figures(), row=subject(), counted=Counted())
    assert (found.outcome, found.reason) == (Outcome.NO_DATA, "no invocation in this time")
    assert found.next_step == "backendctl warm places -r us-east-1"
    bare = told(Figures(), row=by_hand(), counted=Counted())
    assert (bare.reason, bare.next_step) == ("no invocation and no metric in this time", "")


@pytest.mark.parametrize("row", [subject(), by_hand(rules=(rule(targets={"live": 1}),))])
def test_no_step_for_a_function_by_hand_names_the_spec(row: Subject) -> None:
    situations: list[tuple[Figures | None, Subject, Counted]] = [
        (seen(), replace(row, rules=(rule(is_enabled=False, targets=row.rules[0].targets),)), counted()),
        (seen(), replace(row, rules=(replace(row.rules[0], is_permitted=False),)), counted()),
        (seen(), replace(row, rules=(replace(row.rules[0], targets={"x": 1}),)), counted()),
        (seen(absorbed=280), replace(row, rules=(replace(row.rules[0], interval=1800.0),)), counted()),
        (seen(cold=200), row, counted()),
        (seen(cold=200, causes={Cause.SCALE_OUT: 9}), row, counted()),
        (Figures(), row, Counted()),
    ]
    for figures, one, metrics in situations:
        found = judge(evidence(figures, row=one, counted=metrics))
        assert found.outcome not in {Outcome.WARM, Outcome.PROVISIONED}
        if not row.is_in_spec:
            assert "spec" not in found.next_step
            assert "sync-warmers" not in found.next_step
        assert shlex.split(found.next_step) or not row.is_in_spec
