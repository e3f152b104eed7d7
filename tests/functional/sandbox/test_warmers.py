"""Rules which call functions, at a minute of one second, beside environments that idle out after six."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from backendctl.sandbox.world import IDLE_MINUTES, MINUTE_SECONDS
from tests.functional.sandboxed import ACCOUNT, EAST, Sandbox, eventually, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE = "def handler(event, context):\n    return event\n"


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox in which little time is much."""
    running = Sandbox(port=free_port(), data=tmp_path_factory.mktemp("hasty"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(MINUTE_SECONDS, "1")
        patch.setenv(IDLE_MINUTES, str(6 / 60))
        running.start()
    yield running
    running.stop()


def _warmed(sandbox: Sandbox, schedule: str, *, permitted: bool = True, **settings: Any) -> tuple[str, str]:
    """A function with a rule of that schedule; the names of both."""
    name, rule = f"warm-{uuid.uuid4().hex[:8]}", f"rule-{uuid.uuid4().hex[:8]}"
    arn = sandbox.function(name, CODE, MemorySize=1769, **settings)
    events = sandbox.client("events")
    if permitted:
        sandbox.client("lambda").add_permission(
            FunctionName=name,
            StatementId="rule",
            Action="lambda:InvokeFunction",
            Principal="events.amazonaws.com",
            SourceArn=f"arn:aws:events:{EAST}:{ACCOUNT}:rule/{rule}",
        )
    sandbox.arrived()
    events.put_rule(Name=rule, ScheduleExpression=schedule)
    events.put_targets(Rule=rule, Targets=[{"Id": "1", "Arn": arn, "Input": json.dumps({"instruction": "warmer"})}])
    return name, rule


def _sum(sandbox: Sandbox, namespace: str, metric: str, **dimensions: str) -> float:
    now = datetime.now(UTC)
    found = sandbox.client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=7200,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(one["Sum"] for one in found))


def _reports(sandbox: Sandbox, name: str, *, count: int) -> list[tuple[str, str]]:
    """Stream and text of a function's reports, once there are so many."""
    logs, found = sandbox.client("logs"), list[tuple[str, str]]()

    def there() -> bool:
        try:
            events = logs.filter_log_events(logGroupName=f"/aws/lambda/{name}", filterPattern="REPORT")["events"]
        except logs.exceptions.ResourceNotFoundException:
            return False
        found[:] = [(event["logStreamName"], event["message"]) for event in events]
        return len(found) >= count

    eventually(there, seconds=60)
    return found


@pytest.mark.full
def test_a_rule_quicker_than_the_idle_time_keeps_one_environment_warm(hasty: Sandbox) -> None:
    name, rule = _warmed(hasty, "rate(1 minute)")
    reports = _reports(hasty, name, count=4)
    assert len({stream for stream, _ in reports}) == 1
    assert ["Init Duration" in text for _, text in reports] == [True] + [False] * (len(reports) - 1)
    fired = {"RuleName": rule}
    eventually(lambda: _sum(hasty, "AWS/Events", "Invocations", **fired) >= 4)
    assert _sum(hasty, "AWS/Events", "TriggeredRules", **fired) >= 4
    assert _sum(hasty, "AWS/Events", "FailedInvocations", **fired) == 0


@pytest.mark.full
def test_a_rule_slower_than_the_idle_time_finds_a_new_environment_every_time(hasty: Sandbox) -> None:
    name, _ = _warmed(hasty, "rate(8 minutes)")
    reports = _reports(hasty, name, count=2)
    assert len({stream for stream, _ in reports}) == len(reports)
    assert all("Init Duration" in text for _, text in reports)


def test_a_rule_without_permission_is_a_failed_invocation_and_calls_nobody(hasty: Sandbox) -> None:
    name, rule = _warmed(hasty, "rate(1 minute)", permitted=False)
    eventually(lambda: _sum(hasty, "AWS/Events", "FailedInvocations", RuleName=rule) >= 1, seconds=60)
    assert _sum(hasty, "AWS/Lambda", "Invocations", FunctionName=name) == 0


def test_a_ping_of_a_function_the_sandbox_cannot_run_fails_and_says_so(hasty: Sandbox) -> None:
    name, rule = _warmed(hasty, "rate(1 minute)", Runtime="ruby3.3")
    _, report = _reports(hasty, name, count=1)[0]
    assert "Error Type: Runtime.NotSupported" in report
    eventually(lambda: _sum(hasty, "AWS/Lambda", "Errors", FunctionName=name) >= 1)
    assert _sum(hasty, "AWS/Events", "FailedInvocations", RuleName=rule) == 0, "EventBridge has done its part"
