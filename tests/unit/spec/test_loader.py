from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from backendctl.errors import SpecError
from backendctl.spec.loader import MISSING, parse_json, parse_yaml, read

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("y", "y"),
        ("true", True),
        ("False", False),
        ("1:30", "1:30"),
        ("0777", 777),
        ("0o17", 15),
        ("0x1F", 31),
        ("1_000", "1_000"),
        ("2026-11-23", "2026-11-23"),
        ("1.10", 1.1),
        ("1e3", 1000.0),
        ("12e4567", "12e4567"),
        (".inf", ".inf"),
        ("~", None),
        ("", None),
        ("'5'", "5"),
        ("!!str 5", "5"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    found = parse_yaml(f"key: {text}\n", file="x").value["key"]
    assert (found, type(found)) == (value, type(value))


def test_keys_are_always_text() -> None:
    assert parse_yaml("200: a\non: b\ntrue: c\n", file="x").value == {"200": "a", "on": "b", "true": "c"}


def test_every_key_and_value_has_its_place() -> None:
    document = parse_yaml("a: 1\nb:\n  - {c: d}\n  - e\n", file="x")
    assert document.place(("b", 0, "c")) == (3, 9)
    assert document.place(("b", 0, "c"), key=True) == (3, 6)
    assert document.place(("b", 1)) == (4, 5)
    assert document.place(("b", 7)) == (2, 1)
    assert document.place(("a", "under", "text")) == (1, 4)


def test_what_the_file_does_not_say_is_missing() -> None:
    document = parse_yaml("a: {b: null}\n", file="x")
    assert document.raw(("a", "b")) is None
    assert document.raw(("a", "c")) is MISSING
    assert document.nearest(("a", "b", "c")) is None


def test_only_unquoted_scalars_have_a_source() -> None:
    document = parse_yaml("a: 1.10\nb: '1.10'\n", file="x")
    assert (document.source(("a",)), document.source(("b",))) == ("1.10", None)


def test_own_keys_win_over_merged_ones() -> None:
    document = parse_yaml("base: &base {x: 1, y: 2}\nmore: {<<: *base, y: 3}\n", file="x")
    assert document.value["more"] == {"x": 1, "y": 3}
    assert document.place(("more", "x")) == (1, 17)


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (
            "a: 1\na: 2\nb: {c: 1, c: 2}\n",
            [
                "x:2:1: 'a' is given twice; the first is on line 1",
                "x:3:11: 'c' is given twice; the first is on line 3",
            ],
        ),
        ('a: {{ env "X" }}\n', ["x:1:5: an expression must stand in quotes: '{{ … }}'"]),
        ("a:\n\t- b\n", ["x:2:1: a tab indents this line; YAML takes spaces only"]),
        ("a: &x [*x]\n", ["x:1:4: this anchor contains itself"]),
        ("a: !Ref x\n", ["x:1:4: the tag '!Ref' means nothing here"]),
        ("a: b: c\n", ["x:1:5: the YAML does not parse: mapping values are not allowed in this context"]),
        ("? [a]\n: b\n", ["x:1:3: a key must be plain text"]),
        ("<<: 3\n", ["x:1:5: '<<' takes a mapping, or a list of mappings"]),
    ],
)
def test_yaml_faults_have_their_place(text: str, faults: list[str]) -> None:
    with pytest.raises(SpecError) as caught:
        parse_yaml(text, file="x")
    assert [str(one) for one in caught.value.faults] == faults


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"a": 1,\n "a": 2}', "x:2:2: 'a' is given twice; the first is on line 1"),
        ('{"a": 1,\n ]', "x:2:2: the JSON does not parse: Expecting property name enclosed in double quotes"),
    ],
)
def test_json_faults_have_their_place(text: str, fault: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_json(text, file="x")
    assert [str(one) for one in caught.value.faults] == [fault]


def test_places_in_json_are_found() -> None:
    assert parse_json('{"a":\n  {"b": [1,\n 2]}}', file="x").place(("a", "b", 1)) == (3, 2)


def test_missing_and_binary_files_are_faults(tmp_path: Path) -> None:
    binary = tmp_path / "x.yaml"
    binary.write_bytes(b"a: \xff")
    for path, message in [
        (tmp_path / "none", "there is no such file"),
        (binary, "the file is not UTF-8 text (byte 3)"),
    ]:
        with pytest.raises(SpecError) as caught:
            read(path)
        assert caught.value.faults[0].message == message


def test_importing_the_spec_loads_neither_parsers_nor_boto() -> None:
    code = "import sys, backendctl.spec; print([m for m in ('yaml', 'jsonschema', 'botocore') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("text", "way", "place"),
    [
        ('{\n\t"a": {\n\t\t"b": [1,\n\t\t2]}}', ("a", "b", 1), (4, 3)),
        ('{"a": "x\\/y",\n "b": 1}', ("b",), (2, 7)),
        ('{"a": "\\ud83d\\ude00",\n "b": {"c": [[], [3]]}}', ("b", "c", 1, 0), (2, 19)),
        ('{"a": 1,\n"' + "k" * 2000 + '": 1}', ("k" * 2000,), (2, 2005)),
    ],
)
def test_json_that_is_no_yaml_has_places_too(text: str, way: tuple[str | int, ...], place: tuple[int, int]) -> None:
    assert parse_json(text, file="x.json").place(way) == place


def test_json_that_is_nested_too_deeply_is_a_fault() -> None:
    with pytest.raises(SpecError) as caught:
        parse_json("[" * 100_000, file="x.json")
    assert "does not parse" in caught.value.faults[0].message
