"""API definitions the recorded tests imported, worked back from what AWS answered: the files were not recorded."""

from __future__ import annotations

import json
from typing import Any

from tests.conformance.recorded import cases

EXPORTS = {
    "pets.json": "export_swagger_openapi[TEST_IMPORT_PETS]",
    "petstore-swagger.json": "export_swagger_openapi[TEST_IMPORT_PETSTORE_SWAGGER]",
}
"""File of the recorded test -> the case whose full export is the same definition."""


def exported(file: str, *, region: str) -> bytes | None:
    """A definition as AWS exported it with all extensions; None when no such export was recorded."""
    wanted = [case for case in cases("apigateway") if case.name == EXPORTS.get(file)]
    if not wanted:
        return None
    body: dict[str, Any] = wanted[0].steps[-1].answer["body"]
    kept = {key: each for key, each in body.items() if key not in {"host", "basePath", "schemes"}}
    if kept["info"]["version"] == "date":  # the definition had none, the export says when the API was made
        kept["info"] = {key: each for key, each in kept["info"].items() if key != "version"}
    return json.dumps(kept).replace("<region>", region).encode()


_CORS = {
    "Access-Control-Allow-Headers": "'Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token'",
    "Access-Control-Allow-Methods": "'GET,OPTIONS'",
    "Access-Control-Allow-Origin": "'*'",
}
_SERVERS: dict[str, list[dict[str, Any]]] = {
    "openapi-basepath-server-variable.yaml": [
        {"url": "https://api.example.com/{basePath}", "variables": {"basePath": {"default": "base-var"}}}
    ],
    "openapi-basepath-url.yaml": [{"url": "https://api.example.com/base-url/part/"}],
}
_PARAMETERS: dict[str, dict[str, Any]] = {
    "openapi-basepath-server-variable.yaml": {},
    "openapi-basepath-url.yaml": {
        "integration.request.header.double-single": "'True'",
        "integration.request.header.nothing": True,
    },
}


def rebuilt(file: str) -> bytes | None:
    """An OpenAPI 3 definition with one resource `/test`, whose parts the recorded answers all show."""
    if file not in _SERVERS:
        return None
    invocation = {"integration.request.header.X-Amz-Invocation-Type": "'Event'", **_PARAMETERS[file]}
    document = {
        "openapi": "3.0.1",
        "info": {"title": "base path", "version": "2.0"},
        "servers": _SERVERS[file],
        "paths": {
            "/test": {
                "get": _method(["Access-Control-Allow-Origin"], requestParameters=invocation),
                "options": _method(list(_CORS)),
            }
        },
        "components": {"schemas": {"Empty": {"title": "Empty Schema", "type": "object"}}},
    }
    return json.dumps(document).encode()


def _method(headers: list[str], **integration: Any) -> dict[str, Any]:
    return {
        "responses": {
            "200": {
                "description": "200 response",
                "headers": {name: {"schema": {"type": "string"}} for name in headers},
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Empty"}}},
            }
        },
        "x-amazon-apigateway-integration": {
            "type": "mock",
            "passthroughBehavior": "when_no_match",
            "requestTemplates": {"application/json": '{"statusCode": 200}'},
            "responses": {
                "default": {
                    "statusCode": "200",
                    "responseParameters": {f"method.response.header.{name}": _CORS[name] for name in headers},
                }
            },
            **integration,
        },
    }
