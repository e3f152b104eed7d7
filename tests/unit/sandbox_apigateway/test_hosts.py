"""Changes of stages and mappings on their way to the hosts that serve."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from backendctl.sandbox.timing import HOSTS
from tests.unit.sandbox.clock import Clock
from tests.unit.sandbox_apigateway.conftest import Aws
from tests.unit.sandbox_apigateway.test_dataplane import make, mock
from tests.unit.sandbox_apigateway.test_domains import NAME, domain, visit

MOMENTS = 40
"""Tenths of a second: longer than any change is on its way."""


def answering(text: str) -> dict[str, Any]:
    return {"/": {"get": mock(f"{text} $stageVariables.alias")}}


def arrived(aws: Aws, clock: Clock, text: str) -> str:
    """An API whose stage `dev` answers with a text and its variable, everywhere."""
    api = make(aws, answering(text))
    clock.now += HOSTS[1]
    return api


def next_deployment(aws: Aws, api: str, text: str) -> str:
    document = {"openapi": "3.0.1", "info": {"title": "t"}, "paths": answering(text)}
    client = aws.client()
    client.put_rest_api(restApiId=api, mode="overwrite", body=json.dumps(document))
    return str(client.create_deployment(restApiId=api)["id"])


def patch(aws: Aws, api: str, **values: str) -> None:
    operations = [{"op": "replace", "path": f"/{path}", "value": value} for path, value in values.items()]
    aws.client().update_stage(restApiId=api, stageName="dev", patchOperations=operations)


def watched(clock: Clock, ask: Callable[[], Any]) -> list[list[Any]]:
    """Ten answers at each moment until everything has arrived."""
    seen = []
    for _ in range(MOMENTS):
        seen.append([ask() for _ in range(10)])
        clock.now += 0.1
    return seen


def test_one_update_arrives_whole_and_later_than_it_is_answered(late: Aws, clock: Clock) -> None:
    api = arrived(late, clock, "old")
    patch(late, api, **{"deploymentId": next_deployment(late, api, "new"), "variables/alias": "b"})
    stage = late.client().get_stage(restApiId=api, stageName="dev")
    assert stage["variables"] == {"alias": "b"}
    seen = watched(clock, lambda: late.call(api, "dev", "/").body)
    assert {answer for moment in seen for answer in moment} == {b"old a", b"new b"}
    until = int(HOSTS[0] * 10)
    assert {answer for moment in seen[:until] for answer in moment} == {b"old a"}
    assert set(seen[-1]) == {b"new b"}


def test_old_and_new_are_both_served_for_a_while(late: Aws, clock: Clock) -> None:
    api = arrived(late, clock, "old")
    patch(late, api, deploymentId=next_deployment(late, api, "new"))
    seen = watched(clock, lambda: late.call(api, "dev", "/").body)
    assert any(len(set(moment)) == 2 for moment in seen)


def test_two_updates_of_a_stage_arrive_each_by_itself(late: Aws, clock: Clock) -> None:
    api = arrived(late, clock, "old")
    for _ in range(5):  # of five pairs one surely has a moment between its two updates
        patch(late, api, deploymentId=next_deployment(late, api, "new"))
        patch(late, api, **{"variables/alias": "b"})
        seen = {answer for moment in watched(clock, lambda: late.call(api, "dev", "/").body) for answer in moment}
        assert seen <= {b"old a", b"new a", b"new b"}
        if b"new a" in seen:
            return
        patch(late, api, **{"deploymentId": next_deployment(late, api, "old"), "variables/alias": "a"})
        clock.now += HOSTS[1]
    pytest.fail("the second update always hid the first")


def test_a_promotion_arrives_whole(late: Aws, clock: Clock) -> None:
    api = arrived(late, clock, "old")
    canary = {"deploymentId": next_deployment(late, api, "new"), "stageVariableOverrides/alias": "b"}
    patch(late, api, **{f"canarySettings/{leaf}": value for leaf, value in canary.items()})
    clock.now += HOSTS[1]
    assert late.call(api, "dev", "/").body == b"old a"
    copies = [
        {"op": "copy", "from": "/canarySettings/stageVariableOverrides", "path": "/variables"},
        {"op": "copy", "from": "/canarySettings/deploymentId", "path": "/deploymentId"},
    ]
    late.client().update_stage(restApiId=api, stageName="dev", patchOperations=copies)
    seen = watched(clock, lambda: late.call(api, "dev", "/").body)
    assert {answer for moment in seen for answer in moment} == {b"old a", b"new b"}


def test_what_is_deleted_too_soon_is_still_served(late: Aws, clock: Clock) -> None:
    api = arrived(late, clock, "old")
    client = late.client()
    before = client.get_stage(restApiId=api, stageName="dev")["deploymentId"]
    patch(late, api, deploymentId=next_deployment(late, api, "new"))
    client.delete_deployment(restApiId=api, deploymentId=before)
    assert late.call(api, "dev", "/").body == b"old a"
    clock.now += HOSTS[1]
    assert late.call(api, "dev", "/").body == b"new a"
    client.delete_stage(restApiId=api, stageName="dev")
    assert late.call(api, "dev", "/").status == 200
    clock.now += HOSTS[1]
    assert late.call(api, "dev", "/").status == 403


def test_a_new_stage_and_a_new_mapping_are_known_later(late: Aws, clock: Clock) -> None:
    domain(late)
    clock.now += 30
    api = make(late, answering("old"))
    assert late.call(api, "dev", "/").status == 403
    clock.now += HOSTS[1]
    assert late.call(api, "dev", "/").status == 200
    late.client().create_base_path_mapping(domainName=NAME, basePath="v1", restApiId=api, stage="dev")

    def status() -> int:
        answer = visit(late, "/v1/")
        assert answer is not None
        return answer.status

    seen = watched(clock, status)
    assert (set(seen[0]), set(seen[-1])) == ({403}, {200})


def test_everything_has_arrived_after_a_restart(late: Aws, clock: Clock) -> None:
    api = arrived(late, clock, "old")
    patch(late, api, **{"variables/alias": "b"})
    assert late.call(api, "dev", "/").body == b"old a"
    late.gateway.load(json.loads(json.dumps(late.gateway.dump())))
    assert late.call(api, "dev", "/").body == b"old b"


def test_a_refused_update_changes_nothing(late: Aws, clock: Clock) -> None:
    api = arrived(late, clock, "old")
    client = late.client()
    with pytest.raises(client.exceptions.BadRequestException):
        patch(late, api, **{"variables/alias": "b", "canarySettings/deploymentId": "nothing"})
    assert {answer for moment in watched(clock, lambda: late.call(api, "dev", "/").body) for answer in moment} == {
        b"old a"
    }
