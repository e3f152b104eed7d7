"""The canonical form: one way to say each thing."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.unit.openapi.everywhere import canonical
from tests.unit.openapi.samples import AUTHORIZER, INTEGRATION, example, lambda_uri, openapi, operation, swagger

GET = ("/places", "get")


def get(document: dict[str, Any]) -> dict[str, Any]:
    found = canonical(document)["paths"]["/places"]["get"]
    assert isinstance(found, dict)
    return found


def with_get(make: Any = openapi, root: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    made = make({"/places": {"get": operation(**members)}}, **(root or {}))
    assert isinstance(made, dict)
    return made


def test_the_example_is_stable_and_left_as_it_is() -> None:
    document = example()
    before = copy.deepcopy(document)
    form = canonical(document)
    assert document == before
    assert canonical(form) == form


@pytest.mark.parametrize("make", [openapi, swagger])
@pytest.mark.parametrize(
    ("given", "same"),
    [
        ({"parameters": []}, {}),
        ({"security": []}, {}),
        ({"security": [{}]}, {}),
        ({"tags": ["b", "a", "b"]}, {"tags": ["a", "b"]}),
        ({"deprecated": False}, {}),
        ({"integration": {"passthroughBehavior": "WHEN_NO_MATCH"}}, {}),
        ({"integration": {"connectionType": "INTERNET", "timeoutInMillis": 29000}}, {}),
        ({"integration": {"type": "AWS_PROXY", "httpMethod": "post"}}, {}),
        ({"integration": {"cacheKeyParameters": [], "requestTemplates": {}, "responses": {}}}, {}),
        ({"integration": {"cacheNamespace": "rbftud"}}, {}),
        ({"integration": {"tlsConfig": {"insecureSkipVerification": False}}}, {}),
        ({"integration": {"uri": lambda_uri(region="eu-west-1", account="999988887777")}}, {}),
        (
            {"integration": {"responses": {"default": {"statusCode": 200, "responseTemplates": {}}}}},
            {"integration": {"responses": {"default": {"statusCode": "200"}}}},
        ),
    ],
)
def test_two_ways_to_say_one_thing_have_one_form(make: Any, given: dict[str, Any], same: dict[str, Any]) -> None:
    assert canonical(with_get(make, **given)) == canonical(with_get(make, **same))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"integration": {"timeoutInMillis": 28999}}, {}),
        ({"integration": {"passthroughBehavior": "never"}}, {}),
        ({"operationId": "a"}, {"operationId": "b"}),
        (
            {"parameters": [{"name": "a", "in": "query", "required": True}]},
            {"parameters": [{"name": "a", "in": "query"}]},
        ),
        ({"summary": "a"}, {}),
    ],
)
def test_what_is_not_the_same_is_not_made_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert canonical(with_get(**one)) != canonical(with_get(**other))


def test_where_it_was_served_and_when_it_was_made_is_left_out() -> None:
    plain = swagger()
    del plain["info"]["version"]
    exported = {
        **swagger(),
        "info": {"title": "places", "version": "2018-09-21T22:32:04Z"},
        "host": "abc123.execute-api.us-east-1.amazonaws.com",
        "basePath": "/prod",
        "schemes": ["https"],
        "x-amazon-apigateway-importexport-version": "1.0",
    }
    assert canonical(exported) == canonical(plain)
    assert canonical(swagger())["info"]["version"] == "1"


def test_what_a_method_inherits_is_written_into_it() -> None:
    document = openapi(
        {
            "/places/{id}": {
                "parameters": [
                    {"name": "id", "in": "path", "required": True, "schema": {"type": "string"}},
                    {"name": "lang", "in": "query", "schema": {"type": "string"}},
                ],
                "get": operation(parameters=[{"name": "lang", "in": "query", "schema": {"enum": ["en"]}}]),
            }
        },
        security=[{"key": []}],
        components={"securitySchemes": {"key": {"type": "apiKey", "name": "x-api-key", "in": "header"}}},
        **{
            "x-amazon-apigateway-request-validator": "all",
            "x-amazon-apigateway-request-validators": {"all": {"validateRequestBody": True}},
        },
    )
    form = canonical(document)
    item = form["paths"]["/places/{id}"]
    assert [each["name"] for each in item["get"]["parameters"]] == ["id", "lang"]
    assert item["get"]["parameters"][1]["schema"] == {"enum": ["en"]}
    assert item["get"]["security"] == [{"api_key": []}]  # A14
    assert item["get"]["x-amazon-apigateway-request-validator"] == "all"
    assert "parameters" not in item
    assert not {"security", "x-amazon-apigateway-request-validator"} & form.keys()
    assert form["x-amazon-apigateway-request-validators"]["all"] == {
        "validateRequestBody": True,
        "validateRequestParameters": False,
    }


def test_references_to_parameters_bodies_and_responses_are_resolved() -> None:
    body = {"content": {"application/json": {"schema": {"type": "object"}}}}
    refs = with_get(
        root={
            "components": {
                "parameters": {"Lang": {"name": "lang", "in": "query"}},
                "requestBodies": {"Body": body},
                "responses": {"Gone": {"description": "gone", "headers": {"X": {"$ref": "#/components/headers/X"}}}},
                "headers": {"X": {"schema": {"type": "string"}}},
            }
        },
        parameters=[{"$ref": "#/components/parameters/Lang"}],
        requestBody={"$ref": "#/components/requestBodies/Body"},
        responses={"410": {"$ref": "#/components/responses/Gone"}},
    )
    written = with_get(
        parameters=[{"name": "lang", "in": "query"}],
        requestBody=body,
        responses={"410": {"description": "gone", "headers": {"X": {"schema": {"type": "string"}}}}},
    )
    assert canonical(refs) == canonical(written)
    circle = with_get(root={"components": {"parameters": {"a": {"$ref": "#/components/parameters/a"}}}})
    circle["paths"]["/places"]["get"]["parameters"] = [{"$ref": "#/components/parameters/a"}]
    assert canonical(circle)


def test_a_schema_in_place_and_the_model_an_import_makes_of_it_are_one() -> None:
    schema = {"type": "object", "required": ["b", "a"], "properties": {"a": {"type": "string"}}}
    in_place = with_get(swagger, responses={"200": {"description": "", "schema": schema}})
    exported = with_get(
        swagger,
        {"definitions": {"MODEL1a2b3c": schema}},
        responses={"200": {"description": "", "schema": {"$ref": "#/definitions/MODEL1a2b3c"}}},
    )
    assert canonical(in_place) == canonical(exported)
    named = copy.deepcopy(exported)
    named["definitions"] = {"MODELS": schema}
    named["paths"]["/places"]["get"]["responses"]["200"]["schema"] = {"$ref": "#/definitions/MODELS"}
    assert canonical(named)["definitions"] == {"MODELS": {**schema, "required": ["a", "b"]}}


def test_a_model_that_holds_itself_stays_a_model() -> None:
    ref = {"$ref": "#/definitions/MODEL1a2b3c"}
    document = with_get(
        swagger,
        {"definitions": {"MODEL1a2b3c": {"type": "object", "properties": {"next": ref}}}},
        responses={"200": {"description": "", "schema": ref}},
    )
    form = canonical(document)
    assert list(form["definitions"]) == ["MODEL1a2b3c"]
    assert canonical(form) == form


def test_sets_are_sorted_and_lists_that_mean_their_order_are_not() -> None:
    schema = {
        "type": "object",
        "required": ["b", "a"],
        "properties": {"required": {"enum": ["z", "y"]}, "tags": {"example": ["b", "a"], "default": ["b", "a"]}},
        "anyOf": [{"required": ["b"]}, {"required": ["a"]}],
    }
    form = canonical(openapi(components={"schemas": {"A": schema}}))["components"]["schemas"]["A"]
    assert form["required"] == ["a", "b"]
    assert form["properties"]["required"] == {"enum": ["y", "z"]}
    assert form["properties"]["tags"] == {"example": ["b", "a"], "default": ["b", "a"]}
    assert form["anyOf"] == [{"required": ["a"]}, {"required": ["b"]}]


def test_content_types_count_where_there_is_a_model_only() -> None:
    exported: dict[str, Any] = {"consumes": ["application/json"], "produces": ["application/json"]}
    assert canonical(with_get(swagger, **exported)) == canonical(with_get(swagger))
    body: dict[str, Any] = {"parameters": [{"in": "body", "name": "b", "schema": {"type": "object"}}]}
    assert get(with_get(swagger, {"consumes": ["b/c", "a/b"]}, **body))["consumes"] == ["a/b", "b/c"]
    assert get(with_get(swagger, **body))["consumes"] == ["application/json"]


def test_the_key_and_the_signature_have_the_names_that_exports_give_them() -> None:
    schemes = {
        "my-key": {"type": "apiKey", "name": "X-Api-Key", "in": "header", "description": "ask us"},
        "iam": {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4"},
    }
    form = canonical(
        with_get(swagger, {"securityDefinitions": schemes}, security=[{"my-key": [], "iam": []}]),
    )
    assert form["paths"]["/places"]["get"]["security"] == [{"api_key": []}, {"sigv4": []}]
    assert set(form["securityDefinitions"]) == {"api_key", "sigv4"}
    legacy = canonical(with_get(swagger, **{"x-amazon-apigateway-auth": {"type": "AWS_IAM"}}))
    assert legacy["paths"]["/places"]["get"]["security"] == [{"sigv4": []}]
    assert set(legacy["securityDefinitions"]) == {"sigv4"}


@pytest.mark.parametrize(
    ("given", "same"),
    [
        ({"authorizerResultTtlInSeconds": 300}, {}),
        ({"authorizerResultTtlInSeconds": "300"}, {}),
        ({"identitySource": "method.request.header.Authorization"}, {}),
        ({"identitySource": "", "authorizerCredentials": ""}, {}),
        ({"type": "TOKEN"}, {}),
        ({"type": None}, {}),
        ({"authorizerUri": lambda_uri("auth", "eu-west-1", "1" * 12)}, {}),
        (
            {"type": "request", "identitySource": "method.request.header.A, context.b"},
            {"type": "request", "identitySource": "method.request.header.A,context.b"},
        ),
    ],
)
def test_an_authorizer_says_each_thing_in_one_way(given: dict[str, Any], same: dict[str, Any]) -> None:
    def document(inner: dict[str, Any]) -> dict[str, Any]:
        members = {"type": "token", "authorizerUri": lambda_uri("auth"), **inner}
        scheme = {"type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "custom"}
        members = {key: value for key, value in members.items() if value is not None}
        return openapi(components={"securitySchemes": {"auth": {**scheme, AUTHORIZER: members}}})

    assert canonical(document(given)) == canonical(document(same))


@pytest.mark.parametrize(
    ("given", "same"),
    [
        ({"x-amazon-apigateway-api-key-source": "HEADER"}, {}),
        ({"x-amazon-apigateway-binary-media-types": []}, {}),
        (
            {"x-amazon-apigateway-binary-media-types": ["b/b", "a/a", "b/b"]},
            {"x-amazon-apigateway-binary-media-types": ["a/a", "b/b"]},
        ),
        ({"x-amazon-apigateway-minimum-compression-size": None}, {}),
        ({"x-amazon-apigateway-endpoint-configuration": {"disableExecuteApiEndpoint": False}}, {}),
        (
            {"x-amazon-apigateway-endpoint-configuration": {"disableExecuteApiEndpoint": True}},
            {
                "servers": [
                    {"url": "x", "x-amazon-apigateway-endpoint-configuration": {"disableExecuteApiEndpoint": True}}
                ]
            },
        ),
        (
            {
                "x-amazon-apigateway-gateway-responses": {
                    "THROTTLED": {
                        "statusCode": 429,
                        "responseTemplates": {"application/json": '{"message":$context.error.messageString}'},
                    }
                }
            },
            {"x-amazon-apigateway-gateway-responses": {"THROTTLED": {}}},
        ),
        ({"components": {}}, {}),
        ({"components": {"schemas": {}}}, {}),
    ],
)
def test_settings_that_are_so_anyway_are_left_out(given: dict[str, Any], same: dict[str, Any]) -> None:
    assert canonical(openapi(**given)) == canonical(openapi(**same))


def test_a_gateway_response_without_a_status_of_its_own_keeps_none() -> None:
    key = "x-amazon-apigateway-gateway-responses"
    cors = {"responseParameters": {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"}}
    assert canonical(openapi(**{key: {"DEFAULT_4XX": cors}}))[key] == {"DEFAULT_4XX": cors}


def test_a_policy_is_a_set_of_statements_about_this_api() -> None:
    def document(*statements: Any) -> dict[str, Any]:
        return openapi(**{"x-amazon-apigateway-policy": {"Version": "2012-10-17", "Statement": list(statements)}})

    allow = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["execute-api:Invoke"],
        "Resource": "execute-api:/*",
    }
    deny = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": ["execute-api:/b", "execute-api:/a"],
    }
    stored = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "execute-api:Invoke",
        "Resource": ["arn:aws:execute-api:us-east-1:111122223333:abc123/*"],
    }
    assert canonical(document(allow, deny)) == canonical(
        document({**deny, "Resource": ["execute-api:/a", "execute-api:/b"], "Condition": {}}, stored)
    )
    assert canonical(document(allow)) != canonical(document(deny))


def test_a_document_of_the_wrong_shape_does_not_break_it() -> None:
    odds: tuple[dict[str, Any], ...] = (
        {},
        {"paths": None},
        {"paths": {"/a": None, "/b": [], "/c": {"get": None}, "/d": {"get": []}}},
        {"openapi": "3.0.1", "components": None, "info": None},
        {"swagger": "2.0", "definitions": {"A": None, "B": 1}, "securityDefinitions": {"x": None}},
        {"paths": {"/a": {"get": {"parameters": [None, 1], "responses": {"200": 1}, "security": [1], INTEGRATION: 1}}}},
        {"x-amazon-apigateway-policy": "no json", "x-amazon-apigateway-gateway-responses": {"A": 1}},
        {"servers": ["x"], "x-amazon-apigateway-binary-media-types": "x"},
    )
    for odd in odds:
        form = canonical(odd)
        assert canonical(form) == form
