"""Integrations with templates and mappings, and those that are not carried out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.sandbox_apigateway.test_dataplane import make, mock, told, uri


def test_what_is_not_emulated_says_so(aws: Any) -> None:
    http = {"x-amazon-apigateway-integration": {"type": "http_proxy", "httpMethod": "GET", "uri": "https://x.example"}}
    api = make(aws, {"/http": {"get": http}, "/vtl": {"get": mock("#macro(x)#end")}})
    for path, named in {"/http": "not https://x.example", "/vtl": "#macro"}.items():
        answer = aws.call(api, "dev", path)
        assert answer.status == 501
        message = json.loads(answer.body)["message"]
        assert "does not emulate" in message
        assert named in message


@pytest.mark.parametrize(
    "address",
    [
        "http://169.254.169.254/latest",
        "http://10.0.0.1/",
        "http://localhost.example/",
        "http://127.0.0.1.example/",
        "http://127.0.0.1@x.example/",
        "http://${stageVariables.alias}.example/",
        "https://127.0.0.1/",
    ],
)
def test_http_to_other_machines_is_refused(aws: Any, address: str) -> None:
    http = {"type": "http_proxy", "httpMethod": "GET", "uri": address}
    api = make(aws, {"/": {"get": {"x-amazon-apigateway-integration": http}}})
    assert aws.call(api, "dev", "/").status == 501


def plain(aws: Any, **members: Any) -> str:
    """POST / by a plain Lambda integration, which answers what it got."""
    integration = {
        "type": "aws",
        "httpMethod": "POST",
        "uri": uri("places"),
        "responses": {"default": {"statusCode": "200"}},
        **members,
    }
    aws.backplane.add("places", None, lambda event: {"got": event})
    return make(aws, {"/": {"post": {"x-amazon-apigateway-integration": integration}}})


@pytest.mark.parametrize(
    ("behaviour", "templates", "status"),
    [
        ("when_no_match", {"application/json": "{}"}, 200),
        ("when_no_templates", {}, 200),
        ("when_no_templates", {"application/json": "{}"}, 415),
        ("never", {}, 415),
    ],
)
def test_a_body_without_a_template_passes_or_is_415(
    aws: Any, behaviour: str, templates: dict[str, str], status: int
) -> None:
    api = plain(aws, passthroughBehavior=behaviour, requestTemplates=templates)
    answer = aws.call(api, "dev", "/", method="POST", headers={"content-type": "text/x"}, body=b'{"a": 1}')
    expected = {"got": {"a": 1}} if status == 200 else {"message": "Unsupported Media Type"}
    assert told(answer) == (status, expected)


def test_templates_shape_request_and_response_of_a_plain_function(aws: Any) -> None:
    response = {
        "statusCode": "200",
        "responseTemplates": {
            "application/json": "#set($r = $input.path('$.got'))#if($r.n > 1)#set($context.responseOverride.status = "
            '202)#end{"n": $r.n, "alias": "$stageVariables.alias"}'
        },
        "responseParameters": {
            "method.response.header.X-N": "integration.response.body.got.n",
            "method.response.header.X-Stage": "context.stage",
            "method.response.header.X-No": "integration.response.body.no",
        },
    }
    request = "{\"n\": #foreach($i in $input.path('$.list'))#if(!$foreach.hasNext)$foreach.count#end#end}"
    api = plain(aws, requestTemplates={"application/json": request}, responses={"default": response})
    answer = aws.call(api, "dev", "/", method="POST", body=b'{"list": [5, 6, 7]}')
    assert told(answer) == (202, {"n": 3, "alias": "a"})
    assert (answer.headers["X-N"], answer.headers["X-Stage"], "X-No" in answer.headers) == ("3", "dev", False)


def test_a_template_that_fails_is_500_and_says_why_in_the_log(aws: Any) -> None:
    api = plain(aws, requestTemplates={"application/json": "#if(true)"})
    answer = aws.call(api, "dev", "/", method="POST", body=b"{}")
    assert told(answer) == (500, {"message": "Internal server error"})
    assert "Unable to transform request" in "\n".join(aws.gateway.execution_log("us-east-1", api, "dev"))


def test_plain_lambda_passes_the_body_and_picks_by_error(aws: Any) -> None:
    integration = {
        "type": "aws",
        "httpMethod": "POST",
        "uri": uri("places"),
        "responses": {"default": {"statusCode": "200"}, ".*boom.*": {"statusCode": "400"}},
    }
    api = make(aws, {"/": {"post": {"x-amazon-apigateway-integration": integration}}})
    aws.backplane.add("places", None, lambda event: {"got": event})
    assert told(aws.call(api, "dev", "/", method="POST", body=b'{"a": 1}')) == (200, {"got": {"a": 1}})

    def fails(_event: Any) -> Any:
        raise RuntimeError("it went boom")

    aws.backplane.add("places", None, fails)
    assert aws.call(api, "dev", "/", method="POST", body=b"{}").status == 400


@pytest.mark.parametrize("source", ["'Event'", "method.request.header.Kind"])
def test_a_plain_function_may_be_called_without_waiting(aws: Any, source: str) -> None:
    api = plain(aws, requestParameters={"integration.request.header.X-Amz-Invocation-Type": source})
    answer = aws.call(api, "dev", "/", method="POST", headers={"kind": "Event"}, body=b'{"a": 1}')
    assert (answer.status, answer.body) == (200, b"")
    assert aws.backplane.events == [{"a": 1}]
