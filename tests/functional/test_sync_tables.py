"""Tables alone: made in every region, compared aspect by aspect, and put right after ten kinds of work by hand."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.functional.project import Project, make_project
from tests.functional.sandboxed import ACCOUNT, EAST, WEST, eventually

UNITS = {"min": 2, "max": 2}
KEYS = {region: f"arn:aws:kms:{region}:{ACCOUNT}:key/{number * 8}" for number, region in (("1", EAST), ("2", WEST))}


def policy(region: str, name: str) -> dict[str, Any]:
    """Whoever is of this account may read."""
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"AWS": ACCOUNT},
                "Action": ["dynamodb:GetItem"],
                "Resource": f"arn:aws:dynamodb:{region}:{ACCOUNT}:table/{name}",
            }
        ],
    }


@pytest.fixture(scope="module")
def project(command_line_home: int, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two tables in two regions, one with all there is to say."""
    made = make_project(
        tmp_path_factory.mktemp("tables"), name=f"t{uuid.uuid4().hex[:6]}", port=command_line_home, regions=[EAST, WEST]
    )
    for part in ("functions", "api", "domain"):
        del made.spec[part]
    things = made.spec["tables"]["things"]
    things |= {
        "key": {"hash": "id S", "range": "at S"},
        "local-indexes": {"by-total": {"range": "total N"}},
        "billing": {"read": {"min": 2, "max": 9}, "write": {"min": 2, "max": 9}},
        "ttl": "expires",
        "point-in-time-recovery": True,
        "tags": {"team": "red"},
        "encryption": KEYS,
        "table-class": "standard",
        "resource-policy": policy("{{ region }}", f"{made.name}-things"),
        "replicas": {WEST: {"read": {"min": 1, "max": 1}, "table-class": "infrequent-access"}},
    }
    made.spec["tables"]["plain"] = {"key": {"hash": "id S"}}
    made.save()
    made.run("sync-tables", "-y")
    return made


def check(project: Project) -> dict[str, Any]:
    """What `--check` says, with its exit code held against it."""
    found = project.run("sync-tables", "--check", "-o", "json", expect=None)
    told: dict[str, Any] = found.json
    assert found.code == (0 if told["in_sync"] else 2)
    return told


def differing(told: dict[str, Any]) -> set[str]:
    """Table, aspect and region of all that differs."""
    return {
        f"{table['table']} {row['aspect']} {region}"
        for table in told["tables"]
        for row in table["aspects"]
        for region, cell in row["regions"].items()
        if cell["state"] != "ok"
    }


def wait(project: Project, region: str, name: str) -> None:
    client = project.client("dynamodb", region)

    def quiet() -> bool:
        table = client.describe_table(TableName=name)["Table"]
        return table["TableStatus"] == "ACTIVE" and all(
            one["IndexStatus"] == "ACTIVE" for one in table.get("GlobalSecondaryIndexes", [])
        )

    eventually(quiet, seconds=60)


def test_what_was_made_is_the_same_in_every_region(project: Project) -> None:
    told = check(project)
    assert told["in_sync"] is True
    assert told["plan"]["changes"] == []
    west = project.client("dynamodb", WEST).describe_table(TableName=f"{project.name}-things")["Table"]
    assert west["ProvisionedThroughput"]["ReadCapacityUnits"] == 1
    assert west["ProvisionedThroughput"]["WriteCapacityUnits"] == 2
    assert west["TableClassSummary"]["TableClass"] == "STANDARD_INFREQUENT_ACCESS"
    assert west["SSEDescription"]["KMSMasterKeyArn"] == KEYS[WEST]
    assert [one["IndexName"] for one in west["LocalSecondaryIndexes"]] == ["by-total"]


def test_a_replica_alone_is_in_sync_with_a_primary_that_is_not_looked_at(project: Project) -> None:
    assert project.run("sync-tables", "--check", "-r", WEST, "-o", "json").json["in_sync"] is True


def test_what_aws_brings_by_itself_is_told_from_what_it_does_not(project: Project) -> None:
    rows = {row["aspect"]: row["replicated_by_aws"] for row in check(project)["tables"][0]["aspects"]}
    assert {name for name in ("index by-owner", "TTL", "billing", "write units") if not rows[name]} == set()
    own = (
        "read scaling",
        "by-owner: write scaling",
        "point-in-time recovery",
        "deletion protection",
        "tags",
        "resource policy",
        "table class",
    )
    assert {name for name in own if rows[name]} == set()


