"""What a sandbox under load forgets, and what stays true of the rest."""

from __future__ import annotations

from typing import Any

from backendctl.sandbox import forgetting
from backendctl.sandbox.forgetting import POINTS, forget_events, merged, shorten

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
    kept = {"busy": _points(2 * POINTS + 1), "quiet": _points(2 * POINTS)}
    shorten(kept, merged)
    assert kept["busy"][-POINTS:] == _points(2 * POINTS + 1)[-POINTS:]
    assert len(kept["busy"]) < 1.2 * POINTS
    assert kept["quiet"] == _points(2 * POINTS)


def test_a_stream_keeps_its_latest_events() -> None:
    stream: Point = {"events": [{"timestamp": moment} for moment in range(21)], "firstEventTimestamp": 0}
    forget_events(stream, 11)
    assert len(stream["events"]) == 21
    forget_events(stream, 10)
    assert (len(stream["events"]), stream["firstEventTimestamp"]) == (10, 11)


def test_it_looks_now_and_then_at_the_events_of_every_group() -> None:
    class Cloudwatch:
        _metrics = type("Store", (), {"_data": {}})()
        _evict_old_metrics = staticmethod(lambda: None)

    class Logs:
        _log_groups = type("Store", (), {"_data": {}})()

    events = [{"timestamp": moment} for moment in range(2 * forgetting.EVENTS + 1)]
    for name in ("/aws/lambda/shop-one", "access"):
        Logs._log_groups._data["1", "us-east-1", name] = {"streams": {"s": {"events": list(events)}}}
    forgetting.seldom(Cloudwatch, Logs)
    Cloudwatch._evict_old_metrics()
    left = {key[2]: len(group["streams"]["s"]["events"]) for key, group in Logs._log_groups._data.items()}
    assert left == {"/aws/lambda/shop-one": forgetting.EVENTS, "access": len(events)}
