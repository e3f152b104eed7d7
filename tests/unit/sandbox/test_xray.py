from __future__ import annotations

import asyncio
import json
from typing import Any

from backendctl.sandbox.http import Request
from backendctl.sandbox.xray import Traces, root_of

ID = "1-65000000-aaaaaaaaaaaaaaaaaaaaaaaa"


def ask(traces: Traces, path: str, **body: Any) -> tuple[int, Any]:
    request = Request(
        method="POST",
        path=path,
        raw_path=path,
        query={},
        headers={},
        body=json.dumps(body).encode(),
        region="us-east-1",
        account="123456789012",
    )
    answer = asyncio.run(traces.handle(request))
    return answer.status, json.loads(answer.body)


def segment(**more: Any) -> dict[str, Any]:
    return {"trace_id": ID, "id": "a1", "name": "shop-orders", "start_time": 100.0, "end_time": 100.5, **more}


def test_what_is_sent_is_found_and_fetched() -> None:
    traces = Traces()
    assert ask(traces, "/TraceSegments", TraceSegmentDocuments=[json.dumps(segment(fault=True)), "{}"])[1][
        "UnprocessedTraceSegments"
    ]
    _, found = ask(traces, "/TraceSummaries", StartTime=90, EndTime=110, FilterExpression='service("shop-orders")')
    (one,) = found["TraceSummaries"]
    assert (one["Id"], one["HasFault"], one["ResponseTime"]) == (ID, True, 0.5)
    _, fetched = ask(traces, "/Traces", TraceIds=[ID, "1-65000000-bbbbbbbbbbbbbbbbbbbbbbbb"])
    assert json.loads(fetched["Traces"][0]["Segments"][0]["Document"])["name"] == "shop-orders"
    assert fetched["UnprocessedTraceIds"] == ["1-65000000-bbbbbbbbbbbbbbbbbbbbbbbb"]


def test_a_filter_chooses_and_one_that_cannot_be_judged_is_refused() -> None:
    traces = Traces()
    traces.add("us-east-1", [segment()])
    for expression, count in (
        ('service("other") OR service("shop-orders")', 1),
        ('service("other")', 0),
        ("fault", 0),
        ("responsetime > 0.4", 1),
        ('service("shop-orders") AND fault', 0),
    ):
        _, found = ask(traces, "/TraceSummaries", StartTime=90, EndTime=110, FilterExpression=expression)
        assert len(found["TraceSummaries"]) == count, expression
    status, _ = ask(traces, "/TraceSummaries", StartTime=90, EndTime=110, FilterExpression="annotation.x = 1")
    assert status == 400


def test_no_question_covers_more_than_six_hours() -> None:
    status, told = ask(Traces(), "/TraceSummaries", StartTime=0, EndTime=7 * 3600)
    assert (status, told["Message"]) == (400, "Time range cannot be longer than 6 hours.")


def test_the_root_of_a_header_is_its_trace() -> None:
    assert root_of(f"Root={ID};Parent=53995c3f42cd8ad8;Sampled=1") == ID
