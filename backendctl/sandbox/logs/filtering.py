"""PutLogEvents and FilterLogEvents: what is refused, sorted out and found, page by page."""

from __future__ import annotations

import base64
import hashlib
import itertools
import json
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.logs import pattern, store

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from backendctl.sandbox.logs.store import Cursor, Event, Record

HOUR = 3_600_000
LONGEST_BATCH = 24 * HOUR
OLDEST = 14 * 24 * HOUR
NEWEST = 2 * HOUR
BATCH_BYTES = 1_048_576
PER_EVENT = 26
"""Bytes that each event counts for besides its message."""

Batch = list[dict[str, Any]]


def refusal(batch: Sequence[dict[str, Any]]) -> str | None:
    """Why a batch is refused as a whole."""
    moments = [event["timestamp"] for event in batch]
    if moments != sorted(moments):
        return "Log events in a single PutLogEvents request must be in chronological order."
    if moments and moments[-1] - moments[0] > LONGEST_BATCH:
        return "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
    size = sum(len(event["message"].encode()) + PER_EVENT for event in batch)
    if size > BATCH_BYTES:
        return f"Upload too large: {size} bytes exceeds limit of {BATCH_BYTES}"
    return None


def sorted_out(batch: Batch, *, now: int) -> tuple[Batch, dict[str, int]]:
    """The events that are kept, and RejectedLogEventsInfo; {} when all are.

    Args:
        batch: in chronological order.
        now: milliseconds since the epoch.
    """
    old = sum(event["timestamp"] < now - OLDEST for event in batch)
    good = sum(event["timestamp"] <= now + NEWEST for event in batch)
    info = {"tooOldLogEventEndIndex": old} if old else {}
    if good < len(batch):
        info["tooNewLogEventStartIndex"] = good
    return batch[old:good], info


PAGE = 10_000
"""Events of one answer at most."""

PAGE_BYTES = 1_048_576
SEARCHED = 50_000
"""Events one call looks at; AWS too gives pages which are not full, even empty, and a token for the next."""

_NOT_OF_THE_TOKEN = {"nextToken", "limit"}


class TokenError(Exception):
    """A nextToken that is none of this request."""


def page(known: Record, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a request about a group.

    Args:
        known: the group's record.
        asked: the members of the request, within the limits of the model.

    Raises:
        PatternError: the pattern is none.
        TokenError: the token is none.
    """
    fits = pattern.parse(asked.get("filterPattern") or "")
    begin = _cursor(asked)
    start = asked.get("startTime") if begin is None else begin[0]
    wanted = store.events(known, start=start, end=asked.get("endTime"), streams=_streams(known, asked))
    rest = (event for event in wanted if begin is None or event.cursor > begin)
    most, size = asked.get("limit") or PAGE, 0
    found: list[Event] = []
    last: Event | None = None
    is_full = False
    for event in itertools.islice(rest, SEARCHED):
        if fits(event.message):
            size += len(event.message.encode())
            is_full = bool(found) and size > PAGE_BYTES
            if is_full:
                break
            found.append(event)
        last = event
        if len(found) == most:
            break
    more = is_full or next(rest, None) is not None
    token = {"nextToken": _token(asked, last.cursor)} if more and last is not None else {}
    return {"events": [_told(event) for event in found], "searchedLogStreams": [], **token}


def _streams(known: Record, asked: Mapping[str, Any]) -> list[str] | None:
    prefix = asked.get("logStreamNamePrefix")
    if prefix is not None:
        return [name for name in known["streams"] if name.startswith(prefix)]
    names: list[str] | None = asked.get("logStreamNames")
    return names


def _told(event: Event) -> dict[str, Any]:
    return {
        "logStreamName": event.stream,
        "timestamp": event.timestamp,
        "message": event.message,
        "ingestionTime": event.ingested,
        "eventId": event.id,
    }


def _token(asked: Mapping[str, Any], cursor: Cursor) -> str:
    return base64.urlsafe_b64encode(json.dumps([_digest(asked), *cursor]).encode()).decode()


def _cursor(asked: Mapping[str, Any]) -> Cursor | None:
    token = asked.get("nextToken")
    if token is None:
        return None
    try:
        digest, moment, ingested, stream, number = json.loads(base64.urlsafe_b64decode(token))
    except ValueError as problem:
        raise TokenError from problem
    if digest != _digest(asked):
        raise TokenError
    return moment, ingested, stream, number


def _digest(asked: Mapping[str, Any]) -> str:
    """A token is of one request."""
    rest = {name: value for name, value in asked.items() if name not in _NOT_OF_THE_TOKEN}
    return hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()[:16]
