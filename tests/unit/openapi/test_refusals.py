"""What API Gateway cannot take is refused with its place; nothing is dropped in silence."""

from __future__ import annotations

from typing import Any

import pytest

from backendctl.openapi.refusals import refusals
from tests.unit.openapi.samples import AUTHORIZER, INTEGRATION, example, large, openapi, operation, swagger

GET = "/paths/~1places/get"
PLACE = f"{GET}/{INTEGRATION}"


def integrated(**members: Any) -> dict[str, Any]:
    return openapi({"/places": {"get": operation(integration=members)}})


def with_get(make: Any = openapi, root: dict[str, Any] | None = None, **members: Any) -> Any:
    return make({"/places": {"get": operation(**members)}}, **(root or {}))


def authorized(**inner: Any) -> dict[str, Any]:
    members = {"authorizerUri": "arn:aws:apigateway:us-east-1:lambda:path/x", **inner}
    return openapi(
        components={"securitySchemes": {"a": {"type": "apiKey", "name": "A", "in": "header", AUTHORIZER: members}}}
    )


AUTH = f"/components/securitySchemes/a/{AUTHORIZER}"


CSV = {"200": {"description": "rows", "schema": {"type": "object"}}}


@pytest.mark.parametrize(
    ("document", "place", "told", "fact"),
    [
        ({**openapi(), "openapi": "3.1.0"}, "/openapi", "OpenAPI 3.1.0", ""),
        ({**swagger(), "swagger": "1.2"}, "/swagger", "Swagger 1.2", ""),
        ({**openapi(), "webhooks": {"x": {}}}, "/webhooks", "webhooks are of OpenAPI 3.1", ""),
        (openapi({"places": {"get": operation()}}), "/paths/places", "a path begins with /", ""),
        (
            openapi({"/places": {"get": operation(), "gte": operation()}}),
            "/paths/~1places/gte",
            "did you mean 'get'?",
            "",
        ),
        (openapi({"/places": {"get": operation(), "ANY": operation()}}), "/paths/~1places/ANY", "any-method'?", ""),
        (openapi({"/places": {"trace": operation()}}), "/paths/~1places/trace", "no such method", ""),
        (with_get(security=["key"]), f"{GET}/security/0", "must be an object, not 'key'", ""),
        (with_get(parameters={"a": 1}), f"{GET}/parameters", "must be a list", ""),
        (with_get(responses={"200": "fine"}), f"{GET}/responses/200", "must be an object", ""),
        ({**openapi(), "security": {"key": []}}, "/security", "must be a list", ""),
        ({**openapi(), "paths": {}}, "/paths", "no path has a method", "A50"),
        (openapi({"/ping": {"get": operation()}}), "/paths/~1ping", "reserved", "A90"),
        (openapi({"/a b": {"get": operation()}}), "/paths/~1a b", "a path segment has", "A16"),
        (openapi({"/{a}": {"get": operation()}, "/{b}": {"get": operation()}}), "/paths/~1{a}", "side by side", "A18"),
        (
            openapi({"/{p+}": {"get": operation()}, "/x/{p+}/y": {"get": operation()}}),
            "/paths/~1x~1{p+}~1y",
            "follow",
            "A18",
        ),
        (openapi(components={"schemas": {"Foo_Bar": {}}}), "/components/schemas/Foo_Bar", "letters and digits", "A16"),
        (
            openapi(components={"schemas": {"A": {"$ref": "other.yaml#/A"}}}),
            "/components/schemas/A/$ref",
            "out of the",
            "",
        ),
        (openapi(components={"schemas": {"A": {"$ref": "#/B"}}}), "/components/schemas/A/$ref", "leads nowhere", ""),
        (with_get(callbacks={"x": {}}), f"{GET}/callbacks", "callbacks are dropped", ""),
        (with_get(responses={"200": {"links": {"x": {}}}}), f"{GET}/responses/200/links", "links are dropped", ""),
        (with_get(parameters=[{"name": "a", "in": "cookie"}]), f"{GET}/parameters/0/in", "reads none from cookie", ""),
        (with_get(swagger, parameters=[{"name": "a", "in": "formData"}]), f"{GET}/parameters/0/in", "formData", ""),
        (with_get(parameters=[{"name": "a", "in": "qeury"}]), f"{GET}/parameters/0/in", "did you mean 'query'?", ""),
        (
            with_get(parameters=[{"name": "a", "in": "query"}, {"name": "a", "in": "header"}]),
            f"{GET}/parameters/1",
            "is in query and in header",
            "",
        ),
        (
            swagger(definitions={"A": {"properties": {"b": {"oneOf": [{}]}}}}),
            "/definitions/A/properties/b/oneOf",
            "oneOf is not known to Swagger 2.0",
            "A15",
        ),
        (openapi({"/places": {"get": {"responses": {}}}}), GET, f"has no {INTEGRATION}", "A50"),
        (integrated(type="lambda"), f"{PLACE}/type", "one of aws, aws_proxy, http, http_proxy, mock, not lambda", ""),
        (integrated(uri="places"), f"{PLACE}/uri", "not an ARN of a service or function", "A26"),
        (integrated(type="http", uri="ftp://x"), f"{PLACE}/uri", "not an HTTP address", ""),
        (integrated(httpMethod="GET"), f"{PLACE}/httpMethod", "must be POST", "A98"),
        (integrated(timeoutInMillis=30000), f"{PLACE}/timeoutInMillis", "a timeout of 30000 ms", "A42"),
        (integrated(timeoutInMilis=1), f"{PLACE}/timeoutInMilis", "did you mean 'timeoutInMillis'?", ""),
        (integrated(uri="${lambda_arn}"), f"{PLACE}/uri", "${lambda_arn} has not been filled in", ""),
        (integrated(credentials="${aws_iam_role.x.arn}"), f"{PLACE}/credentials", "has not been filled in", ""),
        (
            integrated(requestParameters={"integration.request.header.a": "'${secret}'"}),
            f"{PLACE}/requestParameters/integration.request.header.a",
            "${secret} has not been filled in",
            "",
        ),
        (authorized(authorizerUri="${authorizer_uri}"), f"{AUTH}/authorizerUri", "has not been filled in", ""),
        (
            openapi(**{"x-amazon-apigateway-policy": {"Statement": [{"Resource": "${api_arn}/*"}]}}),
            "/x-amazon-apigateway-policy/Statement/0/Resource",
            "${api_arn} has not been filled in",
            "",
        ),
        (with_get(operationId="${name}"), f"{GET}/operationId", "${name} has not been filled in", ""),
        (
            integrated(responseTransferMode="STREAM", timeoutInMillis=900_001),
            f"{PLACE}/timeoutInMillis",
            "waits 50 to 900000 ms",
            "A42",
        ),
        (integrated(timeoutInMillis=True), f"{PLACE}/timeoutInMillis", "must be a whole number", "A42"),
        (integrated(passthroughBehavior="sometimes"), f"{PLACE}/passthroughBehavior", "none of when_no_match", ""),
        (integrated(connectionType="VPC_LINK"), PLACE, "needs a connectionId", "A27"),
        (
            integrated(requestParameters={"integration.request.header.a": True}),
            f"{PLACE}/requestParameters/integration.request.header.a",
            "must be a text",
            "A11",
        ),
        (integrated(requestTemplates={"a/b": "x" * 307_201}), f"{PLACE}/requestTemplates/a~1b", "300 KB", "A43"),
        (
            integrated(credentials={"Fn::GetAtt": ["R", "Arn"]}),
            f"{PLACE}/credentials",
            "an expression of CloudFormation",
            "",
        ),
        (integrated(uri={"Ref": "X"}), f"{PLACE}/uri", "an expression of CloudFormation", ""),
        (
            integrated(responses={"4..": {"statusCode": "400"}, "5..": {"statusCode": "400"}}),
            f"{PLACE}/responses/5..",
            "both give 400",
            "",
        ),
        (
            integrated(responses={"4..": {"statusCode": "400", "template": {}}}),
            f"{PLACE}/responses/4../template",
            "is not known",
            "",
        ),
        (
            with_get(
                **{"x-amazon-apigateway-request-validator": "al"},
                root={"x-amazon-apigateway-request-validators": {"all": {}}},
            ),
            f"{GET}/x-amazon-apigateway-request-validator",
            "did you mean 'all'?",
            "",
        ),
        (with_get(security=[{"who": []}]), f"{GET}/security/0/who", "there is no security scheme who", "A14"),
        (
            with_get(security=[{"o": []}], root={"components": {"securitySchemes": {"o": {"type": "oauth2"}}}}),
            f"{GET}/security/0/o",
            "cannot enforce o",
            "A14",
        ),
        ({**openapi(), "security": [{"who": []}]}, "/security/0/who", "it would be open", "A14"),
        (
            swagger({"/places": {"get": operation(produces=["text/csv"], responses=CSV)}}),
            f"{GET}/responses/200",
            "needs one for application/json beside it",
            "A24",
        ),
        (
            openapi(**{"x-amazon-apigateway-polcy": {}}),
            "/x-amazon-apigateway-polcy",
            "did you mean 'x-amazon-apigateway-policy'?",
            "",
        ),
        (
            openapi(**{"x-amazon-apigateway-gateway-responses": {"THROTLED": {}}}),
            "/x-amazon-apigateway-gateway-responses/THROTLED",
            "did you mean 'THROTTLED'?",
            "",
        ),
        (
            {**openapi(), "x-amazon-apigateway-api-key-source": "QUERY"},
            "/x-amazon-apigateway-api-key-source",
            "neither",
            "",
        ),
        (
            openapi(**{"x-amazon-apigateway-policy": {"a": "x" * 8200}}),
            "/x-amazon-apigateway-policy",
            "takes 8192",
            "A43",
        ),
        (
            {**openapi(), "x-amazon-apigateway-minimum-compression-size": -1},
            "/x-amazon-apigateway-minimum-compression-size",
            "-1 bytes",
            "",
        ),
        (authorized(type="jwt"), f"{AUTH}/type", "is for HTTP APIs", ""),
        (authorized(authorizerUri=""), AUTH, "authorizerUri names no function", "A26"),
        (authorized(type="cognito_user_pools"), AUTH, "names no user pool", "A26"),
        (authorized(authorizerResultTtlInSeconds=4000), f"{AUTH}/authorizerResultTtlInSeconds", "4000 s", "A43"),
    ],
)
def test_one_fault_has_one_place_and_one_sentence(document: dict[str, Any], place: str, told: str, fact: str) -> None:
    (found,) = refusals(document)
    assert found.pointer == place
    assert told in found.message
    assert found.fact == fact
    assert str(found).startswith(f"{place}: ")