def _update(region: str, **change: Any) -> Callable[[Project, str], None]:
    def do(project: Project, name: str) -> None:
        project.client("dynamodb", region).update_table(TableName=name, **change)
        wait(project, region, name)

    return do


def _ttl(project: Project, name: str) -> None:
    """AWS takes one change an hour: the one before and this one have to be settled."""
    client, off = project.client("dynamodb", EAST), {"Enabled": False, "AttributeName": "expires"}

    def status() -> str:
        return str(client.describe_time_to_live(TableName=name)["TimeToLiveDescription"]["TimeToLiveStatus"])

    eventually(lambda: status() == "ENABLED", seconds=60)
    client.update_time_to_live(TableName=name, TimeToLiveSpecification=off)
    eventually(lambda: status() == "DISABLED", seconds=60)


def _recovery(project: Project, name: str) -> None:
    off = {"PointInTimeRecoveryEnabled": False}
    project.client("dynamodb", WEST).update_continuous_backups(TableName=name, PointInTimeRecoverySpecification=off)


def _scaled(name: str, tail: str = "", unit: str = "Read") -> dict[str, str]:
    level = "index" if tail else "table"
    return {
        "ServiceNamespace": "dynamodb",
        "ResourceId": f"table/{name}{tail}",
        "ScalableDimension": f"dynamodb:{level}:{unit}CapacityUnits",
    }


def _bounds(project: Project, name: str) -> None:
    scaling = project.client("application-autoscaling", WEST)
    scaling.register_scalable_target(**_scaled(name, unit="Write"), MinCapacity=1, MaxCapacity=4)


def _no_scaling(project: Project, name: str) -> None:
    scaling = project.client("application-autoscaling", WEST)
    scaling.deregister_scalable_target(**_scaled(name, "/index/by-owner"))


def _tag(project: Project, name: str) -> None:
    arn = f"arn:aws:dynamodb:{WEST}:{ACCOUNT}:table/{name}"
    project.client("dynamodb", WEST).tag_resource(ResourceArn=arn, Tags=[{"Key": "team", "Value": "blue"}])


def _policy(project: Project, name: str) -> None:
    arn = f"arn:aws:dynamodb:{WEST}:{ACCOUNT}:table/{name}"
    project.client("dynamodb", WEST).delete_resource_policy(ResourceArn=arn)


BY_HAND: dict[str, tuple[Callable[[Project, str], None], set[str]]] = {
    "an index is dropped": (
        _update(EAST, GlobalSecondaryIndexUpdates=[{"Delete": {"IndexName": "by-owner"}}]),
        {f"things index by-owner {region}" for region in (EAST, WEST)},
    ),
    "TTL is switched off": (_ttl, {f"things TTL {region}" for region in (EAST, WEST)}),
    "billing is switched": (
        _update(EAST, BillingMode="PAY_PER_REQUEST"),
        {f"things billing {region}" for region in (EAST, WEST)},
    ),
    "bounds of scaling are moved": (_bounds, {f"things write scaling {WEST}"}),
    "an index scales no more": (_no_scaling, {f"things by-owner: read scaling {WEST}"}),
    "recovery is switched off": (_recovery, {f"things point-in-time recovery {WEST}"}),
    "protection is switched on": (
        _update(WEST, DeletionProtectionEnabled=True),
        {f"things deletion protection {WEST}"},
    ),
    "a tag is changed": (_tag, {f"things tags {WEST}"}),
    "a policy is removed": (_policy, {f"things resource policy {WEST}"}),
    "the class of a replica is changed": (
        _update(
            EAST,
            ReplicaUpdates=[{"Update": {"RegionName": WEST, "TableClassOverride": "STANDARD"}}],
        ),
        {f"things table class {WEST}"},
    ),
    "the key of a replica is changed": (
        _update(
            EAST,
            ReplicaUpdates=[
                {"Update": {"RegionName": WEST, "KMSMasterKeyId": f"arn:aws:kms:{WEST}:{ACCOUNT}:key/other"}}
            ],
        ),
        {f"things encryption {WEST}"},
    ),
    "reads of a replica are changed": (
        _update(
            EAST,
            ReplicaUpdates=[
                {"Update": {"RegionName": WEST, "ProvisionedThroughputOverride": {"ReadCapacityUnits": 7}}}
            ],
        ),
        {f"things read units {WEST}"},
    ),
}


TOGETHER = (
    tuple(kind for kind in BY_HAND if kind not in {"an index is dropped", "billing is switched"}),
    ("an index is dropped", "billing is switched"),
)
"""What may be done at once, and does not undo each other."""


