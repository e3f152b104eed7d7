from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.sandboxed import EAST, WEST, eventually

if TYPE_CHECKING:
    from tests.functional.sandboxed import Sandbox

ON_DEMAND = {"BillingMode": "PAY_PER_REQUEST"}
PROVISIONED = {
    "BillingMode": "PROVISIONED",
    "ProvisionedThroughput": {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1},
}
TO_WEST = {"ReplicaUpdates": [{"Create": {"RegionName": WEST}}]}


def _index(name: str, attribute: str) -> dict[str, Any]:
    return {
        "IndexName": name,
        "KeySchema": [{"AttributeName": attribute, "KeyType": "HASH"}],
        "Projection": {"ProjectionType": "ALL"},
    }


def _attributes(*names: str) -> list[dict[str, str]]:
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


def _table(sandbox: Sandbox, billing: dict[str, Any] = ON_DEMAND) -> str:
    name = f"table-{uuid.uuid4().hex[:8]}"
    indexes = {"GlobalSecondaryIndexes": [_index("by-owner", "owner")]} if billing is ON_DEMAND else {}
    sandbox.client("dynamodb").create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=_attributes("id", "owner") if indexes else _attributes("id"),
        **indexes,
        **billing,
    )
    _settle(sandbox, name, EAST)
    return name


def _settle(sandbox: Sandbox, name: str, *regions: str) -> None:
    """Wait until table, replicas and indexes are ACTIVE in the eyes of each region."""

    def quiet(region: str) -> bool:
        client = sandbox.client("dynamodb", region)
        try:
            table = client.describe_table(TableName=name)["Table"]
        except client.exceptions.ResourceNotFoundException:
            return False  # a replica which its region does not know yet
        parts = [*table.get("Replicas", []), *table.get("GlobalSecondaryIndexes", [])]
        states = {part.get("ReplicaStatus") or part.get("IndexStatus") for part in parts}
        return table["TableStatus"] == "ACTIVE" and states <= {"ACTIVE"}

    for region in regions:
        eventually(lambda region=region: quiet(region))  # type: ignore[misc]


def _replicate(sandbox: Sandbox, name: str) -> None:
    """Add the replica in the west."""
    sandbox.client("dynamodb", EAST).update_table(TableName=name, **TO_WEST)
    _settle(sandbox, name, WEST, EAST)


def _vanish(sandbox: Sandbox, name: str, region: str) -> None:
    """Wait until a region does not know a table any more."""
    client = sandbox.client("dynamodb", region)
    eventually(lambda: name not in client.list_tables()["TableNames"])


def _refused(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def test_a_replica_has_data_indexes_and_ttl_of_its_origin(sandbox: Sandbox) -> None:
    east, west = sandbox.client("dynamodb", EAST), sandbox.client("dynamodb", WEST)
    name = _table(sandbox)
    ttl = {"Enabled": True, "AttributeName": "expires"}
    east.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)
    east.put_item(TableName=name, Item={"id": {"S": "1"}, "owner": {"S": "ann"}})
    _replicate(sandbox, name)
    table = west.describe_table(TableName=name)["Table"]
    assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["by-owner"]
    assert table["StreamSpecification"] == {"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"}
    assert [replica["RegionName"] for replica in table["Replicas"]] == [EAST]
    described = west.describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert described["TimeToLiveStatus"] in {"ENABLING", "ENABLED"}
    assert described["AttributeName"] == "expires"
    assert west.get_item(TableName=name, Key={"id": {"S": "1"}})["Item"]["owner"] == {"S": "ann"}


def test_writes_replicate_both_ways(sandbox: Sandbox) -> None:
    east, west = sandbox.client("dynamodb", EAST), sandbox.client("dynamodb", WEST)
    name = _table(sandbox)
    _replicate(sandbox, name)
    east.put_item(TableName=name, Item={"id": {"S": "from-east"}, "owner": {"S": "x"}})
    west.put_item(TableName=name, Item={"id": {"S": "from-west"}, "owner": {"S": "x"}})
    east.delete_item(TableName=name, Key={"id": {"S": "from-east"}})
    for client in (east, west):
        found = client.query(
            TableName=name,
            IndexName="by-owner",
            KeyConditionExpression="#o = :o",
            ExpressionAttributeNames={"#o": "owner"},
            ExpressionAttributeValues={":o": {"S": "x"}},
        )
        assert [item["id"]["S"] for item in found["Items"]] == ["from-west"]


