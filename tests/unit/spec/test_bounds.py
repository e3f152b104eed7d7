"""A document that stands for more than can be handled is refused at once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from backendctl.errors import SpecError
from backendctl.spec import parse
from backendctl.spec.loader import parse_json, parse_yaml


def aliased(first: str, line: str, *, rows: int) -> str:
    return f"a0: &a0 {first}\n" + "".join(
        f"a{at}: &a{at} {line.replace('*', f'*a{at - 1}')}\n" for at in range(1, rows)
    )


LISTS = aliased("[x, x]", "[" + ", ".join("*" * 9) + "]", rows=12)
MAPPINGS = aliased("{x: 1}", "{" + ", ".join(f"k{at}: *" for at in range(9)) + "}", rows=14)
TEXTS = aliased("x" * 10_000, "[" + ", ".join("*" * 60) + "]", rows=4)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (LISTS, "7:5: this stands for more than 250000 values"),
        (MAPPINGS, "stands for more than 250000 values"),
        (TEXTS, "stands for more than 250000 values"),
        ("\n".join(f"k{at}: {at}" for at in range(300_000)), "about 299999 values; 100000 are read"),
        ("{" + ",".join(f"k{at}: 1" for at in range(300_000)) + "}", "about 299999 values"),
        ("[" * 100_000, "nesting"),
        ("[" * 500 + "]" * 500, "nested more than 200 deep"),
    ],
)
def test_yaml_that_grows_is_refused_in_no_time(text: str, sentence: str) -> None:
    started = time.process_time()
    with pytest.raises(SpecError) as caught:
        parse_yaml(text, file="x.yaml")
    assert time.process_time() - started < 1
    assert sentence in str(caught.value.faults[0])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[" * 100_000 + "]" * 100_000, "nested too deep"),
        ("[" * 500 + "]" * 500, "nested more than 200 deep"),
        ("[" + "1," * 400_000 + "1]", "more than 250000 values"),
        (" " * 20_000_001, "characters"),
    ],
)
def test_json_that_is_too_large_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(SpecError) as caught:
        parse_json(text, file="x.json")
    assert sentence in str(caught.value.faults[0])


def test_aliases_that_stay_small_are_fine() -> None:
    assert parse_yaml("a: &a {x: 1}\nb: [*a, *a]\n<<: *a\n", file="x").value["b"] == [{"x": 1}, {"x": 1}]


def test_many_keys_that_stand_twice_in_json_are_told_in_no_time() -> None:
    text = "{" + ",".join(f'"k{at % 60000}": 1' for at in range(120_000)) + "}"
    with pytest.raises(SpecError) as caught:
        parse_json(text, file="x.json")
    assert len(caught.value.faults) == 60000


@pytest.mark.parametrize("text", ["", "description: '{{ file \"/dev/zero\" }}'\n"])
def test_a_file_without_end_is_not_read_to_its_end(text: str, tmp_path: Path) -> None:
    spec = tmp_path / "spec.yaml"
    spec.write_text("backend: shop\nregions: [us-east-1]\nfunctions:\n  f:\n    code: a.zip\n    " + text)
    with pytest.raises(SpecError) as caught:
        parse(spec if text else Path("/dev/zero"))
    assert "cannot be read: File too large" in " ".join(fault.message for fault in caught.value.faults)
