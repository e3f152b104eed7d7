from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from botocore.exceptions import ClientError

from tests.functional.sandboxed import ACCOUNT, EAST, eventually

if TYPE_CHECKING:
    from tests.functional.sandboxed import Sandbox

ALIAS = f"arn:aws:lambda:{EAST}:{ACCOUNT}:function:places:live"


def _rule(sandbox: Sandbox, **more: Any) -> str:
    name = f"rule-{uuid.uuid4().hex[:8]}"
    sandbox.client("events").put_rule(Name=name, ScheduleExpression="rate(5 minutes)", **more)
    return name


def _targets(*names: str, **more: Any) -> list[dict[str, Any]]:
    return [{"Id": name, "Arn": ALIAS, **more} for name in names]


def _refused(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def test_putting_a_rule_again_replaces_all_of_it(sandbox: Sandbox) -> None:
    tag = [{"Key": "owner", "Value": "first"}]
    name, client = _rule(sandbox, State="DISABLED", Description="warms", Tags=tag), sandbox.client("events")
    other = [{"Key": "owner", "Value": "second"}]
    client.put_rule(Name=name, ScheduleExpression="rate(1 hour)", Tags=other)
    rule = client.describe_rule(Name=name)
    assert rule["State"] == "ENABLED"
    assert not rule.get("Description")
    assert client.list_tags_for_resource(ResourceARN=rule["Arn"])["Tags"] == tag


@pytest.mark.parametrize(
    "schedule",
    [
        "rate(1 minute)",
        "rate(5 minutes)",
        "rate(1 day)",
        "cron(0 12 * * ? *)",
        "cron(0/5 8-17 ? * MON-FRI *)",
        "cron(15 10 L * ? 2026-2030)",
        "cron(0 9 ? * 2#1 *)",
    ],
)
def test_a_right_schedule_is_taken(sandbox: Sandbox, schedule: str) -> None:
    name = _rule(sandbox)
    client = sandbox.client("events")
    client.put_rule(Name=name, ScheduleExpression=schedule)
    assert client.describe_rule(Name=name)["ScheduleExpression"] == schedule


@pytest.mark.parametrize(
    "schedule",
    [
        "rate(1 minutes)",
        "rate(5 minute)",
        "rate(0 minutes)",
        "rate(30 seconds)",
        "every 5 minutes",
        "cron(0 12 * * *)",
        "cron(0 12 * * * *)",
        "cron(0 12 ? * ? *)",
        "cron(61 12 * * ? *)",
        "cron(0 12 1 FOO ? *)",
    ],
)
def test_a_wrong_schedule_is_refused(sandbox: Sandbox, schedule: str) -> None:
    put = sandbox.client("events").put_rule
    assert "ScheduleExpression is not valid" in _refused(put, Name="wrong", ScheduleExpression=schedule)


def test_schedules_are_for_the_default_bus(sandbox: Sandbox) -> None:
    client = sandbox.client("events")
    client.create_event_bus(Name="side-bus")
    refused = _refused(client.put_rule, Name="wrong", EventBusName="side-bus", ScheduleExpression="rate(5 minutes)")
    assert "only on the default event bus" in refused


def test_a_rule_has_at_most_five_targets(sandbox: Sandbox) -> None:
    name, client = _rule(sandbox), sandbox.client("events")
    client.put_targets(Rule=name, Targets=_targets("a", "b", "c", "d", "e"))
    client.put_targets(Rule=name, Targets=_targets("e", Input="{}"))  # the same id replaces
    refused = _refused(client.put_targets, Rule=name, Targets=_targets("f"))
    assert refused.startswith("LimitExceededException")
    listed = client.list_targets_by_rule(Rule=name)["Targets"]
    assert [one["Id"] for one in listed if one.get("Input") == "{}"] == ["e"]


def test_an_input_is_one_and_json(sandbox: Sandbox) -> None:
    name, put = _rule(sandbox), sandbox.client("events").put_targets
    two = _targets("a", Input="{}", InputPath="$.detail")
    assert "Only one of Input" in _refused(put, Rule=name, Targets=two)
    assert "JSON syntax error" in _refused(put, Rule=name, Targets=_targets("a", Input="{warm"))


def test_a_rule_with_targets_is_not_deleted(sandbox: Sandbox) -> None:
    name, client = _rule(sandbox), sandbox.client("events")
    client.put_targets(Rule=name, Targets=_targets("a"))
    assert "since it has targets" in _refused(client.delete_rule, Name=name)
    client.remove_targets(Rule=name, Ids=["a"])
    client.delete_rule(Name=name)
    client.delete_rule(Name=name)  # a missing rule is no error
    assert "ResourceNotFoundException" in _refused(client.remove_targets, Rule=name, Ids=["a"])


def _sum(sandbox: Sandbox, rule: str, metric: str) -> float:
    now = datetime.now(UTC)
    points = sandbox.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Events",
        MetricName=metric,
        Dimensions=[{"Name": "RuleName", "Value": rule}],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=5),
        Period=7200,
        Statistics=["Sum"],
    )["Datapoints"]
    return sum(float(point["Sum"]) for point in points)


