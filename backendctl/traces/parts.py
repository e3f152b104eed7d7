"""A trace, cut into parts: how long each piece of work took by itself, without what it waited for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_WORDS = {
    "Initialization": "init",
    "Restore": "restore",
    "Invocation": "handler",
    "Overhead": "Lambda's overhead",
    "AWS::ApiGateway::Stage": "API Gateway",
    "AWS::Lambda": "Lambda",
    "AWS::Lambda::Function": "Lambda",
    "AWS::DynamoDB::Table": "DynamoDB",
}
"""Names of X-Ray's own in plain words; whatever else a handler measures keeps its name."""

_DEEPEST = 50
"""Subsegments within each other, at most."""
_FARTHEST = 1e11
"""Seconds since the epoch: beyond that, or where it is no number, nothing has begun or ended."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """A segment or a subsegment.

    Attributes:
        id, parent: X-Ray's; parent is "" at the top. part: what it is called here.
        begin, end: seconds since the epoch.
    """

    id: str
    parent: str
    part: str
    begin: float
    end: float


def read_document(text: str) -> Mapping[str, Any]:
    """A segment as X-Ray has it; {} for what is none: whoever may write traces may write anything."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def spans_of(documents: Sequence[Mapping[str, Any]]) -> list[Span]:
    """Every segment and subsegment; those that are still under way are left out, for they have no end."""
    return [span for one in documents for span in _spans(one, str(one.get("parent_id", "")), _DEEPEST)]


def _spans(one: Any, parent: str, depth: int) -> Iterator[Span]:
    if not isinstance(one, dict) or one.get("in_progress") or not depth:
        return
    begin, end = _moment(one.get("start_time")), _moment(one.get("end_time"))
    if begin is None or end is None:
        return
    own = str(one.get("id", ""))
    yield Span(id=own, parent=parent, part=part_of(one), begin=begin, end=end)
    inside = one.get("subsegments")
    for inner in inside if isinstance(inside, list) else ():
        yield from _spans(inner, own, depth - 1)


def _moment(value: Any) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and abs(value) < _FARTHEST else None


def part_of(one: Mapping[str, Any]) -> str:
    """What a segment or subsegment is called here."""
    name, origin = str(one.get("name", "")), str(one.get("origin", ""))
    return _WORDS.get(origin) or _WORDS.get(name) or name


def own_times(spans: Sequence[Span]) -> dict[str, float]:
    """Part → seconds that it took by itself; together the time of the trace, if nothing ran side by side."""
    children: dict[str, list[Span]] = {}
    for span in spans:
        children.setdefault(span.parent, []).append(span)
    found: dict[str, float] = {}
    for span in spans:
        own = (span.end - span.begin) - _covered(children.get(span.id, ()), span.begin, span.end)
        found[span.part] = found.get(span.part, 0.0) + max(0.0, own)
    return found


def _covered(spans: Sequence[Span], begin: float, end: float) -> float:
    """Seconds between two moments in which any of these runs."""
    total, reached = 0.0, begin
    for span in sorted(spans, key=lambda one: one.begin):
        first, last = max(span.begin, reached), min(span.end, end)
        if last > first:
            total += last - first
            reached = last
    return total