@pytest.mark.parametrize("kinds", TOGETHER, ids=["each region's own", "the group's"])
def test_all_of_it_together_is_found_and_put_right_in_one_go(project: Project, kinds: tuple[str, ...]) -> None:
    for kind in kinds:
        work, _ = BY_HAND[kind]
        work(project, f"{project.name}-things")
        wait(project, WEST, f"{project.name}-things")
    expected = {one for kind in kinds for one in BY_HAND[kind][1]}
    assert expected <= differing(check(project))
    project.run("sync-tables", "-y")
    told = check(project)
    assert (differing(told), told["plan"]["changes"]) == (set(), [])


@pytest.mark.full
@pytest.mark.parametrize("kind", BY_HAND)
def test_work_by_hand_is_found_and_put_right(project: Project, kind: str) -> None:
    work, expected = BY_HAND[kind]
    work(project, f"{project.name}-things")
    wait(project, WEST, f"{project.name}-things")
    told = check(project)
    assert expected <= differing(told)
    assert told["plan"]["changes"] != []
    project.run("sync-tables", "-y")
    told = check(project)
    assert (differing(told), told["plan"]["changes"]) == (set(), [])


def test_what_the_spec_leaves_open_follows_the_primary_region(project: Project) -> None:
    name = f"{project.name}-plain"
    client = project.client("dynamodb", EAST)
    arn = f"arn:aws:dynamodb:{EAST}:{ACCOUNT}:table/{name}"
    client.put_resource_policy(ResourceArn=arn, Policy=json.dumps(policy(EAST, name)))
    client.tag_resource(ResourceArn=arn, Tags=[{"Key": "cost", "Value": "7"}])
    told = check(project)
    assert differing(told) == {f"plain resource policy {WEST}", f"plain tags {WEST}"}
    project.run("sync-tables", "-y")
    assert differing(check(project)) == set()
    west = project.client("dynamodb", WEST)
    found = west.get_resource_policy(ResourceArn=arn.replace(EAST, WEST))
    assert json.loads(found["Policy"])["Statement"][0]["Resource"] == arn.replace(EAST, WEST)
    client.delete_resource_policy(ResourceArn=arn)
    assert differing(check(project)) == {f"plain resource policy {WEST}"}
    project.run("sync-tables", "-y")
    with pytest.raises(west.exceptions.PolicyNotFoundException):
        west.get_resource_policy(ResourceArn=arn.replace(EAST, WEST))


