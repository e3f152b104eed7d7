"""Access logs in formats of the user's own: which tell canary requests, and what their lines say."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backendctl.release.access_counts import Counting, Span
from backendctl.release.access_log import AccessLog, Line, missing_from, of_stage
from backendctl.spec.build import ACCESS_FORMAT

GROUP = "/aws/apigateway/shop"
ARN = f"arn:aws:logs:us-east-1:123456789012:log-group:{GROUP}"
CLF = (
    '$context.identity.sourceIp - [$context.requestTime] "$context.httpMethod $context.resourcePath '
    '$context.protocol" $context.status $context.responseLength $context.requestId $context.isCanaryRequest'
)


def _stage(name: str = "prodv1", line: str = ACCESS_FORMAT, arn: str = ARN) -> dict[str, Any]:
    return {"stageName": name, "accessLogSettings": {"destinationArn": arn, "format": line}}


def _log(line: str) -> AccessLog:
    found = of_stage(_stage(line=line), api_id="abc123", others=())
    assert isinstance(found, AccessLog)
    return found


def _json(**values: str) -> str:
    told = {
        "requestId": "r-1",
        "time": "1764000000000",
        "ip": "10.0.0.1",
        "method": "GET",
        "route": "/places/{id}",
        "status": "500",
        "latency": "31",
        "integrationLatency": "29",
        "integrationRequestId": "r-2",
        "traceId": "1-5759e988-bd862e3fe1be46a994272793",
        "integrationStatus": "200",
        "canary": "true",
        "error": 'said "no"',
        **values,
    }
    text = ACCESS_FORMAT
    for key, variable in json.loads(ACCESS_FORMAT).items():
        text = text.replace(f'"{key}":"{variable}"', f'"{key}":"{told[key]}"')
    return text


def test_a_line_of_the_usual_format_tells_side_status_latency_and_route() -> None:
    line = _log(ACCESS_FORMAT).line(_json(), in_canary_group=False)
    assert line == Line(is_canary=True, status=500, latency=31.0, route="GET /places/{id}", request="r-1")


def test_what_api_gateway_does_not_know_is_no_canary_and_no_latency() -> None:
    line = _log(ACCESS_FORMAT).line(_json(canary="-", latency="-"), in_canary_group=False)
    assert line is not None
    assert (line.is_canary, line.latency) == (False, None)


def test_a_line_in_the_canarys_own_group_is_the_canarys() -> None:
    line = _log(ACCESS_FORMAT).line(_json(canary="-"), in_canary_group=True)
    assert line is not None
    assert line.is_canary


def test_a_format_that_is_no_json_is_read_as_well() -> None:
    text = '10.0.0.1 - [28/Nov/2026:16:00:00 +0000] "GET /places/{id} HTTP/1.1" 200 12 r-1 false'
    line = _log(CLF).line(text, in_canary_group=False)
    assert line == Line(is_canary=False, status=200, route="GET /places/{id}", request="r-1")
    assert "latency" not in _log(CLF).named


@pytest.mark.parametrize("text", ["", "START RequestId: r-1", '10.0.0.1 - [x] "GET / HTTP" - 0 r-1 false'])
def test_a_line_of_another_kind_is_left_out(text: str) -> None:
    assert _log(CLF).line(text, in_canary_group=False) is None


def test_lines_of_another_stage_are_left_out_where_the_format_names_it() -> None:
    log = _log("$context.requestId $context.stage $context.status $context.isCanaryRequest")
    assert log.line("r-1 prodv1 200 true", in_canary_group=False) is not None
    assert log.line("r-1 testv1 200 true", in_canary_group=False) is None


@pytest.mark.parametrize(
    ("stage", "told"),
    [
        ({"stageName": "prodv1"}, "stage prodv1 has no access log in CloudWatch Logs"),
        (
            _stage(arn="arn:aws:firehose:us-east-1:123456789012:deliverystream/amazon-apigateway-x"),
            "stage prodv1 has no access log in CloudWatch Logs",
        ),
        (
            _stage(line="$context.requestId $context.status"),
            f"the access log {GROUP} has no $context.isCanaryRequest in its format",
        ),
        (
            _stage(line="$context.requestId $context.statusCode"),
            f"the access log {GROUP} has no $context.isCanaryRequest and no $context.status in its format",
        ),
    ],
)
def test_why_a_stage_has_no_access_log_that_tells_is_said(stage: dict[str, Any], told: str) -> None:
    assert of_stage(stage, api_id="abc123", others=()) == told


def test_a_group_that_two_stages_share_tells_only_where_its_lines_name_the_stage() -> None:
    others = [_stage("testv1")]
    assert "also has the requests of stage testv1" in str(of_stage(_stage(), api_id="abc123", others=others))
    named = ACCESS_FORMAT.replace("{", '{"stage":"$context.stage",', 1)
    assert isinstance(of_stage(_stage(line=named), api_id="abc123", others=others), AccessLog)


def test_the_usual_format_lacks_nothing() -> None:
    assert missing_from(ACCESS_FORMAT) == ()


def test_requests_are_added_up_by_side_slot_and_route() -> None:
    counting = Counting(Span(region="us-east-1", begin=0, settled=60, end=180, resolution=60))
    for at, status, is_canary, route in (
        (10, 200, False, "GET /a"),
        (70, 200, True, "GET /a"),
        (80, 500, True, "GET /b"),
        (130, 404, True, "GET /b"),
    ):
        counting.add(at, Line(is_canary=is_canary, status=status, latency=float(at), route=route))
    base, canary = counting.observed(is_canary=False), counting.observed(is_canary=True)
    assert (base.requests, base.errors, base.sampled) == (1, 0, 0)  # its latency is of before the present share
    assert (canary.requests, canary.errors, canary.rejections, canary.sampled) == (3, 1, 1, 3)
    assert [minute.at for minute in canary.minutes] == [60, 120]
    assert {part.name: (part.requests, part.errors) for part in canary.parts} == {"GET /a": (1, 0), "GET /b": (2, 1)}