@pytest.mark.parametrize("where", [EAST, WEST])
def test_an_index_added_anywhere_appears_everywhere(sandbox: Sandbox, where: str) -> None:
    name = _table(sandbox)
    _replicate(sandbox, name)
    sandbox.client("dynamodb", where).update_table(
        TableName=name,
        AttributeDefinitions=_attributes("id", "owner", "kind"),
        GlobalSecondaryIndexUpdates=[{"Create": _index("by-kind", "kind")}],
    )
    _settle(sandbox, name, EAST, WEST)
    for region in (EAST, WEST):
        table = sandbox.client("dynamodb", region).describe_table(TableName=name)["Table"]
        assert {index["IndexName"] for index in table["GlobalSecondaryIndexes"]} == {"by-owner", "by-kind"}


def test_billing_changes_on_every_replica(sandbox: Sandbox) -> None:
    name = _table(sandbox)
    _replicate(sandbox, name)
    throughput = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
    sandbox.client("dynamodb").update_table(
        TableName=name,
        **PROVISIONED,
        GlobalSecondaryIndexUpdates=[{"Update": {"IndexName": "by-owner", "ProvisionedThroughput": throughput}}],
    )
    table = sandbox.client("dynamodb", WEST).describe_table(TableName=name)["Table"]
    assert table["TableStatus"] == "UPDATING"
    assert table["BillingModeSummary"]["BillingMode"] == "PROVISIONED"


def test_deletion_protection_is_of_one_region(sandbox: Sandbox) -> None:
    east, west = sandbox.client("dynamodb", EAST), sandbox.client("dynamodb", WEST)
    name = _table(sandbox)
    _replicate(sandbox, name)
    west.update_table(TableName=name, DeletionProtectionEnabled=True)
    _settle(sandbox, name, WEST)
    assert east.describe_table(TableName=name)["Table"]["DeletionProtectionEnabled"] is False
    delete = {"ReplicaUpdates": [{"Delete": {"RegionName": WEST}}]}
    assert "has deletion protection enabled" in _refused(east.update_table, TableName=name, **delete)
    eventually(lambda: _unprotected(west, name))  # not again at once (C52)
    _settle(sandbox, name, WEST)
    east.update_table(TableName=name, **delete)
    assert west.describe_table(TableName=name)["Table"]["TableStatus"] == "DELETING"
    _vanish(sandbox, name, WEST)
    assert "ResourceNotFoundException" in _refused(west.describe_table, TableName=name)
    assert "were not part of the" in _refused(east.update_table, TableName=name, **delete)


def _unprotected(client: Any, name: str) -> bool:
    try:
        client.update_table(TableName=name, DeletionProtectionEnabled=False)
    except client.exceptions.ClientError as problem:
        assert problem.response["Error"]["Code"] == "ThrottlingException"  # noqa: PT017 - anything else is a bug
        return False
    return True


def test_replica_requests_stand_alone_and_one_by_one(sandbox: Sandbox) -> None:
    update = sandbox.client("dynamodb").update_table
    name = _table(sandbox)
    two = [{"Create": {"RegionName": region}} for region in (WEST, "eu-west-1")]
    assert "must be the only operation" in _refused(update, TableName=name, **TO_WEST, **ON_DEMAND)
    assert "more than one create or delete" in _refused(update, TableName=name, ReplicaUpdates=two)
    here = [{"Create": {"RegionName": EAST}}]
    assert "local region" in _refused(update, TableName=name, ReplicaUpdates=here)
    nowhere = [{"Create": {"RegionName": "mars-north-1"}}]
    assert "is not supported" in _refused(update, TableName=name, ReplicaUpdates=nowhere)


