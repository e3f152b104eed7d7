"""Logs Insights as its clients see it."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.sandboxed import eventually

if TYPE_CHECKING:
    from tests.functional.sandboxed import Sandbox

CODE = "def handler(event, context):\n    print('printed')\n"


def _span() -> dict[str, int]:
    now = int(time.time())
    return {"startTime": now - 3600, "endTime": now + 60}


def _results(logs: Any, query: str, **asked: Any) -> dict[str, Any]:
    query_id = logs.start_query(queryString=query, **_span(), **asked)["queryId"]
    answers: list[dict[str, Any]] = []

    def complete() -> bool:
        answers[:] = [logs.get_query_results(queryId=query_id)]
        return bool(answers[0]["status"] == "Complete")

    eventually(complete)
    return answers[0]


def _rows(answer: dict[str, Any]) -> list[dict[str, str]]:
    return [{cell["field"]: cell["value"] for cell in row} for row in answer["results"]]


def test_queries_are_run_over_what_lambda_logs(sandbox: Sandbox) -> None:
    names = [f"queried-{uuid.uuid4().hex[:8]}" for _ in range(2)]
    logs = sandbox.client("logs")
    for name, calls in zip(names, (1, 3), strict=True):
        sandbox.function(name, CODE)
        for _ in range(calls):
            sandbox.client("lambda").invoke(FunctionName=name)
    groups = [f"/aws/lambda/{name}" for name in names]
    query = "filter @type = 'REPORT' | stats count(*) as calls, count(@initDuration) as cold by @log | sort calls"

    def counted() -> bool:
        rows = _rows(_results(logs, query, logGroupNames=groups))
        return [(row["calls"], row["cold"]) for row in rows] == [("1", "1"), ("3", "1")]

    eventually(counted)
    answer = _results(logs, "fields @message | filter @message like /printed/ | limit 2", logGroupNames=groups)
    assert [row["@message"].strip() for row in _rows(answer)] == ["printed", "printed"]
    assert (answer["statistics"]["recordsMatched"], answer["statistics"]["recordsScanned"]) == (4.0, 16.0)


def test_what_start_query_refuses(sandbox: Sandbox) -> None:
    logs, name = sandbox.client("logs"), f"group-{uuid.uuid4().hex[:8]}"
    logs.create_log_group(logGroupName=name)

    def refused(query: str = "fields @message", **asked: Any) -> str:
        with pytest.raises(ClientError) as caught:
            logs.start_query(**{**_span(), "queryString": query, "logGroupName": name, **asked})
        found: str = caught.value.response["Error"]["Code"]
        return found

    assert refused("nonsense") == "MalformedQueryException"
    assert refused("fields @message | pattern @message") == "InvalidParameterException"
    assert refused(logGroupName=f"{name}x") == "ResourceNotFoundException"
    assert refused(logGroupNames=[name]) == "InvalidParameterException"
    assert refused(limit=100_001) == "InvalidParameterException"
    assert refused(startTime=_span()["endTime"] + 1) == "InvalidParameterException"
    assert refused(startTime=1, endTime=2) == "MalformedQueryException"
    with pytest.raises(logs.exceptions.InvalidParameterException, match="limit of 50"):
        logs.start_query(**_span(), queryString="fields @message", logGroupNames=[name] * 51)


def test_a_query_takes_its_time_can_be_stopped_and_is_listed(slow_sandbox: Sandbox) -> None:
    logs, name = slow_sandbox.client("logs"), f"group-{uuid.uuid4().hex[:8]}"
    logs.create_log_group(logGroupName=name)
    first, second = (
        logs.start_query(queryString="fields @message", logGroupName=name, **_span())["queryId"] for _ in range(2)
    )
    assert logs.get_query_results(queryId=first)["status"] in {"Scheduled", "Running"}
    assert logs.stop_query(queryId=second)["success"] is True
    assert logs.get_query_results(queryId=second)["status"] == "Cancelled"
    listed = logs.describe_queries(logGroupName=name)["queries"]
    assert [query["queryId"] for query in listed] == [second, first]
    with pytest.raises(logs.exceptions.ResourceNotFoundException):
        logs.get_query_results(queryId="nobody's")
