"""After localising nothing may name where the document came from; where it does, it is shown."""

from __future__ import annotations

from typing import Any

import pytest

from backendctl.openapi.leftovers import Leftover, leftovers
from tests.unit.openapi.samples import INTEGRATION, openapi, operation

ORIGIN: dict[str, Any] = {"regions": ["us-east-1"], "accounts": ["111122223333"], "api_ids": ["abc123defg"]}


def holding(text: str) -> dict[str, Any]:
    return openapi({"/a": {"get": operation(integration={"type": "http", "uri": text})}})


@pytest.mark.parametrize(
    ("text", "what", "found"),
    [
        ("https://x.us-east-1.amazonaws.com", "region", "us-east-1"),
        ("my-bucket-us-east-1", "region", "us-east-1"),
        ("us-east-1_AbC", "region", "us-east-1"),
        ("https://sqs.example/111122223333/jobs", "account", "111122223333"),
        ("https://abc123defg.execute-api.example", "api", "abc123defg"),
    ],
)
def test_a_word_left_over_is_shown_with_its_place(text: str, what: str, found: str) -> None:
    place = f"/paths/~1a/get/{INTEGRATION}/uri"
    expected = Leftover(pointer=place, what=what, found=found, text=text, refuses=True)
    assert leftovers(holding(text), **ORIGIN) == [expected]


@pytest.mark.parametrize(
    "text", ["us-east-10", "xus-east-1", "9111122223333", "xabc123defg", "us-east-1a", "eu-west-1"]
)
def test_a_part_of_a_longer_word_is_nothing(text: str) -> None:
    assert leftovers(holding(text), **ORIGIN) == []


def test_the_target_is_not_left_over() -> None:
    text = "https://us-east-1/111122223333"
    assert leftovers(holding(text), **ORIGIN, target="us-east-1", target_account="111122223333") == []


def test_what_was_bound_on_purpose_is_not_left_over() -> None:
    text = "https://shared.us-east-1.example/us-east-1"
    assert leftovers(holding(text), **ORIGIN, bound=["https://shared.us-east-1.example/us-east-1"]) == []
    assert leftovers(holding(text), **ORIGIN, bound=["shared.us-east-1.example"]) != []


def test_what_people_read_is_a_note_only() -> None:
    document = openapi()
    document["info"]["description"] = "served from us-east-1"
    document["paths"]["/places"]["get"]["responses"]["200"]["description"] = "from us-east-1"
    document["components"] = {
        "schemas": {"A": {"example": {"region": ["us-east-1"]}, "properties": {"title": {"enum": ["us-east-1"]}}}}
    }
    document["paths"]["/places"]["get"][INTEGRATION]["uri"] = "x"
    found = {each.pointer: each.refuses for each in leftovers(document, **ORIGIN)}
    assert found == {
        "/info/description": False,
        "/paths/~1places/get/responses/200/description": False,
        "/components/schemas/A/example/region/0": False,
        "/components/schemas/A/properties/title/enum/0": True,
    }


def test_keys_are_looked_at_too() -> None:
    document = openapi({"/us-east-1": {"get": operation(integration={"uri": "x"})}})
    assert [each.pointer for each in leftovers(document, **ORIGIN)] == ["/paths/~1us-east-1"]


def test_nothing_to_look_for_finds_nothing() -> None:
    assert leftovers(openapi()) == []
    assert leftovers(holding(""), regions=[""]) == []
