"""What a sandbox under load forgets, and what stays true of the rest."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from ministack.services import cloudwatch, cloudwatch_logs

from backendctl.sandbox import forgetting
from backendctl.sandbox.forgetting import POINTS, forget_events, merged, shortened
from backendctl.sandbox.world import ACCOUNT

Point = dict[str, Any]


def _points(count: int) -> list[Point]:
    """Ten a second, between 20 and 29.9 ms."""
    return [
        {"Timestamp": 1000.0 + number // 10, "Unit": "Milliseconds", "Dimensions": {}, "Value": 20 + number % 100 / 10}
        for number in range(count)
    ]


def test_values_of_a_span_that_agree_in_two_digits_are_one_that_counts_for_all() -> None:
    points = _points(1000)
    found = merged(points)
    assert len(found) == 10 * 11  # 20 to 30 ms
    assert sum(point["Count"] for point in found) == 1000
    assert abs(sum(point["Value"] * point["Count"] for point in found) - sum(point["Value"] for point in points)) < 1e-6
    assert [point["Timestamp"] for point in found] == sorted(point["Timestamp"] for point in found)


def test_merging_again_changes_nothing() -> None:
    once = merged(_points(1000))
    assert merged(once) == once


def test_a_value_never_counts_for_a_later_moment_than_its_own() -> None:
    found = merged([{"Timestamp": moment, "Unit": "Count", "Value": 1.0} for moment in (1000.0, 1009.0, 1010.0)])
    assert [(point["Timestamp"], point["Count"]) for point in found] == [(1000.0, 2.0), (1010.0, 1.0)]


def test_a_set_of_values_is_left_alone() -> None:
    whole = {"Timestamp": 1.0, "Unit": "Count", "Value": 2.0, "_stat": {"SampleCount": 4, "Sum": 8}}
    assert merged([whole, whole]) == [whole, whole]


def test_the_latest_points_of_a_metric_stay_one_by_one() -> None:
    points = _points(2 * POINTS + 1)
    found = shortened(points)
    assert found[-POINTS:] == points[-POINTS:]
    assert len(found) < 1.2 * POINTS


def test_a_stream_keeps_its_latest_events() -> None:
    stream: Point = {"events": [{"timestamp": moment} for moment in range(21)], "firstEventTimestamp": 0}
    forget_events(stream, 11)
    assert len(stream["events"]) == 21
    forget_events(stream, 10)
    assert (len(stream["events"]), stream["firstEventTimestamp"]) == (10, 11)


@pytest.fixture
def metrics() -> Iterator[None]:
    before = cloudwatch._evict_old_metrics
    yield
    cloudwatch._evict_old_metrics = before
    cloudwatch._metrics.clear()
    cloudwatch_logs._log_groups.clear()


@pytest.mark.usefixtures("metrics")
def test_now_and_then_it_looks_at_every_metric_and_every_stream() -> None:
    here = (ACCOUNT, "us-east-1")
    busy, quiet = ("AWS/Lambda", "Duration", "busy"), ("AWS/Lambda", "Duration", "quiet")
    now = time.time()
    for key, count in ((busy, 2 * POINTS + 1), (quiet, 2 * POINTS)):
        cloudwatch._metrics._data[*here, key] = [{**point, "Timestamp": now} for point in _points(count)]
    events = [{"timestamp": moment} for moment in range(2 * forgetting.EVENTS + 1)]
    for name in ("/aws/lambda/shop-one", "access"):
        cloudwatch_logs._log_groups._data[*here, name] = {"streams": {"s": {"events": list(events)}}}
    forgetting.seldom()
    cloudwatch._evict_old_metrics()
    assert len(cloudwatch._metrics._data[*here, busy]) < 1.2 * POINTS
    assert len(cloudwatch._metrics._data[*here, quiet]) == 2 * POINTS
    left = {key[2]: len(group["streams"]["s"]["events"]) for key, group in cloudwatch_logs._log_groups._data.items()}
    assert left == {"/aws/lambda/shop-one": forgetting.EVENTS, "access": len(events)}
