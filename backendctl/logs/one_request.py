"""All that the logs hold of one request: API Gateway's lines and the function's, found from any of its ids."""

from __future__ import annotations

import re
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backendctl.aws.regions import each
from backendctl.errors import BackendctlError, UsageError
from backendctl.logs.lines import TRACE, UUID, Line, LineReader, in_order
from backendctl.logs.reading import Event, Scope, any_of, read
from backendctl.logs.sources import Kind, Source

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

_ID = re.compile(r"[A-Za-z0-9_=+/:.-]{6,200}")
_ROUNDS = 3
"""From an id of the trace to API Gateway's to Lambda's, at most."""
_IDS = 10
"""Further ids of one request, at most."""
_BEFORE = 15_000
"""Milliseconds before START in which an environment may have been loading for the request."""
_AFTER = 1_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What was found of one request.

    Attributes:
        ids: every id of it that was met, the given one first.
        lines: in order of time.
        missing: sources whose log group is not there. failed: sources that could not be read.
    """

    ids: tuple[str, ...]
    lines: list[Line]
    missing: tuple[Source, ...]
    failed: Mapping[Source, BackendctlError]


def gather(
    aws: Aws, sources: Sequence[Source], given: str, *, since: int, until: int, whole: bool, workers: int
) -> Request:
    """Search every source for the id, then for the ids that stand beside it.

    Args:
        given: an id of Lambda, of API Gateway (its extended one too) or of X-Ray.
        since, until: milliseconds since the epoch.
        whole: START and END stay lines of their own.

    Raises:
        UsageError: what was given is no id, or stands in lines of many requests.
    """
    if not _ID.fullmatch(given):
        raise UsageError(f"--request: '{given}' is not an id of a request")
    ids: dict[str, None] = {given: None}
    found: dict[Source, dict[str, Event]] = {source: {} for source in sources}
    failed: dict[Source, BackendctlError] = {}
    missing: dict[Source, None] = {}
    fresh = [given]
    for _ in range(_ROUNDS):
        pattern = any_of(fresh)
        done, silent = each(
            [source for source in sources if source not in failed and source not in missing],
            lambda source, pattern=pattern: read(aws, _scope(source, since, until, pattern)),  # type: ignore[misc]
            workers=workers,
            doing=lambda source: f"read the log {source.group} in {source.region}",
        )
        failed |= silent
        missing |= {source: None for source, events in done.items() if events is None}
        for source, events in done.items():
            found[source] |= {event.id: event for event in events or ()}
        fresh = [one for one in _beside(found) if one not in ids]
        if len(fresh) > _IDS:
            raise UsageError(f"'{given}' stands in lines of more than one request: give the id of one")
        ids |= dict.fromkeys(fresh)
        if not fresh:
            break
    lines = [line for source in sources for line in _lines(aws, source, list(found[source].values()), ids, whole=whole)]
    return Request(ids=tuple(ids), lines=in_order(lines), missing=tuple(missing), failed=failed)


def _scope(source: Source, since: int, until: int, pattern: str, streams: tuple[str, ...] = ()) -> Scope:
    return Scope(region=source.region, group=source.group, since=since, until=until, pattern=pattern, streams=streams)


def _beside(found: Mapping[Source, Mapping[str, Event]]) -> list[str]:
    """The ids in lines of the API, each of which is about one request; a handler's own line may name others'."""
    texts = [
        event.message
        for source, events in found.items()
        if source.kind is not Kind.FUNCTION
        for event in events.values()
    ]
    ids = [one for text in texts for pattern in (UUID, TRACE) for one in pattern.findall(text)]
    return list(dict.fromkeys(ids))


def _lines(aws: Aws, source: Source, events: Sequence[Event], ids: Container[str | None], *, whole: bool) -> list[Line]:
    """The lines of the request in one source; of a function all that its environment wrote meanwhile."""
    if source.kind is not Kind.FUNCTION:
        return LineReader(source=source, whole=whole).lines(events)
    marks = [line for line in LineReader(source=source, whole=True).lines(events) if line.request_id in ids]
    lines: list[Line] = []
    for stream in dict.fromkeys(line.event.stream for line in marks):
        moments = [line.event.at for line in marks if line.event.stream == stream]
        scope = _scope(source, min(moments) - _BEFORE, max(moments) + _AFTER, "", (stream,))
        around = read(aws, scope) or []
        lines += [line for line in LineReader(source=source, whole=whole).lines(around) if line.request_id in ids]
    return lines
