"""Replicas: against a DynamoDB of two regions that takes its time as AWS does (C7 to C12, C22 to C27)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from backendctl.aws.connection import Access, Aws
from backendctl.aws.progress import reporting_to
from backendctl.engine.diff import differences
from backendctl.errors import BackendctlError, WaitTimeoutError
from backendctl.resources.deploy_context import DeployContext, Stamp
from backendctl.resources.dynamodb import replica as module
from backendctl.resources.dynamodb.replica import Replica
from backendctl.resources.dynamodb.table import Table
from backendctl.spec import model

EAST, WEST, IRELAND = "us-east-1", "us-west-2", "eu-west-1"
NAME = "corkhounds-places"
MARKS = {"backendctl:backend": "corkhounds", "backendctl:name": "places", "backendctl:primary": EAST}


class Clock:
    """Time that passes only when somebody sleeps, and what is due then."""

    def __init__(self) -> None:
        self.now = 0.0
        self._due: list[tuple[float, Callable[[], object]]] = []

    def at(self, seconds: float, action: Callable[[], object]) -> None:
        """Do it that many seconds from now."""
        self._due.append((self.now + seconds, action))

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self.now += seconds
        ready = [action for when, action in self._due if when <= self.now]
        self._due = [(when, action) for when, action in self._due if when > self.now]
        for action in ready:
            action()


@dataclass
class Here:
    """One region's table."""

    status: str = "ACTIVE"
    protected: bool = False
    recovery: bool = False
    tags: dict[str, str] = field(default_factory=dict)
    policy: dict[str, Any] = field(default_factory=dict)


class Group:
    """One table's DynamoDB in all regions; how long a copy takes, and how it ends, is given."""

    def __init__(self, clock: Clock, *, ends: str = "ACTIVE", seconds: float = 600) -> None:
        self.clock = clock
        self.ends = ends
        self.seconds = seconds
        self.tables = {EAST: Here(tags=dict(MARKS))}
        self.entries: dict[str, str] = {}
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.size = 0
        self.copied_from: set[str] = set()
        self.silent: set[str] = set()

    def regions(self) -> set[str]:
        """Who is in the group."""
        return {EAST, *self.entries}

    def join(self, region: str) -> None:
        """CreateReplica: the entry shows after 6 s, the table after 10 s, and then it takes long."""
        if region in self.tables:
            raise refusal("ValidationException", "one or more replicas already existed as tables.")
        if self.ends == "vanishes":
            return
        self.clock.at(6, lambda: self.entries.update({region: "CREATING"}))
        self.clock.at(10, lambda: self.tables.update({region: Here(status="CREATING")}))
        self.clock.at(self.seconds, lambda: self._end(region))

    def leave(self, region: str) -> None:
        """DeleteReplica: the entry goes after 120 s, the table 10 s later."""
        if region not in self.entries:
            raise refusal("ValidationException", "replicas were not part of the global table")
        if region in self.copied_from:
            raise refusal("ValidationException", "it has acted as a source region for new replica(s) being added")
        if region in self.tables and self.tables[region].protected:
            raise refusal("ValidationException", "it has deletion protection enabled")
        self.entries[region] = "DELETING"
        self.clock.at(120, lambda: self.entries.pop(region))
        if region in self.tables:
            self.tables[region].status = "DELETING"
        self.clock.at(130, lambda: self.tables.pop(region, None))

    def _end(self, region: str) -> None:
        self.entries[region] = self.ends
        self.tables[region].status = "ACTIVE"


