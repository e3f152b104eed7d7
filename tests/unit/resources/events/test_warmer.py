"""The rules that keep functions warm."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from backendctl.aws.connection import Aws
from backendctl.engine.diff import differences
from backendctl.errors import BackendctlError
from backendctl.resources.deploy_context import DeployContext
from backendctl.resources.events import rule_reads, warmer_layout
from backendctl.resources.events.warmer import Warmer, _settle
from backendctl.spec.model import Warm
from backendctl.spec.warming import build_warm
from tests.unit.resources.lambda_helpers import EAST, PLACES, changed, context_of, emulated, staged_context

RULE = "corkhounds-warm-places"


@pytest.fixture
def aws() -> Iterator[Aws]:
    with emulated() as made:
        yield made


def warm(**settings: object) -> DeployContext:
    return staged_context(changed(PLACES, warm=replace(Warm(), **settings)))  # type: ignore[arg-type]  # a test's words


def wanted(context: DeployContext) -> Warmer:
    return next(iter(Warmer.desired(context)))


def pending(aws: Aws, context: DeployContext) -> list[str]:
    aws.forget()
    return [change.field for change in differences(wanted(context), Warmer.read(aws, wanted(context)))]


def apply(aws: Aws, context: DeployContext) -> None:
    aws.forget()
    live = Warmer.read(aws, wanted(context))
    if live is None:
        wanted(context).create(aws)
    else:
        wanted(context).update(aws, live)


def rules(aws: Aws) -> list[str]:
    return [rule["Name"] for rule in aws.events(EAST).list_rules()["Rules"]]


def rules_states(aws: Aws) -> set[str]:
    return {rule["State"] for rule in aws.events(EAST).list_rules()["Rules"]}


def test_both_slots_are_called_and_the_plain_name_is_not() -> None:
    assert wanted(warm()).targets == {
        f"{RULE}/version1-a-1": "corkhounds-places:version1-a",
        f"{RULE}/version1-b-1": "corkhounds-places:version1-b",
    }


def test_a_warmer_needs_the_permission_of_all_it_calls() -> None:
    assert wanted(warm()).needs() == {
        f"{EAST}/permission/places:version1-a",
        f"{EAST}/permission/places:version1-b",
    }


def test_a_function_that_is_not_kept_warm_has_no_warmer() -> None:
    assert list(Warmer.desired(staged_context(changed(PLACES, warm=None)))) == []


def test_a_function_without_aliases_is_called_itself() -> None:
    found = wanted(context_of(PLACES))
    assert found.targets == {f"{RULE}/unqualified-1": "corkhounds-places"}
    assert found.needs() == {f"{EAST}/permission/places"}


def test_a_rule_takes_five_targets() -> None:
    layout = warmer_layout.layout(warm(instances=5), EAST, changed(PLACES, warm=Warm(instances=5)))
    assert {rule: len(targets) for rule, targets in layout.items()} == {RULE: 5, f"{RULE}-2": 5}
    assert {target.qualifier for target in layout[RULE]} == {"version1-a"}


def test_one_minute_is_singular() -> None:
    assert warmer_layout.schedule(Warm(every=1)) == "rate(1 minute)"
    assert warmer_layout.schedule(Warm(every=5)) == "rate(5 minutes)"


def test_long_names_fit_and_stay_apart() -> None:
    names = [
        next(iter(warmer_layout.layout(context_of(f), EAST, f)))
        for f in (changed(PLACES, name="p" * 80), changed(PLACES, name="p" * 81))
    ]
    assert len(set(names)) == 2
    assert all(len(name) <= 60 and name.startswith("corkhounds-warm-p") for name in names)


def test_the_second_plan_is_empty(aws: Aws) -> None:
    apply(aws, warm())
    assert pending(aws, warm()) == []


def test_a_target_is_not_retried_and_gets_the_input(aws: Aws) -> None:
    apply(aws, warm())
    target = aws.events(EAST).list_targets_by_rule(Rule=RULE)["Targets"][0]
    assert target["Arn"] == f"arn:aws:lambda:{EAST}:123456789012:function:corkhounds-places:version1-a"
    assert target["Input"] == '{"instruction": "warmer"}'
    assert target["RetryPolicy"]["MaximumRetryAttempts"] == 0


def test_a_disabled_warmer_stays_disabled(aws: Aws) -> None:
    apply(aws, warm(enabled=False))
    assert pending(aws, warm(enabled=False)) == []
    apply(aws, warm(enabled=False, every=10))
    found = aws.events(EAST).describe_rule(Name=RULE)
    assert (found["State"], found["ScheduleExpression"]) == ("DISABLED", "rate(10 minutes)")


def test_a_rule_disabled_by_hand_is_left_so_and_told(aws: Aws) -> None:
    apply(aws, warm(instances=3))
    assert rules_states(aws) == {"ENABLED"}
    for rule in rules(aws):
        aws.events(EAST).disable_rule(Name=rule)
    assert pending(aws, warm(instances=3)) == []
    aws.forget()
    live = Warmer.read(aws, wanted(warm(instances=3)))
    assert live is not None
    assert "disabled by hand" in live.note
    apply(aws, warm(instances=4, every=10))
    assert pending(aws, warm(instances=4, every=10)) == []
    assert rules_states(aws) == {"DISABLED"}


def test_a_rule_that_is_changed_says_when_and_a_new_one_does_not(aws: Aws) -> None:
    apply(aws, warm())
    aws.forget()
    assert [rule_reads.changed(aws, EAST, rule) for rule in rule_reads.rules(aws, EAST)] == [0.0]
    apply(aws, warm(every=10))
    aws.forget()
    (changed_at,) = [rule_reads.changed(aws, EAST, rule) for rule in rule_reads.rules(aws, EAST)]
    assert abs(changed_at - time.time()) < 600
    assert pending(aws, warm(every=10)) == []


def test_one_rule_of_two_disabled_by_hand_stays_the_only_one(aws: Aws) -> None:
    apply(aws, warm(instances=3))
    aws.events(EAST).disable_rule(Name=RULE)
    apply(aws, warm(instances=3, every=10))
    assert pending(aws, warm(instances=3, every=10)) == []
    found = {rule["Name"]: rule["State"] for rule in aws.events(EAST).list_rules()["Rules"]}
    assert found == {RULE: "DISABLED", f"{RULE}-2": "ENABLED"}


def test_enabled_true_switches_a_disabled_rule_on(aws: Aws) -> None:
    apply(aws, warm())
    aws.events(EAST).disable_rule(Name=RULE)
    assert pending(aws, warm(enabled=True)) == ["state"]
    apply(aws, warm(enabled=True))
    assert rules_states(aws) == {"ENABLED"}
    assert pending(aws, warm(enabled=True)) == []


def test_pings_that_are_to_overlap_say_how_long_to_stay(aws: Aws) -> None:
    apply(aws, warm(instances=2, hold=120))
    inputs = {target["Input"] for target in aws.events(EAST).list_targets_by_rule(Rule=RULE)["Targets"]}
    assert inputs == {'{"holdMs": 120, "instruction": "warmer"}'}
    assert pending(aws, warm(instances=2, hold=120)) == []
    assert pending(aws, warm(instances=2)) == ["input"]


def test_a_cron_expression_without_a_time_zone_is_a_rule(aws: Aws) -> None:
    text = "cron(0/5 7-19 ? * MON-FRI *)"
    context = staged_context(changed(PLACES, warm=build_warm({"every": text})))
    apply(aws, context)
    assert aws.events(EAST).describe_rule(Name=RULE)["ScheduleExpression"] == text
    assert pending(aws, context) == []


def test_fewer_instances_leave_no_rule_behind(aws: Aws) -> None:
    apply(aws, warm(instances=3))
    assert rules(aws) == [RULE, f"{RULE}-2"]
    assert "rules" in pending(aws, warm())
    apply(aws, warm())
    assert rules(aws) == [RULE]
    assert pending(aws, warm()) == []


def test_a_kill_between_rule_and_targets_is_repaired(aws: Aws) -> None:
    aws.events(EAST).put_rule(
        Name=RULE,
        ScheduleExpression="rate(5 minutes)",
        State="ENABLED",
        Tags=[{"Key": "backendctl:backend", "Value": "corkhounds"}, {"Key": "backendctl:name", "Value": "places"}],
    )
    assert f"targets.{RULE}/version1-a-1".split("/", maxsplit=1)[0] in [f.split("/")[0] for f in pending(aws, warm())]
    apply(aws, warm())
    assert pending(aws, warm()) == []
    assert [rule_reads.changed(aws, EAST, rule) for rule in rule_reads.rules(aws, EAST)] == [0.0]


def test_a_rule_of_somebody_else_is_not_ours(aws: Aws) -> None:
    aws.events(EAST).put_rule(Name=RULE, ScheduleExpression="rate(5 minutes)")
    live = Warmer.read(aws, wanted(warm()))
    assert live is not None
    assert live.owner is None
    assert list(Warmer.owned(aws, EAST)) == []
    apply(aws, warm())
    aws.forget()
    assert [live.name for live in Warmer.owned(aws, EAST)] == ["places"]


def test_delete_takes_targets_and_rules_and_may_be_repeated(aws: Aws) -> None:
    apply(aws, warm(instances=3))
    aws.forget()
    live = next(iter(Warmer.owned(aws, EAST)))
    live.delete(aws)
    live.delete(aws)
    assert rules(aws) == []


def test_entries_that_fail_for_a_moment_are_sent_again(aws: Aws) -> None:
    sent: list[list[str]] = []

    def send(ids: object) -> list[dict[str, str]]:
        sent.append(list(ids))  # type: ignore[call-overload]  # a list of ids
        return [{"TargetId": "b", "ErrorCode": "ConcurrentModificationException"}] if len(sent) == 1 else []

    _settle(aws, "targets", ["a", "b"], send)
    assert sent == [["a", "b"], ["b"]]


def test_entries_that_fail_for_good_are_told(aws: Aws) -> None:
    with pytest.raises(BackendctlError, match="a: ManagedRuleException: no"):
        _settle(
            aws,
            "targets",
            ["a"],
            lambda _: [{"TargetId": "a", "ErrorCode": "ManagedRuleException", "ErrorMessage": "no"}],
        )


def asked(aws: Aws) -> list[str]:
    """The operations that EventBridge is asked for from now on."""
    seen: list[str] = []

    def note(*, model: Any, **_: Any) -> None:
        seen.append(model.name)

    aws.events(EAST).meta.events.register("before-call.eventbridge", note)
    return seen


def indexed(aws: Aws, tags: dict[str, str]) -> None:
    """What the tagging service tells of the one rule."""
    aws.remember(("tag-index", EAST), {f"arn:aws:events:{EAST}:{aws.account}:rule/{RULE}": tags})


def test_of_a_rule_that_the_tagging_service_shows_as_wanted_no_tags_are_asked_for(aws: Aws) -> None:
    apply(aws, warm())
    aws.forget()
    indexed(aws, dict(wanted(warm()).tags or {}))
    calls = asked(aws)
    assert differences(wanted(warm()), Warmer.read(aws, wanted(warm()))) == ()
    assert calls == ["ListRules", "ListTargetsByRule"]


def test_a_rule_that_is_to_be_changed_is_asked_for_its_tags(aws: Aws) -> None:
    apply(aws, warm())
    aws.forget()
    indexed(aws, dict(wanted(warm()).tags or {}))
    calls = asked(aws)
    assert differences(wanted(warm(every="1 hour")), Warmer.read(aws, wanted(warm(every="1 hour"))))
    assert calls == ["ListRules", "ListTargetsByRule", "ListTagsForResource"]


def test_a_rule_that_has_lost_our_mark_meanwhile_is_not_deleted(aws: Aws) -> None:
    apply(aws, warm())
    aws.forget()
    indexed(aws, dict(wanted(warm()).tags or {}))
    (live,) = Warmer.owned(aws, EAST)
    arn = f"arn:aws:events:{EAST}:{aws.account}:rule/{RULE}"
    aws.events(EAST).untag_resource(ResourceARN=arn, TagKeys=["backendctl:backend"])
    with pytest.raises(BackendctlError, match="no longer has the tag backendctl:backend=corkhounds and is not deleted"):
        live.delete(aws)
    assert rules(aws) == [RULE]
