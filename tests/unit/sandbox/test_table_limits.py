"""Switches to on-demand and decreases of capacity are counted until the day is over (C46, C48)."""

from __future__ import annotations

from typing import Any

import pytest

from backendctl.sandbox.corrections.table_limits import DAY, HOUR, TableLimits
from backendctl.sandbox.timing import Pace, TimeScale

PLACE = ("us-east-1", "orders")
SCALED: dict[str, Any] = {"ProvisionedThroughput": {"ReadCapacityUnits": 9, "WriteCapacityUnits": 9}}
ON_DEMAND = {"BillingMode": "PAY_PER_REQUEST"}
LOWER = {"ProvisionedThroughput": {"ReadCapacityUnits": 5, "WriteCapacityUnits": 9}}


class Clock:
    """Time that passes when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def limits(clock: Clock) -> TableLimits:
    return TableLimits(pace=Pace(scale=TimeScale(1.0), clock=clock))


@pytest.mark.parametrize("change", [ON_DEMAND, LOWER])
def test_a_fifth_within_a_day_is_refused(limits: TableLimits, clock: Clock, change: dict[str, Any]) -> None:
    for _ in range(4):
        assert limits.refusal(PLACE, change, SCALED) is None
        limits.accepted(PLACE, change, SCALED)
    refused = limits.refusal(PLACE, change, SCALED)
    assert refused is not None
    assert refused.code == "LimitExceededException"
    clock.now = DAY + 1
    assert limits.refusal(PLACE, change, SCALED) is None


def test_after_four_decreases_there_is_one_an_hour(limits: TableLimits, clock: Clock) -> None:
    for _ in range(4):
        limits.accepted(PLACE, LOWER, SCALED)
    clock.now = HOUR + 1
    assert limits.refusal(PLACE, LOWER, SCALED) is None
    limits.accepted(PLACE, LOWER, SCALED)
    assert limits.refusal(PLACE, LOWER, SCALED) is not None


def test_more_capacity_and_provisioned_billing_are_never_counted(limits: TableLimits) -> None:
    more = {"ProvisionedThroughput": {"ReadCapacityUnits": 10, "WriteCapacityUnits": 9}}
    for change in (more, {"BillingMode": "PROVISIONED", **LOWER}):
        for _ in range(9):
            limits.accepted(PLACE, change, SCALED)
        assert limits.refusal(PLACE, change, SCALED) is None


def test_decreases_are_counted_for_the_table_and_each_index(limits: TableLimits) -> None:
    indexes = [{"IndexName": name, **SCALED} for name in ("by-owner", "by-date")]
    table = {**SCALED, "GlobalSecondaryIndexes": indexes}

    def lower(name: str) -> dict[str, Any]:
        return {"GlobalSecondaryIndexUpdates": [{"Update": {"IndexName": name, **LOWER}}]}

    for _ in range(4):
        assert limits.refusal(PLACE, lower("by-owner"), table) is None
        limits.accepted(PLACE, lower("by-owner"), table)
    assert limits.refusal(PLACE, lower("by-owner"), table) is not None
    assert limits.refusal(PLACE, lower("by-date"), table) is None
    assert limits.refusal(PLACE, LOWER, table) is None
    told = limits.told(PLACE)
    assert {name: one["NumberOfDecreasesToday"] for name, one in told.items()} == {"by-owner": 4}
    assert told["by-owner"]["LastDecreaseDateTime"] > 0
    limits.forget(PLACE)
    assert limits.refusal(PLACE, lower("by-owner"), table) is None
