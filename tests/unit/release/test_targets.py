"""Which release is the one before: what was rolled back from is never the way back."""

from __future__ import annotations

from dataclasses import replace

from backendctl.release.targets import before
from backendctl.resources.ssm.release_record import Event, Record, State


def record(number: int, event: Event = Event.DEPLOY, like: int | None = None) -> Record:
    content = like or number
    return Record(
        index=number,
        number=number,
        event=event,
        token="3f2a1c9d",
        targets=("prod",),
        like=like,
        deployment=f"d{content}",
        versions={"f:live": str(content)},
        state=State.DONE,
    )


def back(number: int, like: int | None) -> Record:
    return record(number, Event.ROLLBACK, like)


def test_it_is_the_one_that_served_before() -> None:
    assert before([record(1, Event.FOUND), record(2), record(3)], 3) == 2


def test_the_first_release_has_none_before_it() -> None:
    assert before([record(1)], 1) is None
    assert before([], None) is None


def test_what_was_rolled_back_from_is_not_gone_back_to() -> None:
    lived = [record(1), record(2), record(3), back(4, 2)]
    assert before(lived, 4) == 1
    assert before([*lived, back(5, 1)], 5) is None


def test_after_a_rollback_and_a_new_release_the_way_back_is_what_served_between() -> None:
    lived = [record(1), record(2), back(3, 1), record(4)]
    assert before(lived, 4) == 1


def test_a_return_to_a_return_is_a_return_to_what_that_had() -> None:
    lived = [record(1), record(2), back(3, 1), record(4), back(5, 3)]
    assert before(lived, 5) is None
    assert before([*lived, record(6)], 6) == 1


def test_what_was_changed_by_hand_goes_back_to_the_last_release() -> None:
    assert before([record(1), record(2)], None) == 2


def test_a_rollback_of_old_notes_is_known_by_what_it_serves() -> None:
    old = replace(back(3, None), deployment="d1", versions={"f:live": "1"})
    assert before([record(1), record(2), old, record(4)], 4) == 1


def test_a_release_that_one_region_does_not_serve_yet_is_gone_back_from_everywhere() -> None:
    assert before([record(1), record(2), record(3)], 2) == 1
