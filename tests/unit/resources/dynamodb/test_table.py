"""Tables: the order of changes, and the single-region flows against moto."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from moto import mock_aws

from backendctl.aws.connection import Access, Aws
from backendctl.engine.diff import differences
from backendctl.errors import BackendctlError, RefusedError
from backendctl.resources.deploy_context import DeployContext, Stamp
from backendctl.resources.dynamodb import table_indexes, table_reads, table_steps
from backendctl.resources.dynamodb.table import Table
from backendctl.resources.dynamodb.table_indexes import GlobalIndex
from backendctl.spec import model

EAST, WEST = "us-east-1", "us-west-2"
CELL = model.Attribute(name="cell", type="S")
ID = model.Attribute(name="id", type="S")
OWNER = model.Attribute(name="owner", type="S")
CREATED = model.Attribute(name="created", type="N")
BY_ID = model.Index(name="by-id", key=model.Key(hash=ID))
BY_OWNER = model.Index(name="by-owner", key=model.Key(hash=OWNER, range=CREATED), projection=("name", "city"))
PLACES = model.TableSpec(
    name="places",
    physical="corkhounds-places",
    key=model.Key(hash=CELL, range=ID),
    regions=(EAST, WEST),
    indexes=(BY_ID, BY_OWNER),
    tags={"team": "maps"},
)
PROVISIONED: dict[str, Any] = {"read": model.Scaling(min=5, max=50), "write": model.Scaling(min=2, max=20)}


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mock_aws():
        yield Aws(Access(keys=("testing", "testing"), time_scale=0.0), backend="corkhounds")


def world(*tables: model.TableSpec, regions: tuple[str, ...] = (EAST, WEST)) -> DeployContext:
    spec = model.Spec(
        backend="corkhounds",
        file=Path("corkhounds.yaml"),
        regions=regions,
        functions=dict.fromkeys(regions, ()),
        tables=tables,
    )
    return DeployContext(spec=spec, account="123456789012", partition="aws", stamp=Stamp(commit="", author="", time=""))


def wanted(table: model.TableSpec = PLACES, **changes: Any) -> Table:
    return next(iter(Table.desired(world(replace(table, **changes)))))


def live(aws: Aws, desired: Table) -> Table:
    aws.forget()
    found = Table.read(aws, desired)
    assert found is not None
    return found


def deploy(aws: Aws, desired: Table) -> Table:
    """What the executor does, and the check that the second plan is empty."""
    aws.forget()
    before = Table.read(aws, desired)
    aws.forget()
    if before is None:
        desired.create(aws)
    else:
        desired.update(aws, before)
    after = live(aws, desired)
    assert differences(desired, after) == ()
    assert after.owner == desired.owner
    return after


# What is desired


def test_only_the_primary_region_gets_a_table() -> None:
    assert [(t.region, t.name, t.physical) for t in Table.desired(world(PLACES))] == [
        (EAST, "places", "corkhounds-places")
    ]


def test_a_table_whose_primary_is_not_looked_at_is_not_desired() -> None:
    assert list(Table.desired(world(PLACES, regions=(WEST,)))) == []


def test_the_tags_tell_backend_name_and_primary() -> None:
    assert wanted().tags == {
        "team": "maps",
        "backendctl:backend": "corkhounds",
        "backendctl:name": "places",
        "backendctl:primary": EAST,
    }


def test_an_index_takes_the_capacity_of_its_table_unless_it_has_its_own() -> None:
    own = replace(BY_ID, read=model.Scaling(min=9, max=90))
    desired = wanted(indexes=(own, BY_OWNER), **PROVISIONED)
    assert desired.capacity == {"": (5, 2), "by-id": (9, 2), "by-owner": (5, 2)}


# The calls, in order


def test_create_declares_exactly_the_attributes_of_keys() -> None:
    request = table_steps.creation(wanted(indexes=(BY_OWNER,)))
    assert request["AttributeDefinitions"] == [
        {"AttributeName": "cell", "AttributeType": "S"},
        {"AttributeName": "created", "AttributeType": "N"},
        {"AttributeName": "id", "AttributeType": "S"},
        {"AttributeName": "owner", "AttributeType": "S"},
    ]


def test_create_carries_the_mark_and_the_protection() -> None:
    request = table_steps.creation(wanted(deletion_protection=True))
    assert {"Key": "backendctl:backend", "Value": "corkhounds"} in request["Tags"]
    assert request["DeletionProtectionEnabled"] is True


def test_nothing_to_change_is_no_call() -> None:
    assert table_steps.steps(wanted(), wanted()) == []


def test_each_change_is_a_call_of_its_own() -> None:
    before = wanted(indexes=(replace(BY_ID, name="old-1"), replace(BY_ID, name="old-2")))
    after = wanted(indexes=(BY_ID, BY_OWNER), deletion_protection=True, **PROVISIONED)
    calls = table_steps.steps(after, before)
    assert [_gist(call) for call in calls] == [
        "protection True",
        "Delete old-1",
        "Delete old-2",
        "billing PROVISIONED",
        "Create by-id",
        "Create by-owner",
    ]
    assert {call["TableName"] for call in calls} == {"corkhounds-places"}


def test_switching_to_provisioned_gives_every_staying_index_its_throughput() -> None:
    (call,) = table_steps.steps(wanted(**PROVISIONED), wanted())
    assert call["ProvisionedThroughput"] == {"ReadCapacityUnits": 5, "WriteCapacityUnits": 2}
    assert [update["Update"]["IndexName"] for update in call["GlobalSecondaryIndexUpdates"]] == ["by-id", "by-owner"]


def test_switching_to_on_demand_gives_no_throughput() -> None:
    (call,) = table_steps.steps(wanted(), wanted(**PROVISIONED))
    assert call == {"TableName": "corkhounds-places", "BillingMode": "PAY_PER_REQUEST"}


def test_throughput_is_never_sent_again() -> None:
    more = model.Scaling(min=50, max=500)
    assert table_steps.steps(wanted(read=more, write=more), wanted(**PROVISIONED)) == []


def test_units_that_scaling_cannot_move_are_compared_and_put_back(aws: Aws) -> None:
    five = model.Scaling(min=5, max=5)
    desired = wanted(indexes=(replace(BY_ID, read=model.Scaling(min=9, max=90)),), read=five, write=five)
    assert desired.fixed_capacity == {"read": 5, "write": 5, "by-id/write": 5}
    deploy(aws, desired)
    aws.dynamodb(EAST).update_table(
        TableName="corkhounds-places",
        ProvisionedThroughput={"ReadCapacityUnits": 80, "WriteCapacityUnits": 5},
        GlobalSecondaryIndexUpdates=[
            {
                "Update": {
                    "IndexName": "by-id",
                    "ProvisionedThroughput": {"ReadCapacityUnits": 44, "WriteCapacityUnits": 7},
                }
            }
        ],
    )
    found = [(one.field, one.before, one.after) for one in differences(desired, live(aws, desired))]
    assert found == [("fixed_capacity.by-id/write", 7, 5), ("fixed_capacity.read", 80, 5)]
    (call,) = table_steps.steps(desired, live(aws, desired))
    assert call["ProvisionedThroughput"] == {"ReadCapacityUnits": 5, "WriteCapacityUnits": 5}
    (update,) = call["GlobalSecondaryIndexUpdates"]
    assert update["Update"]["ProvisionedThroughput"] == {"ReadCapacityUnits": 44, "WriteCapacityUnits": 5}
    described = aws.dynamodb(EAST).describe_table(TableName="corkhounds-places")["Table"]
    assert not table_steps.holds(described, call)
    deploy(aws, desired)


def test_a_new_index_of_a_provisioned_table_has_throughput() -> None:
    (call,) = table_steps.steps(wanted(**PROVISIONED), wanted(indexes=(BY_ID,), **PROVISIONED))
    (update,) = call["GlobalSecondaryIndexUpdates"]
    assert update["Create"]["ProvisionedThroughput"] == {"ReadCapacityUnits": 5, "WriteCapacityUnits": 2}
    assert update["Create"]["Projection"] == {"ProjectionType": "INCLUDE", "NonKeyAttributes": ["city", "name"]}


def test_a_stale_description_does_not_hold() -> None:
    (call,) = table_steps.steps(wanted(), wanted(indexes=(BY_ID,)))
    assert not table_steps.holds({"GlobalSecondaryIndexes": [{"IndexName": "by-id"}]}, call)
    assert table_steps.holds({"GlobalSecondaryIndexes": [{"IndexName": "by-owner"}]}, call)


def _gist(call: dict[str, Any]) -> str:
    if "DeletionProtectionEnabled" in call:
        return f"protection {call['DeletionProtectionEnabled']}"
    if "BillingMode" in call:
        return f"billing {call['BillingMode']}"
    ((verb, index),) = call["GlobalSecondaryIndexUpdates"][0].items()
    return f"{verb} {index['IndexName']}"


# What is read


def test_a_table_is_not_active_while_an_index_is_filled() -> None:
    index: Any = {"IndexName": "by-id", "IndexStatus": "CREATING", "Backfilling": True}
    description: Any = {"TableStatus": "ACTIVE", "GlobalSecondaryIndexes": [index]}
    assert table_reads.status_of(description) == "index by-id CREATING"
    assert not table_reads.is_quiet(description)


def test_an_index_on_its_way_out_is_none() -> None:
    schema = [{"AttributeName": "id", "KeyType": "HASH"}]
    index: Any = {"IndexName": "by-id", "IndexStatus": "DELETING", "KeySchema": schema}
    assert table_indexes.found({"GlobalSecondaryIndexes": [index]}) == {}


def test_a_changed_index_is_named() -> None:
    other = wanted(indexes=(replace(BY_ID, key=model.Key(hash=OWNER)), BY_OWNER))
    assert table_steps.frozen(other, wanted()) == ["by-id"]


def test_a_changed_key_is_immutable() -> None:
    (change,) = differences(wanted(key=model.Key(hash=ID), indexes=()), wanted(indexes=()))
    assert (change.field, change.immutable) == ("key", True)


def test_another_region_than_itself_is_the_rest_of_the_group() -> None:
    description: Any = {"Replicas": [{"RegionName": WEST}, {"RegionName": EAST}]}
    assert table_reads.others(description, EAST) == [WEST]


# Against moto


def test_a_created_table_is_as_desired(aws: Aws) -> None:
    deploy(aws, wanted(ttl="expires", point_in_time_recovery=True, deletion_protection=True))


def test_a_created_provisioned_table_is_as_desired(aws: Aws) -> None:
    deploy(aws, wanted(**PROVISIONED))
    told = aws.dynamodb(EAST).describe_table(TableName="corkhounds-places")["Table"]
    assert told["ProvisionedThroughput"]["ReadCapacityUnits"] == 5
    assert {i["ProvisionedThroughput"]["WriteCapacityUnits"] for i in told["GlobalSecondaryIndexes"]} == {2}


def test_everything_that_can_change_is_changed(aws: Aws) -> None:
    deploy(aws, wanted(indexes=(BY_ID,), ttl="expires"))
    after = deploy(
        aws,
        wanted(indexes=(BY_OWNER,), point_in_time_recovery=True, deletion_protection=True, ttl=None, **PROVISIONED),
    )
    assert after.indexes == {
        "by-owner": GlobalIndex(key=model.Key(hash=OWNER, range=CREATED), projection=("city", "name"))
    }
    assert after.ttl == ""


def test_creating_what_a_killed_run_created_finishes_it(aws: Aws) -> None:
    desired = wanted(ttl="expires", point_in_time_recovery=True)
    aws.dynamodb(EAST).create_table(**table_steps.creation(desired))
    desired.create(aws)
    assert differences(desired, live(aws, desired)) == ()


def test_creating_over_a_foreign_table_is_refused_by_aws(aws: Aws) -> None:
    desired = wanted()
    aws.dynamodb(EAST).create_table(**{**table_steps.creation(desired), "Tags": []})
    with pytest.raises(aws.dynamodb(EAST).exceptions.ResourceInUseException):
        desired.create(aws)


def test_adopting_writes_the_mark_and_leaves_other_tags(aws: Aws) -> None:
    desired = wanted()
    foreign = {**table_steps.creation(desired), "Tags": [{"Key": "cost-centre", "Value": "7"}]}
    aws.dynamodb(EAST).create_table(**foreign)
    assert live(aws, desired).owner is None
    after = deploy(aws, desired)
    assert after.tags == {**(desired.tags or {}), "cost-centre": "7"}


def test_owned_finds_ours_by_the_spec_key(aws: Aws) -> None:
    desired = wanted(name="spots")
    desired.create(aws)
    aws.dynamodb(EAST).create_table(
        **{**table_steps.creation(wanted(physical="corkhounds-strangers")), "Tags": []},
    )
    aws.forget()
    assert [(t.region, t.name) for t in Table.owned(aws, EAST)] == [(EAST, "spots")]
    assert list(Table.owned(aws, WEST)) == []


def test_another_backend_with_a_longer_name_is_not_ours(aws: Aws) -> None:
    theirs = wanted(physical="corkhounds-two-places")
    theirs = replace(theirs, tags={**(theirs.tags or {}), "backendctl:backend": "corkhounds-two"})
    aws.dynamodb(EAST).create_table(**table_steps.creation(theirs))
    assert list(Table.owned(aws, EAST)) == []


def test_a_table_is_deleted(aws: Aws) -> None:
    desired = wanted()
    desired.create(aws)
    (found,) = Table.owned(aws, EAST)
    found.delete(aws)
    aws.forget()
    assert Table.read(aws, desired) is None


def test_deleting_what_is_gone_is_done(aws: Aws) -> None:
    wanted().delete(aws)
    assert table_reads.ask(aws, EAST, "corkhounds-places") is None


def test_moving_the_primary_by_the_order_of_regions_is_refused(aws: Aws) -> None:
    deploy(aws, wanted())
    moved = wanted()
    tags = [{"Key": "backendctl:primary", "Value": WEST}]
    arn = aws.dynamodb(EAST).describe_table(TableName=moved.physical)["Table"]["TableArn"]
    aws.dynamodb(EAST).tag_resource(ResourceArn=arn, Tags=tags)  # type: ignore[arg-type]
    aws.forget()
    with pytest.raises(RefusedError, match=f"written from {WEST}") as refused:
        Table.read(aws, moved)
    assert f"put {WEST} first" in refused.value.hint


def test_a_plan_with_nothing_to_do_reads_each_thing_once(aws: Aws) -> None:
    desired = wanted(ttl="expires")
    desired.create(aws)
    aws.forget()
    calls: list[str] = []
    aws.dynamodb(EAST).meta.events.register("before-call.dynamodb", lambda model, **_: calls.append(model.name))
    Table.read(aws, desired)
    list(Table.owned(aws, EAST))
    assert sorted(calls) == [
        "DescribeContinuousBackups",
        "DescribeTable",
        "DescribeTimeToLive",
        "ListTables",
        "ListTagsOfResource",
    ]


@pytest.mark.usefixtures("aws")
def test_waiting_for_a_table_that_never_shows_up_ends() -> None:
    now = [0.0]

    def sleep(seconds: float) -> None:
        now[0] += seconds

    patient = Aws(Access(keys=("testing", "testing")), backend="corkhounds", clock=lambda: now[0], sleep=sleep)
    with pytest.raises(BackendctlError, match="does not exist in us-east-1"):
        table_reads.wait_active(patient, EAST, "corkhounds-places")
    assert 60 <= now[0] < 70


def test_a_table_that_the_spec_names_itself_is_found(aws: Aws) -> None:
    wanted(physical="Legacy").create(aws)
    aws.forget()
    assert list(Table.owned(aws, EAST)) == []
    aws.spec_names = frozenset({"Legacy"})
    assert [found.physical for found in Table.owned(aws, EAST)] == ["Legacy"]
