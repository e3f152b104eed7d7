"""FilterLogEvents: every page of a log group, and the time by AWS's own clock."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from backendctl.aws.errors import ClientError, is_missing

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

_STREAM = re.compile(r"(?:\d{4}/\d{2}/\d{2}/)?(?P<function>[^\[]*)\[(?P<version>[^\]]+)\]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Event:
    """One log event. at: milliseconds since the epoch."""

    id: str
    at: int
    stream: str
    message: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Stream:
    """What the name of a function's log stream says.

    Attributes:
        function: its name in AWS where the group is shared by several (K15), else empty.
        version: "7", or "$LATEST".
    """

    function: str
    version: str


def stream_of(name: str) -> Stream | None:
    """The function and version of a log stream; None for a stream that Lambda did not name."""
    found = _STREAM.match(name)
    return None if found is None else Stream(function=found["function"], version=found["version"])


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What to read of one log group.

    Attributes:
        since, until: milliseconds since the epoch, both included; until None reads whatever is there.
        pattern: a filter pattern of CloudWatch Logs; empty takes every event.
        streams: only these; empty means all.
    """

    region: str
    group: str
    since: int
    until: int | None = None
    pattern: str = ""
    streams: tuple[str, ...] = ()


def pages(aws: Aws, scope: Scope) -> Iterator[Any] | None:
    """The answers of FilterLogEvents, one by one; None when there is no such group.

    A page may be empty although others follow, so only the missing token ends them.
    """
    asked: Any = {"logGroupName": scope.group, "startTime": scope.since}
    asked |= {"endTime": scope.until} if scope.until is not None else {}
    asked |= {"filterPattern": scope.pattern} if scope.pattern else {}
    asked |= {"logStreamNames": list(scope.streams)} if scope.streams else {}
    found = iter(aws.logs(scope.region).get_paginator("filter_log_events").paginate(**asked))
    try:
        first = next(found)
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    return _chained(first, found)


def _chained(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    yield first
    yield from rest


def events_of(page: Any) -> list[Event]:
    """The events of one answer."""
    return [
        Event(id=one["eventId"], at=one["timestamp"], stream=one["logStreamName"], message=one["message"])
        for one in page["events"]
    ]


def answered_at(page: Any, *, now: Callable[[], float]) -> int:
    """When AWS answered, by its own clock, in milliseconds since the epoch.

    Args:
        now: seconds since the epoch by this machine's clock, for an answer without a date.
    """
    date = page.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    try:
        return int(parsedate_to_datetime(date).timestamp() * 1000)
    except (TypeError, ValueError):
        return int(now() * 1000)


def read(aws: Aws, scope: Scope) -> list[Event] | None:
    """Every event once; None when there is no such group."""
    found = pages(aws, scope)
    if found is None:
        return None
    return list({event.id: event for page in found for event in events_of(page)}.values())


def any_of(words: Sequence[str]) -> str:
    """The filter pattern for events that hold one of these texts."""
    quoted = [f'"{word}"' for word in words]
    return quoted[0] if len(quoted) == 1 else " ".join(f"?{word}" for word in quoted)
