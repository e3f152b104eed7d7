"""Logs Insights: what StartQuery and its kin refuse, and how they answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections.answers import Refusal
from backendctl.sandbox.corrections.service import Handled
from backendctl.sandbox.http import Response
from backendctl.sandbox.insights import queries
from backendctl.sandbox.insights.commands import ROWS
from backendctl.sandbox.insights.faults import MalformedError, UnknownError
from backendctl.sandbox.logs import store

if TYPE_CHECKING:
    from collections.abc import Mapping

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
                return _invalid(f"Query {asked['queryId']} has already ended")
            found = None if stopped is None else {"success": True}
        elif asked.get("nextToken") or asked.get("maxItems"):
            return _invalid("The sandbox does not emulate nextToken and maxItems of GetQueryResults")
        else:
            found = await self.queries.results(region, asked["queryId"])
        return _unknown(asked["queryId"]) if found is None else _answer(found)

    def _start(self, region: str, asked: Mapping[str, Any]) -> Handled:
        names = queries.where(asked)
        refusal = _refusal(region, names, asked)
        if refusal is None and self.queries.is_busy(region):
            words = "Account maximum query concurrency limit of [{}] reached."
            refusal = Refusal(code="LimitExceededException", message=words.format(queries.AT_ONCE))
        if refusal is not None or names is None:
            return refusal or _invalid("No log group is named")
        try:
            return _answer({"queryId": self.queries.start(region, names, asked)})
        except MalformedError as problem:
            return _malformed(problem)
        except UnknownError as problem:
            return _invalid(f"The sandbox's Logs Insights does not know {problem}")

    def _describe(self, region: str, asked: Mapping[str, Any]) -> Handled:
        if asked.get("queryLanguage", "CWLI") != "CWLI":
            return _answer({"queries": []})
        every = self.queries.described(region, group=asked.get("logGroupName"), status=asked.get("status"))
        token = asked.get("nextToken", "0")
        if not token.isdigit():
            return _invalid("The specified nextToken is invalid.")
        start, most = int(token), asked.get("maxResults") or PAGE
        more = {"nextToken": str(start + most)} if start + most < len(every) else {}
        return _answer({"queries": every[start : start + most], **more})


def _refusal(region: str, names: list[str] | None, asked: Mapping[str, Any]) -> Refusal | None:
    if names is None:
        return _invalid("Specify exactly one of logGroupName, logGroupNames and logGroupIdentifiers.")
    language, limit = asked.get("queryLanguage", "CWLI"), asked.get("limit") or 0
    faults = {
        f"The number of log groups exceeds the limit of {queries.GROUPS}: {len(names)}.": len(names) > queries.GROUPS,
        f"The sandbox does not emulate the query language {language}": language != "CWLI",
        f"The sandbox answers {ROWS} rows of a query at most, not {limit}": limit > ROWS,
        "End time should not be before start time.": asked["startTime"] > asked["endTime"],
    }
    return next((_invalid(words) for words, holds in faults.items() if holds), None) or _groups(region, names, asked)


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


def _invalid(message: str) -> Refusal:
    return Refusal(code="InvalidParameterException", message=message)


def _answer(document: Any) -> Response:
    return Response.of_json(document, headers={"Content-Type": "application/x-amz-json-1.1"})
