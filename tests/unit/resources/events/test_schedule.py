"""Keeping a function warm by EventBridge Scheduler."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from backendctl.aws.connection import Aws
from backendctl.engine.diff import differences
from backendctl.resources.deploy_context import DeployContext
from backendctl.resources.events.schedule import Schedule
from backendctl.resources.events.warmer import Warmer
from backendctl.resources.iam.role import Role
from backendctl.resources.lambda_.permission import Permission
from backendctl.spec.model import Warm
from backendctl.spec.warming import build_warm
from tests.unit.resources.lambda_helpers import EAST, PLACES, changed, emulated, staged_context

GROUP = "corkhounds-warm-places"
OFFICE = {"only": "Mon-Fri 07:00-20:00 Europe/Dublin"}
EARLY, DAY = "cron(55 6 ? * MON-FRI *)", "cron(0/5 7-19 ? * MON-FRI *)"


@pytest.fixture
def aws() -> Iterator[Aws]:
    with emulated() as made:
        yield made


def office(**settings: Any) -> DeployContext:
    return staged_context(changed(PLACES, warm=build_warm({**OFFICE, **settings})))


def wanted(context: DeployContext) -> Schedule:
    return next(iter(Schedule.desired(context)))


def live_of(aws: Aws, context: DeployContext) -> Schedule:
    aws.forget()
    found = Schedule.read(aws, wanted(context))
    assert found is not None
    return found


def pending(aws: Aws, context: DeployContext) -> list[str]:
    return [change.field for change in differences(wanted(context), live_of(aws, context))]


def apply(aws: Aws, context: DeployContext) -> None:
    aws.forget()
    live = Schedule.read(aws, wanted(context))
    if live is None:
        wanted(context).create(aws)
    else:
        wanted(context).update(aws, live)


def names(aws: Aws) -> list[str]:
    return sorted(one["Name"] for one in aws.scheduler(EAST).list_schedules(GroupName=GROUP)["Schedules"])


def one(aws: Aws, name: str = "version1-a-2") -> dict[str, Any]:
    found: dict[str, Any] = aws.scheduler(EAST).get_schedule(Name=name, GroupName=GROUP)
    return found


def disable(aws: Aws, name: str) -> None:
    known = one(aws, name)
    given = ("ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target", "Description")
    aws.scheduler(EAST).update_schedule(
        Name=name, GroupName=GROUP, State="DISABLED", **{key: known[key] for key in given}
    )


def test_office_hours_have_a_schedule_for_each_slot_and_expression() -> None:
    assert wanted(office()).schedules == {
        "version1-a-1": f"{EARLY} → corkhounds-places:version1-a",
        "version1-a-2": f"{DAY} → corkhounds-places:version1-a",
        "version1-b-1": f"{EARLY} → corkhounds-places:version1-b",
        "version1-b-2": f"{DAY} → corkhounds-places:version1-b",
    }


def test_a_schedule_needs_the_aliases_and_the_role_and_no_permission() -> None:
    context = office()
    assert wanted(context).needs() == {
        f"{EAST}/alias/places:version1-a",
        f"{EAST}/alias/places:version1-b",
        "global/role/corkhounds-scheduler",
    }
    assert not [sid for one in Permission.desired(context) for sid in one.statements or {} if "-warm-" in sid]


def test_what_is_scheduled_has_no_rule_and_the_other_way_round() -> None:
    assert list(Warmer.desired(office())) == []
    assert list(Schedule.desired(staged_context(changed(PLACES, warm=Warm())))) == []


def test_the_role_may_call_the_functions_and_is_assumed_by_scheduler_only() -> None:
    role = next(one for one in Role.desired(office()) if one.name == "corkhounds-scheduler")
    assert role.policy is not None
    assert role.trust is not None
    assert role.policy["Invoke"]["Action"] == "lambda:InvokeFunction"
    assert role.policy["Invoke"]["Resource"] == [
        "arn:aws:lambda:*:123456789012:function:corkhounds-*",
        "arn:aws:lambda:*:123456789012:function:corkhounds-*:*",
    ]
    assert role.trust["Scheduler"]["Principal"] == {"Service": "scheduler.amazonaws.com"}
    assert role.trust["Scheduler"]["Condition"] == {"StringEquals": {"aws:SourceAccount": "123456789012"}}


def test_without_schedules_there_is_no_such_role() -> None:
    assert [role.name for role in Role.desired(staged_context())] == ["corkhounds-lambda"]


def test_the_second_plan_is_empty(aws: Aws) -> None:
    apply(aws, office())
    assert pending(aws, office()) == []
    target = one(aws)["Target"]
    assert (one(aws)["ScheduleExpressionTimezone"], one(aws)["FlexibleTimeWindow"]) == (
        "Europe/Dublin",
        {"Mode": "OFF"},
    )
    assert (target["Input"], target["RetryPolicy"]["MaximumRetryAttempts"]) == ('{"instruction": "warmer"}', 0)
    assert target["RoleArn"] == "arn:aws:iam::123456789012:role/corkhounds-scheduler"


def test_a_change_is_told_and_made(aws: Aws) -> None:
    apply(aws, office())
    later = office(only="Mon-Fri 08:00-20:00 Europe/Dublin", input={"ping": 1})
    assert set(pending(aws, later)) == {*(f"schedules.version1-{slot}-{n}" for slot in "ab" for n in "12"), "input"}
    apply(aws, later)
    assert pending(aws, later) == []


def test_expressions_that_are_no_longer_wanted_go(aws: Aws) -> None:
    apply(aws, office())
    fewer = staged_context(
        changed(PLACES, warm=build_warm({"every": "cron(0 9 ? * MON *)", "time-zone": "Europe/Dublin"}))
    )
    apply(aws, fewer)
    assert names(aws) == ["version1-a-1", "version1-b-1"]
    assert pending(aws, fewer) == []


def test_a_schedule_that_was_deleted_by_hand_is_made_again(aws: Aws) -> None:
    apply(aws, office())
    aws.scheduler(EAST).delete_schedule(Name="version1-b-1", GroupName=GROUP)
    assert pending(aws, office()) == ["schedules.version1-b-1"]
    apply(aws, office())
    assert pending(aws, office()) == []


def test_a_kill_between_group_and_schedules_is_repaired(aws: Aws) -> None:
    tags = [{"Key": "backendctl:backend", "Value": "corkhounds"}, {"Key": "backendctl:name", "Value": "places"}]
    aws.scheduler(EAST).create_schedule_group(Name=GROUP, Tags=tags)
    assert pending(aws, office())
    wanted(office()).create(aws)
    assert pending(aws, office()) == []


def test_schedules_disabled_by_hand_stay_so_and_are_told(aws: Aws) -> None:
    apply(aws, office())
    for name in names(aws):
        disable(aws, name)
    assert pending(aws, office()) == []
    assert "disabled by hand" in live_of(aws, office()).note
    apply(aws, office(input={"ping": 1}))
    assert {one(aws, name)["State"] for name in names(aws)} == {"DISABLED"}


def test_enabled_true_switches_them_on_again(aws: Aws) -> None:
    apply(aws, office())
    disable(aws, "version1-a-1")
    assert pending(aws, office(enabled=True)) == ["state"]
    apply(aws, office(enabled=True))
    assert one(aws, "version1-a-1")["State"] == "ENABLED"
    assert live_of(aws, office(enabled=True)).note == ""


def test_a_group_of_somebody_else_is_not_ours(aws: Aws) -> None:
    aws.scheduler(EAST).create_schedule_group(Name=GROUP, Tags=[{"Key": "team", "Value": "other"}])
    assert live_of(aws, office()).owner is None
    assert list(Schedule.owned(aws, EAST)) == []


def test_what_is_ours_is_found_without_the_spec_and_deleted_whole(aws: Aws) -> None:
    apply(aws, office())
    aws.forget()
    (found,) = Schedule.owned(aws, EAST)
    assert (found.name, found.owner, found.group) == ("places", "corkhounds", GROUP)
    found.delete(aws)
    aws.forget()
    assert list(Schedule.owned(aws, EAST)) == []
    replace(found).delete(aws)
