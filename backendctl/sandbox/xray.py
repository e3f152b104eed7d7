"""X-Ray: the segments that Lambda and API Gateway send where tracing is on, and those that handlers send themselves.

Every request is sampled; AWS samples the first of each second and 5 % of the rest. Traces are kept in memory, the
latest of each region.
"""

from __future__ import annotations

import json
import re
import secrets
import time
from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.http import BAD_REQUEST, BROKEN, TOO_MANY, Request, Response

if TYPE_CHECKING:
    from backendctl.sandbox.apigateway.served import Served
    from backendctl.sandbox.environment import Outcome

Doc = dict[str, Any]

upstream: ContextVar[str | None] = ContextVar("upstream", default=None)
"""The trace header of the request at hand, where a traced stage of an API passes it on."""

_KEPT = 5_000
_PAGE = 100
_AT_ONCE = 5
_LONGEST = 6 * 3600
_TERM = re.compile(r'service\("((?:[^"\\]|\\.)*)"\)|(error|fault|throttle)|responsetime\s*(>=|<=|>|<)\s*([0-9.]+)')
_WORD = re.compile(r"\s*(AND|OR)\s*", re.IGNORECASE)


class _InvalidError(ValueError):
    """AWS would refuse the request; the message says why."""


@dataclass(kw_only=True, slots=True)
class Traces:
    """The traces of every region: a `Correction`."""

    _regions: defaultdict[str, OrderedDict[str, list[Doc]]] = field(default_factory=lambda: defaultdict(OrderedDict))

    async def handle(self, request: Request) -> Response:
        """Answer a request of X-Ray."""
        try:
            match request.path:
                case "/TraceSegments":
                    return self._put(request.region, request.json().get("TraceSegmentDocuments", []))
                case "/TelemetryRecords":
                    return Response.of_json({})
                case "/TraceSummaries":
                    return Response.of_json(self._summaries(request.region, request.json()))
                case "/Traces":
                    return Response.of_json(self._traces(request.region, request.json()))
        except _InvalidError as problem:
            return _refused(str(problem))
        return _refused(f"The sandbox has no {request.path} of X-Ray.")

    def add(self, region: str, segments: Iterable[Doc]) -> None:
        """Keep segments; from any thread."""
        known = self._regions[region]
        for segment in segments:
            known.setdefault(segment["trace_id"], []).append(segment)
            while len(known) > _KEPT:
                known.popitem(last=False)

    def _put(self, region: str, documents: list[str]) -> Response:
        unprocessed, good = [], []
        for text in documents:
            try:
                segment = json.loads(text)
                _check(segment)
                good.append(segment)
            except (ValueError, KeyError, TypeError) as problem:
                unprocessed.append({"ErrorCode": "ParseError", "Message": str(problem)})
        self.add(region, good)
        return Response.of_json({"UnprocessedTraceSegments": unprocessed})

    def _summaries(self, region: str, asked: Doc) -> Doc:
        begin, end = float(asked["StartTime"]), float(asked["EndTime"])
        if end < begin:
            raise _InvalidError("End time must be after start time.")
        if end - begin > _LONGEST:
            raise _InvalidError("Time range cannot be longer than 6 hours.")
        wanted = _filter(asked.get("FilterExpression") or "")
        traces = list(self._regions[region].items())
        found = [summary for name, segments in traces if (summary := _summary(name, segments)) and wanted(summary)]
        found = [one for one in found if begin <= one["StartTime"] <= end]
        first = int(asked.get("NextToken") or 0)
        more = {"NextToken": str(first + _PAGE)} if len(found) > first + _PAGE else {}
        page = [{key: one[key] for key in one if key != "_services"} for one in found[first : first + _PAGE]]
        return {"TraceSummaries": page, "ApproximateTime": time.time(), "TracesProcessedCount": len(traces), **more}

    def _traces(self, region: str, asked: Doc) -> Doc:
        names = asked.get("TraceIds", [])
        if not 1 <= len(names) <= _AT_ONCE:
            raise _InvalidError(f"TraceIds takes 1 to {_AT_ONCE} ids")
        known = self._regions[region]
        found = [
            {
                "Id": name,
                "Duration": _ends(known[name]) - _begins(known[name]),
                "LimitExceeded": False,
                "Segments": [{"Id": one["id"], "Document": json.dumps(one)} for one in known[name]],
            }
            for name in names
            if name in known
        ]
        return {"Traces": found, "UnprocessedTraceIds": [name for name in names if name not in known]}


def root_of(header: str) -> str:
    """The trace id in a trace header."""
    return dict(part.partition("=")[::2] for part in header.split(";")).get("Root", "")


def stage_segment(served: Served, *, trace: str, ended: float) -> Doc:
    """What API Gateway sends for a request to a traced stage."""
    began = ended - served.seconds
    segment: Doc = {
        "trace_id": trace,
        "id": _id(),
        "name": f"{served.api_name}/{served.stage}",
        "start_time": began,
        "end_time": ended,
        "origin": "AWS::ApiGateway::Stage",
        "http": {
            "request": {"url": f"/{served.stage}{served.resource or ''}", "method": served.method},
            "response": {"status": served.status},
        },
        "aws": {"api_gateway": {"request_id": served.request_id, "rest_api_id": served.api_id, "stage": served.stage}},
        **_marks(served.status),
    }
    if served.integration_seconds is not None:
        segment["subsegments"] = [
            {
                "id": served.segment,
                "name": "Lambda",
                "namespace": "aws",
                "start_time": ended - served.integration_seconds,
                "end_time": ended,
            }
        ]
    return segment


