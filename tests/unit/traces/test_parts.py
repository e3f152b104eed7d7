from __future__ import annotations

from typing import Any

import pytest

from backendctl.traces.parts import own_times, spans_of

STAGE: dict[str, Any] = {
    "id": "s",
    "name": "shop/v1",
    "origin": "AWS::ApiGateway::Stage",
    "start_time": 0.0,
    "end_time": 1.0,
    "subsegments": [{"id": "call", "name": "Lambda", "start_time": 0.1, "end_time": 1.0}],
}
FUNCTION: dict[str, Any] = {
    "id": "f",
    "parent_id": "call",
    "name": "shop-orders",
    "origin": "AWS::Lambda::Function",
    "start_time": 0.15,
    "end_time": 0.95,
    "subsegments": [
        {"id": "i", "name": "Initialization", "start_time": 0.15, "end_time": 0.45},
        {
            "id": "v",
            "name": "Invocation",
            "start_time": 0.45,
            "end_time": 0.95,
            "subsegments": [{"id": "d", "name": "DynamoDB", "start_time": 0.5, "end_time": 0.7}],
        },
    ],
}


def test_each_part_counts_what_it_took_by_itself_and_all_of_them_the_whole() -> None:
    found = own_times(spans_of([STAGE, FUNCTION]))
    assert found == pytest.approx({"API Gateway": 0.1, "Lambda": 0.1, "init": 0.3, "handler": 0.3, "DynamoDB": 0.2})
    assert sum(found.values()) == pytest.approx(1.0)


def test_work_side_by_side_is_not_taken_off_twice() -> None:
    inner = [{"id": f"d{n}", "name": "DynamoDB", "start_time": 0.2, "end_time": 0.6} for n in range(2)]
    found = own_times(
        spans_of([{"id": "v", "name": "Invocation", "start_time": 0, "end_time": 1, "subsegments": inner}])
    )
    assert found["handler"] == pytest.approx(0.6)


def test_what_is_still_under_way_is_left_out() -> None:
    assert spans_of([{"id": "a", "name": "x", "start_time": 1, "in_progress": True}]) == []
