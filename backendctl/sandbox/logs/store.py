"""The events which the emulated CloudWatch Logs keeps, read in order over streams."""

from __future__ import annotations

import heapq
import time
import uuid
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.sandbox import ministack_names

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from types import ModuleType

Record = dict[str, Any]
Cursor = tuple[int, int, str, int]
"""Where an event stands among all of a group: its moment, that of its arrival, its stream, its number therein."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One log event; moments in milliseconds since the epoch."""

    timestamp: int
    ingested: int
    message: str
    id: str
    stream: str
    cursor: Cursor


def group(region: str, name: str) -> Record | None:
    """The record of a log group; None when there is none."""
    found: Record | None = ministack_names.kept("cloudwatch_logs", "_log_groups", region, name)
    return found


def append(region: str, name: str, stream: str, lines: Sequence[tuple[int, str]]) -> bool:
    """Add lines to a stream that is there, as PutLogEvents would.

    Args:
        lines: milliseconds since the epoch, and a text; in order.

    Returns:
        False where there is no such group or stream, or where somebody listens, whom only the service knows.
    """
    service = ministack_names.module("services.cloudwatch_logs")
    whole = group(region, name)
    known = None if whole is None else whole["streams"].get(stream)
    if whole is None or known is None or whole.get("subscriptionFilters") or _is_heard(service):
        return False
    arrived = int(time.time() * 1000)
    events = [
        {"timestamp": moment, "message": text, "ingestionTime": arrived, "eventId": str(uuid.uuid4())}
        for moment, text in lines
    ]
    ministack_names.read(service, "_append_log_events")(known, events)
    known["uploadSequenceToken"] = str(int(known["uploadSequenceToken"]) + 1)
    return True


def _is_heard(service: ModuleType) -> bool:
    return bool(ministack_names.read(service, "_live_tail_sessions"))


def named(asked: Mapping[str, Any]) -> str | None:
    """The group a request names, by name or by ARN; None when by neither or by both."""
    name, identifier = asked.get("logGroupName"), asked.get("logGroupIdentifier")
    if (name is None) is (identifier is None):
        return None
    return str(name) if identifier is None else bare(identifier)


def bare(identifier: str) -> str:
    """The name of a group from its name or ARN."""
    _, found, name = identifier.partition(":log-group:")
    return name.removesuffix(":*") if found else identifier


def events(
    known: Record, *, start: int | None = None, end: int | None = None, streams: Iterable[str] | None = None
) -> Iterator[Event]:
    """The events of a group's streams by time, those of one stream in the order in which they came.

    Args:
        known: the group's record.
        start, end: first and last moment, both included.
        streams: their names; None is all.
    """
    every: dict[str, Record] = dict(known["streams"])
    chosen = every if streams is None else {name: every[name] for name in streams if name in every}
    parts = [_of(name, list(stream["events"]), start, end) for name, stream in chosen.items()]
    return heapq.merge(*parts, key=lambda event: event.cursor)


def _of(name: str, history: list[Record], start: int | None, end: int | None) -> Iterator[Event]:
    low = 0 if start is None else bisect_left(history, start, key=_moment)
    high = len(history) if end is None else bisect_right(history, end, key=_moment)
    number, before = 0, None
    for record in history[low:high]:
        number = number + 1 if record["timestamp"] == before else 0
        before = record["timestamp"]
        yield Event(
            timestamp=before,
            ingested=record["ingestionTime"],
            message=record["message"],
            id=record["eventId"],
            stream=name,
            cursor=(before, record["ingestionTime"], name, number),
        )


def _moment(record: Record) -> int:
    moment: int = record["timestamp"]
    return moment
