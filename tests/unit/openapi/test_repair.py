"""Known faults are repaired by named rules, and told."""

from __future__ import annotations

from typing import Any

import pytest

from backendctl.openapi.pointer import at
from backendctl.openapi.repair import RULES, repaired
from tests.unit.openapi.samples import AUTHORIZER, INTEGRATION, example, openapi, operation, swagger

PLACE = f"/paths/~1places/get/{INTEGRATION}"


def integrated(**members: Any) -> dict[str, Any]:
    return openapi({"/places": {"get": operation(integration=members)}})


def responding(make: Any, response: Any) -> Any:
    return make({"/places": {"get": operation(responses={"200": response})}})


def scheme(**inner: Any) -> dict[str, Any]:
    return openapi(components={"securitySchemes": {"a": {"type": "apiKey", AUTHORIZER: inner}}})


CASES: list[tuple[str, dict[str, Any], str, Any]] = [
    (
        "cache-key",
        integrated(cacheKeyParameters=["method.input.params.q"]),
        f"{PLACE}/cacheKeyParameters/0",
        "method.request.querystring.q",
    ),
    ("ignored-member", integrated(payloadFormatVersion="1.0"), f"{PLACE}/payloadFormatVersion", None),
    ("ignored-member", integrated(integrationResponses={}), f"{PLACE}/integrationResponses", None),
    ("ignored-member", integrated(quux=1), f"{PLACE}/quux", None),
    ("ignored-extension", openapi(**{"x-amazon-apigateway-cors": {}}), "/x-amazon-apigateway-cors", None),
    ("cache-namespace", integrated(cacheNamespace="t35v6l"), f"{PLACE}/cacheNamespace", None),
    ("letter-case", integrated(type="AWS_PROXY"), f"{PLACE}/type", "aws_proxy"),
    ("letter-case", integrated(passthroughBehavior="NEVER"), f"{PLACE}/passthroughBehavior", "never"),
    ("letter-case", integrated(contentHandling="convert_to_text"), f"{PLACE}/contentHandling", "CONVERT_TO_TEXT"),
    ("letter-case", scheme(type="TOKEN"), f"/components/securitySchemes/a/{AUTHORIZER}/type", "token"),
    (
        "number-for-text",
        integrated(responses={"default": {"statusCode": 200}}),
        f"{PLACE}/responses/default/statusCode",
        "200",
    ),
    ("number-for-text", {**openapi(), "info": {"title": "a", "version": 1.0}}, "/info/version", "1.0"),
    ("text-for-number", integrated(timeoutInMillis="500"), f"{PLACE}/timeoutInMillis", 500),
    (
        "text-as-object",
        {**openapi(), "x-amazon-apigateway-policy": '{"a": 1}'},
        "/x-amazon-apigateway-policy",
        {"a": 1},
    ),
    ("nothing-for-object", integrated(requestTemplates=None), f"{PLACE}/requestTemplates", None),
    ("nothing-for-object", responding(openapi, None), "/paths/~1places/get/responses/200", {}),
    (
        "nothing-for-object",
        responding(openapi, {"content": {"a/b": None}}),
        "/paths/~1places/get/responses/200/content/a~1b",
        {},
    ),
    ("nothing-for-object", openapi(components=None), "/components", {}),
    (
        "empty-text",
        scheme(authorizerCredentials=""),
        f"/components/securitySchemes/a/{AUTHORIZER}/authorizerCredentials",
        None,
    ),
    ("empty-schema", responding(swagger, {"schema": {}}), "/paths/~1places/get/responses/200/schema", None),
    (
        "empty-schema",
        responding(openapi, {"content": {"a/b": {"schema": {}}}}),
        "/paths/~1places/get/responses/200/content/a~1b/schema",
        None,
    ),
    (
        "header-type",
        responding(swagger, {"headers": {"X": {}}}),
        "/paths/~1places/get/responses/200/headers/X",
        {"type": "string"},
    ),
    (
        "header-type",
        responding(openapi, {"headers": {"X": None}}),
        "/paths/~1places/get/responses/200/headers/X",
        {"schema": {"type": "string"}},
    ),
    (
        "model-url",
        swagger(
            definitions={"A": {"items": {"$ref": "https://apigateway.amazonaws.com/restapis/abc123/models/B"}}, "B": {}}
        ),
        "/definitions/A/items/$ref",
        "#/definitions/B",
    ),
    (
        "path-parameter",
        openapi({"/a/{id}": {"get": operation(parameters=[{"name": "id", "in": "path"}])}}),
        "/paths/~1a~1{id}/get/parameters/0",
        {"name": "id", "in": "path", "required": True},
    ),
    (
        "operation-id",
        openapi({"/b": {"get": operation(operationId="x")}, "/a": {"get": operation(operationId="x")}}),
        "/paths/~1b/get/operationId",
        "x2",
    ),
    (
        "no-scheme",
        openapi({"/places": {"get": operation(security=[{"NONE": []}])}}),
        "/paths/~1places/get/security",
        [],
    ),
    (
        "number-for-text",
        integrated(responses={"default": {"responseParameters": {"method.response.header.Max-Age": 600}}}),
        f"{PLACE}/responses/default/responseParameters/method.response.header.Max-Age",
        "600",
    ),
    ("number-for-text", {**swagger(), "swagger": 2.0}, "/swagger", "2.0"),
    (
        "standard-scheme",
        swagger({"/places": {"get": operation(security=[{"api_key": []}])}}),
        "/securityDefinitions/api_key",
        {"type": "apiKey", "name": "x-api-key", "in": "header"},
    ),
]


