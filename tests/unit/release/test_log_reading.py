"""What is under way, and whom it binds."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backendctl.release.log_reading import Logs, binds
from backendctl.resources.deploy_context import Stamp
from backendctl.resources.ssm.release_log import RegionLog
from backendctl.resources.ssm.release_record import Event, Record, State

EAST, WEST = "us-east-1", "us-west-2"
ME = Stamp(commit="abc", author="Ann", time="2026-11-28T14:00:00Z", operator="ann@laptop", process=100)
ENTRY = Record(
    index=5,
    number=4,
    event=Event.ROLLBACK,
    token="3f2a1c9d",
    targets=("prod",),
    regions=(EAST, WEST),
    operator="bob@desk",
    process=7,
    touched=1000.0,
)


def logs(**entries: Record) -> Logs:
    return Logs(
        regions={
            region: RegionLog(region=region, entries={entry.index: entry})
            for region, entry in zip((EAST, WEST), entries.values(), strict=False)
        }
    )


def test_what_one_region_has_not_finished_is_under_way() -> None:
    done = replace(ENTRY, state=State.DONE)
    assert logs(east=done, west=done).unfinished() is None
    unfinished = logs(east=done, west=ENTRY).unfinished()
    assert unfinished is not None
    assert unfinished.index == ENTRY.index


def test_a_region_that_missed_it_has_it_still_to_do() -> None:
    done = replace(ENTRY, state=State.DONE)
    missing = Logs(regions={EAST: RegionLog(region=EAST, entries={5: done}), WEST: RegionLog(region=WEST)})
    assert missing.unfinished() == done


def test_a_region_that_does_not_answer_leaves_nothing_to_do() -> None:
    assert logs(east=replace(ENTRY, state=State.DONE)).unfinished() is None


def test_what_was_withdrawn_is_not_under_way() -> None:
    assert logs(east=replace(ENTRY, state=State.WITHDRAWN)).unfinished() is None


@pytest.mark.parametrize(("seconds", "bound"), [(10, True), (14 * 60, True), (16 * 60, False)])
def test_an_announcement_expires_after_15_minutes_without_a_sign_of_life(seconds: float, *, bound: bool) -> None:
    assert binds(ENTRY, me=ME, now=1000.0 + seconds) is bound


@pytest.mark.parametrize("alive", [True, False])
def test_on_the_same_machine_it_binds_as_long_as_its_process_lives(*, alive: bool) -> None:
    here = replace(ENTRY, operator="bob@laptop")
    assert binds(here, me=ME, now=1010.0, is_alive=lambda _: alive) is alive


def test_what_this_process_began_before_does_not_bind_it() -> None:
    assert not binds(replace(ENTRY, operator="ann@laptop", process=100), me=ME, now=1010.0, is_alive=lambda _: True)