def test_the_example_and_a_full_api_are_not_refused() -> None:
    assert refusals(example()) == []
    assert refusals(large(300)) == []


def test_one_resource_too_many_and_a_document_too_large_are_refused() -> None:
    assert [each.fact for each in refusals(large(303))] == ["A41"]
    huge = openapi()
    huge["info"]["description"] = "x" * (6 * 1024 * 1024)
    assert [(each.pointer, each.fact) for each in refusals(huge)] == [("", "A13")]


def test_what_a_binding_stands_for_is_not_known_yet() -> None:
    for kind in ("aws", "http"):
        assert refusals(integrated(type=kind, uri="${binding:target}")) == []


def test_a_method_has_one_authorizer() -> None:
    schemes = authorized()["components"]["securitySchemes"]
    both = with_get(
        security=[{"a": []}, {"b": []}], root={"components": {"securitySchemes": {**schemes, "b": schemes["a"]}}}
    )
    (found,) = refusals(both)
    assert (found.pointer, "one authorizer" in found.message) == (f"{GET}/security", True)


def test_eleven_authorizers_are_too_many() -> None:
    scheme = authorized()["components"]["securitySchemes"]["a"]
    (found,) = refusals(openapi(components={"securitySchemes": {f"a{n}": scheme for n in range(11)}}))
    assert (found.pointer, found.fact) == ("/components/securitySchemes", "A41")


