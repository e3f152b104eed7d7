"""Reserved and provisioned concurrency together: what they refuse of each other, what they throttle and count."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.sandboxed import eventually

if TYPE_CHECKING:
    from tests.functional.sandboxed import Sandbox

CODE = "import time\ndef handler(event, context):\n    time.sleep(event.get('wait', 0))\n"
THROTTLED = {
    "Reason": "ReservedFunctionConcurrentInvocationLimitExceeded",
    "retryAfterSeconds": None,
    "Message": "Rate Exceeded.",
}
MORE = "Requested Provisioned Concurrency should not be greater than the reservedConcurrentExecution for function"


def _function(sandbox: Sandbox) -> tuple[Any, str]:
    """A function with the version 1; the client and its name."""
    client, name = sandbox.client("lambda"), f"limited-{uuid.uuid4().hex[:8]}"
    sandbox.function(name, CODE, MemorySize=1769, Timeout=20)
    client.publish_version(FunctionName=name)
    return client, name


def _provision(client: Any, name: str, version: str, count: int) -> None:
    asked = {"FunctionName": name, "Qualifier": version}
    client.put_provisioned_concurrency_config(**asked, ProvisionedConcurrentExecutions=count)
    eventually(lambda: client.get_provisioned_concurrency_config(**asked)["Status"] == "READY")


def _refused(call: Any, **asked: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**asked)
    assert caught.value.response["Error"]["Code"] == "InvalidParameterValueException"
    message: str = caught.value.response["Error"]["Message"]
    return message


def _throttle(client: Any, name: str, **more: Any) -> dict[str, Any] | None:
    """AWS's error and reason when a call is not let in; None when it is."""
    try:
        client.invoke(FunctionName=name, **more)
    except client.exceptions.TooManyRequestsException as problem:
        told: dict[str, Any] = {key: problem.response.get(key) for key in ("Reason", "retryAfterSeconds")}
        return {**told, "Message": problem.response["Error"]["Message"]}
    return None


def _at_once(sandbox: Sandbox, name: str, **more: Any) -> list[dict[str, Any] | None]:
    """Two calls at the same time, each with its throttle."""

    def call(_number: int) -> dict[str, Any] | None:
        return _throttle(sandbox.client("lambda"), name, Payload=b'{"wait": 3}', **more)

    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(call, range(2)))


def _sum(sandbox: Sandbox, metric: str, **dimensions: str) -> float:
    now = datetime.now(UTC)
    found = sandbox.client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=metric,
        Dimensions=[{"Name": name, "Value": value} for name, value in dimensions.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(hours=1),
        Period=7200,
        Statistics=["Sum"],
    )["Datapoints"]
    return float(sum(one["Sum"] for one in found))


def test_reserved_and_provisioned_concurrency_hold_each_other(sandbox: Sandbox) -> None:
    client, name = _function(sandbox)
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=2)
    _provision(client, name, "1", 2)
    client.update_function_configuration(FunctionName=name, Description="two")
    sandbox.settled(name)
    client.publish_version(FunctionName=name)
    provision = client.put_provisioned_concurrency_config
    more = {"FunctionName": name, "Qualifier": "2", "ProvisionedConcurrentExecutions": 1}
    assert _refused(provision, **more) == MORE
    assert _refused(client.put_function_concurrency, FunctionName=name, ReservedConcurrentExecutions=1) == (
        " ReservedConcurrentExecutions  1 should not be lower than function's total provisioned concurrency [2]."
    )
    assert _throttle(client, name) == THROTTLED, "all that is reserved is provisioned for version 1"
    assert _throttle(client, name, Qualifier="1") is None


def test_no_more_is_provisioned_than_the_account_has(sandbox: Sandbox) -> None:
    client, name = _function(sandbox)
    asked = {"FunctionName": name, "Qualifier": "1", "ProvisionedConcurrentExecutions": 1001}
    assert "is greater than account's unreserved concurrency [" in _refused(
        client.put_provisioned_concurrency_config, **asked
    )


def test_a_reservation_throttles_calls_through_versions_and_aliases(sandbox: Sandbox) -> None:
    client, name = _function(sandbox)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    throttles = _at_once(sandbox, name, Qualifier="live")
    assert (throttles.count(THROTTLED), throttles.count(None)) == (1, 1)
    resource = f"{name}:live"
    eventually(lambda: _sum(sandbox, "Throttles", FunctionName=name, Resource=resource) >= 1)


def test_provisioned_calls_and_those_beyond_are_counted_apart(sandbox: Sandbox) -> None:
    client, name = _function(sandbox)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    _provision(client, name, "live", 1)
    assert _at_once(sandbox, name, Qualifier="live") == [None, None]
    resource = {"FunctionName": name, "Resource": f"{name}:live"}
    eventually(lambda: _sum(sandbox, "Invocations", **resource) == 2)
    assert _sum(sandbox, "ProvisionedConcurrencyInvocations", **resource) == 1
    assert _sum(sandbox, "ProvisionedConcurrencySpilloverInvocations", **resource) == 1
    assert _sum(sandbox, "ProvisionedConcurrencySpilloverInvocations", FunctionName=name) == 1
    assert _sum(sandbox, "ProvisionedConcurrencyUtilization", **resource) == 2, "one of one, twice"