def test_a_key_of_the_account_gives_way_to_the_one_that_aws_manages(project: Project) -> None:
    name = f"{project.name}-plain"
    key = project.client("kms", EAST).create_key()["KeyMetadata"]["Arn"]
    specification = {"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key}
    _update(EAST, SSESpecification=specification)(project, name)
    project.spec["tables"]["plain"]["encryption"] = "aws-managed"
    project.save()
    told = check(project)
    assert [change["fields"][0]["before"] for change in told["plan"]["changes"]] == [key]
    assert f"plain encryption {EAST}" in differing(told)
    project.run("sync-tables", "-y")
    assert check(project)["plan"]["changes"] == []
    del project.spec["tables"]["plain"]["encryption"]
    project.save()


def test_markers_tell_the_lag_of_every_pair_and_are_gone_afterwards(project: Project) -> None:
    name = f"{project.name}-plain"
    left = {"id": {"S": f"backendctl:replication-test:{WEST}"}, "backendctl:replication-test": {"S": "of a killed run"}}
    project.client("dynamodb", WEST).put_item(TableName=name, Item=left)
    told = project.run("test-replication", "--write", "--table", "plain", "--rounds", "2", "-y", "-o", "json")
    pairs = {(one["from"], one["to"]): one for one in told.json["pairs"]}
    assert set(pairs) == {(EAST, WEST), (WEST, EAST)}
    assert all(one["samples"] == 2 and one["lost"] == 0 and one["worst_ms"] > 0 for one in pairs.values())
    assert "reads the stream of plain" in told.err
    for region in (EAST, WEST):
        assert project.client("dynamodb", region).scan(TableName=name)["Items"] == []


def test_an_item_where_a_marker_would_be_is_not_touched(project: Project) -> None:
    name = f"{project.name}-plain"
    theirs = {"id": {"S": f"backendctl:replication-test:{EAST}"}}
    client = project.client("dynamodb", EAST)
    client.put_item(TableName=name, Item=theirs)
    refused = project.run("test-replication", "--write", "--table", "plain", "-y", expect=1)
    assert "has an item of its own" in refused.err
    assert client.scan(TableName=name)["Items"] == [theirs]
    client.delete_item(TableName=name, Key=theirs)


def test_cloudwatch_tells_the_lag_without_a_write(project: Project) -> None:
    client = project.client("dynamodb", EAST)
    client.put_item(TableName=f"{project.name}-plain", Item={"id": {"S": "a"}})
    client.delete_item(TableName=f"{project.name}-plain", Key={"id": {"S": "a"}})
    told = project.run("test-replication", "--table", "plain", "-o", "json").json
    found = next(one for one in told["pairs"] if one["from"] == EAST)
    assert (told["method"], found["samples"] > 0, found["median_ms"] > 0) == ("metrics", True, True)


@pytest.mark.parametrize(
    ("options", "fault"),
    [
        (("--write",), "--write needs one --table"),
        (("--table", "plian"), "did you mean 'plain'?"),
        (("--table", "plain", "-r", EAST), "in one region alone"),
    ],
)
def test_what_cannot_be_measured_is_refused(project: Project, options: tuple[str, ...], fault: str) -> None:
    assert fault in project.run("test-replication", *options, expect=64).err


def test_a_protected_replica_is_not_removed_and_nothing_is_touched(project: Project) -> None:
    name = f"{project.name}-plain"
    _update(WEST, DeletionProtectionEnabled=True)(project, name)
    table = project.spec["tables"]["plain"]
    table["regions"] = [EAST]
    project.save()
    refused = project.run("sync-tables", "-y", "--allow-delete", f"{WEST}/replica/plain", expect=1)
    assert "has deletion protection" in refused.err
    assert "--no-deletion-protection-enabled" in refused.err
    assert project.client("dynamodb", WEST).describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE"
    del table["regions"]
    project.save()
    project.run("sync-tables", "-y")


def test_a_region_whose_tables_were_adopted_is_remembered_when_the_spec_forgets_it(
    project: Project, tmp_path: Path
) -> None:
    other = make_project(tmp_path, name=f"a{uuid.uuid4().hex[:6]}", port=project.port, regions=[EAST, WEST])
    other.spec = {"backend": other.name, "regions": [EAST, WEST], "tables": {"plain": {"key": {"hash": "id S"}}}}
    other.save()
    name, client = f"{other.name}-plain", other.client("dynamodb", EAST)
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    wait(other, EAST, name)
    client.update_table(TableName=name, ReplicaUpdates=[{"Create": {"RegionName": WEST}}])
    eventually(lambda: replica_status(other, name) == "ACTIVE", seconds=60)
    other.run("sync-tables", "-y", "--adopt")
    other.spec["regions"] = [EAST]
    other.save()
    refused = other.run("sync-tables", "-y", expect=1).err
    assert f"{WEST}/replica/plain holds data or traffic and would be deleted" in refused


def replica_status(project: Project, name: str) -> str:
    """Of the only replica, as the primary has it; empty before AWS lists it."""
    found = project.client("dynamodb", EAST).describe_table(TableName=name)["Table"].get("Replicas", [])
    return str(found[0]["ReplicaStatus"]) if found else ""


def test_a_replica_that_goes_may_keep_its_data(project: Project) -> None:
    name = f"{project.name}-plain"
    project.client("dynamodb", EAST).put_item(TableName=name, Item={"id": {"S": "kept"}})
    project.spec["tables"]["plain"]["regions"] = [EAST]
    project.save()
    address = f"{WEST}/replica/plain"
    assert "would be deleted" in project.run("sync-tables", "-y", expect=1).err
    project.run("sync-tables", "-y", "--allow-delete", address, "--keep-data")
    west = project.client("dynamodb", WEST)
    item = {"id": {"S": "kept"}}
    assert west.get_item(TableName=name, Key=item, ConsistentRead=True)["Item"] == item
    assert "Replicas" not in west.describe_table(TableName=name)["Table"]
    assert "Replicas" not in project.client("dynamodb", EAST).describe_table(TableName=name)["Table"]
    assert check(project)["in_sync"] is True
    project.run("sync-tables", "-y", "--allow-delete", address, "--keep-data")  # as after a kill at the very end
    project.run("sync-tables", "--check", "--allow-delete", f"{WEST}/replica/plian", expect=64)
    west.delete_table(TableName=name)  # as if the first run had been one without --keep-data
    gone = f"{address} is gone with its data"
    assert gone in project.run("sync-tables", "-y", "--allow-delete", address, "--keep-data", expect=1).err
