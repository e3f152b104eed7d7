"""JSON paths."""

from __future__ import annotations

import pytest

from backendctl.json_path import PathError, parse, written

VALUE = {"a": [{"id": 1, "etag": "x"}, {"id": 2, "sub": {"etag": "y"}}], "b c": {"d": None}}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("$", [VALUE]),
        ("$.a[0].id", [1]),
        ("$.a[-1].id", [2]),
        ("$.a[*].id", [1, 2]),
        ("$..etag", ["x", "y"]),
        ("$['b c'].d", [None]),
        ("$.a[7]", []),
        ("$.nope.deeper", []),
        ("$.a.id", []),
    ],
)
def test_a_path_leads_to_its_parts(text: str, found: list[object]) -> None:
    assert [value for _, value in parse(text).select(VALUE)] == found


@pytest.mark.parametrize(("text", "offset"), [("a.b", 0), ("$.a[", 3), ("$a", 1), ("$.a[x]", 3), ("$.a b", 3)])
def test_what_is_no_path_is_refused_where_it_goes_wrong(text: str, offset: int) -> None:
    with pytest.raises(PathError) as raised:
        parse(text)
    assert raised.value.offset == offset


def test_a_way_is_written_as_a_path_that_leads_there() -> None:
    for way, value in parse("$..etag").select(VALUE):
        assert parse(written(way)).select(VALUE) == [(way, value)]
    assert written(("a b", 3, "c")) == "$['a b'][3].c"
