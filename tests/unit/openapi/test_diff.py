"""Differences by path, method and aspect, and which of them break callers."""

from __future__ import annotations

import copy
import json
import sys
from typing import Any

import pytest

from backendctl.openapi.diff import ASPECTS, Action, Difference, differences, is_breaking
from tests.unit.openapi.everywhere import canonical
from tests.unit.openapi.samples import AUTHORIZER, INTEGRATION, lambda_uri, large, openapi, operation, swagger

PET = {
    "type": "object",
    "required": ["id"],
    "properties": {
        "id": {"type": "integer", "minimum": 1, "maximum": 9},
        "kind": {"type": "string", "enum": ["cat", "dog"], "maxLength": 9},
        "owner": {"$ref": "#/components/schemas/Owner"},
        "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
    },
}
OWNER = {"type": "object", "properties": {"name": {"type": "string"}}}
BOTH, REQUESTS, RESPONSES = "both", "requests", "responses"


def api(use: str = BOTH) -> dict[str, Any]:
    """GET and POST of /pets; the model Pet is used in requests, in responses, or in both."""
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}}
    answer = {"200": {"description": "fine", "headers": {"X-Page": {"schema": {"type": "string"}}}}}
    if use != REQUESTS:
        answer["200"]["content"] = content
    post = operation(responses=answer, security=[{"auth": []}], **{"x-amazon-apigateway-request-validator": "none"})
    if use != RESPONSES:
        post["requestBody"] = {"content": content}
    limit = {"name": "limit", "in": "query", "schema": {"type": "integer"}}
    scheme = {"type": "apiKey", "name": "Authorization", "in": "header"}
    inner = {"type": "token", "authorizerUri": lambda_uri("auth")}
    pools = {"type": "cognito_user_pools", "providerARNs": ["a", "b"]}
    return openapi(
        {
            "/pets": {"get": operation(parameters=[limit], responses=answer, operationId="list"), "post": post},
            "/pets/{id}": {
                "get": operation(security=[{"users": ["read"]}]),
                "x-amazon-apigateway-any-method": operation(),
            },
        },
        components={
            "schemas": {"Pet": PET, "Owner": OWNER},
            "securitySchemes": {"auth": {**scheme, AUTHORIZER: inner}, "users": {**scheme, AUTHORIZER: pools}},
        },
        **{
            "x-amazon-apigateway-request-validators": {
                "none": {"validateRequestBody": False},
                "all": {"validateRequestBody": True, "validateRequestParameters": True},
            },
            "x-amazon-apigateway-binary-media-types": ["image/png"],
            "x-amazon-apigateway-gateway-responses": {"THROTTLED": {"statusCode": 430}},
        },
    )


def change(document: dict[str, Any], *way: Any, value: Any = None) -> dict[str, Any]:
    """A copy with the value put at the end of the way; taken away for None."""
    result: dict[str, Any] = json.loads(json.dumps(document))  # parts that were one object are two now
    holder: Any = result
    for step in way[:-1]:
        holder = holder.setdefault(step, {}) if isinstance(holder, dict) else holder[step]
    if value is None:
        del holder[way[-1]]
    elif isinstance(holder, list):
        holder.insert(way[-1], value)
    else:
        holder[way[-1]] = value
    return result


def between(before: dict[str, Any], after: dict[str, Any]) -> tuple[Difference, ...]:
    return differences(canonical(before), canonical(after))


GET = ("paths", "/pets", "get")
POST = ("paths", "/pets", "post")
ONE = ("paths", "/pets/{id}", "get")
MODEL = ("components", "schemas", "Pet")
NEW = {"name": "lang", "in": "query", "schema": {"type": "string"}}


