"""One number of a spec changed, and nothing else."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from backendctl.errors import UsageError
from backendctl.spec.loader import read
from backendctl.spec.writing import memory_edit

PLAIN = """\
# the shop
functions:
  places:            # near you
    code: ../functions/places
    memory:   1024   # MB; tuned in spring
    timeout: 10
    regions: {us-west-2: {memory: 1536}}

  search:
    code: ../functions/search   # no memory here
    timeout: 5
"""


def written(path: Path, text: str, function: str = "places", *regions: str, memory: int = 512) -> str:
    path.write_bytes(text.encode())
    memory_edit(path, function, regions or ("us-east-1",), memory).write()
    return path.read_bytes().decode()


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    return tmp_path / "spec.yaml"


def test_the_number_alone_is_replaced(spec: Path) -> None:
    assert written(spec, PLAIN) == PLAIN.replace("1024   # MB", "512   # MB")


def test_a_region_of_its_own_keeps_the_others_as_they_are(spec: Path) -> None:
    assert written(spec, PLAIN, "places", "us-west-2") == PLAIN.replace("1536", "512")


def test_regions_that_stand_apart_are_refused(spec: Path) -> None:
    with pytest.raises(UsageError, match="of its own in some of us-east-1, us-west-2"):
        written(spec, PLAIN, "places", "us-east-1", "us-west-2")


def test_a_missing_key_is_added_before_the_timeout(spec: Path) -> None:
    assert written(spec, PLAIN, "search") == PLAIN.replace("    timeout: 5", "    memory: 512\n    timeout: 5")


def test_a_missing_key_is_added_before_the_first_one_otherwise(spec: Path) -> None:
    text = "functions:\n  places:\n    # the code\n    code: a\n"
    assert written(spec, text) == "functions:\n  places:\n    # the code\n    memory: 512\n    code: a\n"


def test_flow_style_is_kept(spec: Path) -> None:
    assert written(spec, "functions: {places: {code: a, memory: 128}}") == "functions: {places: {code: a, memory: 512}}"
    assert written(spec, "functions: {places: {code: a}}") == "functions: {places: {memory: 512, code: a}}"


def test_a_json_spec_stays_json(tmp_path: Path) -> None:
    path = tmp_path / "spec.json"
    assert written(path, '{"functions": {"places": {"code": "a"}}}') == (
        '{"functions": {"places": {"memory": 512, "code": "a"}}}'
    )
    assert read(path).raw(("functions", "places", "memory")) == 512


def test_line_ends_and_the_byte_order_mark_are_kept(spec: Path) -> None:
    text = "\ufeff" + PLAIN.replace("\n", "\r\n")
    assert written(spec, text) == text.replace("1024   # MB", "512   # MB")
    assert written(spec, text, "search") == text.replace("    timeout: 5", "    memory: 512\r\n    timeout: 5")


def test_what_is_merged_in_is_overridden_where_it_is_used(spec: Path) -> None:
    text = textwrap.dedent("""\
        defaults: &defaults
          memory: 256
          timeout: 3
        functions:
          places:
            <<: *defaults
            code: a
          search:
            <<: *defaults
            code: b
        """)
    assert written(spec, text) == text.replace("    code: a", "    memory: 512\n    code: a")


@pytest.mark.parametrize(
    "text",
    [
        "functions:\n  places: &one\n    code: a\n    memory: 256\n  search: *one\n",
        "size: &size 256\nfunctions:\n  places:\n    code: a\n    memory: *size\n",
        "functions:\n  places:\n    code: a\n    memory: &size 256\n  search:\n    code: b\n    memory: *size\n",
    ],
)
def test_what_an_anchor_shares_is_refused_and_not_written(spec: Path, text: str) -> None:
    with pytest.raises(UsageError, match=r"spec.yaml:\d+:\d+: functions.places.memory cannot be changed alone"):
        written(spec, text)
    assert spec.read_text() == text


def test_an_expression_is_refused(spec: Path) -> None:
    text = "functions:\n  places:\n    memory: '{{ env \"MB\" }}'\n"
    with pytest.raises(UsageError, match=r"spec.yaml:3:13: functions.places.memory is not a plain number"):
        written(spec, text)
    assert spec.read_text() == text


def test_the_edit_says_what_was_there(spec: Path) -> None:
    spec.write_text(PLAIN)
    edit, added = (memory_edit(spec, name, ["us-east-1"], 512) for name in ("places", "search"))
    assert (edit.before, edit.after, added.before) == (1024, 512, None)
