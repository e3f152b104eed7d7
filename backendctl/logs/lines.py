"""Log events as lines: each with its version and request, START, END and REPORT of a request as one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from backendctl.logs.reading import Event, stream_of
from backendctl.logs.sources import Kind, Source
from backendctl.warmth.report_line import Report, parse
from backendctl.whole import whole

UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
TRACE = re.compile(r"\b1-[0-9a-f]{8}-[0-9a-f]{24}\b")
_START = re.compile(rf"START RequestId: (?P<id>{UUID.pattern})")
_END = re.compile(rf"END RequestId: (?P<id>{UUID.pattern})")
_OWN = re.compile(rf"(?:\[\w+\]\t)?\d{{4}}-\d\d-\d\dT\S+[\t ](?P<id>{UUID.pattern})[\t ]")
_EXECUTION = re.compile(rf"\((?P<id>{UUID.pattern})\)")
_SERVER_ERROR = 500
_TROUBLE = re.compile(
    r'\[ERROR\]|\tERROR\t|Task timed out|Traceback \(most recent|Execution failed|"level": ?"(?:ERROR|FATAL)"'
)
_PLATFORM = frozenset(
    {"platform.start", "platform.end", "platform.report", "platform.runtimeDone", "platform.initStart"}
    | {"platform.initRuntimeDone", "platform.initReport", "platform.extension", "platform.telemetrySubscription"}
    | {"platform.restoreStart", "platform.restoreRuntimeDone", "platform.restoreReport"}
)
_BEGINS = ("START RequestId", "END RequestId", "INIT_START", "RESTORE_START")


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """One line of a log.

    Attributes:
        version: of the function; None for the API.
        request_id: Lambda's for a function, API Gateway's for the API; None where nothing tells it.
        trace_id: of X-Ray, where the line names it.
        report: what the request took, on the line that ends it.
        is_trouble: whether it tells of an error.
    """

    source: Source
    event: Event
    version: str | None = None
    request_id: str | None = None
    trace_id: str | None = None
    report: Report | None = None
    is_trouble: bool = False

    @property
    def message(self) -> str:
        """The text, without the line feed at its end."""
        return self.event.message.rstrip("\n")


@dataclass(kw_only=True)
class LineReader:
    """Turns the events of one log group into lines; to be given them in order, however many at a time.

    A handler's own line need not name its request, but an environment, which is a log stream, serves one request at a
    time: what stands between START and END is that request's.

    Attributes:
        whole: START, END and what else Lambda writes stay lines of their own.
    """

    source: Source
    whole: bool = False
    _current: dict[str, str | None] = field(default_factory=dict)

    def lines(self, events: Sequence[Event]) -> list[Line]:
        """The lines worth showing, in the order of the events."""
        if self.source.kind is not Kind.FUNCTION:
            return [self._of_api(event) for event in events]
        made = [self._of_function(event) for event in events if self._is_wanted(event)]
        return [line for line in self._with_first_ids(made) if self.whole or not _is_folded(line)]

    def _is_wanted(self, event: Event) -> bool:
        """Of this function, where several share the group, and of a wanted version."""
        stream = stream_of(event.stream)
        if stream is not None and stream.function not in {"", self.source.physical}:
            return False
        return self.source.versions is None or (stream is not None and stream.version in self.source.versions)

    def _of_function(self, event: Event) -> Line:
        stream, report = stream_of(event.stream), parse(event.message)
        named, began, ended = _named(event.message, report)
        request = named or self._current.get(event.stream)
        if began:
            self._current[event.stream] = request
        elif (ended or report is not None) and request == self._current.get(event.stream, request):
            self._current[event.stream] = None  # a handler may write such a line about any other request
        trace = TRACE.search(event.message) if report is not None else None
        return Line(
            source=self.source,
            event=event,
            version=stream.version if stream is not None else None,
            request_id=request,
            trace_id=trace[0] if trace else None,
            report=report,
            is_trouble=bool(_TROUBLE.search(event.message)) or (report is not None and report.status is not None),
        )

    def _with_first_ids(self, lines: Sequence[Line]) -> Iterator[Line]:
        """What an environment wrote before the first request of these lines belongs to that request: its loading."""
        first: dict[str, str] = {}
        for line in lines:
            if line.request_id is not None:
                first.setdefault(line.event.stream, line.request_id)
        seen: set[str] = set()
        for line in lines:
            if line.request_id is not None:
                seen.add(line.event.stream)
            elif line.event.stream not in seen and line.event.stream in first:
                yield replace(line, request_id=first[line.event.stream])
                continue
            yield line

    def _of_api(self, event: Event) -> Line:
        trace = TRACE.search(event.message)
        return Line(
            source=self.source,
            event=event,
            request_id=api_request_id(event.message, self.source.kind),
            trace_id=trace[0] if trace else None,
            is_trouble=bool(_TROUBLE.search(event.message)) or _status(event.message) >= _SERVER_ERROR,
        )


def in_order(lines: Iterable[Line]) -> list[Line]:
    """By time; lines of one log that have the same time stay as they came."""
    return sorted(lines, key=lambda line: line.event.at)


def api_request_id(message: str, kind: Kind) -> str | None:
    """API Gateway's request id in a line of its logs."""
    if kind is Kind.EXECUTION:
        found = _EXECUTION.match(message)
        return found["id"] if found else None
    named = _document(message).get("requestId")
    if isinstance(named, str) and named:
        return named
    found = UUID.search(message)
    return found[0] if found else None


def _named(message: str, report: Report | None) -> tuple[str | None, bool, bool]:
    """The request that a function's line names, and whether it begins or ends there."""
    if report is not None:
        return report.request_id, False, True
    if found := _START.match(message):
        return found["id"], True, False
    if found := _END.match(message):
        return found["id"], False, True
    document = _document(message)
    if document:
        record = document.get("record")
        told = [document.get("requestId"), document.get("AWSRequestId")]
        told += [record.get("requestId")] if isinstance(record, dict) else []
        named = next((one for one in told if isinstance(one, str) and one), None)
        begins, ends = document.get("type") == "platform.start", document.get("type") == "platform.end"
        return named, begins, ends
    found = _OWN.match(message)
    return (found["id"] if found else None), False, False


def _document(message: str) -> dict[str, Any]:
    if not message.lstrip().startswith("{"):
        return {}
    try:
        found = json.loads(message)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _status(message: str) -> int:
    """The status in a line of an access log in JSON; 0 where there is none."""
    return whole(str(_document(message).get("status", ""))) or 0


def _is_folded(line: Line) -> bool:
    """Whether the report of the request says it as well."""
    if line.report is not None:
        return False
    message = line.event.message
    return message.startswith(_BEGINS) or str(_document(message).get("type", "")) in _PLATFORM
