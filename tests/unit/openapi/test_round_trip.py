"""Each thing a definition can say is the same after an import and an export."""

from __future__ import annotations

from typing import Any

import pytest

from backendctl.openapi.diff import differences
from tests.unit.openapi.everywhere import surviving
from tests.unit.openapi.samples import AUTHORIZER, lambda_uri, openapi, operation, swagger
from tests.unit.openapi.test_corpus import HERE, after_import, moved

ENDPOINT = "x-amazon-apigateway-endpoint-configuration"
RESPONSES = "x-amazon-apigateway-gateway-responses"
CLOSED = {"disableExecuteApiEndpoint": True}
NODE = {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Node"}}}
REF = {"$ref": "#/components/schemas/Node"}
HTTP = {"type": "http", "uri": "https://back.example"}
EMPTY = {"application/json": ""}
TOKEN = {"type": "token", "authorizerUri": lambda_uri("auth"), "identityValidationExpression": "^x$"}


def get(make: Any = openapi, **members: Any) -> Any:
    return make({"/a": {"get": operation(**members)}})


def post(**content: Any) -> dict[str, Any]:
    kinds = {kind: {"schema": schema} for kind, schema in content.items()}
    body = {"content": kinds}
    return openapi({"/a": {"post": operation(requestBody=body)}}, components={"schemas": {"Node": NODE}})


@pytest.mark.parametrize(
    "document",
    [
        pytest.param(openapi(servers=[{"url": "/", ENDPOINT: CLOSED}]), id="closed address"),
        pytest.param(swagger(**{ENDPOINT: CLOSED}), id="closed address, Swagger"),
        pytest.param(get(integration={**HTTP, "tlsConfig": {"insecureSkipVerification": True}}), id="TLS"),
        pytest.param(get(integration={**HTTP, "connectionType": "VPC_LINK", "connectionId": "x"}), id="VPC link"),
        pytest.param(get(integration={"type": "mock", "requestTemplates": EMPTY}), id="empty template"),
        pytest.param(get(integration={"responses": {"default": {"responseTemplates": EMPTY}}}), id="empty response"),
        pytest.param(post(**{"application/json": {"type": "object"}, "text/xml": {"type": "string"}}), id="two kinds"),
        pytest.param(post(**{"application/json": REF}), id="model within itself"),
        pytest.param(post(**{"application/json": {"type": "array", "items": REF}}), id="model within a list"),
        pytest.param(get(swagger, produces=["a/json", "application/json"], consumes=["text/xml"]), id="kinds, Swagger"),
        pytest.param(openapi(**{RESPONSES: {"DEFAULT_4XX": {"responseParameters": {}}}}), id="gateway response"),
        pytest.param(
            openapi(**{RESPONSES: {"THROTTLED": {"statusCode": 430, "responseTemplates": EMPTY}}}), id="status"
        ),
        pytest.param({**openapi(), "x-amazon-apigateway-minimum-compression-size": 0}, id="compression of all"),
        pytest.param(
            openapi(
                components={
                    "securitySchemes": {"a": {"type": "apiKey", "name": "A", "in": "header", AUTHORIZER: TOKEN}}
                }
            ),
            id="authorizer that nothing uses",
        ),
        pytest.param(
            openapi({"/{id}": {"parameters": [{"name": "id", "in": "path"}], "get": operation()}}),
            id="parameter of a path",
        ),
    ],
)
def test_it_comes_out_as_it_went_in(document: dict[str, Any]) -> None:
    local = moved(document, HERE)
    exported = after_import(local)
    assert differences(surviving(local), surviving(exported)) == ()