@pytest.mark.parametrize(
    ("way", "value", "path", "method", "aspect", "action", "where"),
    [
        (("paths", "/pets/{id}"), None, "/pets/{id}", None, "path", "removed", ""),
        (("paths", "/new"), {"get": operation()}, "/new", None, "path", "added", ""),
        (("paths", "/pets", "put"), operation(), "/pets", "PUT", "method", "added", ""),
        (POST, None, "/pets", "POST", "method", "removed", ""),
        ((*GET, "parameters", 0), NEW, "/pets", "GET", "parameters", "added", "query lang"),
        ((*GET, "parameters", 0), None, "/pets", "GET", "parameters", "removed", "query limit"),
        ((*GET, "responses", "404"), {"description": "no"}, "/pets", "GET", "responses", "added", "404"),
        (
            (*GET, "responses", "200", "headers", "X-Page"),
            None,
            "/pets",
            "GET",
            "responses",
            "removed",
            "200 > headers",
        ),
        ((*GET, INTEGRATION, "uri"), lambda_uri("other"), "/pets", "GET", "integration", "changed", "uri"),
        ((*GET, INTEGRATION, "timeoutInMillis"), 99, "/pets", "GET", "integration", "added", "timeoutInMillis"),
        ((*GET, "security"), [{"auth": []}], "/pets", "GET", "security", "added", "auth"),
        ((*ONE, "security", 0, "users", 0), "write", "/pets/{id}", "GET", "security", "added", "users"),
        ((*POST, "requestBody", "required"), True, "/pets", "POST", "request body", "added", "required"),
        ((*POST, "x-amazon-apigateway-request-validator"), "all", "/pets", "POST", "validator", "changed", ""),
        ((*GET, "operationId"), "all", "/pets", "GET", "operation name", "changed", ""),
        ((*GET, "summary"), "All pets", "/pets", "GET", "documentation", "added", ""),
        (("paths", "/pets", "description"), "Pets", "/pets", None, "documentation", "added", "description"),
        ((*GET, "x-vendor"), 1, "/pets", "GET", "other", "added", ""),
        (
            ("paths", "/pets/{id}", "x-amazon-apigateway-any-method", INTEGRATION, "credentials"),
            "x",
            "/pets/{id}",
            "ANY",
            "integration",
            "added",
            "credentials",
        ),
        ((*MODEL, "properties", "id", "maximum"), 8, None, None, "model", "changed", "Pet > properties > id > maximum"),
        (("components", "schemas", "More"), {"type": "object"}, None, None, "model", "added", "More"),
        (
            ("components", "securitySchemes", "auth", AUTHORIZER, "authorizerUri"),
            lambda_uri("b"),
            None,
            None,
            "authorizer",
            "changed",
            f"auth > {AUTHORIZER} > authorizerUri",
        ),
        (
            ("x-amazon-apigateway-gateway-responses", "THROTTLED", "statusCode"),
            431,
            None,
            None,
            "gateway response",
            "changed",
            "THROTTLED > statusCode",
        ),
        (("x-amazon-apigateway-request-validators", "more"), {}, None, None, "validator", "added", "more"),
        (("x-amazon-apigateway-policy",), {"Statement": [{"Effect": "Allow"}]}, None, None, "policy", "added", ""),
        (("x-amazon-apigateway-binary-media-types", 0), "a/b", None, None, "binary types", "added", ""),
        (
            ("x-amazon-apigateway-minimum-compression-size",),
            9,
            None,
            None,
            "settings",
            "added",
            "x-amazon-apigateway-minimum-compression-size",
        ),
        (("info", "title"), "other", None, None, "settings", "changed", "info > title"),
        (("info", "description"), "other", None, None, "documentation", "added", "info > description"),
    ],
)
def test_a_change_is_one_difference_with_its_aspect_and_place(
    *, way: Any, value: Any, path: str | None, method: str | None, aspect: str, action: str, where: str
) -> None:
    (found,) = between(api(), change(api(), *way, value=value))
    assert (found.path, found.method, found.aspect, str(found.action)) == (path, method, aspect, action)
    assert found.where.startswith(where)
    assert aspect in ASPECTS


