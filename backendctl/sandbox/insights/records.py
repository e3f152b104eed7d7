"""The fields that Logs Insights finds in a log event."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.insights.tree import Moment
from backendctl.sandbox.world import ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backendctl.sandbox.logs.store import Event

Row = dict[str, Any]

MOST = 200
"""Members of one JSON object that are found."""

_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_PLATFORM = re.compile(rf"(START|END|REPORT) RequestId: ({_UUID})")
_OF_A_REQUEST = re.compile(rf"\t({_UUID})\t")
_MEGABYTE = 1_000_000
_REPORTED = (
    ("@duration", re.compile(r"\tDuration: ([\d.]+) ms"), 1),
    ("@billedDuration", re.compile(r"\tBilled Duration: ([\d.]+) ms"), 1),
    ("@memorySize", re.compile(r"\tMemory Size: (\d+) MB"), _MEGABYTE),
    ("@maxMemoryUsed", re.compile(r"\tMax Memory Used: (\d+) MB"), _MEGABYTE),
    ("@initDuration", re.compile(r"\tInit Duration: ([\d.]+) ms"), 1),
)
_DECODER = json.JSONDecoder()


def row(event: Event, group: str) -> Row:
    """An event as a row: what every event has, what a Lambda line tells, and the members of JSON by dotted names."""
    found: Row = {
        "@timestamp": Moment(event.timestamp),
        "@ingestionTime": Moment(event.ingested),
        "@message": event.message,
        "@logStream": event.stream,
        "@log": f"{ACCOUNT}:{group}",
        "@ptr": event.id,
    }
    is_lambda = group.startswith("/aws/lambda/") or _PLATFORM.match(event.message) is not None
    if is_lambda:
        found |= _of_lambda(event.message)
    document = _document(event.message, embedded=is_lambda)
    if document is not None:
        for number, (name, value) in enumerate(_members(document, "")):
            if number >= MOST:
                break
            found.setdefault(name, value)
    return found


def _of_lambda(message: str) -> Row:
    platform = _PLATFORM.match(message)
    if platform is None:
        request = _OF_A_REQUEST.search(message)
        return {} if request is None else {"@requestId": request[1]}
    found: Row = {"@type": platform[1], "@requestId": platform[2]}
    if platform[1] == "REPORT":
        for name, pattern, factor in _REPORTED:
            told = pattern.search(message)
            if told is not None:
                found[name] = float(told[1]) * factor
    return found


def _document(message: str, *, embedded: bool) -> dict[str, Any] | None:
    """The event's JSON object; of Lambda's events also the first one within other text."""
    start = message.find("{") if embedded else 0
    if start < 0 or not message[start:].lstrip().startswith("{"):
        return None
    try:
        if embedded:
            found, _ = _DECODER.raw_decode(message, start)
        else:
            found = json.loads(message)
    except ValueError:
        return None
    return found if isinstance(found, dict) else None


def _members(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    if isinstance(value, (dict, list)):
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in parts:
            yield from _members(part, f"{name}.{key}" if name else str(key))
    elif isinstance(value, bool):
        yield name, int(value)
    elif value is not None:
        yield name, value
