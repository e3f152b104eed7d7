"""What X-Ray has: summaries of the traces of a backend, and the documents of some of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.traces.parts import read_document

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

_LONGEST = 6 * 3600
"""Seconds that one question may cover."""
_NAMES = 8
"""Names in one filter expression."""
_AT_ONCE = 5
"""Traces that are fetched in one call."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Trace:
    """One trace.

    Attributes:
        began: seconds since the epoch. seconds: from the first moment to the last. response: until the caller had the
            answer. request: method and URL, empty where nothing tells. status: 0 where nothing tells.
        fault: a server failed (5xx, or the handler). error: the caller was wrong (4xx).
    """

    region: str
    id: str
    began: float
    seconds: float
    response: float
    request: str
    status: int
    fault: bool
    error: bool

    @property
    def failed(self) -> bool:
        """Whether the request got no good answer."""
        return self.fault


def summaries(aws: Aws, region: str, names: Sequence[str], *, since: float, until: float) -> list[Trace]:
    """The traces that any of these services takes part in, the oldest first, each once.

    Args:
        names: of functions, and of stages as X-Ray calls them, `<API>/<stage>`. since, until: seconds since the epoch.
    """
    pages = aws.client("xray", region).get_paginator("get_trace_summaries")
    found: dict[str, Trace] = {}
    for begin, end in _windows(since, until):
        for first in range(0, len(names), _NAMES):
            expression = " OR ".join(f'service("{name}")' for name in names[first : first + _NAMES])
            asked = {"StartTime": begin, "EndTime": end, "FilterExpression": expression}
            for page in pages.paginate(**asked):
                found |= {one["Id"]: _trace(region, one) for one in page["TraceSummaries"]}
    return sorted(found.values(), key=lambda one: one.began)


def documents(aws: Aws, region: str, ids: Sequence[str]) -> dict[str, list[Mapping[str, Any]]]:
    """Trace id → its segments."""
    pages = aws.client("xray", region).get_paginator("batch_get_traces")
    found: dict[str, list[Mapping[str, Any]]] = {}
    for first in range(0, len(ids), _AT_ONCE):
        for page in pages.paginate(TraceIds=list(ids[first : first + _AT_ONCE])):
            for trace in page["Traces"]:
                segments = [read_document(one["Document"]) for one in trace["Segments"]]
                found.setdefault(trace["Id"], []).extend(segments)
    return found


def _windows(since: float, until: float) -> Iterator[tuple[float, float]]:
    begin = since
    while begin < until:
        end = min(begin + _LONGEST, until)
        yield begin, end
        begin = end


def _trace(region: str, one: Mapping[str, Any]) -> Trace:
    http = one.get("Http") or {}
    began = _began(str(one["Id"]))
    return Trace(
        region=region,
        id=one["Id"],
        began=began,
        seconds=float(one.get("Duration", 0)),
        response=float(one.get("ResponseTime", one.get("Duration", 0))),
        request=f"{http.get('HttpMethod') or ''} {http.get('HttpURL') or ''}".strip(),
        status=int(http.get("HttpStatus") or 0),
        fault=bool(one.get("HasFault")),
        error=bool(one.get("HasError")),
    )


def _began(trace: str) -> float:
    """The second of the request, with which an id begins; 0 where whoever wrote the trace wrote another kind of id."""
    try:
        return float(int(trace.split("-")[1], 16))
    except (ValueError, IndexError, OverflowError):
        return 0.0
