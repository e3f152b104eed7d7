"""What all four handlers do alike: warmer, routing, JSON, errors."""

from __future__ import annotations

import base64
import json
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, ReadTimeoutError
from shared.web import Answer, App, Request

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.unit.functions.conftest import Backend

EVERY_FUNCTION = pytest.mark.parametrize("function", ["search", "places", "checkins", "health"])


class Context:
    aws_request_id = "4f7c-11"
    invoked_function_arn = "arn:aws:lambda:us-west-2:111122223333:function:corkhounds-places"


def answer_of(app: App, event: Mapping[str, Any]) -> tuple[int, Any]:
    answer = app.handler()(event, Context())
    return answer["statusCode"], json.loads(answer["body"])


def refusal(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "arn:aws:dynamodb:secret"}}, "Query")


@EVERY_FUNCTION
def test_the_warmer_opens_each_table_once_and_returns(backend: Backend, function: str) -> None:
    answer = backend.handler(function)({"instruction": "warmer"}, Context())
    assert answer == {"warmed": True, "cold": True, "region": "us-west-2", "version": "7"}
    assert backend.places.calls == ["get_item"]
    assert backend.checkins.calls == (["get_item"] if function == "checkins" else [])


def test_the_warmer_tells_whether_the_instance_was_cold(backend: Backend) -> None:
    handler = backend.handler("search")
    colds = [handler({"instruction": "warmer"}, Context())["cold"] for _ in range(3)]
    assert colds == [True, False, False]


def test_the_warmer_stays_as_long_as_it_is_asked(backend: Backend) -> None:
    handler = backend.handler("places")
    began = time.monotonic()
    handler({"instruction": "warmer", "holdMs": 60}, Context())
    assert time.monotonic() - began >= 0.06


def test_a_warmer_that_cannot_reach_the_table_fails(backend: Backend) -> None:
    backend.places.failure = ConnectTimeoutError(endpoint_url="https://dynamodb")
    with pytest.raises(ConnectTimeoutError):
        backend.handler("search")({"instruction": "warmer"}, Context())


@EVERY_FUNCTION
@pytest.mark.parametrize("event", [{}, {"httpMethod": "DELETE", "resource": "/places"}])
def test_what_is_not_routed_is_404(backend: Backend, function: str, event: dict[str, str]) -> None:
    answer = backend.handler(function)(event, Context())
    assert answer["statusCode"] == 404
    assert json.loads(answer["body"]) == {"error": "there is nothing here"}


def test_every_answer_names_the_region_and_version_and_may_be_read_by_web_views(backend: Backend) -> None:
    for reply in (backend.call("health", "GET /healthz"), backend.call("health", "GET /nowhere")):
        assert reply.headers == {
            "Content-Type": "application/json",
            "Access-Control-Allow-Origin": "*",
            "X-Region": "us-west-2",
            "X-Version": "7",
        }


def test_decimals_become_json_numbers() -> None:
    app = App()

    @app.route("GET /numbers")
    def numbers(_: Request) -> Answer:
        return Answer(body={"whole": Decimal(3), "large": Decimal("1.8E+12"), "part": Decimal("47.37")})

    answer = app.handler()({"httpMethod": "GET", "resource": "/numbers"}, Context())
    assert answer["body"] == '{"whole": 3, "large": 1800000000000, "part": 47.37}'


def test_fractions_of_a_body_become_decimals() -> None:
    app = App()
    seen: list[object] = []

    @app.route("PUT /numbers")
    def numbers(request: Request) -> Answer:
        seen.append(request.json()["n"])
        return Answer(body={})

    plain = {"httpMethod": "PUT", "resource": "/numbers", "body": '{"n": 47.37}'}
    coded = {**plain, "body": base64.b64encode(b'{"n": 0.1}').decode(), "isBase64Encoded": True}
    for event in (plain, coded):
        assert answer_of(app, event) == (200, {})
    assert seen == [Decimal("47.37"), Decimal("0.1")]


@pytest.mark.parametrize("body", [None, "", "{", "[1]", '"text"', '{"lat": NaN}', '{"lat": Infinity}'])
def test_a_body_that_is_no_json_object_is_400(backend: Backend, body: str | None) -> None:
    reply = backend.call("places", "PUT /places/{id}", path={"id": "p1"}, body=body)
    assert reply.status == 400
    assert reply.body["error"].startswith("the body ")
    assert backend.places.items == []


@pytest.mark.parametrize(
    "failure",
    [
        refusal("ThrottlingException"),
        refusal("ProvisionedThroughputExceededException"),
        ConnectTimeoutError(endpoint_url="https://dynamodb"),
        ReadTimeoutError(endpoint_url="https://dynamodb"),
    ],
)
def test_what_passes_is_503(backend: Backend, failure: Exception) -> None:
    backend.places.failure = failure
    reply = backend.call("places", "GET /places/{id}", path={"id": "p1"})
    assert reply.status == 503
    assert reply.body == {"error": "busy, try again", "request": "4f7c-11"}


def test_what_does_not_pass_is_500_and_tells_the_log_only(backend: Backend, caplog: pytest.LogCaptureFixture) -> None:
    backend.places.failure = refusal("AccessDeniedException")
    reply = backend.call("places", "GET /places/{id}", path={"id": "p1"})
    assert reply.status == 500
    assert reply.body == {"error": "something went wrong", "request": "4f7c-11"}
    assert "arn:aws:dynamodb:secret" in caplog.text
