"""GET /healthz."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError

if TYPE_CHECKING:
    from tests.unit.functions.conftest import Backend

ARN = "arn:aws:lambda:us-west-2:111122223333:function:corkhounds-health"


def health(backend: Backend, arn: str) -> tuple[int, Any]:
    class Context:
        aws_request_id = "4f7c-11"
        invoked_function_arn = arn

    answer = backend.handler("health")({"httpMethod": "GET", "resource": "/healthz"}, Context())
    return answer["statusCode"], json.loads(answer["body"])


def test_it_tells_which_region_version_and_alias_answer(backend: Backend) -> None:
    where = {"region": "us-west-2", "version": "7", "function": "corkhounds-health"}
    assert health(backend, f"{ARN}:version1") == (200, {"status": "ok", **where, "alias": "version1"})
    assert health(backend, ARN) == (200, {"status": "ok", **where})


def test_a_healthy_answer_comes_from_the_table(backend: Backend) -> None:
    health(backend, ARN)
    assert backend.places.calls == ["get_item"]


@pytest.mark.parametrize(
    "failure",
    [
        ConnectTimeoutError(endpoint_url="https://dynamodb"),
        ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "no"}}, "GetItem"),
    ],
)
def test_a_region_that_cannot_reach_its_table_is_failing(backend: Backend, failure: Exception) -> None:
    backend.places.failure = failure
    status, body = health(backend, ARN)
    assert (status, body["status"], body["region"]) == (503, "failing", "us-west-2")
