"""What a sandbox forgets of metrics and logs, so that its memory stays flat under load.

AWS keeps both; a machine of one's own does not have to hold each duration of fifty thousand requests.
"""

from __future__ import annotations

import time
from itertools import groupby
from typing import Any

from backendctl.sandbox import ministack_names

EVERY = 10.0
"""Seconds between two looks, at least."""

POINTS = 5_000
"""Values of one metric that are kept one by one, at least; older ones are put together."""

SPAN = 10
"""Seconds whose values are put together, ..."""

DIGITS = 2
"""... those that agree in so many digits."""

EVENTS = 5_000
"""Events of one log stream of a function that are kept, at least: those of one environment."""

OTHER_EVENTS = 100_000
"""Events of any other stream that are kept, at least: canaries are judged by a stage's access log, one stream a day."""

Record = dict[str, Any]


def seldom() -> None:
    """Make the emulated CloudWatch look for what is old now and then, and not at every call."""
    cloudwatch, logs = map(ministack_names.module, ("services.cloudwatch", "services.cloudwatch_logs"))
    weeks_old = ministack_names.read(cloudwatch, "_evict_old_metrics")
    next_time = 0.0

    def now_and_then() -> None:
        nonlocal next_time
        if time.monotonic() < next_time:
            return
        next_time = time.monotonic() + EVERY
        weeks_old()
        for metric, points in ministack_names.every(cloudwatch, "_metrics").items():
            if len(points) > 2 * POINTS:
                ministack_names.put(cloudwatch, "_metrics", metric, shortened(points))
        for (*_, name), group in ministack_names.every(logs, "_log_groups").items():
            for stream in list(group["streams"].values()):
                forget_events(stream, EVENTS if name.startswith("/aws/lambda/") else OTHER_EVENTS)

    ministack_names.replace(cloudwatch, "_evict_old_metrics", now_and_then)


def shortened(points: list[Record]) -> list[Record]:
    """The points of a metric, all but the latest put together."""
    return [*merged(points[:-POINTS]), *points[-POINTS:]]


def merged(points: list[Record]) -> list[Record]:
    """Points of the same span, unit and value, to two digits, as one that counts for all; sets of values stay."""

    def place(point: Record) -> tuple[int, str, str]:
        return int(point["Timestamp"]) // SPAN, point["Unit"], f"{point['Value']:.{DIGITS - 1}e}"

    single = sorted((point for point in points if "_stat" not in point), key=place)
    whole = [_one(list(same)) for _, same in groupby(single, key=place)]
    return sorted([*whole, *(point for point in points if "_stat" in point)], key=lambda point: point["Timestamp"])


def _one(same: list[Record]) -> Record:
    count = sum(point.get("Count", 1.0) for point in same)
    total = sum(point["Value"] * point.get("Count", 1.0) for point in same)
    value = total / count if count else same[0]["Value"]
    return {**same[0], "Timestamp": min(point["Timestamp"] for point in same), "Value": value, "Count": count}


def forget_events(stream: Record, most: int) -> None:
    """Leave a stream so many events, the latest ones, when it has twice as many."""
    events = stream["events"]
    if len(events) > 2 * most:
        del events[:-most]
        stream["firstEventTimestamp"] = events[0]["timestamp"]
