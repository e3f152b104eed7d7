"""A CloudWatch Logs in memory, at botocore's own seam: the service model checks each call, and so do its limits."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import formatdate
from typing import Any

from botocore.awsrequest import AWSResponse
from botocore.exceptions import ClientError, EndpointConnectionError

from backendctl.aws.connection import Access, Aws

REGION = "us-east-1"
ACCOUNT = "123456789012"


@dataclass(frozen=True, kw_only=True)
class Line:
    """An event. at: seconds since the epoch. shown: when FilterLogEvents tells it first."""

    group: str
    at: float
    message: str
    stream: str = "2026/11/28/[7]abc"
    shown: float = -math.inf


@dataclass(kw_only=True)
class Logs:
    """What was written, and how it was asked for.

    Attributes:
        rows: of one query, at most. ends: the part of its last second that a query sees, 0 to 1.
        status: in which a query ends. page: events of a page of FilterLogEvents.
        bins: what a query for bins is answered.
        now: the clock of AWS, seconds since the epoch, which its answers carry.
        fails: answers of FilterLogEvents that are left before one fails.
    """

    rows: int = 10_000
    ends: float = 0.999
    status: str = "Complete"
    page: int = 1000
    now: float = math.inf
    fails: int | None = None
    lines: list[Line] = field(default_factory=list)
    groups: set[str] = field(default_factory=set)
    bins: list[dict[str, str]] = field(default_factory=list)
    asked: dict[str, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))

    def put(self, group: str, times: Iterable[float], message: str = "REPORT RequestId: {n}") -> None:
        """An event at each of these times, numbered."""
        self.groups.add(group)
        for at in times:
            self.lines.append(Line(group=group, at=at, message=message.format(n=len(self.lines))))

    def aws(self) -> Aws:
        """A connection that asks this one."""
        aws = Aws(Access(keys=("testing", "testing"), time_scale=0.0), backend="corkhounds", sleep=lambda _: None)
        events: Any = aws.logs(REGION).meta.events
        headers: Any = {}
        answers = {
            "StartQuery": self._start,
            "GetQueryResults": self._results,
            "FilterLogEvents": self._filter,
        }
        for operation, answer in answers.items():

            def note(*, params: dict[str, Any], operation: str = operation, **_: Any) -> None:
                self.asked[operation].append(params)

            def give(*, answer: Any = answer, operation: str = operation, **_: Any) -> tuple[AWSResponse, Any]:
                return AWSResponse("", 200, headers, None), answer(self.asked[operation][-1])

            events.register(f"before-parameter-build.cloudwatch-logs.{operation}", note)
            events.register(f"before-call.cloudwatch-logs.{operation}", give)
        return aws

    def _start(self, params: dict[str, Any]) -> dict[str, Any]:
        assert len(params["logGroupNames"]) <= 50
        return {"queryId": str(len(self.asked["StartQuery"]) - 1)}

    def _results(self, params: dict[str, Any]) -> dict[str, Any]:
        query = self.asked["StartQuery"][int(params["queryId"])]
        again = sum(one["queryId"] == params["queryId"] for one in self.asked["GetQueryResults"])
        if again == 1:
            return {"status": "Running", "results": []}
        found = self.bins if "stats" in query["queryString"] else self._found(query)
        cells = [[{"field": name, "value": value} for name, value in row.items()] for row in found]
        return {"status": self.status, "results": cells}

    def _found(self, query: dict[str, Any]) -> list[dict[str, str]]:
        limit = re.search(r"limit (\d+)", query["queryString"])
        assert limit is not None
        assert int(limit[1]) <= 10_000
        found = [
            {
                "@timestamp": datetime.fromtimestamp(line.at, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
                "@log": f"{ACCOUNT}:{line.group}",
                "@logStream": line.stream,
                "@message": line.message,
                "@ptr": str(number),
            }
            for number, line in enumerate(self.lines)
            if line.group in query["logGroupNames"]
            if query["startTime"] <= line.at <= query["endTime"] + self.ends
            if "Init" not in query["queryString"] or "Init Duration" in line.message
        ]
        return sorted(found, key=lambda row: row["@timestamp"])[: min(int(limit[1]), self.rows)]

    def _filter(self, params: dict[str, Any]) -> dict[str, Any]:
        if params["logGroupName"] not in self.groups:
            error = {
                "Error": {"Code": "ResourceNotFoundException", "Message": "The specified log group does not exist."}
            }
            raise ClientError(error, "FilterLogEvents")  # type: ignore[arg-type]  # no more than AWS gives
        first = int(params.get("nextToken") or 0)
        found = [
            (number, line)
            for number, line in enumerate(self.lines)
            if line.group == params["logGroupName"]
            if line.shown <= self.now
            if params["startTime"] <= round(line.at * 1000) <= params.get("endTime", math.inf)
            if line.stream in params.get("logStreamNames", [line.stream])
            if all(word in line.message for word in re.findall(r'"([^"]+)"', params.get("filterPattern", ""))[:1])
        ]
        events = [
            {
                "eventId": str(number),
                "timestamp": round(line.at * 1000),
                "logStreamName": line.stream,
                "message": line.message,
            }
            for number, line in found[first : first + self.page]
        ]
        more = {"nextToken": str(first + self.page)} if first + self.page < len(found) else {}
        if self.fails is not None:
            self.fails -= 1
            if self.fails < 0:
                raise EndpointConnectionError(endpoint_url="https://logs.us-east-1.amazonaws.com")
        date = {} if self.now == math.inf else {"date": formatdate(self.now, usegmt=True)}
        return {"events": events, **more, "ResponseMetadata": {"HTTPHeaders": date}}