@pytest.mark.parametrize(
    ("way", "value", "why"),
    [
        (("paths", "/pets"), None, "the path /pets is removed"),
        (POST, None, "POST /pets is removed"),
        ((*GET, "parameters", 0), {**NEW, "required": True}, "the query parameter lang is new and required"),
        ((*GET, "parameters", 0, "required"), True, "the query parameter limit is required now"),
        ((*GET, "parameters", 0, "schema", "type"), "boolean", "the query parameter limit is boolean, it was integer"),
        ((*GET, "parameters", 0, "schema", "maximum"), 5, "the query parameter limit: maximum is 5, it was nothing"),
        ((*GET, "requestBody"), {"content": {"a/json": {}}, "required": True}, "a request body is required now"),
        ((*POST, "requestBody", "required"), True, "the request body is required now"),
        (
            (*POST, "requestBody", "content"),
            {"application/hal+json": {"schema": {"type": "object"}}},
            "a request body of type application/json is no longer",
        ),
        ((*GET, "responses", "200"), None, "the response 200 is removed"),
        ((*GET, "responses", "200", "headers", "X-Page"), None, "the response 200 no longer has"),
        ((*GET, "responses", "200", "content", "application/json"), None, "the response 200 no longer has content"),
        ((*GET, "security"), [{"auth": []}], "callers must pass auth now"),
        ((*ONE, "security"), [{"auth": []}], "callers must pass auth now"),
        ((*ONE, "security", 0, "users"), ["write"], "the scope read no longer opens it"),
        ((*POST, "security", 0, "auth"), ["write"], "callers need the scope write now"),
        (
            (*POST, "x-amazon-apigateway-request-validator"),
            "all",
            "request bodies and request parameters are validated now",
        ),
        (
            ("components", "securitySchemes", "auth", "name"),
            "X-Token",
            "the authorizer auth reads other credentials: name",
        ),
        (
            ("components", "securitySchemes", "users", AUTHORIZER, "providerARNs", 0),
            None,
            "the authorizer users no longer trusts a",
        ),
        (
            ("x-amazon-apigateway-gateway-responses", "THROTTLED", "statusCode"),
            431,
            "THROTTLED answers 431, it was 430",
        ),
        (("x-amazon-apigateway-gateway-responses", "THROTTLED"), None, "THROTTLED answers 429, it was 430"),
        (
            ("x-amazon-apigateway-request-validators", "none", "validateRequestBody"),
            True,
            "request bodies are validated now",
        ),
        (
            ("x-amazon-apigateway-policy",),
            {"Statement": [{"Effect": "Deny"}]},
            "a resource policy decides now who may call",
        ),
        (("x-amazon-apigateway-api-key-source",), "AUTHORIZER", "the API key is read from the authorizer's answer now"),
        (
            ("servers",),
            [{"url": "/", "x-amazon-apigateway-endpoint-configuration": {"disableExecuteApiEndpoint": True}}],
            "the execute-api address is closed",
        ),
    ],
)
def test_what_breaks_callers_says_why(way: Any, value: Any, why: str) -> None:
    found = between(api(), change(api(), *way, value=value))
    assert [each.breaking for each in found if each.breaking and each.breaking.startswith(why)], found
    assert is_breaking(found)


@pytest.mark.parametrize(
    ("way", "value"),
    [
        (("paths", "/new"), {"get": operation()}),
        (("paths", "/pets", "put"), operation()),
        (ONE, None),  # ANY still answers it
        ((*GET, "parameters", 0), NEW),
        ((*GET, "parameters", 0), None),
        ((*GET, "parameters", 0, "schema", "type"), "number"),
        ((*POST, "requestBody"), None),
        ((*GET, "responses", "404"), {"description": "no"}),
        ((*GET, "responses", "200", "headers", "X-New"), {"schema": {"type": "string"}}),
        ((*POST, "security"), None),
        ((*ONE, "security", 0, "users", 0), "write"),
        ((*GET, INTEGRATION, "uri"), lambda_uri("other")),
        ((*GET, "summary"), "All"),
        ((*GET, "deprecated"), True),
        (("components", "securitySchemes", "auth", AUTHORIZER, "authorizerUri"), lambda_uri("b")),
        (("components", "securitySchemes", "users", AUTHORIZER, "providerARNs", 0), "c"),
        (("components", "schemas", "More"), {"type": "object"}),
        (("x-amazon-apigateway-request-validators", "more"), {"validateRequestBody": True}),
        (("x-amazon-apigateway-binary-media-types", 0), "a/b"),
        (("info", "description"), "b"),
    ],
)
def test_what_harms_no_caller_is_not_called_breaking(way: Any, value: Any) -> None:
    found = between(api(), change(api(), *way, value=value))
    assert found
    assert not is_breaking(found), found


