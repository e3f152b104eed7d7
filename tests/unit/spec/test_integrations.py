"""Which functions a definition calls."""

from __future__ import annotations

from typing import Any

import pytest

from backendctl.openapi.integrations import lambda_targets, parse_uri, resolve, stage_variables
from backendctl.spec.loader import read
from tests.unit.openapi.samples import OWN

HEAD = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"


def _uri(target: str) -> str:
    return f"{HEAD}arn:aws:lambda:us-east-1:123456789012:function:{target}/invocations"


@pytest.mark.parametrize(
    ("uri", "parsed"),
    [
        (_uri("x"), ("x", None)),
        (_uri("x:live"), ("x", "live")),
        (_uri("x:${stageVariables.a}"), ("x", "${stageVariables.a}")),
        (_uri("${stageVariables.fn}"), ("${stageVariables.fn}", None)),
        (
            "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:x:live/invocations",
            ("x", "live"),
        ),
        (
            "arn:aws:apigateway:us-east-1:lambda:path/2021-11-15/functions/arn:aws:lambda:us-east-1:1:function:x/response-streaming-invocations",
            ("x", None),
        ),
        (HEAD + "{your-function-arn-here}/invocations", None),
        ("https://example.com/function:x", None),
        ("arn:aws:apigateway:us-east-1:dynamodb:action/Query", None),
        ({"Fn::Sub": _uri("x")}, None),
    ],
)
def test_lambda_uris_are_read(uri: Any, parsed: tuple[str, str | None] | None) -> None:
    assert parse_uri(uri) == parsed


def test_targets_of_openapi_swagger_and_authorizers() -> None:
    integration = {"x-amazon-apigateway-integration": {"uri": _uri("x:a")}}
    authorizer = {"x-amazon-apigateway-authorizer": {"authorizerUri": _uri("auth")}}
    document = {
        "paths": {"/a": {"get": integration, "x-amazon-apigateway-any-method": integration, "parameters": []}},
        "components": {"securitySchemes": {"new": authorizer}},
        "securityDefinitions": {"old": authorizer},
    }
    assert [(one.method, one.path, one.function, one.qualifier) for one in lambda_targets(document)] == [
        ("GET", "/a", "x", "a"),
        ("ANY", "/a", "x", "a"),
        ("AUTHORIZER", "old", "auth", None),
        ("AUTHORIZER", "new", "auth", None),
    ]


@pytest.mark.parametrize(
    ("target", "variables", "resolved"),
    [
        ("x:${stageVariables.a}", {"a": "live"}, ("x", "live")),
        ("${stageVariables.f}", {"f": "x:live"}, ("x", "live")),
        ("${stageVariables.f}-y:${stageVariables.a}", {"f": "x", "a": "1"}, ("x-y", "1")),
        ("x", {}, ("x", None)),
        ("x:${stageVariables.a}", {}, None),
    ],
)
def test_stage_variables_are_put_in(target: str, variables: dict[str, str], resolved: tuple[str, str] | None) -> None:
    (one,) = lambda_targets({"paths": {"/": {"get": {"x-amazon-apigateway-integration": {"uri": _uri(target)}}}}})
    found = resolve(one, variables)
    assert (found and (found.function, found.qualifier)) == resolved


def test_stage_variables_are_found_in_any_text() -> None:
    document = {"a": ["x ${stageVariables.one}", {"b": "${stageVariables.two}${stageVariables.one}"}], "c": 1}
    assert stage_variables(document) == {"one", "two"}


def test_a_function_or_its_alias_may_be_a_stage_variable() -> None:
    found = {target.path: target for target in lambda_targets(read(OWN / "stage-variables.yaml").value)}
    whole, alias = found["/chimes"], found["/bells"]
    assert (whole.method, whole.function, whole.qualifier) == ("POST", "${stageVariables.chimes}", None)
    assert (alias.method, alias.function, alias.qualifier) == ("POST", "bells", "${stageVariables.bellsAlias}")