class DynamoDb:
    """The client of one region."""

    exceptions = SimpleNamespace(ClientError=ClientError)

    def __init__(self, group: Group, region: str) -> None:
        self._group = group
        self._region = region

    def describe_table(self, *, TableName: str) -> dict[str, Any]:  # noqa: N803  # AWS's spelling
        here = self._here()
        in_group = self._region in self._group.regions()
        others = [
            {"RegionName": region, "ReplicaStatus": self._group.entries.get(region, "ACTIVE")}
            for region in sorted(self._group.regions() - {self._region})
            if in_group
        ]
        table: dict[str, Any] = {
            "TableName": TableName,
            "TableStatus": here.status,
            "TableArn": f"arn:aws:dynamodb:{self._region}:123456789012:table/{TableName}",
            "DeletionProtectionEnabled": here.protected,
            "TableSizeBytes": self._group.size,
            "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
            "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}],
        }
        return {"Table": table | ({"Replicas": others} if others else {})}

    def update_table(self, **request: Any) -> None:
        self._note("UpdateTable", request)
        here = self._here()
        if "DeletionProtectionEnabled" in request:
            here.protected = request["DeletionProtectionEnabled"]
            return
        ((verb, which),) = request["ReplicaUpdates"][0].items()
        join_or_leave = self._group.join if verb == "Create" else self._group.leave
        join_or_leave(which["RegionName"])

    def delete_table(self, **request: Any) -> None:
        self._note("DeleteTable", request)
        self._here()
        del self._group.tables[self._region]

    def tag_resource(self, **request: Any) -> None:
        self._note("TagResource", request)
        self._here().tags.update({tag["Key"]: tag["Value"] for tag in request["Tags"]})

    def update_continuous_backups(self, **request: Any) -> None:
        self._note("UpdateContinuousBackups", request)
        self._here().recovery = request["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]

    def describe_continuous_backups(self, **_: Any) -> dict[str, Any]:
        status = "ENABLED" if self._here().recovery else "DISABLED"
        recovery = {"PointInTimeRecoveryDescription": {"PointInTimeRecoveryStatus": status}}
        return {"ContinuousBackupsDescription": recovery}

    def get_resource_policy(self, **_: Any) -> dict[str, Any]:
        policy = self._here().policy
        if not policy:
            raise refusal("PolicyNotFoundException", "No resource-based policy found")
        return {"Policy": json.dumps(policy)}

    def put_resource_policy(self, **request: Any) -> None:
        self._note("PutResourcePolicy", request)
        self._here().policy = json.loads(request["Policy"])

    def delete_resource_policy(self, **request: Any) -> None:
        self._note("DeleteResourcePolicy", request)
        self._here().policy = {}

    def get_paginator(self, operation: str) -> SimpleNamespace:
        if operation == "list_tables":
            names = [NAME] if self._region in self._group.tables else []
            return SimpleNamespace(paginate=lambda: [{"TableNames": names}])
        return SimpleNamespace(paginate=lambda **_: [{"Tags": self._tags()}])

    def _tags(self) -> list[dict[str, str]]:
        return [{"Key": key, "Value": value} for key, value in self._here().tags.items()]

    def _here(self) -> Here:
        if self._region in self._group.silent:
            raise EndpointConnectionError(endpoint_url=f"https://dynamodb.{self._region}.amazonaws.com")
        if self._region not in self._group.tables:
            raise refusal("ResourceNotFoundException", "Requested resource not found")
        return self._group.tables[self._region]

    def _note(self, operation: str, request: dict[str, Any]) -> None:
        self._group.calls.append((f"{self._region} {operation}", request))


class LocalAws(Aws):
    """Aws whose DynamoDB is the group's."""

    def __init__(self, group: Group) -> None:
        keys = ("testing", "testing")
        super().__init__(
            Access(keys=keys), backend="corkhounds", clock=lambda: group.clock.now, sleep=group.clock.sleep
        )
        self._group = group

    def dynamodb(self, region: str) -> Any:
        return DynamoDb(self._group, region)


def refusal(code: str, message: str) -> ClientError:
    return ClientError(cast("Any", {"Error": {"Code": code, "Message": message}}), "UpdateTable")


@pytest.fixture
def group() -> Group:
    return Group(Clock())


@pytest.fixture
def aws(group: Group) -> LocalAws:
    return LocalAws(group)


def desired(*regions: str, looked_at: tuple[str, ...] = (), **changes: Any) -> list[Replica]:
    table = model.TableSpec(
        name="places",
        physical=NAME,
        key=model.Key(hash=model.Attribute(name="id", type="S")),
        regions=(EAST, *regions),
        **changes,
    )
    spec = model.Spec(
        backend="corkhounds",
        file=Path("corkhounds.yaml"),
        regions=looked_at or (EAST, *regions),
        functions={},
        tables=(table,),
    )
    world = DeployContext(
        spec=spec, account="123456789012", partition="aws", stamp=Stamp(commit="", author="", time="")
    )
    return list(Replica.desired(world))


def live(aws: Aws, wanted: Replica) -> Replica | None:
    aws.forget()
    return Replica.read(aws, wanted)


def gists(group: Group) -> list[str]:
    return [name for name, _ in group.calls]


# What is desired


def test_replicas_of_one_table_are_made_one_after_the_other() -> None:
    west, ireland = desired(WEST, IRELAND)
    assert west.needs() == {f"{EAST}/table/places"}
    assert ireland.needs() == {f"{EAST}/table/places", f"{WEST}/replica/places"}


def test_a_replica_waits_for_all_scaling_of_the_primary() -> None:
    units = model.Scaling(min=1, max=10)
    (west,) = desired(WEST, read=units, write=units)
    assert west.needs() >= {f"{EAST}/scaling/places/read", f"{EAST}/scaling/places/write"}


def test_only_regions_looked_at_get_replicas() -> None:
    assert [r.region for r in desired(WEST, IRELAND, looked_at=(IRELAND,))] == [IRELAND]


# What is read


def test_a_replica_is_not_active_because_its_own_table_says_so() -> None:
    entry: Any = {"RegionName": WEST, "ReplicaStatus": "CREATING"}
    here: Any = {"TableStatus": "ACTIVE"}
    assert module.state(entry, here) == "CREATING"


def test_a_replica_whose_region_does_not_answer_yet_is_being_made() -> None:
    assert module.state({"RegionName": WEST, "ReplicaStatus": "ACTIVE"}, None) == "CREATING"


def test_a_table_outside_the_group_is_not_a_replica() -> None:
    here: Any = {"TableStatus": "ACTIVE"}
    assert module.state(None, here) == "STANDALONE"


def test_a_replica_on_its_way_out_is_none() -> None:
    here: Any = {"TableStatus": "ACTIVE"}
    assert module.state({"RegionName": WEST, "ReplicaStatus": "DELETING"}, here) is None


# Create


def test_a_created_replica_is_as_desired(group: Group, aws: Aws) -> None:
    (west,) = desired(WEST, point_in_time_recovery=True, deletion_protection=True, tags={"team": "maps"})
    west.create(aws)
    found = live(aws, west)
    assert found is not None
    assert differences(west, found) == ()
    assert found.owner == "corkhounds"
    assert group.clock.now >= group.seconds


def test_the_replica_is_asked_for_alone_and_once(group: Group, aws: Aws) -> None:
    (west,) = desired(WEST)
    west.create(aws)
    asked = [request for name, request in group.calls if name == f"{EAST} UpdateTable"]
    assert asked == [{"TableName": NAME, "ReplicaUpdates": [{"Create": {"RegionName": WEST}}]}]


def test_a_replica_killed_while_copying_is_ours_and_is_waited_for(group: Group, aws: Aws) -> None:
    group.join(WEST)
    group.clock.sleep(8)
    (west,) = desired(WEST)
    found = live(aws, west)
    assert found is not None
    assert (found.status, found.owner) == ("CREATING", "corkhounds")
    west.update(aws, found)
    assert differences(west, live(aws, west)) == ()
    assert f"{EAST} UpdateTable" not in gists(group)


def test_a_replica_asked_for_a_moment_before_a_kill_is_not_a_name_clash(group: Group, aws: Aws) -> None:
    (west,) = desired(WEST)
    group.join(WEST)
    assert live(aws, west) is None
    group.tables[WEST] = Here(status="CREATING")
    group.entries[WEST] = "CREATING"
    west.create(aws)
    assert differences(west, live(aws, west)) == ()


def test_while_the_primary_is_silent_a_replica_is_what_its_own_region_says(group: Group, aws: Aws) -> None:
    (west,) = desired(WEST)
    west.create(aws)
    group.silent.add(EAST)
    found = live(aws, west)
    assert found is not None
    assert (found.status, found.owner, differences(west, found)) == ("ACTIVE", "corkhounds", ())


def test_a_table_alone_is_not_taken_for_a_replica_of_a_primary_that_is_silent(group: Group, aws: Aws) -> None:
    group.tables[WEST] = Here()
    group.silent.add(EAST)
    (west,) = desired(WEST)
    with pytest.raises(EndpointConnectionError):
        live(aws, west)


def test_a_plain_table_in_the_region_is_foreign_and_stays(group: Group, aws: Aws) -> None:
    group.tables[WEST] = Here()
    (west,) = desired(WEST)
    found = live(aws, west)
    assert found is not None
    assert (found.status, found.owner) == ("STANDALONE", None)
    with pytest.raises(BackendctlError, match="exists in us-west-2 already, and DynamoDB cannot make it a replica"):
        west.create(aws)
    assert WEST in group.tables


def test_a_replica_that_vanishes_is_a_failure(group: Group, aws: Aws) -> None:
    group.ends = "vanishes"
    (west,) = desired(WEST)
    with pytest.raises(BackendctlError, match="vanished"):
        west.create(aws)
    assert 120 <= group.clock.now < 140


def test_a_failed_replica_is_told_and_made_anew_by_the_next_run(group: Group, aws: Aws) -> None:
    group.ends = "CREATION_FAILED"
    (west,) = desired(WEST)
    with pytest.raises(BackendctlError, match="CREATION_FAILED"):
        west.create(aws)
    group.ends = "ACTIVE"
    found = live(aws, west)
    assert found is not None
    west.update(aws, found)
    assert differences(west, live(aws, west)) == ()


def test_the_wait_ends_after_half_an_hour(group: Group, aws: Aws) -> None:
    group.seconds = 1_000_000
    (west,) = desired(WEST)
    with pytest.raises(WaitTimeoutError):
        west.create(aws)
    assert 1800 <= group.clock.now < 1850


def test_more_data_gets_more_time(group: Group, aws: Aws) -> None:
    group.seconds, group.size = 3000, 100_000_000_000
    (west,) = desired(WEST)
    west.create(aws)
    assert group.entries[WEST] == "ACTIVE"


# Update


def test_tags_recovery_and_protection_are_each_regions_own(group: Group, aws: Aws) -> None:
    desired(WEST)[0].create(aws)
    group.calls.clear()
    (west,) = desired(WEST, point_in_time_recovery=True, deletion_protection=True, tags={"team": "maps"})
    found = live(aws, west)
    assert found is not None
    west.update(aws, found)
    assert gists(group) == [f"{WEST} TagResource", f"{WEST} UpdateContinuousBackups", f"{WEST} UpdateTable"]
    assert (group.tables[EAST].recovery, group.tables[EAST].protected) == (False, False)
    assert differences(west, live(aws, west)) == ()


# What is ours


def test_the_tag_tells_replica_from_table(aws: Aws) -> None:
    desired(WEST)[0].create(aws)
    aws.forget()
    assert [(r.region, r.name, r.primary) for r in Replica.owned(aws, WEST)] == [(WEST, "places", EAST)]
    assert list(Replica.owned(aws, EAST)) == []
    assert list(Table.owned(aws, WEST)) == []


def test_a_replica_killed_before_its_tags_is_found(group: Group, aws: Aws) -> None:
    group.join(WEST)
    group.clock.sleep(600)
    assert group.tables[WEST].tags == {}
    assert [(r.name, r.primary) for r in Replica.owned(aws, WEST)] == [("places", EAST)]


# Delete


def test_a_replica_is_deleted_through_the_primary(group: Group, aws: Aws) -> None:
    desired(WEST)[0].create(aws)
    group.calls.clear()
    aws.forget()
    (found,) = Replica.owned(aws, WEST)
    found.delete(aws)
    assert gists(group) == [f"{EAST} UpdateTable"]
    assert (set(group.tables), group.entries) == ({EAST}, {})


def test_the_waits_of_a_removal_tell_for_what_since_when_and_how_long(aws: Aws) -> None:
    (west,) = desired(WEST)
    west.create(aws)
    told: list[str] = []
    with reporting_to(told.append):
        west.delete(aws)
    here = re.escape(NAME) + r" in us-west-2: DELETING, since \d\d:\d\d UTC; AWS "
    assert any(re.fullmatch(f"replica of {here}takes 2 to 5 minutes", line) for line in told)
    assert any(re.fullmatch(f"table {here}usually takes less than a minute", line) for line in told)


def test_deleting_again_is_done(group: Group, aws: Aws) -> None:
    (west,) = desired(WEST)
    west.create(aws)
    west.delete(aws)
    group.calls.clear()
    west.delete(aws)
    assert group.calls == [(f"{WEST} DeleteTable", {"TableName": NAME})]


def test_another_region_stands_in_for_a_primary_that_left(group: Group, aws: Aws) -> None:
    for one in desired(WEST, IRELAND):
        one.create(aws)
    (found,) = Replica.owned(aws, WEST)
    group.calls.clear()
    replace(found, primary="ap-south-1").delete(aws)
    assert [name for name in gists(group) if name.startswith(WEST)] == []
    assert WEST not in group.tables


def test_a_replica_copied_from_today_says_to_come_back_tomorrow(group: Group, aws: Aws) -> None:
    desired(WEST)[0].create(aws)
    group.copied_from.add(WEST)
    with pytest.raises(BackendctlError, match="last 24 hours") as told:
        desired(WEST)[0].delete(aws)
    assert "tomorrow" in told.value.hint
