"""Application Auto Scaling of tables and indexes, against moto."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from backendctl.aws.connection import Access, Aws
from backendctl.engine.diff import differences
from backendctl.resources.deploy_context import DeployContext, Stamp
from backendctl.resources.dynamodb.scaling import Scaling
from backendctl.spec import model

EAST, WEST = "us-east-1", "us-west-2"
KEY = model.Key(hash=model.Attribute(name="id", type="S"))


def table(*, low: int = 5, target: int = 70) -> model.TableSpec:
    return model.TableSpec(
        name="places",
        physical="corkhounds-places",
        key=KEY,
        regions=(EAST, WEST),
        indexes=(model.Index(name="by-owner", key=KEY, read=model.Scaling(min=1, max=9)),),
        read=model.Scaling(min=low, max=500, target=target),
        write=model.Scaling(min=2, max=20),
    )


def desired(spec_table: model.TableSpec, *, region: str = EAST) -> list[Scaling]:
    spec = model.Spec(
        backend="corkhounds",
        file=Path("corkhounds.yaml"),
        regions=(EAST, WEST),
        functions={EAST: (), WEST: ()},
        tables=(spec_table,),
    )
    world = DeployContext(
        spec=spec, account="123456789012", partition="aws", stamp=Stamp(commit="", author="", time="")
    )
    return [scaling for scaling in Scaling.desired(world) if scaling.region == region]


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mock_aws():
        made = Aws(Access(keys=("testing", "testing"), time_scale=0.0), backend="corkhounds")
        for region in (EAST, WEST):
            made.dynamodb(region).create_table(
                TableName="corkhounds-places",
                KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
                AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
                ProvisionedThroughput={"ReadCapacityUnits": 5, "WriteCapacityUnits": 2},
            )
        yield made


def live(aws: Aws, wanted: Scaling) -> Scaling:
    aws.forget()
    found = Scaling.read(aws, wanted)
    assert found is not None
    return found


def put_stranger(aws: Aws, wanted: Scaling, name: str) -> None:
    """A target and a policy as somebody else, or DynamoDB itself, would have made them."""
    Scaling(
        region=wanted.region,
        name=wanted.name,
        owner=None,
        resource=wanted.resource,
        min=1,
        max=2,
        target=50,
        policies=(name,),
    ).create(aws)


def test_table_and_every_index_scale_reads_and_writes() -> None:
    assert [(s.name, s.min, s.max) for s in desired(table())] == [
        ("places/read", 5, 500),
        ("places/write", 2, 20),
        ("places/index/by-owner/read", 1, 9),
        ("places/index/by-owner/write", 2, 20),
    ]


def test_an_on_demand_table_does_not_scale() -> None:
    plain = model.TableSpec(name="places", physical="corkhounds-places", key=KEY, regions=(EAST, WEST))
    assert desired(plain) == []


def test_scaling_waits_for_what_it_scales() -> None:
    assert {n for s in desired(table()) for n in s.needs()} == {"us-east-1/table/places"}
    west = {n for s in desired(table(), region=WEST) for n in s.needs()}
    assert west == {"us-west-2/replica/places", "us-east-1/table/places"}  # new indexes come by way of the primary


def test_aws_finds_it_by_resource_and_dimension() -> None:
    assert [s.place for s in desired(table())][1:3] == [
        ("table/corkhounds-places", "dynamodb:table:WriteCapacityUnits"),
        ("table/corkhounds-places/index/by-owner", "dynamodb:index:ReadCapacityUnits"),
    ]


def test_what_was_created_is_as_desired(aws: Aws) -> None:
    for wanted in desired(table())[:2]:
        wanted.create(aws)
        found = live(aws, wanted)
        assert differences(wanted, found) == ()
        assert found.owner == "corkhounds"


def test_both_halves_are_updated(aws: Aws) -> None:
    desired(table())[0].create(aws)
    wanted = desired(table(low=50, target=60))[0]
    before = live(aws, wanted)
    assert {change.field for change in differences(wanted, before)} == {"min", "target"}
    wanted.update(aws, before)
    assert differences(wanted, live(aws, wanted)) == ()


def test_a_target_whose_policy_a_kill_left_out_is_missing(aws: Aws) -> None:
    wanted = desired(table())[0]
    wanted._register(aws)
    assert Scaling.read(aws, wanted) is None
    wanted.create(aws)
    assert differences(wanted, live(aws, wanted)) == ()


def test_a_strangers_policy_is_foreign_in_the_primary(aws: Aws) -> None:
    wanted = desired(table())[0]
    put_stranger(aws, wanted, "by-hand")
    found = live(aws, wanted)
    assert found.owner is None
    wanted.update(aws, found)
    assert live(aws, wanted).policies == ("backendctl-corkhounds/places/read",)


def test_what_dynamodb_copied_to_a_replica_is_ours(aws: Aws) -> None:
    wanted = desired(table(), region=WEST)[0]
    put_stranger(aws, wanted, "copied")
    found = live(aws, wanted)
    assert found.owner == "corkhounds"
    wanted.update(aws, found)
    assert differences(wanted, live(aws, wanted)) == ()


def test_owned_gives_the_same_names_as_desired(aws: Aws) -> None:
    wanted = desired(table())[:2]
    for one in wanted:
        one.create(aws)
    aws.forget()
    found = {s.name: s for s in Scaling.owned(aws, EAST)}
    assert sorted(found) == ["places/read", "places/write"]
    assert all(differences(one, found[one.name]) == () for one in wanted)
    assert list(Scaling.owned(aws, WEST)) == []


def test_another_backend_with_a_longer_name_is_not_ours(aws: Aws) -> None:
    put_stranger(aws, desired(table())[0], "backendctl-corkhounds-two/places/read")
    assert list(Scaling.owned(aws, EAST)) == []
    assert live(aws, desired(table())[0]).owner == "corkhounds-two"


def test_deleting_leaves_nothing_and_again_is_done(aws: Aws) -> None:
    desired(table())[0].create(aws)
    aws.forget()
    (found,) = Scaling.owned(aws, EAST)
    found.delete(aws)
    found.delete(aws)
    client = aws.scaling(EAST)
    assert client.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"] == []
    assert client.describe_scaling_policies(ServiceNamespace="dynamodb")["ScalingPolicies"] == []


def test_a_target_that_a_kill_left_without_a_policy_is_found_where_the_table_is_ours(aws: Aws) -> None:
    for wanted in desired(table())[:3]:
        wanted._register(aws)
    assert list(Scaling.owned(aws, EAST)) == []
    arn = aws.dynamodb(EAST).describe_table(TableName="corkhounds-places")["Table"]["TableArn"]
    tags = [{"Key": "backendctl:backend", "Value": "corkhounds"}, {"Key": "backendctl:name", "Value": "places"}]
    aws.dynamodb(EAST).tag_resource(ResourceArn=arn, Tags=tags)  # type: ignore[arg-type]
    aws.forget()
    found = list(Scaling.owned(aws, EAST))
    assert sorted(one.name for one in found) == ["places/index/by-owner/read", "places/read", "places/write"]
    for one in found:
        one.delete(aws)
    assert aws.scaling(EAST).describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"] == []