def test_a_table_of_the_name_in_the_target_region_is_in_the_way(sandbox: Sandbox) -> None:
    name = _table(sandbox)
    sandbox.client("dynamodb", WEST).create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=_attributes("id"),
        **ON_DEMAND,
    )
    update = sandbox.client("dynamodb").update_table
    assert "already existed as tables" in _refused(update, TableName=name, **TO_WEST)


def test_a_provisioned_table_needs_scaling_before_a_replica(sandbox: Sandbox) -> None:
    name = _table(sandbox, PROVISIONED)
    update, scaling = sandbox.client("dynamodb").update_table, sandbox.client("application-autoscaling")
    assert "should either be Pay-Per-Request or AutoScaled" in _refused(update, TableName=name, **TO_WEST)
    which = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": f"table/{name}",
        "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
    }
    scaling.register_scalable_target(**which, MinCapacity=1, MaxCapacity=10)
    assert "should either be Pay-Per-Request or AutoScaled" in _refused(update, TableName=name, **TO_WEST)
    metric = {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"}
    scaling.put_scaling_policy(
        **which,
        PolicyName="writes",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={"TargetValue": 70.0, "PredefinedMetricSpecification": metric},
    )
    _replicate(sandbox, name)
    assert sandbox.client("dynamodb", WEST).describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE"


def test_one_index_change_per_call(sandbox: Sandbox) -> None:
    name = _table(sandbox)
    refused = _refused(
        sandbox.client("dynamodb").update_table,
        TableName=name,
        AttributeDefinitions=_attributes("id", "kind"),
        GlobalSecondaryIndexUpdates=[
            {"Create": _index("by-kind", "kind")},
            {"Delete": {"IndexName": "by-owner"}},
        ],
    )
    assert refused.startswith("LimitExceededException: Subscriber limit exceeded")


def test_saying_a_ttl_again_is_refused(sandbox: Sandbox) -> None:
    name, client = _table(sandbox), sandbox.client("dynamodb")
    ttl = {"Enabled": True, "AttributeName": "expires"}
    client.update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)
    refused = _refused(client.update_time_to_live, TableName=name, TimeToLiveSpecification=ttl)
    assert "TimeToLive is already enabled" in refused


def test_expiry_is_of_the_whole_group(sandbox: Sandbox) -> None:
    name = _table(sandbox)
    _replicate(sandbox, name)
    ttl = {"Enabled": True, "AttributeName": "expires"}
    sandbox.client("dynamodb", WEST).update_time_to_live(TableName=name, TimeToLiveSpecification=ttl)
    described = sandbox.client("dynamodb", EAST).describe_time_to_live(TableName=name)["TimeToLiveDescription"]
    assert described["AttributeName"] == "expires"


def test_an_index_cannot_be_read_before_it_is_filled(sandbox: Sandbox) -> None:
    name, client = _table(sandbox), sandbox.client("dynamodb")
    client.update_table(
        TableName=name,
        AttributeDefinitions=_attributes("id", "kind"),
        GlobalSecondaryIndexUpdates=[{"Create": _index("by-kind", "kind")}],
    )
    scan = {"TableName": name, "IndexName": "by-kind"}
    assert "Cannot read from backfilling global secondary index: by-kind" in _refused(client.scan, **scan)
    assert "ResourceInUseException" in _refused(client.delete_table, TableName=name)
    _settle(sandbox, name, EAST)
    assert client.scan(**scan)["Items"] == []


def test_the_stream_of_a_global_table_stays(sandbox: Sandbox) -> None:
    name, client = _table(sandbox), sandbox.client("dynamodb")
    _replicate(sandbox, name)
    off = {"StreamEnabled": False}
    assert "Disabling Stream" in _refused(client.update_table, TableName=name, StreamSpecification=off)


def test_the_old_global_tables_are_gone(sandbox: Sandbox) -> None:
    create = sandbox.client("dynamodb").create_global_table
    group = [{"RegionName": EAST}]
    assert "2017.11.29 is not supported" in _refused(create, GlobalTableName="old", ReplicationGroup=group)
