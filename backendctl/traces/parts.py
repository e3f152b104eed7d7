"""A trace, cut into parts: how long each piece of work took by itself, without what it waited for."""

from __future__ import annotations

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


def spans_of(documents: Sequence[Mapping[str, Any]]) -> list[Span]:
    """Every segment and subsegment; those that are still under way are left out, for they have no end."""
    return [span for one in documents for span in _spans(one, str(one.get("parent_id", "")))]


def _spans(one: Mapping[str, Any], parent: str) -> Iterator[Span]:
    if one.get("in_progress") or "end_time" not in one:
        return
    yield Span(
        id=str(one["id"]),
        parent=parent,
        part=part_of(one),
        begin=float(one["start_time"]),
        end=float(one["end_time"]),
    )
    for inner in one.get("subsegments", ()):
        yield from _spans(inner, str(one["id"]))


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
