"""The index of regions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backendctl.aws.connection import Aws
from backendctl.engine.diff import differences
from backendctl.resources.ssm.region_index import RegionIndex, known_regions
from tests.unit.resources.lambda_helpers import EAST, WEST, context_of, deploy, emulated

IRELAND = "eu-west-1"


@pytest.fixture
def aws() -> Iterator[Aws]:
    with emulated() as made:
        yield made


def entries(*regions: str) -> list[RegionIndex]:
    return list(RegionIndex.desired(context_of(regions=regions)))


def pending(aws: Aws, *regions: str) -> list[str]:
    aws.forget()
    return [change.field for entry in entries(*regions) for change in differences(entry, RegionIndex.read(aws, entry))]


def test_the_primary_names_all_and_all_name_the_primary() -> None:
    assert [(entry.region, entry.name) for entry in entries(EAST, WEST, IRELAND)] == [
        (EAST, EAST),
        (EAST, WEST),
        (EAST, IRELAND),
        (WEST, EAST),
        (IRELAND, EAST),
    ]


def test_the_second_plan_is_empty(aws: Aws) -> None:
    assert pending(aws, EAST, WEST) == ["value", "value", "value"]
    deploy(aws, entries(EAST, WEST))
    assert pending(aws, EAST, WEST) == []


@pytest.mark.parametrize("left", [EAST, WEST, IRELAND])
def test_from_any_region_all_others_are_found(aws: Aws, left: str) -> None:
    deploy(aws, entries(EAST, WEST, IRELAND))
    assert known_regions(aws, [left])[0] == left
    assert set(known_regions(aws, [left])) == {EAST, WEST, IRELAND}


def test_a_backend_that_is_nowhere_lives_where_its_spec_says(aws: Aws) -> None:
    assert known_regions(aws, [WEST, EAST]) == [WEST, EAST]


def test_the_entries_of_another_backend_are_not_ours(aws: Aws) -> None:
    aws.ssm(EAST).put_parameter(Name=f"/backendctl/corkhounds-two/regions/{WEST}", Value=WEST, Type="String")
    assert list(RegionIndex.owned(aws, EAST)) == []


def test_create_and_delete_may_be_repeated(aws: Aws) -> None:
    entry = entries(EAST)[0]
    entry.create(aws)
    entry.create(aws)
    assert [live.name for live in RegionIndex.owned(aws, EAST)] == [EAST]
    entry.delete(aws)
    entry.delete(aws)
    aws.forget()
    assert list(RegionIndex.owned(aws, EAST)) == []


def test_entries_carry_the_mark_for_people(aws: Aws) -> None:
    entries(EAST)[0].create(aws)
    tags = aws.ssm(EAST).list_tags_for_resource(
        ResourceType="Parameter", ResourceId=f"/backendctl/corkhounds/regions/{EAST}"
    )["TagList"]
    assert tags == [{"Key": "backendctl:backend", "Value": "corkhounds"}]
