"""Answers of regions, held against each other."""

from __future__ import annotations

from typing import Any

import pytest

from backendctl.comparing import ABSENT, Difference, decoded, differences
from backendctl.json_path import parse


def paths(east: Any, west: Any, *ignore: str) -> list[str]:
    return [one.path for one in differences({"east": east, "west": west}, [parse(text) for text in ignore])]


@pytest.mark.parametrize(
    ("east", "west", "found"),
    [
        ({"a": 1}, {"a": 1.0}, []),
        ({"a": 1}, {"a": True}, ["$.a"]),
        ({"a": [1, 2]}, {"a": [1, 3]}, ["$.a[1]"]),
        ({"a": [1, 2]}, {"a": [1]}, ["$.a"]),
        ({"a": 1}, {}, ["$.a"]),
        ({}, {"b": None}, ["$.b"]),
        ("text", {"a": 1}, ["$"]),
        ([], [], []),
    ],
)
def test_a_difference_is_told_where_it_is(east: Any, west: Any, found: list[str]) -> None:
    assert paths(east, west) == found


def test_what_may_differ_is_left_out_wherever_it_stands() -> None:
    east = {"region": "e", "items": [{"id": 1, "at": 5}, {"id": 2, "at": 6}]}
    west = {"region": "w", "items": [{"id": 1, "at": 7}, {"id": 3, "at": 8}]}
    assert paths(east, west, "$.region", "$.items[*].at") == ["$.items[1].id"]
    assert paths(east, west, "$.region", "$.items") == []


def test_what_only_one_region_has_may_be_ignored_too() -> None:
    assert paths({"a": 1}, {"a": 1, "extra": 2}, "$.extra") == []


def test_one_of_three_is_named_with_what_it_said() -> None:
    (found,) = differences({"a": {"v": 1}, "b": {"v": 2}, "c": {}})
    assert dict(found.values) == {"a": 1, "b": 2, "c": ABSENT}
    assert str(found) == "$.v: a: 1, b: 2, c: (absent)"


def test_nothing_and_one_answer_differ_from_nothing() -> None:
    assert differences({}) == []
    assert differences({"a": 1}) == []


@pytest.mark.parametrize(
    ("values", "odd"),
    [
        ({"e": 1, "w": 1.0, "n": 2}, {"n"}),
        ({"e": 1, "w": 2}, {"e", "w"}),
        ({"e": 1, "w": 1, "n": 2, "s": 2}, {"e", "w", "n", "s"}),
        ({"e": 1, "w": 2, "n": ABSENT}, {"e", "w", "n"}),
        ({"e": 1, "w": 1, "n": True}, {"n"}),
    ],
)
def test_a_region_is_odd_where_most_answer_otherwise(values: dict[str, Any], odd: set[str]) -> None:
    assert Difference(path="$.a", values=values).odd == odd


def test_what_json_does_not_have_is_text() -> None:
    assert decoded("NaN") == "NaN"
    assert decoded('{"a": -Infinity}') == '{"a": -Infinity}'
    assert decoded("[1]") == [1]
