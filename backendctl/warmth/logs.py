"""Reading log groups: the reports of invocations, and the request ids of an access log."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backendctl.logs.reading import Scope, read
from backendctl.warmth.invocations import LogEvent

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

REPORTS = '?"REPORT RequestId" ?"platform.report"'
"""A filter for the reports of either log format."""
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_LATE = 120.0
"""Seconds by which an event may appear in CloudWatch Logs after its own time."""


@dataclass(slots=True)
class _Known:
    events: dict[str, LogEvent] = field(default_factory=dict)
    until: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)


@dataclass(slots=True)
class LogReader:
    """Reads log groups by FilterLogEvents, which costs nothing but its pages; they are paced.

    What was read once is kept, so that whoever looks again asks for what is new only. Each group is read by one
    thread at a time, and others wait for it.
    """

    _known: dict[tuple[str, str], _Known] = field(default_factory=dict)

    def events(
        self, aws: Aws, region: str, group: str, *, since: float, until: float, pattern: str = ""
    ) -> list[LogEvent] | None:
        """The events of a log group in order of time; None when there is no such group.

        Args:
            since, until: seconds since the epoch. pattern: of CloudWatch Logs, the same at every call; empty takes
                every event.
        """
        known = self._known.setdefault((region, group), _Known())
        with known.lock:
            fresh = _filtered(aws, (region, group), since=max(since, known.until - _LATE), until=until, pattern=pattern)
            if fresh is None:
                return None
            known.events = {key: event for key, event in known.events.items() if event.at >= since} | fresh
            known.until = until
            return sorted(known.events.values(), key=lambda event: event.at)

    def request_ids(self, aws: Aws, region: str, group: str, *, since: float, until: float) -> frozenset[str] | None:
        """Every request id that the lines of an access log name, API Gateway's own among them; None without one."""
        found = self.events(aws, region, group, since=since, until=until)
        return None if found is None else frozenset(name for event in found for name in _ID.findall(event.message))


def _filtered(
    aws: Aws, place: tuple[str, str], *, since: float, until: float, pattern: str
) -> dict[str, LogEvent] | None:
    """Event id → event."""
    region, group = place
    scope = Scope(region=region, group=group, since=int(since * 1000), until=int(until * 1000), pattern=pattern)
    found = read(aws, scope)
    if found is None:
        return None
    return {event.id: LogEvent(at=event.at / 1000, stream=event.stream, message=event.message) for event in found}
