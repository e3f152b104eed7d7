"""The old notes become v1 … vN, alike in every region."""

from __future__ import annotations

from backendctl.release.migration import taken_over
from backendctl.resources.ssm.old_notes import Note
from backendctl.resources.ssm.release_log import RegionLog
from backendctl.resources.ssm.release_record import Event

EAST, WEST = "us-east-1", "us-west-2"


def note(how: str, release: int, minute: int) -> Note:
    return Note(
        how=how,
        time=f"2026-11-28T14:{minute:02d}:00Z",
        commit=f"c{release}",
        definition=f"d{release}",
        deployment=f"x{release}",
        versions={"f:live": str(release)},
    )


TOLD = [note("found", 1, 0), note("deploy", 2, 1), note("canary", 3, 2), note("promote", 3, 3), note("rollback", 2, 4)]


def test_every_note_of_what_was_live_gets_the_same_number_in_every_region() -> None:
    made = taken_over({EAST: {"prod": TOLD}, WEST: {"prod": TOLD}}, {})
    numbers = {region: [(e.number, str(e.event)) for e in entries] for region, entries in made.items()}
    assert numbers[EAST] == numbers[WEST] == [(1, "found"), (2, "deploy"), (3, "deploy"), (4, "rollback")]
    assert [e.tag for e in made[EAST]] == [e.tag for e in made[WEST]]


def test_a_region_that_missed_a_release_has_no_record_of_it() -> None:
    made = taken_over({EAST: {"prod": TOLD}, WEST: {"prod": [TOLD[0], TOLD[4]]}}, {})
    assert [e.number for e in made[WEST]] == [1, 4]


def test_stages_are_numbered_together_in_the_order_of_time() -> None:
    made = taken_over({EAST: {"prod": [note("deploy", 1, 0), note("deploy", 2, 5)], "dev": [note("deploy", 1, 3)]}}, {})
    assert [(e.number, e.targets, e.before) for e in made[EAST]] == [
        (1, ("prod",), None),
        (2, ("dev",), None),
        (3, ("prod",), 1),
    ]


def test_a_region_that_was_silent_gets_the_numbers_that_the_others_have() -> None:
    known = taken_over({EAST: {"prod": TOLD}}, {})[EAST]
    log = RegionLog(region=EAST, entries={entry.index: entry for entry in known})
    late = taken_over({WEST: {"prod": TOLD[:2]}}, {EAST: log})
    assert [(e.number, e.event) for e in late[WEST]] == [(1, Event.FOUND), (2, Event.DEPLOY)]


def test_without_old_notes_there_is_nothing_to_take_over() -> None:
    assert taken_over({EAST: {"prod": []}}, {}) == {}