def function_segments(
    config: Mapping[str, Any], outcome: Outcome, *, header: str, request_id: str, ended: float
) -> list[Doc]:
    """What Lambda sends for a call of a function whose tracing is Active: the service's segment and the function's."""
    trace, parent = root_of(header), dict(part.partition("=")[::2] for part in header.split(";")).get("Parent")
    name, init = config["FunctionName"], outcome.init_seconds or 0.0
    invoked = ended - outcome.seconds
    began = invoked - init
    failed = {"fault": True} if outcome.error is not None else {}
    service, function = _id(), _id()
    parts = [("Invocation", invoked, ended)]
    if init:
        parts.insert(0, ("Initialization", began, invoked))
    return [
        {
            "trace_id": trace,
            "id": service,
            **({"parent_id": parent} if parent else {}),
            "name": name,
            "origin": "AWS::Lambda",
            "start_time": began,
            "end_time": ended,
            "aws": {"request_id": request_id},
            "resource_arn": config.get("FunctionArn", ""),
            **failed,
        },
        {
            "trace_id": trace,
            "id": function,
            "parent_id": service,
            "name": name,
            "origin": "AWS::Lambda::Function",
            "start_time": began,
            "end_time": ended,
            "aws": {"function_arn": config.get("FunctionArn", ""), "request_id": request_id},
            "subsegments": [
                {"id": _id(), "name": part, "start_time": start, "end_time": end} for part, start, end in parts
            ],
            **failed,
            **_cause(outcome),
        },
    ]


def _cause(outcome: Outcome) -> Doc:
    """What the handler raised, as Lambda tells X-Ray."""
    if outcome.error is None:
        return {}
    raised = {"id": _id(), "type": outcome.error.get("errorType"), "message": outcome.error.get("errorMessage")}
    return {"cause": {"exceptions": [{key: value for key, value in raised.items() if value}]}}


def _summary(name: str, segments: list[Doc]) -> Doc:
    entry = next((one for one in segments if not one.get("parent_id")), segments[0])
    http: Doc = next((one["http"] for one in (entry, *segments) if "http" in one), {})
    marks = {mark: any(one.get(mark) for one in segments) for mark in ("fault", "error", "throttle")}
    services = [{"Name": one["name"], "Names": [one["name"]], "Type": one.get("origin", "")} for one in segments]
    return {
        "Id": name,
        "StartTime": _begins(segments),
        "Duration": round(_ends(segments) - _begins(segments), 3),
        "ResponseTime": round(entry["end_time"] - entry["start_time"], 3),
        "HasFault": marks["fault"],
        "HasError": marks["error"],
        "HasThrottle": marks["throttle"],
        "IsPartial": False,
        "Http": {
            "HttpURL": http.get("request", {}).get("url"),
            "HttpMethod": http.get("request", {}).get("method"),
            "HttpStatus": http.get("response", {}).get("status"),
        },
        "EntryPoint": services[segments.index(entry)],
        "ServiceIds": services,
        "_services": {one["name"] for one in segments},
    }


def _filter(text: str) -> Any:
    """The part of X-Ray's filter expressions that has services, marks and response times, with AND and OR."""
    if not text.strip():
        return lambda _: True
    terms, words, place = [], [], 0
    while True:
        found = _TERM.match(text, place)
        if found is None:
            raise _InvalidError(f"The sandbox cannot judge the filter expression {text[place:]!r}.")
        terms.append(found)
        joint = _WORD.match(text, found.end())
        if joint is None:
            if text[found.end() :].strip():
                raise _InvalidError(f"The sandbox cannot judge the filter expression {text!r}.")
            break
        words.append(joint[1].upper())
        place = joint.end()
    if len(set(words)) > 1:
        raise _InvalidError("The sandbox cannot judge AND and OR in one filter expression.")
    every = all if words[:1] == ["AND"] else any
    return lambda summary: every(_holds(term, summary) for term in terms)


def _holds(term: re.Match[str], summary: Doc) -> bool:
    if term[1] is not None:
        return term[1] in summary["_services"]
    if term[2] is not None:
        return bool(summary[f"Has{term[2].title()}"])
    time_, most = summary["ResponseTime"], float(term[4])
    return bool({">": time_ > most, "<": time_ < most, ">=": time_ >= most, "<=": time_ <= most}[term[3]])


def _check(segment: Any) -> None:
    for member in ("trace_id", "id", "name", "start_time"):
        if member not in segment:
            raise ValueError(f"a segment needs {member}")
    segment.setdefault("end_time", segment["start_time"])


def _begins(segments: Iterable[Doc]) -> float:
    return min(float(one["start_time"]) for one in segments)


def _ends(segments: Iterable[Doc]) -> float:
    return max(float(one["end_time"]) for one in segments)


def _marks(status: int) -> Doc:
    if status == TOO_MANY:
        return {"error": True, "throttle": True}
    return {"fault": True} if status >= BROKEN else {"error": True} if status >= BAD_REQUEST else {}


def _id() -> str:
    return secrets.token_hex(8)


def _refused(message: str) -> Response:
    return Response.of_json(
        {"Message": message}, status=BAD_REQUEST, headers={"x-amzn-ErrorType": "InvalidRequestException"}
    )