def test_what_is_only_shown_may_hold_anything() -> None:
    odd = {"$ref": "nowhere.yaml", "x-amazon-apigateway-typo": 1, "Fn::Sub": "x"}
    schema = {
        "type": "object",
        "example": odd,
        "default": odd,
        "enum": [odd],
        "properties": {"example": {"type": "string"}},
    }
    assert refusals(openapi(components={"schemas": {"A": schema}})) == []
    property_called_example = {"type": "object", "properties": {"example": odd}}
    assert len(refusals(openapi(components={"schemas": {"A": property_called_example}}))) == 3


def test_every_api_has_the_models_empty_and_error() -> None:
    for name in ("Empty", "Error"):
        ref = {"$ref": f"#/definitions/{name}"}
        assert refusals(with_get(swagger, responses={"200": {"description": "", "schema": ref}})) == []


def test_documents_of_the_wrong_shape_are_refused_and_break_nothing() -> None:
    for odd in ({}, {"openapi": "3.0.1", "paths": {"/a": {"get": None}}}, {"swagger": "2.0", "definitions": {"A": 1}}):
        assert refusals(odd)


@pytest.mark.parametrize(
    "document",
    [
        {**openapi(), "info": {"version": "1"}},
        with_get(responses={"200": {"content": {"text/csv": {"schema": {"type": "object"}}}}}),
        integrated(responseTransferMode="STREAM", timeoutInMillis=900_000),
        integrated(integrationTarget="arn:aws:elasticloadbalancing:us-east-1:111122223333:loadbalancer/app/a/b"),
        integrated(requestTemplates={"application/json": "#set($x = 1) ${x}"}),
        with_get(description="a text with ${anything}"),
        integrated(uri="http://${stageVariables.host}/${AWS::Region}", type="http"),
        openapi(
            **{
                "x-amazon-apigateway-policy": {
                    "Statement": [{"Condition": {"StringEquals": {"a": "${aws:username}"}}}],
                }
            }
        ),
    ],
)
def test_what_api_gateway_takes_is_not_refused(document: dict[str, Any]) -> None:
    assert refusals(document) == []


def test_a_raised_quota_lets_longer_timeouts_through() -> None:
    document = integrated(timeoutInMillis=60_000)
    (found,) = refusals(document)
    assert "api: {timeout-quota: 60}" in found.message
    assert refusals(document, longest=60_000) == []
