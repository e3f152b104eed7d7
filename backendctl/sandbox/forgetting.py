"""What a sandbox forgets of metrics and logs, so that its memory stays flat under load.

AWS keeps both; a machine of one's own does not have to hold each duration of fifty thousand requests.
"""

from __future__ import annotations

import time
from itertools import groupby
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, MutableMapping

EVERY = 30.0
"""Seconds between two looks, at least."""

POINTS = 10_000
"""Values of one metric that are kept one by one, at least; older ones are put together."""

SPAN = 10
"""Seconds whose values are put together, ..."""

DIGITS = 2
"""... those that agree in so many digits."""

EVENTS = 20_000
"""Events of one log stream of a function that are kept, at least: those of one environment."""

OTHER_EVENTS = 100_000
"""Events of any other stream that are kept, at least: canaries are judged by a stage's access log, one stream a day."""

Record = dict[str, Any]


def seldom(cloudwatch: Any, logs: Any) -> None:
    """Make the emulated CloudWatch look for what is old now and then, and not at every call.

    Args:
        cloudwatch, logs: the emulator's modules `cloudwatch` and `cloudwatch_logs`.
    """
    weeks_old = cloudwatch._evict_old_metrics  # noqa: SLF001 - it offers no setting
    next_time = 0.0

    def now_and_then() -> None:
        nonlocal next_time
        if time.monotonic() < next_time:
            return
        next_time = time.monotonic() + EVERY
        weeks_old()
        shorten(cloudwatch._metrics._data, merged)  # noqa: SLF001 - its own store
        for (*_, name), group in list(logs._log_groups._data.items()):  # noqa: SLF001 - its own store
            for stream in list(group["streams"].values()):
                forget_events(stream, EVENTS if name.startswith("/aws/lambda/") else OTHER_EVENTS)

    cloudwatch._evict_old_metrics = now_and_then  # noqa: SLF001 - as above


def shorten(kept: MutableMapping[Any, list[Record]], merge: Callable[[list[Record]], list[Record]]) -> None:
    """Put together the older half of each metric that has too many points."""
    for key, points in list(kept.items()):
        if len(points) > 2 * POINTS:
            kept[key] = [*merge(points[:-POINTS]), *points[-POINTS:]]


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
