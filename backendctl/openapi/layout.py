"""Where Swagger 2 and OpenAPI 3 keep the same things."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from backendctl.openapi.pointer import Way, at, mapping

VALIDATOR = "x-amazon-apigateway-request-validator"
VALIDATORS = "x-amazon-apigateway-request-validators"
GATEWAY_RESPONSES = "x-amazon-apigateway-gateway-responses"
BINARY = "x-amazon-apigateway-binary-media-types"
KEY_SOURCE = "x-amazon-apigateway-api-key-source"
COMPRESSION = "x-amazon-apigateway-minimum-compression-size"
DOCUMENTATION = "x-amazon-apigateway-documentation"
AUTHTYPE = "x-amazon-apigateway-authtype"
LEGACY_AUTH = "x-amazon-apigateway-auth"
PLACES = frozenset({"query", "header", "path"})
"""Where API Gateway reads parameters from."""


def is_swagger(document: Mapping[str, Any]) -> bool:
    """Swagger 2; anything else is read as OpenAPI 3."""
    return "swagger" in document


def export_type(document: Mapping[str, Any]) -> str:
    """The `exportType` that gives an export of the document's own format (A21)."""
    return "swagger" if is_swagger(document) else "oas30"


def schemas_way(document: Mapping[str, Any]) -> Way:
    """Where the models stand."""
    return ("definitions",) if is_swagger(document) else ("components", "schemas")


def schemes_way(document: Mapping[str, Any]) -> Way:
    """Where authorizers and the API key stand."""
    return ("securityDefinitions",) if is_swagger(document) else ("components", "securitySchemes")


def schemas(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The models, by name."""
    return mapping(at(document, schemas_way(document)))


def schemes(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """The security schemes, by name."""
    return mapping(at(document, schemes_way(document)))


def body_schemas(operation: Mapping[str, Any]) -> Iterator[tuple[Way, Any]]:
    """Every schema of the request body, with its way from the operation."""
    for index, parameter in enumerate(operation.get("parameters") or ()):
        if mapping(parameter).get("in") == "body" and "schema" in parameter:
            yield ("parameters", str(index), "schema"), parameter["schema"]
    yield from _contents(mapping(operation.get("requestBody")), ("requestBody",))


def answer_schemas(operation: Mapping[str, Any]) -> Iterator[tuple[Way, Any]]:
    """Every schema of the responses, with its way from the operation."""
    for status, response in mapping(operation.get("responses")).items():
        if "schema" in mapping(response):
            yield ("responses", status, "schema"), response["schema"]
        yield from _contents(mapping(response), ("responses", status))


def _contents(holder: Mapping[str, Any], way: Way) -> Iterator[tuple[Way, Any]]:
    for kind, media in mapping(holder.get("content")).items():
        if "schema" in mapping(media):
            yield (*way, "content", kind, "schema"), media["schema"]
