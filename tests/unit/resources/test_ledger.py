"""What a stage has served, kept in one parameter per stage whose history AWS keeps."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backendctl.aws.connection import Aws
from backendctl.resources import ledger
from backendctl.resources.ledger import Entry, Route
from tests.unit.resources.lambda_helpers import EAST, WEST, emulated


@pytest.fixture
def aws() -> Iterator[Aws]:
    with emulated() as made:
        yield made


def entry(how: str, release: int) -> Entry:
    return Entry(how=how, commit=f"c{release}", deployment=f"d{release}", versions={"f:live": str(release)})


def told(aws: Aws, region: str = EAST) -> list[tuple[str, str]]:
    return [(found.how, found.deployment) for found in ledger.read(aws, region, "prod")]


def test_nothing_is_remembered_at_first_nor_after_the_stage_is_gone(aws: Aws) -> None:
    assert told(aws) == []
    ledger.write(aws, EAST, "prod", entry("deploy", 1))
    ledger.forget(aws, EAST, "prod")
    ledger.forget(aws, EAST, "prod")
    assert told(aws) == []


def test_the_newest_comes_first_and_each_region_has_its_own(aws: Aws) -> None:
    for number in (1, 2, 3):
        ledger.write(aws, EAST, "prod", entry("deploy", number))
    assert told(aws) == [("deploy", "d3"), ("deploy", "d2"), ("deploy", "d1")]
    assert told(aws, WEST) == []


def test_what_was_written_is_read_again_with_the_time_of_writing(aws: Aws) -> None:
    ledger.write(aws, EAST, "prod", Entry(how="canary", by="me", definition="abc", percent=5.0))
    (found,) = ledger.read(aws, EAST, "prod")
    assert (found.how, found.by, found.definition, found.percent) == ("canary", "me", "abc", 5.0)
    assert found.time.endswith("Z")


def test_a_repeated_command_tells_nothing_twice(aws: Aws) -> None:
    ledger.write(aws, EAST, "prod", entry("promote", 1))
    ledger.write(aws, EAST, "prod", entry("promote", 1))
    assert told(aws) == [("promote", "d1")]


def test_what_serves_is_noted_before_a_turn_unless_it_is_known(aws: Aws) -> None:
    ledger.note_found(aws, EAST, "prod", entry("found", 1))
    ledger.write(aws, EAST, "prod", entry("canary", 2))
    ledger.note_found(aws, EAST, "prod", entry("found", 1))
    assert told(aws) == [("canary", "d2"), ("found", "d1")]
    ledger.note_found(aws, EAST, "prod", entry("found", 3))
    assert told(aws)[0] == ("found", "d3")


def test_an_alias_has_a_ledger_of_its_own() -> None:
    assert ledger.path("shop", "places:live") == "/backendctl/shop/releases/places/live"


def test_somebody_elses_words_are_passed_over(aws: Aws) -> None:
    ledger.write(aws, EAST, "prod", entry("deploy", 1))
    aws.ssm(EAST).put_parameter(Name=ledger.path(aws.backend, "prod"), Value="hello", Type="String", Overwrite=True)
    assert told(aws) == [("deploy", "d1")]


@pytest.mark.parametrize(
    "value",
    [
        '{"how": "deploy", "versions": [1]}',
        '{"how": "deploy", "versions": {"f:live": 7}}',
        '{"how": {}, "versions": {}}',
        '{"how": "deploy", "percent": "ten"}',
        '{"how": "deploy", "by": ["me"]}',
        '{"how": null}',
        '["deploy"]',
        "null",
        "7",
    ],
)
def test_values_of_other_types_are_somebody_elses(aws: Aws, value: str) -> None:
    ledger.write(aws, EAST, "prod", entry("deploy", 1))
    aws.ssm(EAST).put_parameter(Name=ledger.path(aws.backend, "prod"), Value=value, Type="String", Overwrite=True)
    assert told(aws) == [("deploy", "d1")]
    ledger.note_found(aws, EAST, "prod", entry("found", 2))
    assert told(aws)[0] == ("found", "d2")


def test_a_null_is_what_was_never_written(aws: Aws) -> None:
    value = '{"how": "deploy", "versions": null, "percent": null, "commit": null}'
    aws.ssm(EAST).put_parameter(Name=ledger.path(aws.backend, "prod"), Value=value, Type="String", Overwrite=True)
    (found,) = ledger.read(aws, EAST, "prod")
    assert (found.how, found.versions, found.percent, found.commit) == ("deploy", {}, None, "")


@pytest.mark.parametrize(
    ("variable", "value", "leads"),
    [("alias", "version1-b", "version1-b"), ("alias", "f:version1-b", "version1-b"), (None, "", "version1")],
)
def test_a_route_leads_where_its_variable_says(variable: str | None, value: str, leads: str) -> None:
    route = Route(variable=variable, physical="f", alias="version1")
    assert ledger.qualifier(route, {"alias": value}) == leads
