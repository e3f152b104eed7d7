"""CloudWatch Logs: its limits and refusals, FilterLogEvents in pages, and queries of Logs Insights that are run."""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections.answers import Refusal, carrying, retold
from backendctl.sandbox.corrections.constraints import Judge
from backendctl.sandbox.corrections.service import CorrectedService, Doc, Handled
from backendctl.sandbox.http import BAD_REQUEST, OK, Response
from backendctl.sandbox.insights import queries
from backendctl.sandbox.insights.commands import ROWS
from backendctl.sandbox.insights.tokens import MalformedError, UnknownError
from backendctl.sandbox.logs import filtering, store
from backendctl.sandbox.logs.terms import PatternError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backendctl.sandbox.http import Request

OPERATIONS = frozenset({"StartQuery", "GetQueryResults", "DescribeQueries", "StopQuery"})
PAGE = 1000


@dataclass(frozen=True, kw_only=True, slots=True)
class LogQueries:
    """The operations of queries, within the limits of the model."""

    queries: queries.Queries

    async def handle(self, operation: str, region: str, asked: Mapping[str, Any]) -> Handled:
        """Answer a request."""
        if operation == "StartQuery":
            return self._start(region, asked)
        if operation == "DescribeQueries":
            return self._describe(region, asked)
        if operation == "StopQuery":
            stopped = self.queries.stop(region, asked["queryId"])
            if stopped is False:
                return invalid(f"Query {asked['queryId']} has already ended")
            found = None if stopped is None else {"success": True}
        elif asked.get("nextToken") or asked.get("maxItems"):
            return invalid("The sandbox does not emulate nextToken and maxItems of GetQueryResults")
        else:
            found = await self.queries.results(region, asked["queryId"])
        return _unknown(asked["queryId"]) if found is None else _answer(found)

    def _start(self, region: str, asked: Mapping[str, Any]) -> Handled:
        names = queries.where(asked)
        refusal = _query_refusal(region, names, asked)
        if refusal is None and self.queries.is_busy(region):
            words = "Account maximum query concurrency limit of [{}] reached."
            refusal = Refusal(code="LimitExceededException", message=words.format(queries.AT_ONCE))
        if refusal is not None or names is None:
            return refusal or invalid("No log group is named")
        try:
            return _answer({"queryId": self.queries.start(region, names, asked)})
        except MalformedError as problem:
            return _malformed(problem)
        except UnknownError as problem:
            return invalid(f"The sandbox's Logs Insights does not know {problem}")

    def _describe(self, region: str, asked: Mapping[str, Any]) -> Handled:
        if asked.get("queryLanguage", "CWLI") != "CWLI":
            return _answer({"queries": []})
        every = self.queries.described(region, group=asked.get("logGroupName"), status=asked.get("status"))
        token = asked.get("nextToken", "0")
        if not token.isdigit():
            return invalid("The specified nextToken is invalid.")
        start, most = int(token), asked.get("maxResults") or PAGE
        more = {"nextToken": str(start + most)} if start + most < len(every) else {}
        return _answer({"queries": every[start : start + most], **more})


def _query_refusal(region: str, names: list[str] | None, asked: Mapping[str, Any]) -> Refusal | None:
    if names is None:
        return invalid("Specify exactly one of logGroupName, logGroupNames and logGroupIdentifiers.")
    language, limit = asked.get("queryLanguage", "CWLI"), asked.get("limit") or 0
    faults = {
        f"The number of log groups exceeds the limit of {queries.GROUPS}: {len(names)}.": len(names) > queries.GROUPS,
        f"The sandbox does not emulate the query language {language}": language != "CWLI",
        f"The sandbox answers {ROWS} rows of a query at most, not {limit}": limit > ROWS,
        "End time should not be before start time.": asked["startTime"] > asked["endTime"],
    }
    return next((invalid(words) for words, holds in faults.items() if holds), None) or _groups(region, names, asked)


def _groups(region: str, names: list[str], asked: Mapping[str, Any]) -> Refusal | None:
    known = {name: store.group(region, name) for name in names}
    missing = next((name for name, group in known.items() if group is None), None)
    if missing is not None:
        return Refusal(code="ResourceNotFoundException", message=queries.no_group(missing))
    if queries.too_early([group for group in known.values() if group is not None], asked):
        return Refusal(
            code="MalformedQueryException",
            message="Query's end date and time is either before the log groups creation time or exceeds the log groups "
            f"log retention settings ([{asked['startTime']},{asked['endTime']}])",
        )
    return None


def _malformed(problem: MalformedError) -> Response:
    where = {"startCharOffset": problem.start, "endCharOffset": problem.end}
    error = {"__type": "MalformedQueryException", "message": str(problem)}
    compiled = {"queryCompileError": {"location": where, "message": str(problem)}}
    return Response.of_json({**error, **compiled}, 400, {"Content-Type": "application/x-amz-json-1.1"})