def test_a_rule_calls_an_alias_only_with_its_permission(sandbox: Sandbox) -> None:
    rule = f"fires-{uuid.uuid4().hex[:8]}"
    code = "def handler(event, context):\n    print('called as', context.function_version)\n"
    sandbox.function(rule, code)
    functions, events, logs = (sandbox.client(name) for name in ("lambda", "events", "logs"))
    functions.publish_version(FunctionName=rule)
    alias = functions.create_alias(FunctionName=rule, Name="live", FunctionVersion="1")["AliasArn"]
    arn = events.put_rule(Name=rule, EventPattern=json.dumps({"source": [rule]}))["RuleArn"]
    events.put_targets(Rule=rule, Targets=[{"Id": "a", "Arn": alias, "Input": "{}"}])
    event = {"Source": rule, "DetailType": "ping", "Detail": "{}"}
    grant = {
        "FunctionName": rule,
        "StatementId": "rule",
        "Action": "lambda:InvokeFunction",
        "Principal": "events.amazonaws.com",
        "SourceArn": arn,
    }
    functions.add_permission(**grant)  # of the function, not of the alias
    events.put_events(Entries=[event])
    eventually(lambda: _sum(sandbox, rule, "FailedInvocations") == 1)
    functions.add_permission(**grant, Qualifier="live")

    def said() -> list[str]:
        try:
            found = logs.filter_log_events(logGroupName=f"/aws/lambda/{rule}")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return []
        return [one["message"].strip() for one in found if "called as" in one["message"]]

    def called() -> bool:
        events.put_events(Entries=[event])  # again, until the permission has reached EventBridge (B43)
        return bool(said())

    eventually(called)
    assert set(said()) == {"called as 1"}


def test_a_schedule_fires_in_its_own_time_zone_and_counts_for_its_group(sandbox: Sandbox) -> None:
    """By the clock of Tokyo; the sweep over schedules comes every ten seconds."""
    name = f"s{uuid.uuid4().hex[:8]}"
    function = sandbox.function(name, "def handler(event, context):\n    print('pinged', event)\n")
    trust = {"Effect": "Allow", "Principal": {"Service": "scheduler.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam, scheduler = sandbox.client("iam"), sandbox.client("scheduler")
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    scheduler.create_schedule_group(Name=name)
    sandbox.client("logs").create_log_group(logGroupName=f"/aws/lambda/{name}")
    soon = datetime.now(ZoneInfo("Asia/Tokyo")).strftime("%Y-%m-%dT%H:%M:%S")
    given = {
        "Name": "once",
        "GroupName": name,
        "ScheduleExpression": f"at({soon})",
        "ScheduleExpressionTimezone": "Asia/Tokyo",
        "FlexibleTimeWindow": {"Mode": "OFF"},
        "Target": {"Arn": function, "RoleArn": role, "Input": '{"holdMs": 1}'},
    }
    assert "Timezone Mars/Base" in _refused(
        scheduler.create_schedule, **(given | {"ScheduleExpressionTimezone": "Mars/Base"})
    )

    def made() -> bool:
        try:
            return bool(scheduler.create_schedule(**given)["ScheduleArn"])
        except scheduler.exceptions.ValidationException as problem:  # a new role has to travel first
            assert "to assume the role" in str(problem)  # noqa: PT017 - what else it says is no wait
            return False

    eventually(made)

    def counted() -> bool:
        found = sandbox.client("cloudwatch").get_metric_statistics(
            Namespace="AWS/Scheduler",
            MetricName="InvocationAttemptCount",
            Dimensions=[{"Name": "ScheduleGroup", "Value": name}],
            StartTime=datetime.now(UTC) - timedelta(minutes=5),
            EndTime=datetime.now(UTC) + timedelta(minutes=1),
            Period=60,
            Statistics=["Sum"],
        )["Datapoints"]
        return bool(sum(point["Sum"] for point in found) == 1)

    eventually(counted)

    def told() -> bool:
        group = {"logGroupName": f"/aws/lambda/{name}"}
        events = sandbox.client("logs").filter_log_events(**group, filterPattern="pinged")["events"]
        return any("holdMs" in event["message"] for event in events)

    eventually(told)
