from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import pytest

from backendctl.sandbox.corrections.table_times import COPY, INDEX_IN_GROUP, Place, TableTimes
from backendctl.sandbox.timing import Pace, TimeScale

EAST, WEST, EUROPE = "us-east-1", "us-west-2", "eu-west-1"
HERE, THERE = (EAST, "places"), (WEST, "places")


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


def _times(clock: Clock, factor: float = 1.0) -> TableTimes:
    chance = random.Random(3)  # noqa: S311 - it draws durations
    return TableTimes(pace=Pace(scale=TimeScale(factor), clock=clock, chance=chance))


@pytest.fixture
def times(clock: Clock) -> TableTimes:
    return _times(clock)


def _table(*others: str, indexes: tuple[str, ...] = ()) -> dict[str, Any]:
    return {
        "TableName": "places",
        "TableStatus": "ACTIVE",
        "Replicas": [{"RegionName": region, "ReplicaStatus": "ACTIVE"} for region in others],
        "GlobalSecondaryIndexes": [{"IndexName": name, "IndexStatus": "ACTIVE"} for name in indexes],
    }


def _entries(times: TableTimes, place: Place, *others: str) -> dict[str, str]:
    shown = times.seen(place, _table(*others))
    return {one["RegionName"]: one["ReplicaStatus"] for one in shown.get("Replicas", [])}


def test_a_new_table_and_its_indexes_are_creating(times: TableTimes, clock: Clock) -> None:
    times.created(HERE)
    shown = times.seen(HERE, _table(indexes=("by-owner",)))
    assert (shown["TableStatus"], shown["GlobalSecondaryIndexes"][0]["IndexStatus"]) == ("CREATING", "CREATING")
    clock.now += 11
    shown = times.seen(HERE, _table(indexes=("by-owner",)))
    assert (shown["TableStatus"], shown["GlobalSecondaryIndexes"][0]["IndexStatus"]) == ("ACTIVE", "ACTIVE")
    assert times.backups.lasts(HERE)
    clock.now += 6
    assert not times.backups.lasts(HERE)


def test_a_replica_appears_late_and_the_table_lies_about_it(times: TableTimes, clock: Clock) -> None:
    times.joined(EAST, THERE, group=(), is_empty=False)
    assert _entries(times, HERE, WEST) == {}
    assert "GlobalTableVersion" not in times.seen(HERE, {**_table(WEST), "GlobalTableVersion": "2019.11.21"})
    assert times.is_hidden(THERE)
    clock.now = 7
    assert (_entries(times, HERE, WEST), times.is_hidden(THERE)) == ({WEST: "CREATING"}, True)
    assert times.seen(HERE, _table(WEST))["TableStatus"] == "UPDATING"
    clock.now = 11
    assert not times.is_hidden(THERE)
    assert times.seen(THERE, _table(EAST))["TableStatus"] == "CREATING"
    clock.now = 500
    assert (times.seen(HERE, _table(WEST))["TableStatus"], _entries(times, HERE, WEST)) == (
        "ACTIVE",
        {WEST: "CREATING"},
    )
    clock.now = COPY[1] + 1
    assert _entries(times, HERE, WEST) == {WEST: "ACTIVE"}
    assert times.seen(THERE, _table(EAST))["TableStatus"] == "ACTIVE"


def test_an_empty_replica_is_quick(times: TableTimes, clock: Clock) -> None:
    times.joined(EAST, THERE, group=(), is_empty=True)
    clock.now = 50
    assert not times.is_joining(THERE)


def test_a_group_is_busy_while_a_replica_comes_or_goes_and_others_are_not(times: TableTimes, clock: Clock) -> None:
    times.joined(EAST, THERE, group=(EUROPE,), is_empty=True)
    assert times.is_group_busy(HERE)
    assert times.is_group_busy((EUROPE, "places"))
    assert not times.is_group_busy(("ap-northeast-1", "places"))  # a table of the same name by itself
    assert not times.is_group_busy((EAST, "other"))
    clock.now = 50
    assert not times.is_group_busy(HERE)
    times.left(EAST, THERE, _table(EAST), group=(EUROPE,))
    assert times.is_group_busy(HERE)


def test_a_removed_replica_is_listed_first_and_then_only_its_region_knows_it(times: TableTimes, clock: Clock) -> None:
    times.left(EAST, THERE, _table(EAST), group=())
    assert _entries(times, HERE) == {WEST: "DELETING"}
    assert times.seen(HERE, _table())["TableStatus"] == "UPDATING"
    states = []
    while (ghost := times.ghost(THERE)) is not None:
        assert (ghost["TableStatus"], times.ghosts(WEST)) == ("DELETING", ["places"])
        states.append(_entries(times, HERE))
        clock.now += 5
    assert states[0] == {WEST: "DELETING"}
    assert states[-1] == {}
    assert 121 + 10 <= clock.now <= 244 + 35 + 5
    assert times.ghosts(WEST) == []


def test_a_source_may_not_leave_for_a_day(times: TableTimes, clock: Clock) -> None:
    times.joined(EAST, THERE, group=(), is_empty=True)
    clock.now = 86_000
    assert times.sources.lasts(HERE)
    assert not times.sources.lasts(THERE)
    clock.now = 86_500
    assert not times.sources.lasts(HERE)


def test_an_index_is_filled_while_the_table_is_active_in_every_region(times: TableTimes, clock: Clock) -> None:
    times.index_created([HERE, THERE], "by-owner")
    shown = times.seen(THERE, _table(EAST, indexes=("by-owner",)))
    assert shown["TableStatus"] == "UPDATING"
    assert shown["GlobalSecondaryIndexes"][0]["Backfilling"] is False
    clock.now = 57
    for place in (HERE, THERE):
        shown = times.seen(place, _table(indexes=("by-owner",)))
        assert shown["TableStatus"] == "ACTIVE"
        assert shown["GlobalSecondaryIndexes"] == [
            {"IndexName": "by-owner", "IndexStatus": "CREATING", "Backfilling": True}
        ]
    clock.now = INDEX_IN_GROUP[1]
    assert not times.indexing(HERE)


def test_a_removed_index_is_shown_deleting(times: TableTimes, clock: Clock) -> None:
    times.index_deleted([HERE], {"IndexName": "by-owner", "IndexStatus": "ACTIVE"})
    assert times.seen(HERE, _table())["GlobalSecondaryIndexes"] == [
        {"IndexName": "by-owner", "IndexStatus": "DELETING"}
    ]
    clock.now = 61
    assert "by-owner" not in times.indexing(HERE)
    assert times.seen(HERE, _table())["GlobalSecondaryIndexes"] == []


def test_a_deleted_table_holds_its_name(times: TableTimes, clock: Clock) -> None:
    times.deleted(HERE, _table(), group=())
    assert times.ghosts(EAST) == ["places"]
    clock.now = 16
    assert times.ghost(HERE) is None


def test_at_scale_zero_everything_is_done_at_once(clock: Clock) -> None:
    times = _times(clock, factor=0)
    times.created(HERE)
    times.joined(EAST, THERE, group=(), is_empty=False)
    times.index_created([HERE, THERE], "by-owner")
    assert not times.is_hidden(THERE)
    assert not times.is_group_busy(HERE)
    shown = times.seen(HERE, _table(WEST, indexes=("by-owner",)))
    assert shown == _table(WEST, indexes=("by-owner",))
    times.left(EAST, THERE, _table(EAST), group=())
    assert times.ghost(THERE) is None