@pytest.mark.parametrize(
    ("way", "value", "in_requests", "in_responses"),
    [
        (("properties", "id", "type"), "number", None, "id is number, it was integer"),
        (("properties", "id", "type"), "string", "id is string, it was integer", "id is string, it was integer"),
        (("properties", "id", "type"), None, None, "id may be of any type"),
        (("properties", "id", "minimum"), 2, "id: minimum is 2, it was 1", None),
        (("properties", "id", "minimum"), None, None, "id: minimum is nothing, it was 1"),
        (("properties", "id", "maximum"), 5, "id: maximum is 5, it was 9", None),
        (("properties", "id", "maximum"), 10, None, "id: maximum is 10, it was 9"),
        (("properties", "id", "format"), "int32", "id: format is int32, it was nothing", None),
        (("properties", "kind", "enum", 0), None, "kind may no longer be cat", None),
        (("properties", "kind", "enum", 0), "fox", None, "kind may be fox"),
        (("properties", "kind", "enum"), None, None, "kind may be anything"),
        (("properties", "kind", "pattern"), "^a", "kind: pattern is ^a, it was nothing", None),
        (("properties", "kind", "nullable"), True, None, "kind may be null"),
        (("properties", "kind"), None, None, "kind is gone"),
        (("properties", "new"), {"type": "string"}, None, None),
        (("required", 0), "kind", "kind is required now", None),
        (("required", 0), None, None, "id may be missing"),
        (("additionalProperties",), False, "the value takes no further properties now", None),
        (("properties", "tags", "items", "maxLength"), 3, "tags[]: maxLength is 3, it was nothing", None),
        (("properties", "tags", "items"), None, None, "tags: items is nothing"),
        (("properties", "tags", "uniqueItems"), True, "tags: uniqueItems is true, it was nothing", None),
        (("allOf",), [{"required": ["a"]}], "the value: allOf has other members", None),
        (("properties", "kind", "description"), "words", None, None),
        (("properties", "kind", "example"), "cat", None, None),
        (("properties", "owner"), {"type": "object", "properties": {"name": {"type": "string"}}}, None, None),
        (
            ("properties", "owner"),
            {"type": "object", "required": ["name"]},
            "owner.name is required now",
            "owner.name is gone",
        ),
    ],
)
def test_a_model_is_judged_by_where_it_is_used(
    way: Any, value: Any, in_requests: str | None, in_responses: str | None
) -> None:
    for use, told in ((REQUESTS, in_requests), (RESPONSES, in_responses)):
        found = between(api(use), change(api(use), *MODEL, *way, value=value))
        assert found
        reasons = [each.breaking for each in found if each.breaking]
        assert all(reason.startswith(f"{use} of model Pet: ") for reason in reasons)
        if told is None:
            assert reasons == []
        else:
            assert any(told in reason for reason in reasons), reasons
    both = between(api(), change(api(), *MODEL, *way, value=value))
    assert is_breaking(both) == bool(in_requests or in_responses)


def test_a_model_within_a_model_is_used_where_that_is() -> None:
    way = ("components", "schemas", "Owner", "required")
    (found,) = between(api(REQUESTS), change(api(REQUESTS), *way, value=["name"]))
    assert found.breaking == "requests of model Owner: name is required now"
    assert not is_breaking(between(api(RESPONSES), change(api(RESPONSES), *way, value=["name"])))


def test_a_model_put_in_place_of_its_reference_changes_nothing_for_callers() -> None:
    after = change(api(), *POST, "requestBody", "content", "application/json", "schema", value=PET)
    (found,) = between(api(), after)
    assert (found.aspect, found.action, found.breaking) == ("request body", Action.CHANGED, None)
    narrower = {**PET, "required": ["id", "kind"]}
    (found,) = between(
        api(), change(api(), *POST, "requestBody", "content", "application/json", "schema", value=narrower)
    )
    assert found.breaking == "request body: kind is required now"


def test_a_model_that_holds_itself_is_compared_once() -> None:
    def document(limit: int) -> Any:
        node = {"properties": {"next": {"$ref": "#/components/schemas/B"}, "n": {"maximum": limit}}}
        made = json.loads(json.dumps(api()))
        made["components"]["schemas"] |= {"A": node, "B": copy.deepcopy(node)}
        made["paths"]["/pets"]["post"]["requestBody"]["content"]["application/json"]["schema"] = {
            "$ref": "#/components/schemas/A"
        }
        return made

    after = document(9)
    after["paths"]["/pets"]["post"]["requestBody"]["content"]["application/json"]["schema"] = {
        "$ref": "#/components/schemas/B"
    }
    (found,) = between(document(9), after)
    assert found.breaking is None
    assert is_breaking(between(document(9), document(8)))


