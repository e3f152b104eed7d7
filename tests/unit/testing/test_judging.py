"""Answers against expectations."""

from __future__ import annotations

from typing import Any

import pytest

from backendctl.json_path import parse
from backendctl.openapi.matching import route_of
from backendctl.testing.judging import judge
from backendctl.testing.model import Condition, Expect, Response

DOCUMENT: dict[str, Any] = {
    "paths": {
        "/places": {
            "get": {
                "responses": {
                    "200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Page"}}}},
                    "default": {"description": "nothing said"},
                }
            }
        }
    },
    "components": {
        "schemas": {
            "Page": {
                "type": "object",
                "required": ["places"],
                "properties": {
                    "places": {"type": "array", "items": {"$ref": "#/components/schemas/Place"}},
                    "next": {"type": "string", "nullable": True},
                },
            },
            "Place": {"type": "object", "required": ["id"], "properties": {"id": {"type": "string"}}},
        }
    },
}


def told(expect: Expect, *, status: int = 200, body: str = "{}", **headers: str) -> list[str]:
    response = Response(status=status, headers=headers, body=body, latency_ms=120.0)
    return judge(expect, response, route=route_of(DOCUMENT, "GET", "/places"), document=DOCUMENT)


def at(path: str, kind: str, wanted: Any) -> Expect:
    return Expect(json={parse(path): (Condition(kind=kind, wanted=wanted),)})


def test_without_a_word_any_status_below_400_will_do() -> None:
    assert told(Expect(), status=302) == []
    assert told(Expect(), status=404, body='{"error": "no"}') == ['status is 404: {"error": "no"}']
    assert told(Expect(statuses=(404, 410)), status=404) == []
    assert told(Expect(statuses=(200, 201)), status=204, body="") == ["status is 204, not 200 or 201"]


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        ("equals", "abc", "abd"),
        ("not", "x", "abc"),
        ("matches", "^a.c$", "^b"),
        ("contains", "b", "z"),
        ("type", "string", "number"),
        ("length", 3, 4),
        ("exists", True, False),
    ],
)
def test_a_text_is_held_against_each_kind_of_expectation(kind: str, good: Any, bad: Any) -> None:
    body = '{"v": "abc"}'
    assert told(at("$.v", kind, good), body=body) == []
    (failure,) = told(at("$.v", kind, bad), body=body)
    assert failure.startswith("$.v ")


@pytest.mark.parametrize(
    ("kind", "value", "wanted", "holds"),
    [
        ("at-least", "3", 3, True),
        ("at-least", "2.9", 3, False),
        ("at-most", "3", 3, True),
        ("at-most", "true", 3, False),
        ("equals", "1", True, False),
        ("equals", "1.0", 1, True),
        ("equals", '{"a": [1]}', {"a": [1]}, True),
        ("type", "true", "boolean", True),
        ("type", "true", "integer", False),
        ("type", "1.5", "integer", False),
        ("type", "null", "null", True),
        ("contains", "[1, 2]", 2, True),
        ("contains", "[1, 2]", True, False),
        ("length", "[1, 2]", 2, True),
    ],
)
def test_other_values_too(kind: str, value: str, wanted: Any, *, holds: bool) -> None:
    assert (told(at("$.v", kind, wanted), body=f'{{"v": {value}}}') == []) is holds


def test_every_part_that_a_path_leads_to_has_to_hold() -> None:
    body = '{"places": [{"id": "a"}, {"id": 7}]}'
    assert told(at("$.places[*].id", "type", "string"), body=body) == ['$.places[*].id is 7, which is not a "string"']


def test_what_is_not_there_is_told() -> None:
    assert told(at("$.v", "equals", 1)) == ["$.v is not there"]
    assert told(at("$.v", "exists", False)) == []  # noqa: FBT003  # a value of the file
    assert told(at("$.v", "equals", 1), body="<html>") == ['the body is not JSON: "<html>"']
    header = Expect(headers={"x-id": (Condition(kind="equals", wanted="1"),)})
    assert told(header) == ["header x-id is not there"]


def test_time_and_regular_expressions_are_held() -> None:
    assert told(Expect(within_ms=100)) == ["it took 120 ms, not at most 100 ms"]
    assert told(Expect(within_ms=120, matches="places"), body='{"places": []}') == []
    assert len(told(Expect(matches="nothing"))) == 1


def test_a_body_is_held_against_the_definition_s_schema() -> None:
    schema = Expect(schema=True)
    assert told(schema, body='{"places": [{"id": "a"}], "next": null}') == []
    (failure,) = told(schema, body='{"places": [{"id": 7}]}')
    assert "$.places[0].id" in failure
    assert told(schema, body="no json")[0].startswith("the body is not JSON")
    (failure,) = told(Expect(schema=True, statuses=(404,)), status=404)
    assert failure == "the definition has no schema for status 404 of this route"
