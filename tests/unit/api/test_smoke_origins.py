"""The smoke test asks as a page of each origin that the spec allows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from backendctl.api.smoke_requests import SmokeRequest
from backendctl.api.smoke_test import Answer, Door
from backendctl.spec.callers import Cors

APP, SHOP = "https://app.example", "https://shop.example"


def asked(method: str, allowed: dict[str, str], **given: Any) -> tuple[Answer, list[str]]:
    """The answer, and the origins that were asked as. allowed: origin → what the handler answers it with."""
    seen: list[str] = []

    def test_invoke_method(**request: Any) -> dict[str, Any]:
        origin = request["headers"]["Origin"]
        seen.append(origin)
        told = allowed.get(origin)
        return {"status": 200, "headers": {"access-control-allow-origin": told} if told else {}}

    client = SimpleNamespace(test_invoke_method=test_invoke_method)
    aws = SimpleNamespace(apigateway=lambda _: client, sleep=lambda _: None, time_scale=1.0)
    door = Door(
        aws=cast("Any", aws), region="us-east-1", api_id="a", variables={}, cors=Cors(origins=(APP, SHOP), **given)
    )
    return door.ask(SmokeRequest(method=method, path="/one", asked="/one"), "r"), seen


def test_an_origin_behind_the_first_that_cannot_read_the_answer_is_named() -> None:
    answer, seen = asked("GET", {APP: APP})
    assert (answer.unreadable, seen) == (f"no Access-Control-Allow-Origin for {SHOP}", [APP, SHOP])
    answer, _ = asked("GET", {APP: APP, SHOP: APP})
    assert answer.unreadable == f"Access-Control-Allow-Origin is not the origin of the request for {SHOP}"


def test_all_is_well_when_every_origin_can_read_it() -> None:
    answer, seen = asked("GET", {APP: APP, SHOP: SHOP})
    assert (answer, seen) == (Answer(status=200), [APP, SHOP])


@pytest.mark.parametrize(("method", "allowed"), [("GET", {SHOP: SHOP}), ("POST", {APP: APP})])
def test_nothing_is_asked_again_behind_a_fault_and_a_write_never(method: str, allowed: dict[str, str]) -> None:
    assert asked(method, allowed)[1] == [APP]