def test_the_body_of_swagger_is_a_request_body_too() -> None:
    def document(**schema: Any) -> dict[str, Any]:
        body = {"in": "body", "name": "b", "schema": {"type": "object", **schema}}
        return swagger({"/a": {"post": operation(parameters=[body], consumes=["application/json"])}})

    (found,) = between(document(), document(required=["x"]))
    assert (found.aspect, found.breaking) == ("request body", "request body: x is required now")
    gone = document()
    gone["paths"]["/a"]["post"]["consumes"] = ["application/hal+json"]
    found_kinds = between(document(), gone)
    assert {each.aspect for each in found_kinds} == {"request body"}
    assert [each.breaking for each in found_kinds if each.breaking] == [
        "a request body of type application/json is no longer taken"
    ]


def test_a_policy_that_denies_more_or_allows_less_breaks() -> None:
    def document(*statements: dict[str, Any]) -> dict[str, Any]:
        return openapi(**{"x-amazon-apigateway-policy": {"Version": "2012-10-17", "Statement": list(statements)}})

    allow = {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"}
    deny = {**allow, "Effect": "Deny", "Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}
    assert is_breaking(between(document(allow), document(allow, deny)))
    assert not is_breaking(between(document(allow, deny), document(allow)))
    assert is_breaking(between(document(allow), document()))
    assert not is_breaking(between(document(allow), document(allow, {**allow, "Sid": "more"})))
    assert not is_breaking(between(document(allow), openapi()))


def test_other_names_for_the_variables_of_a_path_harm_no_caller() -> None:
    def document(*paths: str, method: str = "get") -> dict[str, Any]:
        return openapi({path: {method: operation()} for path in paths})

    assert not is_breaking(between(document("/a/{id}/b/{n}"), document("/a/{key}/b/{number}")))
    assert not is_breaking(between(document("/a/{id}"), document("/a/{key}", method="x-amazon-apigateway-any-method")))
    assert is_breaking(between(document("/a/{id}"), document("/a/{key}", method="post")))
    assert is_breaking(between(document("/a/{id+}"), document("/a/{id}")))
    stricter = document("/a/{key}")
    key = {"name": "key", "in": "path", "required": True}
    stricter["paths"]["/a/{key}"]["get"]["parameters"] = [key]
    assert not is_breaking(between(document("/a/{id}"), stricter))
    stricter["paths"]["/a/{key}"]["get"]["parameters"] = [key, {"name": "q", "in": "query", "required": True}]
    (gone, _) = sorted(between(document("/a/{id}"), stricter), key=lambda each: str(each.action), reverse=True)
    assert gone.breaking == "/a/{id} is /a/{key} now, and the query parameter q is new and required"
    assert not is_breaking(between(document("/a/{id+}"), document("/a/{all+}")))


def test_a_place_counts_in_the_document_that_has_it() -> None:
    def document(*parameters: dict[str, Any]) -> dict[str, Any]:
        return openapi({"/a": {"get": operation(parameters=list(parameters))}})

    z = {"name": "z", "in": "query", "description": "old", "required": True}
    added, gone = between(document(z), document({"name": "a", "in": "query"}, {**z, "description": None}))
    assert (added.pointer, added.action, added.where) == ("/paths/~1a/get/parameters/0", "added", "query a")
    assert (gone.where, gone.before) == ("query z > description", "old")
    changed = between(document({"name": "a", "in": "query"}, z), document({"name": "z", "in": "query"}))
    assert [(each.where, each.pointer, each.action) for each in changed] == [
        ("query a", "/paths/~1a/get/parameters/0", "removed"),
        ("query z > description", "/paths/~1a/get/parameters/1/description", "removed"),
        ("query z > required", "/paths/~1a/get/parameters/1/required", "removed"),
    ]


def test_true_is_not_one() -> None:
    before, after = ({"x-vendor": value} for value in (1, True))
    assert len(differences(before, after)) == 1


def test_four_times_the_resources_are_four_times_the_work() -> None:
    assert _work(160) < 5 * _work(40)  # 16 times, were each compared with each; counted, for no clock is the same twice


def _work(resources: int) -> int:
    """How many functions are called to compare two definitions of so many resources that differ in one property."""
    document = large(resources)
    after = change(document, "components", "schemas", "Thing7", "properties", "p3", "maxLength", value=2)
    called = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal called
        called += event == "call"

    sys.setprofile(count)
    try:
        (found,) = differences(canonical(document), canonical(after))
    finally:
        sys.setprofile(None)
    assert found.breaking == "requests of model Thing7: p3: maxLength is 2, it was 4"
    return called
