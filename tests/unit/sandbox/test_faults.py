from __future__ import annotations

import json
from typing import Any

import pytest

from backendctl.sandbox.faults import PATH, Call, Effect, Faults
from backendctl.sandbox.http import Request


def _call(
    service: str = "lambda", operation: str = "CreateAlias", region: str = "us-west-2", *, traffic: bool = False
) -> Call:
    return Call(service=service, operation=operation, region=region, traffic=traffic)


def _request(method: str, path: str = PATH, document: Any = None) -> Request:
    body = b"" if document is None else json.dumps(document).encode()
    return Request(
        method=method,
        path=path,
        raw_path=path,
        query={},
        headers={},
        body=body,
        region="us-east-1",
        account="123456789012",
    )


@pytest.mark.parametrize(
    ("given", "hit"),
    [
        ({}, True),
        ({"service": "lambda", "operation": "CreateAlias", "region": "us-west-2"}, True),
        ({"operation": "create*"}, True),
        ({"operation": "Create*", "service": "apigateway"}, False),
        ({"region": "us-east-1"}, False),
        ({"region": "us-*"}, True),
        ({"region": "global"}, False),
    ],
)
def test_a_fault_hits_what_fits_all_its_patterns(given: dict[str, Any], *, hit: bool) -> None:
    faults = Faults()
    faults.add({"effect": "error", **given})
    assert bool(faults.hitting(_call())) is hit


def test_traffic_is_hit_only_when_asked() -> None:
    for asked in (False, True):
        faults = Faults()
        faults.add({"effect": "reset", "traffic": asked})
        assert faults.meet_traffic is asked
        assert bool(faults.hitting(_call(traffic=True))) is asked
        assert faults.hitting(_call())


def test_it_strikes_so_many_times_and_then_is_over() -> None:
    faults = Faults()
    faults.add({"effect": "error", "times": 2})
    assert [len(faults.hitting(_call())) for _ in range(4)] == [1, 1, 0, 0]
    assert len(faults) == 0
    listed = json.loads(faults.control(_request("GET")).body)["faults"]
    assert [(one["struck"], one["seen"]) for one in listed] == [(2, 2)]


def test_a_share_of_calls_is_hit_and_the_seed_says_which() -> None:
    def hits(seed: int) -> list[bool]:
        faults = Faults()
        faults.add({"effect": "error", "percent": 5, "seed": seed})
        return [bool(faults.hitting(_call())) for _ in range(1000)]

    assert 25 <= sum(hits(7)) <= 80
    assert hits(7) == hits(7)
    assert hits(7) != hits(8)


def test_a_slow_call_may_fail_besides() -> None:
    faults = Faults()
    faults.add({"effect": "throttled"})
    faults.add({"effect": "slow", "seconds": 0.5})
    assert [hit.effect for hit in faults.hitting(_call())] == [Effect.SLOW, Effect.THROTTLED]


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({}, "`effect` must be one of"),
        ([], "`effect` must be one of"),
        ({"effect": "explode"}, "`effect` must be one of"),
        ({"effect": "error", "regoin": "us-east-1"}, "nothing is known of regoin"),
        ({"effect": "error", "percent": 0}, "`percent` is more than 0"),
        ({"effect": "error", "percent": "5"}, "`percent` cannot be '5'"),
        ({"effect": "error", "times": 0}, "`times` is at least 1"),
        ({"effect": "error", "times": True}, "`times` cannot be True"),
        ({"effect": "error", "seconds": 1}, "goes with `slow`"),
        ({"effect": "slow"}, "goes with `slow`"),
        ({"effect": "slow", "seconds": 1, "after": True}, "late before its work"),
    ],
)
def test_nonsense_is_refused_with_a_reason(document: Any, said: str) -> None:
    answer = Faults().control(_request("POST", document=document))
    assert answer.status == 400
    assert said in json.loads(answer.body)["message"]


def test_what_is_no_json_is_refused() -> None:
    request = Request(method="POST", path=PATH, raw_path=PATH, query={}, headers={}, body=b"{", region="", account="")
    assert Faults().control(request).status == 400


def test_one_is_cleared_by_its_id_and_all_without() -> None:
    faults = Faults()
    first, second = (faults.add({"effect": "error"}) for _ in range(2))
    gone = faults.control(_request("DELETE", f"{PATH}/{first.id}"))
    assert [one["id"] for one in json.loads(gone.body)["faults"]] == [first.id]
    assert faults.control(_request("DELETE", f"{PATH}/{first.id}")).status == 404
    gone = faults.control(_request("DELETE"))
    assert [one["id"] for one in json.loads(gone.body)["faults"]] == [second.id]
    assert len(faults) == 0


def test_another_method_is_not_allowed() -> None:
    assert Faults().control(_request("PUT")).status == 405