@pytest.mark.parametrize(("rule", "document", "place", "after"), CASES)
def test_a_fault_is_repaired_where_it_stands_and_once(
    rule: str, document: dict[str, Any], place: str, after: Any
) -> None:
    result, told = repaired(document)
    assert [(each.rule, each.pointer) for each in told] == [(rule, place)]
    assert told[0].what
    assert at(result, (step.replace("~1", "/") for step in place.split("/")[1:])) == after
    assert repaired(result) == (result, ())


def test_every_rule_has_a_case() -> None:
    assert {case[0] for case in CASES} == set(RULES)


def test_a_definition_without_faults_is_left_as_it_is() -> None:
    document = example()
    document["info"]["version"] = "1"
    assert repaired(document) == (document, ())


def test_a_cache_key_of_an_old_export_finds_its_place() -> None:
    names = ["a", "id", "h", "shared"]
    parameters = [{"name": "a", "in": "query"}, {"name": "h", "in": "header"}]
    document = openapi(
        {
            "/x/{id}": {
                "parameters": [{"name": "shared", "in": "header"}],
                "get": operation(
                    parameters=parameters,
                    integration={"cacheKeyParameters": [f"method.input.params.{name}" for name in names]},
                ),
            }
        }
    )
    result, told = repaired(document)
    assert result["paths"]["/x/{id}"]["get"][INTEGRATION]["cacheKeyParameters"] == [
        "method.request.querystring.a",
        "method.request.path.id",
        "method.request.header.h",
        "method.request.header.shared",
    ]
    assert len(told) == 4


def test_a_cache_that_two_paths_share_keeps_its_name() -> None:
    shared, other = (operation(integration={"cacheNamespace": name}) for name in ("cache1", "cache2"))
    result, told = repaired(openapi({"/a": {"get": shared}, "/b": {"get": shared}}))
    assert told == ()
    assert repaired(openapi({"/a": {"get": shared, "head": other}}))[1] == ()
    assert result["paths"]["/a"]["get"][INTEGRATION]["cacheNamespace"] == "cache1"


def test_a_stage_variable_is_not_a_word_to_be_written_small() -> None:
    document = integrated(httpMethod="${stageVariables.Verb}")
    assert repaired(document) == (document, ())


def test_the_body_without_a_schema_is_left_out() -> None:
    body = {"in": "body", "name": "b", "schema": {}}
    kept = {"name": "a", "in": "query", "type": "string"}
    result, told = repaired(swagger({"/places": {"post": operation(parameters=[body, kept])}}))
    assert result["paths"]["/places"]["post"]["parameters"] == [kept]
    assert [each.rule for each in told] == ["empty-schema"]
