"""One trace, segment by segment, and what went wrong in it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.aws.regions import each_region
from backendctl.errors import BackendctlError, Exit
from backendctl.traces.parts import part_of
from backendctl.traces.reading import documents

if TYPE_CHECKING:
    from backendctl.backend import Backend

Doc = Mapping[str, Any]
_BAD = 400


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """A segment or a subsegment.

    Attributes:
        depth: 0 at the top. begin: seconds since the trace began. seconds: None while it is under way.
        name: X-Ray's. part: what `traces` calls it. failed: whether it ended in an error. why: in words, may be empty.
        request: method and URL, empty where it has none. status: 0 where it has none.
    """

    depth: int
    begin: float
    seconds: float | None
    name: str
    part: str
    failed: bool
    why: str
    request: str
    status: int


@dataclass(frozen=True, kw_only=True, slots=True)
class OneTrace:
    """A trace with its steps in order of time. region: where it is; empty when no region knows it."""

    id: str
    region: str
    steps: tuple[Step, ...]
    unreachable: Mapping[str, BackendctlError]

    @property
    def exit_code(self) -> Exit:
        """Found, not to be found, or perhaps in a region that is silent."""
        if self.region:
            return Exit.OK
        return Exit.PARTIAL if self.unreachable else Exit.INCONCLUSIVE


def read_trace(backend: Backend, name: str) -> OneTrace:
    """Ask every region for it; X-Ray keeps a trace where it began.

    Args:
        name: the id of a trace.
    """
    found, failed = each_region(
        backend.spec.regions,
        lambda region: documents(backend.aws, region, [name]).get(name, []),
        workers=backend.settings.workers,
        doing="read the traces of",
    )
    region = next((region for region, segments in found.items() if segments), "")
    return OneTrace(id=name, region=region, steps=tuple(steps_of(found.get(region, []))), unreachable=failed)


def steps_of(segments: Sequence[Doc]) -> Iterator[Step]:
    """Every segment and subsegment, each below what called it."""
    if not segments:
        return
    began = min(_number(one, "start_time") for one in segments)
    known = {str(one.get("id")) for segment in segments for one in _all(segment)}
    below: dict[str, list[Doc]] = {}
    for segment in segments:
        parent = str(segment.get("parent_id", ""))
        below.setdefault(parent if parent in known else "", []).append(segment)
    yield from _steps(below.pop("", []), below, began, 0)


def reason_of(segments: Sequence[Doc]) -> str:
    """Why a trace failed, from the innermost step that says so; empty where none does."""
    told = [step for step in steps_of(segments) if step.failed and step.why]
    return max(told, key=lambda step: step.depth).why if told else ""


def _steps(ones: Sequence[Doc], below: dict[str, list[Doc]], began: float, depth: int) -> Iterator[Step]:
    for one in sorted(ones, key=lambda each: _number(each, "start_time")):
        yield _step(one, began, depth)
        inner = [*_inner(one), *below.pop(str(one.get("id")), [])]
        yield from _steps(inner, below, began, depth + 1)


def _step(one: Doc, began: float, depth: int) -> Step:
    http = _part(one, "http")
    request, status = _part(http, "request"), _part(http, "response").get("status")
    begin = _number(one, "start_time")
    ended = "end_time" in one and not one.get("in_progress")
    return Step(
        depth=depth,
        begin=begin - began,
        seconds=_number(one, "end_time") - begin if ended else None,
        name=str(one.get("name", "")),
        part=part_of(one),
        failed=bool(one.get("fault") or one.get("error") or one.get("throttle")),
        why=_why(one, status),
        request=f"{request.get('method') or ''} {request.get('url') or ''}".strip(),
        status=status if isinstance(status, int) else 0,
    )


def _why(one: Doc, status: Any) -> str:
    """The exception that a segment holds, or what the service that it called answered."""
    cause = one.get("cause")  # the id of an exception in another segment, where it is a text
    for raised in cause.get("exceptions", ()) if isinstance(cause, dict) else ():
        told = [str(raised[key]) for key in ("type", "message") if isinstance(raised, dict) and raised.get(key)]
        if told:
            return ": ".join(told)
    asked = _part(one, "aws").get("operation")
    if asked and isinstance(status, int) and status >= _BAD:
        return f"{one.get('name')} answered {asked} with {status}"
    return ""


def _all(one: Doc) -> Iterator[Doc]:
    yield one
    for inner in _inner(one):
        yield from _all(inner)


def _inner(one: Doc) -> list[Doc]:
    return [each for each in one.get("subsegments") or () if isinstance(each, dict)]


def _part(one: Doc, key: str) -> Doc:
    found = one.get(key)
    return found if isinstance(found, dict) else {}


def _number(one: Doc, key: str) -> float:
    """A moment; 0 where it is none, for handlers may send what they like."""
    found = one.get(key)
    return float(found) if isinstance(found, int | float) else 0.0
