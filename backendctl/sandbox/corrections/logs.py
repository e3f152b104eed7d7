"""CloudWatch Logs: its limits and refusals, FilterLogEvents in pages, and queries of Logs Insights that are run."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections.answers import Refusal, carrying, retold
from backendctl.sandbox.corrections.constraints import Judge
from backendctl.sandbox.corrections.log_queries import OPERATIONS, LogQueries
from backendctl.sandbox.corrections.service import CorrectedService, Doc, Handled
from backendctl.sandbox.http import BAD_REQUEST, OK, Response
from backendctl.sandbox.logs import filtering, putting, store
from backendctl.sandbox.logs.faults import PatternError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backendctl.sandbox.http import Request

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
            return _filter(request.region, asked)
        return await (self._put(request, asked) if operation == "PutLogEvents" else self._forward(request))

    async def _forward(self, request: Request) -> Response:
        return _retold(await self.inner.forward(request))

    async def _put(self, request: Request, asked: dict[str, Any]) -> Response:
        kept, rejected = putting.sorted_out(asked["logEvents"], now=int(time.time() * 1000))
        answer = await self.inner.forward(carrying(request, {**asked, "logEvents": kept}))
        if rejected and answer.status == OK:
            return retold(answer, {**json.loads(answer.body), "rejectedLogEventsInfo": rejected})
        return _retold(answer)


def _refusal(operation: str, region: str, asked: Mapping[str, Any]) -> Refusal | None:
    if operation == "PutLogEvents":
        why = putting.refusal(asked["logEvents"])
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
