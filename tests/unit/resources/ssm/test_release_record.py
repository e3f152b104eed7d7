"""A release's record: what fits a parameter, what is read back, and what another hand wrote."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import replace

import pytest

from backendctl.resources.ssm.release_record import LIMIT, Event, Record, State, decode, encode, split_tag


def record(functions: int = 1, **facts: object) -> Record:
    names = [f"shop-{hashlib.sha256(bytes([n])).hexdigest()[:58]}" for n in range(functions)]
    whole: dict[str, object] = {
        "index": 12,
        "number": 9,
        "event": Event.ROLLBACK,
        "token": "3f2a1c9d",
        "targets": ("prodv1",),
        "regions": ("us-east-1", "eu-west-1", "ap-southeast-1"),
        "time": "2026-11-28T14:00:00Z",
        "commit": "abc1234+",
        "author": "Ann Onymous",
        "operator": "ann@laptop.example",
        "process": 4711,
        "before": 8,
        "like": 5,
        "deployment": "abc123",
        "definition": "0123456789ab",
        "localised": "ba9876543210",
        "versions": {f"{name}:version1": f"{100 + n}" for n, name in enumerate(names)},
        "codes": {f"{name}:version1": f"{n * 7919:08x}" for n, name in enumerate(names)},
        "percent": 12.5,
        "state": State.READY,
        **facts,
    }
    return Record(**whole)  # type: ignore[arg-type]  # the facts of a test


def test_a_share_of_0_is_kept_and_is_not_the_same_as_none() -> None:
    kept = decode(12, encode(record(percent=0.0)))
    unknown = decode(12, encode(record(percent=None)))
    assert kept is not None
    assert unknown is not None
    assert (kept.percent, unknown.percent) == (0.0, None)


@pytest.mark.parametrize("functions", [0, 1, 60])
def test_what_is_written_is_read_back(functions: int) -> None:
    whole = record(functions)
    assert decode(12, encode(whole)) == whole


def test_sixty_functions_with_long_names_fit_a_standard_parameter() -> None:
    assert len(encode(record(60)).encode()) <= LIMIT


def test_of_very_many_functions_the_hashes_of_the_code_are_left_out() -> None:
    whole = record(70)
    value = encode(whole)
    assert len(value.encode()) <= LIMIT
    assert decode(12, value) == replace(whole, codes={})


def test_variables_are_read_back_and_left_out_where_a_parameter_has_no_room_for_them() -> None:
    whole = record(2, variables={"prodv1": {"oneAlias": None, "plain": "x"}, "other": {}})
    assert decode(12, encode(whole)) == whole
    long = record(2, variables={"prodv1": {f"name{n}": secrets.token_hex(200) for n in range(20)}})
    assert len(encode(long).encode()) <= LIMIT
    assert decode(12, encode(long)) == replace(long, codes={}, variables={})


def test_a_long_record_is_compressed_and_a_short_one_is_readable() -> None:
    assert encode(record(1)).startswith("{")
    assert encode(record(120)).startswith("z:")


def test_no_value_looks_like_a_reference_of_systems_manager() -> None:
    assert "{{" not in encode(record(author="{{ssm:/x}}"))


@pytest.mark.parametrize(
    "value",
    [
        "",
        "hello",
        "7",
        "null",
        "[]",
        "{}",
        "z:",
        "z:!!!",
        "z:aGVsbG8=",
        '{"number": 9}',
        '{"number": "9", "event": "deploy", "token": "3f2a1c9d"}',
        '{"number": 0, "event": "deploy", "token": "3f2a1c9d"}',
        '{"number": true, "event": "deploy", "token": "3f2a1c9d"}',
        '{"number": 9, "event": "party", "token": "3f2a1c9d"}',
        '{"number": 9, "event": "deploy", "token": "no"}',
        '{"number": 9, "event": "deploy", "token": 7}',
        '{"number": 9, "event": "deploy", "token": "3f2a1c9d", "versions": [1]}',
        '{"number": 9, "event": "deploy", "token": "3f2a1c9d", "versions": {"a": {"b": 7}}}',
        '{"number": 9, "event": "deploy", "token": "3f2a1c9d", "targets": "prod"}',
        '{"number": 9, "event": "deploy", "token": "3f2a1c9d", "percent": "ten"}',
        '{"number": 9, "event": "deploy", "token": "3f2a1c9d", "state": "asleep"}',
        '{"number": 9, "event": "deploy", "token": "3f2a1c9d", "like": 1.5}',
    ],
)
def test_what_another_hand_wrote_is_no_record_and_no_traceback(value: str) -> None:
    assert decode(12, value) is None


def test_any_damage_to_a_record_is_survived() -> None:
    for whole in (encode(record(2)), encode(record(120))):
        for cut in range(0, len(whole), 7):
            assert decode(12, whole[:cut]) is None
            decode(12, whole[:cut] + "x" + whole[cut + 1 :])


@pytest.mark.parametrize(
    ("tag", "told"), [("8-3f2a1c9d", (8, "3f2a1c9d")), ("8", None), ("", None), ("x-3f2a1c9d", None)]
)
def test_a_tag_names_number_and_content(tag: str, told: tuple[int, str] | None) -> None:
    assert split_tag(tag) == told
