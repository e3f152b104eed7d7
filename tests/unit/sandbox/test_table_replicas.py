"""When a replica may be added, by the clock of its table."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from backendctl.sandbox.corrections.table_replicas import ReplicaRules
from backendctl.sandbox.corrections.table_times import DELETION, TableTimes
from backendctl.sandbox.scaling import Moto
from backendctl.sandbox.timing import Pace, TimeScale
from tests.unit.sandbox.clock import Clock

EAST, WEST = "us-east-1", "us-west-2"
PLACES = {"TableName": "places", "TableStatus": "ACTIVE"}
ADDED = {"Create": {"RegionName": WEST}}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def times(clock: Clock) -> TableTimes:
    chance = random.Random(3)  # noqa: S311 - it draws durations
    return TableTimes(pace=Pace(scale=TimeScale(1.0), clock=clock, chance=chance))


def _refusal(times: TableTimes, *, there: dict[str, Any] | None = None) -> str | None:
    async def table(region: str, name: str) -> dict[str, Any] | None:
        assert (region, name) == (WEST, "places")
        return there

    refusal = asyncio.run(ReplicaRules(times=times, moto=Moto(), table=table).refusal(EAST, dict(PLACES), dict(ADDED)))
    return None if refusal is None else refusal.message


def test_a_name_is_taken_while_its_region_still_shows_the_table_that_goes(times: TableTimes, clock: Clock) -> None:
    times.deleted((WEST, "places"), dict(PLACES), group=())
    assert "one or more replicas already existed as tables" in str(_refusal(times))
    clock.now += DELETION[1] + 1
    assert _refusal(times) is None


def test_a_table_of_that_name_in_the_region_is_in_the_way(times: TableTimes) -> None:
    assert "one or more replicas already existed as tables" in str(_refusal(times, there=dict(PLACES)))
