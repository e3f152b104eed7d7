"""Keys of a spec that have two names."""

from __future__ import annotations

from pathlib import Path

import pytest

from backendctl.errors import SpecError
from backendctl.spec.draft import load, parse
from backendctl.spec.model import Spec
from backendctl.spec.values import Offline

HEAD = "backend: shop\nregions: [us-east-1, us-west-2]\n"
DYNAMODB = (
    HEAD + "tables:\n  items:\n    key: {partition-key: id S, sort-key: at S}\n"
    "    indexes: {by-owner: {partition-key: owner S, sort-key: at S}}\n"
    "    local-indexes: {by-sum: {sort-key: sum N}}\n"
)
OURS = DYNAMODB.replace("partition-key", "hash").replace("sort-key", "range")


def _spec(folder: Path, text: str, *, name: str = "shop.yaml") -> Spec:
    file = folder / name
    file.write_text(text)
    return load(file, Offline())


def _faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(SpecError) as refused:
        _spec(folder, text)
    return [f"{fault.line}:{fault.column}: {fault.message}" for fault in refused.value.faults]


def test_a_table_says_its_keys_in_dynamodbs_words_or_in_short_ones(tmp_path: Path) -> None:
    assert _spec(tmp_path, DYNAMODB).tables == _spec(tmp_path, OURS).tables


def test_names_that_come_by_an_anchor_or_a_merge_count_too(tmp_path: Path) -> None:
    text = HEAD + (
        "tables:\n  a: {key: &key {partition-key: id S}}\n  b: {key: *key}\n  c: {key: {<<: *key, sort-key: at S}}\n"
    )
    short = text.replace("partition-key", "hash").replace("sort-key", "range")
    assert _spec(tmp_path, text).tables == _spec(tmp_path, short).tables


def test_a_spec_in_json_has_both_names_too(tmp_path: Path) -> None:
    text = '{"backend": "shop", "regions": ["us-east-1"], "tables": {"a": {"key": {"partition-key": "id S"}}}}'
    assert _spec(tmp_path, text, name="shop.json").tables[0].key.hash.name == "id"


def test_a_fault_stands_where_the_value_stands(tmp_path: Path) -> None:
    assert _faults(tmp_path, HEAD + "tables:\n  items:\n    key: {partition-key: id}\n") == [
        "5:26: 'id' has no type: write 'id S' (text), 'id N' (number) or 'id B' (binary)"
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "tables:\n  items:\n    key: {hash: id S, partition-key: id S}\n",
            "5:23: 'partition-key' and 'hash' are the same setting: remove one of them",
        ),
        (
            "canary: {strategy: alias, hold: 5 minutes, bake-time: 5 minutes}\n",
            "3:27: 'hold' and 'bake-time' are the same setting: remove one of them",
        ),
        ("tables:\n  items:\n    key: {sort-key: at S}\n", "5:10: a key needs 'hash' or 'partition-key'"),
    ],
)
def test_both_names_and_neither_are_faults(tmp_path: Path, text: str, told: str) -> None:
    assert _faults(tmp_path, HEAD + text) == [told]


FAULTY = HEAD + (
    "tables:\n"
    "  one: {key: {partition-key: id S, sort-key: id S}}\n"
    "  two: {key: {partition-key: id S, sort-key: 5}, local-indexes: {by-sum: {partition-key: id S}}}\n"
    "  three: {key: {partition-key: id S, sort-key: at S},\n"
    "    local-indexes: {by-at: {sort-key: at S}, by-id: {sort-key: id S}}}\n"
    "  four: {key: {partition-key: id S}, local-indexes: {by-sum: {sort-key: sum N}}}\n"
)


def test_a_fault_says_the_key_as_it_was_written(tmp_path: Path) -> None:
    lacking = "a table without 'sort-key' in its key has no local indexes: add it to 'key', or make them global indexes"
    told = [fault.split(": ", 1)[1] for fault in _faults(tmp_path, FAULTY)]
    assert told == [
        "'id' cannot be both 'partition-key' and 'sort-key'",
        "'sort-key' must be text and 5 reads as a number; put it in quotes: \"5\"",
        "a local index needs 'range' or 'sort-key'",
        "'partition-key' is not a setting of a local index",
        "that is the table's own 'sort-key': the index would repeat the table",
        "'id' is the table's 'partition-key' already",
        lacking,
    ]
    short = FAULTY.replace("partition-key", "hash").replace("sort-key", "range")
    assert not [fault for fault in _faults(tmp_path, short) if "partition-key" in fault]
    (old,) = _faults(tmp_path, HEAD + "canary: {strategy: alias, hold: soon}\n")
    assert "'hold'" in old
    assert "'bake-time'" not in old


def test_the_old_name_of_the_bake_time_works_with_a_warning(tmp_path: Path) -> None:
    assert _spec(tmp_path, HEAD + "canary: {strategy: alias, hold: 5 minutes}\n").canary.bake_time == 300
    (warning,) = parse(tmp_path / "shop.yaml").warnings
    assert (warning.line, warning.message) == (3, "'hold' is deprecated: rename it to 'bake-time'")
    _spec(tmp_path, HEAD + "canary: {strategy: alias, bake-time: 5 minutes}\n")
    assert parse(tmp_path / "shop.yaml").warnings == ()
