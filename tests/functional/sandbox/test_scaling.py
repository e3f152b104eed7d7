"""Application Auto Scaling refuses what AWS refuses, keeps alarms, and is copied to replicas and left behind (C17)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.refusals import refused, unique
from tests.functional.sandboxed import EAST, WEST, eventually

if TYPE_CHECKING:
    from tests.functional.sandboxed import Sandbox

METRIC = {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"}


def target(name: str) -> dict[str, str]:
    """The writes of a table."""
    return {
        "ServiceNamespace": "dynamodb",
        "ResourceId": f"table/{name}",
        "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
    }


def tracking(name: str, policy: str = "writes") -> dict[str, Any]:
    """A policy for them."""
    aim = {"TargetValue": 70.0, "PredefinedMetricSpecification": METRIC}
    return {
        **target(name),
        "PolicyName": policy,
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": aim,
    }


@pytest.fixture
def table(sandbox: Sandbox) -> str:
    """A provisioned table."""
    name = unique("scaled")
    sandbox.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        ProvisionedThroughput={"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
    )
    active(sandbox, name, EAST)
    return name


def active(sandbox: Sandbox, name: str, region: str) -> None:
    client = sandbox.client("dynamodb", region)

    def there() -> bool:
        try:
            return bool(client.describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE")
        except client.exceptions.ResourceNotFoundException:
            return False

    eventually(there)


def alarms(sandbox: Sandbox, name: str, region: str = EAST) -> set[str]:
    found = sandbox.client("cloudwatch", region).describe_alarms(AlarmNamePrefix=f"TargetTracking-table/{name}-")
    return {alarm["AlarmName"] for alarm in found["MetricAlarms"]}


def test_a_table_that_was_never_on_demand_does_not_tell_its_mode(sandbox: Sandbox, table: str) -> None:
    assert "BillingModeSummary" not in sandbox.client("dynamodb").describe_table(TableName=table)["Table"]


def test_what_aws_refuses_is_refused(sandbox: Sandbox, table: str) -> None:
    client = sandbox.client("application-autoscaling")
    register = client.register_scalable_target
    assert "cannot be less" in refused(register, **target(table), MinCapacity=9, MaxCapacity=1)
    assert "does not exist" in refused(register, **target(unique("no")), MinCapacity=1, MaxCapacity=9)
    index = {**target(table), "ResourceId": f"table/{table}/index/none"}
    index["ScalableDimension"] = "dynamodb:index:WriteCapacityUnits"
    assert "index does not exist" in refused(register, **index, MinCapacity=1, MaxCapacity=9)
    assert "must be specified" in refused(register, **target(table), MinCapacity=1)
    nothing = "ObjectNotFoundException 400: No scal"
    assert refused(client.put_scaling_policy, **tracking(table)).startswith(nothing)
    assert refused(client.deregister_scalable_target, **target(table)).startswith(nothing)
    assert refused(client.delete_scaling_policy, **target(table), PolicyName="none").startswith(nothing)


@pytest.mark.parametrize(
    ("resource", "dimension"),
    [
        ("table", "dynamodb:table:ReadCapacityUnits"),
        ("nothing", "dynamodb:table:ReadCapacityUnits"),
        ("table/{name}", "dynamodb:index:ReadCapacityUnits"),
        ("table/{name}/index/by-owner", "dynamodb:table:ReadCapacityUnits"),
        ("table/{name}", "ecs:service:DesiredCount"),
    ],
)
def test_only_tables_and_indexes_scale_each_by_their_own_dimension(
    sandbox: Sandbox, table: str, resource: str, dimension: str
) -> None:
    which = {"ServiceNamespace": "dynamodb", "ResourceId": resource.format(name=table), "ScalableDimension": dimension}
    register = sandbox.client("application-autoscaling").register_scalable_target
    told = refused(register, **which, MinCapacity=1, MaxCapacity=2)
    assert told == "ValidationException 400: Unsupported service namespace, resource type or scalable dimension"


def test_a_target_has_one_policy_that_tracks_its_own_metric(sandbox: Sandbox, table: str) -> None:
    client = sandbox.client("application-autoscaling")
    client.register_scalable_target(**target(table), MinCapacity=1, MaxCapacity=9)
    put, configured = client.put_scaling_policy, "TargetTrackingScalingPolicyConfiguration"
    reads = {"PredefinedMetricType": "DynamoDBReadCapacityUtilization"}
    wrong = {**tracking(table), configured: {"TargetValue": 70.0, "PredefinedMetricSpecification": reads}}
    assert "Unsupported predefined metric" in refused(put, **wrong)
    over = {**tracking(table), configured: {"TargetValue": 95.0, "PredefinedMetricSpecification": METRIC}}
    assert "between 20 and 90" in refused(put, **over)
    assert "must be specified" in refused(put, **target(table), PolicyName="writes", PolicyType="TargetTrackingScaling")
    assert "Unsupported policy type" in refused(put, **target(table), PolicyName="steps", PolicyType="StepScaling")
    put(**tracking(table))
    put(**tracking(table))
    assert "Only one TargetTrackingScaling policy" in refused(put, **tracking(table, "other"))


def test_a_policy_has_alarms_and_both_go_with_the_target(sandbox: Sandbox, table: str) -> None:
    client = sandbox.client("application-autoscaling")
    client.register_scalable_target(**target(table), MinCapacity=1, MaxCapacity=9)
    made = client.put_scaling_policy(**tracking(table))
    assert {alarm["AlarmName"] for alarm in made["Alarms"]} == alarms(sandbox, table)
    assert len(made["Alarms"]) == 4
    (policy,) = client.describe_scaling_policies(ServiceNamespace="dynamodb", ResourceId=f"table/{table}")[
        "ScalingPolicies"
    ]
    assert policy["Alarms"] == made["Alarms"]
    client.deregister_scalable_target(**target(table))
    found = client.describe_scaling_policies(ServiceNamespace="dynamodb", ResourceId=f"table/{table}")
    assert found["ScalingPolicies"] == []
    assert alarms(sandbox, table) == set()


def test_targets_are_copied_to_a_new_replica_and_left_behind(sandbox: Sandbox, table: str) -> None:
    client = sandbox.client("application-autoscaling")
    client.register_scalable_target(**target(table), MinCapacity=1, MaxCapacity=9)
    client.put_scaling_policy(**tracking(table))
    tables = sandbox.client("dynamodb")
    tables.update_table(TableName=table, ReplicaUpdates=[{"Create": {"RegionName": WEST}}])
    west = sandbox.client("application-autoscaling", WEST)

    def bounds() -> list[tuple[int, int]]:
        found = west.describe_scalable_targets(ServiceNamespace="dynamodb", ResourceIds=[f"table/{table}"])
        return [(one["MinCapacity"], one["MaxCapacity"]) for one in found["ScalableTargets"]]

    assert bounds() == [(1, 9)]
    assert len(alarms(sandbox, table, WEST)) == 4
    active(sandbox, table, WEST)
    eventually(lambda: tables.describe_table(TableName=table)["Table"]["Replicas"][0]["ReplicaStatus"] == "ACTIVE")
    tables.update_table(TableName=table, ReplicaUpdates=[{"Delete": {"RegionName": WEST}}])
    assert bounds() == [(1, 9)]


def test_warm_throughput_given_at_creation_is_kept(sandbox: Sandbox) -> None:
    name, client = unique("warm"), sandbox.client("dynamodb")
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        WarmThroughput={"ReadUnitsPerSecond": 13_000, "WriteUnitsPerSecond": 5_000},
    )
    warm = client.describe_table(TableName=name)["Table"]["WarmThroughput"]
    assert (warm["ReadUnitsPerSecond"], warm["WriteUnitsPerSecond"]) == (13_000, 5_000)
