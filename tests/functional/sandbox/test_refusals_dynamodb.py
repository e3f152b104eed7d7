"""Rows 18 to 23 of what emulators let through: DynamoDB. The sandbox refuses it as AWS does."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tests.functional.refusals import refused, unique
from tests.functional.sandboxed import EAST, WEST, eventually

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.functional.sandboxed import Sandbox

EUROPE = "eu-west-1"
ON_DEMAND: dict[str, Any] = {"BillingMode": "PAY_PER_REQUEST"}
UNITS = {"ReadCapacityUnits": 1, "WriteCapacityUnits": 1}
PROVISIONED: dict[str, Any] = {"BillingMode": "PROVISIONED", "ProvisionedThroughput": UNITS}
IN_USE = "ResourceInUseException 400: The resource which you are attempting to change is in use."
ONE_INDEX = "LimitExceededException 400: Subscriber limit exceeded: Only 1 online index can be created or deleted"
EXPIRES = {"Enabled": True, "AttributeName": "expires"}


def adding(*regions: str) -> list[dict[str, Any]]:
    """Replica updates which create."""
    return [{"Create": {"RegionName": region}} for region in regions]


def removing(*regions: str) -> list[dict[str, Any]]:
    """Replica updates which delete."""
    return [{"Delete": {"RegionName": region}} for region in regions]


def index(name: str, **more: Any) -> dict[str, Any]:
    """A global secondary index whose hash key bears its name."""
    key = [{"AttributeName": name, "KeyType": "HASH"}]
    return {"IndexName": name, "KeySchema": key, "Projection": {"ProjectionType": "ALL"}, **more}


def attributes(*names: str) -> list[dict[str, str]]:
    """Text attributes."""
    return [{"AttributeName": name, "AttributeType": "S"} for name in names]


class Table:
    """A table of its own for one test."""

    def __init__(
        self,
        sandbox: Sandbox,
        *,
        billing: dict[str, Any] = ON_DEMAND,
        indexes: Sequence[dict[str, Any]] = (),
        settle: bool = True,
    ) -> None:
        self.sandbox, self.name = sandbox, unique("table")
        self.asked = {
            "TableName": self.name,
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": attributes("id", *(one["IndexName"] for one in indexes)),
            **({"GlobalSecondaryIndexes": list(indexes)} if indexes else {}),
            **billing,
        }
        self.in_region().create_table(**self.asked)
        if settle:
            self.settled()

    def in_region(self, region: str = EAST) -> Any:
        """DynamoDB there."""
        return self.sandbox.client("dynamodb", region)

    def described(self, region: str = EAST) -> dict[str, Any]:
        """The table there; {} when that region does not know it."""
        try:
            found: dict[str, Any] = self.in_region(region).describe_table(TableName=self.name)["Table"]
        except ClientError as missing:
            assert missing.response["Error"]["Code"] == "ResourceNotFoundException"  # noqa: PT017 - anything else is a bug
            return {}
        return found

    def settled(self, region: str = EAST) -> None:
        """Wait until table, replicas and indexes are ACTIVE."""

        def done() -> bool:
            table = self.described(region)
            states = [one.get("ReplicaStatus", "ACTIVE") for one in table.get("Replicas", [])]
            states += [one["IndexStatus"] for one in table.get("GlobalSecondaryIndexes", [])]
            return table.get("TableStatus") == "ACTIVE" and set(states) <= {"ACTIVE"}

        eventually(done)

    def update(self, region: str = EAST, **change: Any) -> Any:
        """UpdateTable."""
        return self.in_region(region).update_table(TableName=self.name, **change)

    def refused(self, region: str = EAST, **change: Any) -> str:
        """A refused UpdateTable."""
        return refused(self.in_region(region).update_table, TableName=self.name, **change)

    def replicated(self, region: str = WEST) -> None:
        """Add a replica and wait until it is there."""
        self.update(ReplicaUpdates=adding(region))
        eventually(lambda: region in self.replicas())
        self.settled()
        self.settled(region)

    def replicas(self, region: str = EAST) -> dict[str, str]:
        """Region → status, as one region lists them."""
        return {one["RegionName"]: one["ReplicaStatus"] for one in self.described(region).get("Replicas", [])}

    def fills_an_index(self) -> None:
        """Wait until the table says ACTIVE although its only index is still being filled."""

        def misleading() -> bool:
            now = self.described()
            (made,) = now["GlobalSecondaryIndexes"]
            shown = now["TableStatus"], made["IndexStatus"], made.get("Backfilling")
            return shown == ("ACTIVE", "CREATING", True)

        eventually(misleading)

    def fill(self) -> None:
        """One item, which makes copies slow."""
        self.in_region().put_item(TableName=self.name, Item={"id": {"S": "1"}})


def test_row_18_a_replica_change_is_alone_and_one_per_call(sandbox: Sandbox) -> None:
    table = Table(sandbox)
    both = table.refused(ReplicaUpdates=adding(WEST), DeletionProtectionEnabled=True)
    assert both == "ValidationException 400: Replica modification must be the only operation in the request"
    two = table.refused(ReplicaUpdates=adding(WEST, EUROPE))
    assert two.startswith("ValidationException 400: ")
    assert "more than one create or delete replica actions not allowed" in two


def test_row_18_a_replica_is_nowhere_to_be_seen_at_first_and_the_next_waits(slow_sandbox: Sandbox) -> None:
    table = Table(slow_sandbox)
    answer = table.update(ReplicaUpdates=adding(WEST))
    assert table.refused(ReplicaUpdates=adding(EUROPE)) == IN_USE
    assert "Replicas" not in answer["TableDescription"]
    assert table.described(WEST) == {}


def test_row_18_a_table_is_active_while_its_replica_is_being_made(sandbox: Sandbox) -> None:
    table = Table(sandbox)
    table.fill()
    table.update(ReplicaUpdates=adding(WEST))

    def misleading() -> bool:
        now = table.described()
        replicas = {one["RegionName"]: one["ReplicaStatus"] for one in now.get("Replicas", [])}
        return (now["TableStatus"], replicas) == ("ACTIVE", {WEST: "CREATING"})

    eventually(misleading)
    assert table.refused(ReplicaUpdates=adding(EUROPE)) == IN_USE


def test_strong_consistency_is_made_in_one_call_of_three_regions_and_stays(sandbox: Sandbox) -> None:
    table = Table(sandbox)
    strong = {"MultiRegionConsistency": "STRONG"}
    assert "exactly 3 regions" in table.refused(**strong, ReplicaUpdates=adding(WEST))
    table.update(**strong, ReplicaUpdates=adding(WEST, "us-east-2"))
    table.settled()
    table.settled(WEST)
    assert {table.described(region)["MultiRegionConsistency"] for region in (EAST, WEST)} == {"STRONG"}
    assert "one by one" in table.refused(ReplicaUpdates=removing(WEST))
    assert "one by one" in table.refused(ReplicaUpdates=adding(EUROPE))
    client = table.in_region()
    assert "only one table replica" in refused(client.delete_table, TableName=table.name)
    assert "TTL is not supported" in refused(
        client.update_time_to_live, TableName=table.name, TimeToLiveSpecification=EXPIRES
    )
    table.update(ReplicaUpdates=removing(WEST, "us-east-2"))
    eventually(lambda: "MultiRegionConsistency" not in table.described() and not table.replicas())


def test_of_strong_consistency_one_region_may_be_a_witness_and_the_table_is_empty(sandbox: Sandbox) -> None:
    table = Table(sandbox)
    table.fill()
    witness = [{"Create": {"RegionName": "us-east-2"}}]
    change: dict[str, Any] = {
        "MultiRegionConsistency": "STRONG",
        "GlobalTableWitnessUpdates": witness,
        "ReplicaUpdates": adding(WEST),
    }
    assert "must be empty" in table.refused(**change)
    table.in_region().delete_item(TableName=table.name, Key={"id": {"S": "1"}})
    table.update(**change)
    eventually(lambda: table.replicas() == {WEST: "ACTIVE"})
    assert [one["RegionName"] for one in table.described()["GlobalTableWitnesses"]] == ["us-east-2"]


def test_row_19_a_provisioned_table_scales_with_all_its_indexes_before_a_replica(sandbox: Sandbox) -> None:
    table = Table(sandbox, billing=PROVISIONED, indexes=[index("owner", ProvisionedThroughput=UNITS)])
    refusal = "ValidationException 400: {} write capacity should either be Pay-Per-Request or AutoScaled."
    of_table = f"table/{table.name}", "dynamodb:table:WriteCapacityUnits"
    of_index = f"table/{table.name}/index/owner", "dynamodb:index:WriteCapacityUnits"
    assert table.refused(ReplicaUpdates=adding(WEST)) == refusal.format("Table")
    register(sandbox, *of_table)
    assert table.refused(ReplicaUpdates=adding(WEST)) == refusal.format("Table")
    follow(sandbox, *of_table)
    assert table.refused(ReplicaUpdates=adding(WEST)) == refusal.format("GSI")
    register(sandbox, *of_index)
    follow(sandbox, *of_index)
    table.update(ReplicaUpdates=adding(WEST))


def register(sandbox: Sandbox, resource: str, dimension: str) -> None:
    """A scalable target."""
    sandbox.client("application-autoscaling").register_scalable_target(
        ServiceNamespace="dynamodb", ResourceId=resource, ScalableDimension=dimension, MinCapacity=1, MaxCapacity=9
    )


def follow(sandbox: Sandbox, resource: str, dimension: str) -> None:
    """The policy of a scalable target."""
    metric = {"PredefinedMetricType": "DynamoDBWriteCapacityUtilization"}
    sandbox.client("application-autoscaling").put_scaling_policy(
        ServiceNamespace="dynamodb",
        ResourceId=resource,
        ScalableDimension=dimension,
        PolicyName=unique("policy"),
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={"TargetValue": 70.0, "PredefinedMetricSpecification": metric},
    )


def test_row_20_a_region_that_was_copied_from_does_not_leave_for_a_day(sandbox: Sandbox) -> None:
    table = Table(sandbox)
    table.update(ReplicaUpdates=adding(WEST))
    told: list[str] = []

    def answered() -> bool:
        told.append(table.refused(WEST, ReplicaUpdates=removing(EAST)))
        return told[-1].startswith("ValidationException 400: ")

    eventually(answered)
    assert "has acted as a source region for new replica(s) being added to the table in the last 24 hours" in told[-1]


def test_a_replica_of_a_table_with_a_key_of_the_account_is_given_its_own(sandbox: Sandbox) -> None:
    table = Table(sandbox)
    keys = {region: sandbox.client("kms", region).create_key()["KeyMetadata"]["Arn"] for region in (EAST, WEST)}
    table.update(SSESpecification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": keys[EAST]})
    table.settled()
    assert "KMSMasterKeyId must be specified" in table.refused(ReplicaUpdates=adding(WEST))
    table.update(ReplicaUpdates=[{"Create": {"RegionName": WEST, "KMSMasterKeyId": keys[WEST]}}])


def test_row_20_a_replica_is_protected_by_itself(sandbox: Sandbox) -> None:
    table = Table(sandbox)
    table.replicated()
    table.update(WEST, DeletionProtectionEnabled=True)
    table.settled(WEST)
    table.settled()
    told = table.refused(ReplicaUpdates=removing(WEST))
    assert told.startswith("ValidationException 400: ")
    assert f"Cannot delete table {table.name} in region {WEST} because it has deletion protection enabled" in told


def test_row_20_a_name_is_free_when_its_region_does_not_know_it_any_more(sandbox: Sandbox) -> None:
    table = Table(sandbox)
    table.replicated()
    table.update(ReplicaUpdates=removing(WEST))

    def added() -> bool:
        try:
            table.update(ReplicaUpdates=adding(WEST))
        except ClientError as refusal:
            if refusal.response["Error"]["Code"] not in {"ResourceInUseException", "ValidationException"}:
                raise
            return False
        return True

    eventually(added)
    eventually(lambda: WEST in table.replicas())


def test_row_21_one_kind_of_change_per_call(sandbox: Sandbox) -> None:
    table = Table(sandbox)
    creation: dict[str, Any] = {
        "AttributeDefinitions": attributes("id", "owner"),
        "GlobalSecondaryIndexUpdates": [{"Create": index("owner")}],
    }
    stream: dict[str, Any] = {"StreamSpecification": {"StreamEnabled": True, "StreamViewType": "NEW_IMAGE"}}
    for bundle in (
        {"DeletionProtectionEnabled": True, "TableClass": "STANDARD_INFREQUENT_ACCESS"},
        {"DeletionProtectionEnabled": True, **stream},
        {**creation, **stream},
        {**creation, "DeletionProtectionEnabled": True},
    ):
        assert table.refused(**bundle).startswith("ValidationException 400: ")


def test_row_21_one_index_at_a_time(sandbox: Sandbox) -> None:
    table, both = Table(sandbox), [{"Create": index("owner")}, {"Create": index("place")}]
    known = attributes("id", "owner", "place")
    assert table.refused(AttributeDefinitions=known, GlobalSecondaryIndexUpdates=both).startswith(ONE_INDEX)
    table.update(AttributeDefinitions=attributes("id", "owner"), GlobalSecondaryIndexUpdates=both[:1])
    table.fills_an_index()
    told = table.refused(AttributeDefinitions=known, GlobalSecondaryIndexUpdates=both[1:])
    assert told.startswith(ONE_INDEX)


def test_row_21_an_index_that_is_filled_is_not_asked(sandbox: Sandbox) -> None:
    table = Table(sandbox)
    create = [{"Create": index("owner")}]
    table.update(AttributeDefinitions=attributes("id", "owner"), GlobalSecondaryIndexUpdates=create)
    table.fills_an_index()
    told = refused(
        table.in_region().query,
        TableName=table.name,
        IndexName="owner",
        KeyConditionExpression="#o = :o",
        ExpressionAttributeNames={"#o": "owner"},
        ExpressionAttributeValues={":o": {"S": "me"}},
    )
    assert told.startswith("ValidationException 400: ")


def test_row_22_expiry_is_changed_once_an_hour_and_never_to_what_it_is(slow_sandbox: Sandbox) -> None:
    table, client = Table(slow_sandbox), slow_sandbox.client("dynamodb")
    asked = {"TableName": table.name, "TimeToLiveSpecification": EXPIRES}
    client.update_time_to_live(**asked)
    again = refused(client.update_time_to_live, **asked)
    assert again == "ValidationException 400: TimeToLive is already enabled"
    off = {**EXPIRES, "Enabled": False}
    told = refused(client.update_time_to_live, TableName=table.name, TimeToLiveSpecification=off)
    assert told.startswith("ValidationException 400: Time to live has been modified multiple times")


def test_row_22_recovery_waits_for_backups(slow_sandbox: Sandbox) -> None:
    table, client = Table(slow_sandbox, settle=False), slow_sandbox.client("dynamodb")
    told: list[str] = []

    def done() -> bool:
        try:
            protect(client, table.name)
        except ClientError as refusal:
            told.append(refusal.response["Error"]["Code"] + ": " + refusal.response["Error"]["Message"])
            return False
        return True

    eventually(done)
    unavailable = "ContinuousBackupsUnavailableException: Backups are being enabled for the table"
    assert [one for one in told if one.startswith(unavailable)]


def protect(client: Any, name: str) -> None:
    """Switch point-in-time recovery on."""
    on = {"PointInTimeRecoveryEnabled": True}
    client.update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=on)


def test_row_22_tags_are_written_one_call_at_a_time(slow_sandbox: Sandbox) -> None:
    table = Table(slow_sandbox)
    client, arn = slow_sandbox.client("dynamodb"), table.described()["TableArn"]

    def write(number: int) -> str:
        try:
            client.tag_resource(ResourceArn=arn, Tags=[{"Key": f"k{number}", "Value": "1"}])
        except ClientError as refusal:
            return f"{refusal.response['Error']['Code']}: {refusal.response['Error']['Message']}"
        return "done"

    with ThreadPoolExecutor(6) as pool:
        said = list(pool.map(write, range(6)))
    others = [one for one in said if one != "done"]
    assert others
    assert {one.partition(":")[0] for one in others} == {"LimitExceededException"}
    assert "tags are being updated" in others[0]


def test_row_22_the_same_throughput_is_refused(sandbox: Sandbox) -> None:
    table = Table(sandbox, billing=PROVISIONED, indexes=[index("owner", ProvisionedThroughput=UNITS)])
    told = table.refused(ProvisionedThroughput=UNITS)
    assert told.startswith("ValidationException 400: ")
    assert "will not change" in told
    same = [{"Update": {"IndexName": "owner", "ProvisionedThroughput": UNITS}}]
    assert "will not change" in table.refused(GlobalSecondaryIndexUpdates=same)


def test_row_23_tags_recovery_protection_and_policies_stay_in_their_region(sandbox: Sandbox) -> None:
    table, client = Table(sandbox), sandbox.client("dynamodb")
    arn = table.described()["TableArn"]
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "red"}])
    eventually(lambda: _protected(client, table.name))
    table.update(DeletionProtectionEnabled=True)
    table.settled()
    table.replicated()
    west, copy = sandbox.client("dynamodb", WEST), table.described(WEST)
    assert west.list_tags_of_resource(ResourceArn=copy["TableArn"])["Tags"] == []
    assert copy.get("DeletionProtectionEnabled", False) is False
    backups = west.describe_continuous_backups(TableName=table.name)["ContinuousBackupsDescription"]
    assert backups["PointInTimeRecoveryDescription"]["PointInTimeRecoveryStatus"] == "DISABLED"


def _protected(client: Any, name: str) -> bool:
    try:
        protect(client, name)
    except client.exceptions.ContinuousBackupsUnavailableException:
        return False
    return True
