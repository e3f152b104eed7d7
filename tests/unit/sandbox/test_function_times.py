from __future__ import annotations

import random
from dataclasses import dataclass

import pytest

from backendctl.sandbox.corrections.function_shape import FunctionTimes
from backendctl.sandbox.timing import Pace, TimeScale

PLACE = "us-east-1", "places"
ARN = "arn:aws:lambda:us-east-1:123456789012:function:places"
BEHIND = {
    "FunctionName": "places",
    "FunctionArn": "arn:aws:lambda:us-east-1:123456789012:function:places",
    "RevisionId": "1",
    "Version": "$LATEST",
    "State": "Pending",
    "LastUpdateStatus": "InProgress",
}


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def times(clock: Clock) -> FunctionTimes:
    chance = random.Random(1)  # noqa: S311 - it draws durations
    return FunctionTimes(pace=Pace(scale=TimeScale(1), clock=clock, chance=chance))


def test_a_new_function_is_pending_and_takes_neither_calls_nor_changes(times: FunctionTimes, clock: Clock) -> None:
    times.created(PLACE)
    shown = times.shown(PLACE, BEHIND)
    assert (shown["State"], shown["StateReasonCode"]) == ("Pending", "Creating")
    assert "LastUpdateStatus" not in shown
    refused = times.pending(PLACE)
    assert refused is not None
    assert refused == times.busy(PLACE, ARN)
    assert (refused.code, refused.status) == ("ResourceConflictException", 409)
    assert refused.message.endswith("The function is currently in the following state: Pending")
    clock.now = 5.1
    assert times.pending(PLACE) is times.busy(PLACE, ARN) is None


def test_an_update_moves_only_its_own_status(times: FunctionTimes, clock: Clock) -> None:
    times.updated(PLACE)
    shown = times.shown(PLACE, BEHIND)
    assert (shown["State"], shown["LastUpdateStatus"]) == ("Active", "InProgress")
    assert times.pending(PLACE) is None
    refused = times.busy(PLACE, ARN)
    assert refused is not None
    assert refused.message == (
        f"The operation cannot be performed at this time. An update is in progress for resource: {ARN}"
    )
    clock.now = 3.1
    shown = times.shown(PLACE, BEHIND)
    assert (shown["State"], shown["LastUpdateStatus"]) == ("Active", "Successful")


def test_an_update_leaves_published_versions_alone(times: FunctionTimes) -> None:
    times.updated(PLACE)
    shown = times.shown(PLACE, {**BEHIND, "Version": "3", "State": "Active"})
    assert shown["LastUpdateStatus"] == "Successful"
