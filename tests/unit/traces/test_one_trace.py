from __future__ import annotations

import io
from typing import Any

from backendctl.traces.one_trace import OneTrace, reason_of, steps_of
from backendctl.ui.console import SafeConsole
from backendctl.ui.trace_view import show_trace, trace_document, trace_markdown

STAGE: dict[str, Any] = {
    "id": "s",
    "name": "shop/v1",
    "origin": "AWS::ApiGateway::Stage",
    "start_time": 10.0,
    "end_time": 11.0,
    "fault": True,
    "http": {"request": {"method": "GET", "url": "/v1/x"}, "response": {"status": 502}},
    "subsegments": [{"id": "call", "name": "Lambda", "start_time": 10.1, "end_time": 11.0}],
}
FUNCTION: dict[str, Any] = {
    "id": "f",
    "parent_id": "call",
    "name": "shop-orders",
    "origin": "AWS::Lambda::Function",
    "start_time": 10.2,
    "end_time": 10.9,
    "fault": True,
    "cause": {"exceptions": [{"type": "KeyError", "message": "'RATE'\n\x1b[2J"}]},
}


def shown(trace: OneTrace) -> str:
    out = io.StringIO()
    show_trace(trace, SafeConsole(file=out, width=60))
    return out.getvalue()


def test_steps_stand_below_what_called_them_with_their_own_times() -> None:
    found = [(step.depth, step.name, round(step.begin, 3)) for step in steps_of([FUNCTION, STAGE])]
    assert found == [(0, "shop/v1", 0.0), (1, "Lambda", 0.1), (2, "shop-orders", 0.2)]


def test_the_innermost_failure_is_the_reason() -> None:
    called = {
        "id": "d",
        "name": "DynamoDB",
        "start_time": 10.3,
        "end_time": 10.4,
        "error": True,
        "http": {"response": {"status": 400}},
        "aws": {"operation": "GetItem"},
    }
    assert reason_of([STAGE, FUNCTION]).startswith("KeyError: 'RATE'")
    assert reason_of([STAGE, {**FUNCTION, "subsegments": [called]}]) == "DynamoDB answered GetItem with 400"
    assert reason_of([{**STAGE, "fault": False}]) == ""


def test_odd_segments_are_shown_and_break_nothing() -> None:
    odd: list[dict[str, Any]] = [
        {},
        {"id": "a", "parent_id": "a", "name": None, "start_time": "soon", "in_progress": True},
        {"id": "b", "parent_id": "nobody", "cause": "1234", "http": [], "aws": None, "subsegments": [None, 3]},
        {**FUNCTION, "cause": {"exceptions": [None, {}, {"message": "x"}]}},
    ]
    assert [step.why for step in steps_of(odd)].count("x") == 1
    assert shown(OneTrace(id="1-6", region="us-east-1", steps=tuple(steps_of(odd)), unreachable={}))


def test_a_trace_is_shown_a_step_a_line_and_no_handler_can_draw_on_the_terminal() -> None:
    trace = OneTrace(id="1-6", region="us-east-1", steps=tuple(steps_of([STAGE, FUNCTION])), unreachable={})
    told = shown(trace).splitlines()
    assert [line.strip() for line in told[1:4]] == [
        "0 ms   1,000 ms  API Gateway shop/v1 GET /v1/x → 502",
        "100 ms     900 ms    Lambda",
        "200 ms     700 ms      Lambda shop-orders  KeyError: 'RATE' \\x1b[2J",
    ]
    assert "\x1b" not in trace_markdown(trace)
    assert trace_document(trace)["steps"][2]["begin_ms"] == 200.0


def test_a_trace_that_no_region_has_is_told() -> None:
    assert "no region has a trace 1-6" in shown(OneTrace(id="1-6", region="", steps=(), unreachable={}))
