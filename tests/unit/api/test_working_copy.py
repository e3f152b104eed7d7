"""What an API holds, put into the form of an export: the same when all is deployed, and different after any edit."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from backendctl.api.review import undeployed
from backendctl.api.working_copy import working_copy
from backendctl.aws.connection import Aws
from backendctl.openapi.arns import Home
from backendctl.openapi.localise import localise, to_bytes
from tests.unit.openapi.samples import corpus, finished, loaded
from tests.unit.resources.api_helpers import ACCOUNT, EAST, mocked

URI = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:123456789012:function:items:${stageVariables.alias}/invocations"
)
DOOR = {"type": "token", "authorizerUri": URI.replace("items", "door"), "authorizerResultTtlInSeconds": 60}
DOCUMENT = {
    "openapi": "3.0.1",
    "info": {"title": "shop", "version": "1"},
    "paths": {
        "/items/{id}": {
            "put": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/Item"}}}},
                "responses": {"200": {"description": "ok", "headers": {"Location": {"schema": {"type": "string"}}}}},
                "security": [{"door": []}],
                "x-amazon-apigateway-request-validator": "body",
                "x-amazon-apigateway-integration": {"type": "aws_proxy", "httpMethod": "POST", "uri": URI},
            }
        }
    },
    "components": {
        "schemas": {
            "Item": {"type": "object", "properties": {"owner": {"$ref": "#/components/schemas/Owner"}}},
            "Owner": {"type": "object", "properties": {"name": {"type": "string"}}},
        },
        "securitySchemes": {
            "door": {
                "type": "apiKey",
                "name": "Authorization",
                "in": "header",
                "x-amazon-apigateway-authtype": "custom",
                "x-amazon-apigateway-authorizer": DOOR,
            }
        },
    },
    "x-amazon-apigateway-request-validators": {
        "body": {"validateRequestBody": True, "validateRequestParameters": False}
    },
    "x-amazon-apigateway-gateway-responses": {"DEFAULT_4XX": {"responseTemplates": {"application/json": "{}"}}},
    "x-amazon-apigateway-binary-media-types": ["image/png"],
}
Edit = Callable[[Any, str, dict[str, str]], object]


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mocked() as made:
        yield made


HOME = Home(accounts=frozenset({ACCOUNT}), regions=frozenset({EAST}))


def deployed(aws: Aws, body: bytes) -> str:
    client = aws.apigateway(EAST)
    api = client.import_rest_api(body=body, parameters={"endpointConfigurationTypes": "REGIONAL"})["id"]
    client.create_deployment(restApiId=api, stageName="prod")
    return api


def edits(aws: Aws, api: str) -> list[str]:
    aws.forget()
    found, unknown = undeployed(aws, EAST, api, working_copy=working_copy(aws, EAST, api), first=["prod"], home=HOME)
    assert unknown == ""
    return [one.aspect for one in found]


@pytest.mark.parametrize("path", corpus())
def test_of_a_real_definition_nothing_is_taken_for_an_edit(path: Path, aws: Aws) -> None:
    document = localise(finished(loaded(path)), region=EAST, account=ACCOUNT, partition="aws", name="corpus")
    api = deployed(aws, to_bytes(document))
    assert edits(aws, api) == []


def test_of_a_definition_with_everything_nothing_is_taken_for_an_edit(aws: Aws) -> None:
    assert edits(aws, deployed(aws, json.dumps(DOCUMENT).encode())) == []


def patch(path: str, value: str, op: str = "replace") -> list[dict[str, str]]:
    return [{"op": op, "path": path, "value": value}]


def item(api: str, ids: dict[str, str]) -> dict[str, Any]:
    return {"restApiId": api, "resourceId": ids["/items/{id}"], "httpMethod": "PUT"}


def first(found: Any) -> str:
    return str(found["items"][0]["id"])


EDITS: dict[str, tuple[str, Edit]] = {
    "a timeout": (
        "integration",
        lambda c, a, ids: c.update_integration(**item(a, ids), patchOperations=patch("/timeoutInMillis", "900")),
    ),
    "a key": (
        "security",
        lambda c, a, ids: c.update_method(**item(a, ids), patchOperations=patch("/apiKeyRequired", "true")),
    ),
    "a model": (
        "model",
        lambda c, a, _: c.update_model(
            restApiId=a, modelName="Owner", patchOperations=patch("/schema", '{"type":"string"}')
        ),
    ),
    "an authorizer": (
        "authorizer",
        lambda c, a, _: c.update_authorizer(
            restApiId=a,
            authorizerId=first(c.get_authorizers(restApiId=a)),
            patchOperations=patch("/authorizerResultTtlInSeconds", "0"),
        ),
    ),
    "a validator": (
        "validator",
        lambda c, a, _: c.update_request_validator(
            restApiId=a,
            requestValidatorId=first(c.get_request_validators(restApiId=a)),
            patchOperations=patch("/validateRequestParameters", "true"),
        ),
    ),
    "a gateway response": (
        "gateway response",
        lambda c, a, _: c.put_gateway_response(restApiId=a, responseType="THROTTLED", statusCode="503"),
    ),
    "a response": (
        "responses",
        lambda c, a, ids: c.put_method_response(**item(a, ids), statusCode="404"),
    ),
    "a binary type": (
        "binary types",
        lambda c, a, _: c.update_rest_api(
            restApiId=a, patchOperations=[{"op": "add", "path": "/binaryMediaTypes/image~1gif"}]
        ),
    ),
    "a method that is gone": ("method", lambda c, a, ids: c.delete_method(**item(a, ids))),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_is_seen_where_it_was_made(edit: str, aws: Aws) -> None:
    aspect, make = EDITS[edit]
    api = deployed(aws, json.dumps(DOCUMENT).encode())
    client = aws.apigateway(EAST)
    ids = {one["path"]: one["id"] for one in client.get_resources(restApiId=api)["items"]}
    make(client, api, ids)
    found = edits(aws, api)
    assert found
    assert aspect in found or "path" in found


def test_what_another_stage_serves_was_deployed(aws: Aws) -> None:
    api = deployed(aws, json.dumps(DOCUMENT).encode())
    client = aws.apigateway(EAST)
    client.put_gateway_response(restApiId=api, responseType="THROTTLED", statusCode="503")
    assert edits(aws, api) == ["gateway response"]
    client.create_deployment(restApiId=api, stageName="beta")
    assert edits(aws, api) == []


def test_an_edit_is_told_against_what_was_put_last_whichever_stage_serves_that(aws: Aws) -> None:
    api = deployed(aws, json.dumps(DOCUMENT).encode())
    client = aws.apigateway(EAST)
    older = {"/old": {"get": {"responses": {}, "x-amazon-apigateway-integration": {"type": "mock"}}}}
    body = json.dumps({**DOCUMENT, "paths": {**DOCUMENT["paths"], **older}}).encode()  # type: ignore[dict-item]
    client.put_rest_api(restApiId=api, mode="overwrite", body=body)
    client.create_deployment(restApiId=api, stageName="beta")
    client.put_gateway_response(restApiId=api, responseType="THROTTLED", statusCode="503")
    assert edits(aws, api) == ["gateway response"]


def test_beside_a_canary_it_is_unknown(aws: Aws) -> None:
    api = deployed(aws, json.dumps(DOCUMENT).encode())
    client = aws.apigateway(EAST)
    client.put_gateway_response(restApiId=api, responseType="THROTTLED", statusCode="503")
    client.create_deployment(restApiId=api, stageName="prod", canarySettings={"percentTraffic": 5})
    aws.forget()
    found, unknown = undeployed(aws, EAST, api, working_copy=working_copy(aws, EAST, api), first=["prod"], home=HOME)
    assert (found, unknown) == ((), "a canary is running, and AWS exports no canary's definition")
