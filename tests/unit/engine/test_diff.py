"""What counts as a difference."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from backendctl.engine.diff import FieldChange, differences, plain
from backendctl.secrets import KNOWN
from backendctl.spec.model import Attribute, Key
from tests.unit.engine.things import EAST, Thing

LIVE = Thing(region=EAST, name="a", size=1, key="id", tags={"team": "x"}, settings={"a": 1, "b": 2})


def test_equal_sides_do_not_differ() -> None:
    assert differences(LIVE, LIVE) == ()


def test_none_leaves_what_is_live_alone() -> None:
    assert differences(Thing(region=EAST, name="a"), LIVE) == ()


def test_false_and_zero_and_empty_are_values_not_none() -> None:
    assert differences(replace(LIVE, size=0), LIVE) == (FieldChange(field="size", before=1, after=0),)
    assert differences(replace(LIVE, key=""), LIVE)[0].after == ""


def test_context_fields_are_never_compared() -> None:
    other = replace(LIVE, region="elsewhere", name="b", owner=None, requires=frozenset({"x"}))
    assert differences(other, LIVE) == ()


def test_everything_set_differs_from_nothing() -> None:
    fields = [change.field for change in differences(LIVE, None)]
    assert fields == ["size", "key", "tags.team", "settings.a", "settings.b"]


def test_an_immutable_field_is_flagged_and_others_are_not() -> None:
    changes = differences(replace(LIVE, size=2, key="other"), LIVE)
    assert [(change.field, change.immutable) for change in changes] == [("size", False), ("key", True)]


def test_a_partial_mapping_ignores_keys_we_do_not_name() -> None:
    live = replace(LIVE, tags={"team": "x", "cost-centre": "7"})
    assert differences(replace(LIVE, tags={"team": "x"}), live) == ()
    assert differences(replace(LIVE, tags={"team": "y"}), live) == (
        FieldChange(field="tags.team", before="x", after="y"),
    )


def test_a_whole_mapping_names_each_key_that_is_added_changed_or_removed() -> None:
    changes = differences(replace(LIVE, settings={"b": 3, "c": 4}), LIVE)
    assert changes == (
        FieldChange(field="settings.a", before=1, after=None),
        FieldChange(field="settings.b", before=2, after=3),
        FieldChange(field="settings.c", before=None, after=4),
    )


def test_an_emptied_mapping_removes_every_key() -> None:
    assert [change.field for change in differences(replace(LIVE, settings={}), LIVE)] == ["settings.a", "settings.b"]


def test_a_mapping_against_a_live_none_adds_every_key() -> None:
    assert len(differences(LIVE, replace(LIVE, settings=None))) == 2


def test_the_order_of_a_mapping_is_no_difference() -> None:
    assert differences(replace(LIVE, settings={"b": 2, "a": 1}), LIVE) == ()


def test_secrets_are_hidden_before_they_leave_the_diff() -> None:
    live = replace(LIVE, environment={"OLD": "s3cret-1", "BOTH": "s3cret-2"})
    changes = differences(replace(LIVE, environment={"NEW": "s3cret-3", "BOTH": "s3cret-4"}), live)
    assert [change.field for change in changes] == ["environment.BOTH", "environment.NEW", "environment.OLD"]
    both, new, old = changes
    assert (new.before, old.after) == (None, None)
    assert all(value.startswith("•••") for value in (both.before, both.after, new.after, old.before))
    assert both.before != both.after  # a digest tells that they differ
    assert "s3cret" not in repr(changes)


def test_what_is_secret_in_the_spec_is_hidden_in_any_field_and_so_is_what_it_takes_the_place_of() -> None:
    KNOWN.add("hunter2hunter2")
    live = replace(LIVE, settings={"input": '{"key": "the old one"}', "a": 1})
    change = differences(replace(LIVE, settings={"input": '{"key": "hunter2hunter2"}', "a": 1}), live)[0]
    assert change.before.startswith("•••")
    assert change.after.startswith('{"key": "•••"} •••')
    other = differences(replace(LIVE, settings={"input": '{"key": "hunter2hunter2!"}', "a": 1}), live)[0]
    assert other.after != change.after  # a reviewed plan is still told from another one


def test_plain_values_are_json_and_sorted() -> None:
    @dataclass(frozen=True)
    class Warm:
        every: int
        targets: frozenset[str]

    value = plain({"b": (1, 2), "a": Warm(every=5, targets=frozenset({"y", "x"}))})
    assert value == {"a": {"every": 5, "targets": ["x", "y"]}, "b": [1, 2]}
    assert list(value) == ["a", "b"]
    assert json.dumps(value)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Keyed:
    """Has one value with words of its own."""

    kind: ClassVar[str] = "keyed"

    key: Key


def test_a_value_with_words_of_its_own_is_told_in_them() -> None:
    def keyed(kind: str) -> Any:
        attribute = Attribute(name="created", type=kind)
        return _Keyed(key=Key(hash=Attribute(name="owner", type="S"), range=attribute))

    (change,) = differences(keyed("N"), keyed("S"))
    assert change.told == ("hash: owner S, range: created S", "hash: owner S, range: created N")
    assert change.after == {"hash": {"name": "owner", "type": "S"}, "range": {"name": "created", "type": "N"}}
