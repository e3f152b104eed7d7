"""botocore understands every error in every service's format, without a server."""

from __future__ import annotations

from typing import Any

import botocore.session
import pytest
from botocore.parsers import create_parser

from backendctl.sandbox.dialect import TRAFFIC, Kind, answer
from backendctl.sandbox.http import Request

_TOO_MANY = "TooManyRequestsException"


def _told(service: str, kind: Kind, protocol: str = "") -> tuple[int, dict[str, Any]]:
    """Status and parsed answer, as a client of that service sees them."""
    model = botocore.session.get_session().get_service_model(service)
    spoken = protocol or model.resolved_protocol
    headers = {"smithy-protocol": "rpc-v2-cbor"} if spoken == "smithy-rpc-v2-cbor" else {}
    if spoken == "query":
        headers = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}
    request = Request(
        method="POST", path="/", raw_path="/", query={}, headers=headers, body=b"", region="us-east-1", account=""
    )
    made = answer(kind, service=model.signing_name, request=request)
    shapes = (model.operation_model(name).output_shape for name in model.operation_names)
    shape = next(shape for shape in shapes if shape is not None)
    response = {
        "status_code": made.status,
        "body": made.body,
        "headers": {k.lower(): v for k, v in made.headers.items()},
    }
    parsed: dict[str, Any] = create_parser(spoken).parse(response, shape)
    return made.status, parsed


@pytest.mark.parametrize(
    ("service", "kind", "status", "code"),
    [
        ("apigateway", Kind.THROTTLED, 429, _TOO_MANY),  # A36
        ("apigateway", Kind.LIMIT, 429, "LimitExceededException"),  # A37
        ("apigateway", Kind.ERROR, 500, "InternalFailure"),
        ("lambda", Kind.THROTTLED, 429, _TOO_MANY),  # B56
        ("lambda", Kind.ERROR, 500, "ServiceException"),
        ("route53", Kind.THROTTLED, 400, "Throttling"),  # E22
        ("route53", Kind.UNAVAILABLE, 503, "ServiceUnavailable"),
        ("iam", Kind.THROTTLED, 400, "Throttling"),
        ("sts", Kind.ERROR, 500, "InternalFailure"),
        ("dynamodb", Kind.THROTTLED, 400, "ThrottlingException"),  # C57
        ("dynamodb", Kind.ERROR, 500, "InternalServerError"),
        ("events", Kind.ERROR, 500, "InternalException"),  # D17
        ("events", Kind.LIMIT, 400, "LimitExceededException"),  # D5
        ("logs", Kind.THROTTLED, 400, "ThrottlingException"),
        ("application-autoscaling", Kind.THROTTLED, 400, "ThrottlingException"),
        ("s3", Kind.THROTTLED, 503, "SlowDown"),
        ("ssm", Kind.UNAVAILABLE, 503, "ServiceUnavailable"),
        ("xray", Kind.THROTTLED, 400, "ThrottlingException"),
    ],
)
def test_each_service_has_its_own_words(service: str, kind: Kind, status: int, code: str) -> None:
    told, parsed = _told(service, kind)
    assert (told, parsed["Error"]["Code"]) == (status, code)
    assert parsed["Error"]["Message"]


@pytest.mark.parametrize("protocol", ["smithy-rpc-v2-cbor", "json", "query"])
def test_cloudwatch_is_answered_in_the_protocol_it_was_asked_in(protocol: str) -> None:
    _, parsed = _told("cloudwatch", Kind.THROTTLED, protocol)
    assert parsed["Error"] == {"Code": "ThrottlingException", "Message": "Rate exceeded"} | (
        {"Type": "Sender"} if protocol == "query" else {}
    )


def test_lambda_says_why_it_throttles() -> None:
    request = Request(method="GET", path="/", raw_path="/", query={}, headers={}, body=b"", region="", account="")
    assert b'"Reason": "CallerRateLimitExceeded"' in answer(Kind.THROTTLED, service="lambda", request=request).body


def test_a_user_of_an_api_sees_what_api_gateway_says() -> None:
    request = Request(method="GET", path="/", raw_path="/", query={}, headers={}, body=b"", region="", account="")
    made = answer(Kind.ERROR, service=TRAFFIC, request=request)
    assert (made.status, made.body) == (500, b'{"message": "Internal server error"}')