def _unknown(query_id: str) -> Refusal:
    return Refusal(code="ResourceNotFoundException", message=f"Query {query_id} does not exist")


def _answer(document: Any) -> Response:
    return Response.of_json(document, headers={"Content-Type": "application/x-amz-json-1.1"})


NO_GROUP = "The specified log group does not exist."
NO_STREAM = "The specified log stream does not exist."
_BY_GROUP = frozenset({"FilterLogEvents", "GetLogEvents", "DescribeLogStreams"})
_WORDY = re.compile(r"(The specified log (?:group|stream) (?:does not exist|already exists)).*", re.DOTALL)


@dataclass(kw_only=True, slots=True)
class Logs(CorrectedService):
    """CloudWatch Logs in front of the emulated one."""

    service = "logs"
    judge = Judge(service="logs")
    queries: LogQueries

    def broken(self, operation: str, request: Request) -> Refusal | None:
        """A request which breaks constraints of the model, in this service's words."""
        found = self.judge.refusal(operation, request)
        return None if found is None else invalid(found.message)

    async def answer(self, operation: str, request: Request, asked: Doc) -> Handled:
        """What is refused, found and queried here, or else the answer of the service behind."""
        if operation in OPERATIONS:
            return await self.queries.handle(operation, request.region, asked)
        refusal = _refusal(operation, request.region, asked)
        if refusal is not None:
            return refusal
        if operation == "FilterLogEvents":
            return await asyncio.to_thread(_filter, request.region, asked)
        return await (self._put(request, asked) if operation == "PutLogEvents" else self._forward(request))

    async def _forward(self, request: Request) -> Response:
        return _retold(await self.inner.forward(request))

    async def _put(self, request: Request, asked: dict[str, Any]) -> Response:
        kept, rejected = filtering.sorted_out(asked["logEvents"], now=int(time.time() * 1000))
        answer = await self.inner.forward(carrying(request, {**asked, "logEvents": kept}))
        if rejected and answer.status == OK:
            return retold(answer, {**json.loads(answer.body), "rejectedLogEventsInfo": rejected})
        return _retold(answer)


def _refusal(operation: str, region: str, asked: Mapping[str, Any]) -> Refusal | None:
    if operation == "PutLogEvents":
        why = filtering.refusal(asked["logEvents"])
        return None if why is None else invalid(why)
    if operation == "DescribeLogStreams" and asked.get("orderBy") == "LastEventTime" and _prefix(asked):
        return invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
    refusal = _group(region, asked) if operation in _BY_GROUP else None
    return _streams(region, asked) if refusal is None and operation == "FilterLogEvents" else refusal


def _streams(region: str, asked: Mapping[str, Any]) -> Refusal | None:
    """What FilterLogEvents refuses of streams, in a group that is there."""
    names = asked.get("logStreamNames")
    if names is not None and _prefix(asked):
        return invalid("logStreamNamePrefix and logStreamNames cannot both be specified.")
    if asked.get("startFromHead") is False:
        return invalid("The sandbox does not emulate startFromHead: false.")
    known = _known(region, asked)["streams"]
    return missing(NO_STREAM) if any(name not in known for name in names or []) else None


def _known(region: str, asked: Mapping[str, Any]) -> store.Record:
    return store.group(region, store.named(asked) or "") or {"streams": {}}


def _filter(region: str, asked: Mapping[str, Any]) -> Handled:
    known = _known(region, asked)
    try:
        return Response.of_json(filtering.page(known, asked), headers={"Content-Type": "application/x-amz-json-1.1"})
    except PatternError as problem:
        return invalid(str(problem))
    except filtering.TokenError:
        return invalid("The specified nextToken is invalid.")


def _group(region: str, asked: Mapping[str, Any]) -> Refusal | None:
    name = store.named(asked)
    if name is None:
        both = asked.get("logGroupName") is not None
        words = "not both" if both else "one of them is required"
        return invalid(f"Specify either logGroupName or logGroupIdentifier: {words}.")
    return None if store.group(region, name) else missing(NO_GROUP)


def _prefix(asked: Mapping[str, Any]) -> bool:
    return asked.get("logStreamNamePrefix") is not None


def _retold(answer: Response) -> Response:
    """A refusal in AWS's words: they do not name what is missing."""
    if answer.status < BAD_REQUEST:
        return answer
    document = json.loads(answer.body or b"{}")
    message = document.get("message", "")
    end = "." if "does not exist" in message else ""
    return retold(answer, {**document, "message": _WORDY.sub(rf"\1{end}", message)})


def invalid(message: str) -> Refusal:
    """InvalidParameterException."""
    return Refusal(code="InvalidParameterException", message=message)


def missing(message: str) -> Refusal:
    """ResourceNotFoundException, which is a 400 here."""
    return Refusal(code="ResourceNotFoundException", message=message)
