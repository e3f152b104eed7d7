"""What is of the wrong type where everything else relies on the right one; looked at before anything else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from backendctl.openapi.integrations import INTEGRATION, METHODS
from backendctl.openapi.layout import BINARY, GATEWAY_RESPONSES, KEY_SOURCE, VALIDATOR, VALIDATORS
from backendctl.openapi.neutral import AUTHORIZER
from backendctl.openapi.pointer import Way, pointer
from backendctl.openapi.refusal import Refusal

Shape = Any
"""A type or a tuple of types; {"": shape} an object of such values; [shape] a list; a Mapping its named members."""

_TEXT = (str, int, float)  # YAML makes numbers of `1.0`; they are repaired
_SCHEMA = dict
_PARAMETER: Shape = {"name": _TEXT, "in": str, "schema": _SCHEMA, "$ref": str, "description": str}
_MEDIA: Shape = {"": {"schema": _SCHEMA}}
_RESPONSE: Shape = {"headers": {"": dict}, "schema": _SCHEMA, "content": _MEDIA, "$ref": str}
_SECURITY: Shape = [{"": [str]}]
_INTEGRATION: Shape = {
    "type": str,
    "httpMethod": str,
    "uri": str,
    "credentials": str,
    "connectionId": str,
    "connectionType": str,
    "passthroughBehavior": str,
    "contentHandling": str,
    "cacheNamespace": str,
    "responseTransferMode": str,
    "requestParameters": dict,
    "requestTemplates": dict,
    "cacheKeyParameters": [str],
    "tlsConfig": dict,
    "responses": {"": {"statusCode": _TEXT, "responseParameters": dict, "responseTemplates": dict}},
}
_OPERATION: Shape = {
    "operationId": str,
    "tags": [str],
    "consumes": [str],
    "produces": [str],
    "parameters": [_PARAMETER],
    "requestBody": {"content": _MEDIA, "$ref": str},
    "responses": {"": _RESPONSE},
    "security": _SECURITY,
    VALIDATOR: str,
    INTEGRATION: _INTEGRATION,
    "x-amazon-apigateway-auth": {"type": str},
}
_SCHEME: Shape = {
    "type": str,
    "name": str,
    "in": str,
    "x-amazon-apigateway-authtype": str,
    AUTHORIZER: {
        "type": str,
        "authorizerUri": str,
        "authorizerCredentials": str,
        "identitySource": str,
        "identityValidationExpression": str,
        "providerARNs": [str],
    },
}
_ROOT: Shape = {
    "swagger": _TEXT,
    "openapi": _TEXT,
    "info": {"title": _TEXT, "version": _TEXT, "description": str},
    "host": str,
    "basePath": str,
    "consumes": [str],
    "produces": [str],
    "paths": {"": {"parameters": [_PARAMETER], **dict.fromkeys(METHODS, _OPERATION)}},
    "parameters": {"": _PARAMETER},
    "responses": {"": _RESPONSE},
    "definitions": {"": _SCHEMA},
    "securityDefinitions": {"": _SCHEME},
    "security": _SECURITY,
    "components": {
        "schemas": {"": _SCHEMA},
        "parameters": {"": _PARAMETER},
        "responses": {"": _RESPONSE},
        "requestBodies": {"": dict},
        "headers": {"": dict},
        "securitySchemes": {"": _SCHEME},
    },
    VALIDATOR: str,
    VALIDATORS: {"": dict},
    GATEWAY_RESPONSES: {"": {"statusCode": _TEXT, "responseParameters": dict, "responseTemplates": dict}},
    BINARY: [str],
    KEY_SOURCE: str,
    "x-amazon-apigateway-policy": (dict, str),
}
_NAMES: Mapping[Any, str] = {dict: "an object", list: "a list", str: "a text"}
_LONGEST = 60


def shape_refusals(document: Mapping[str, Any]) -> Iterator[Refusal]:
    """Every value of a wrong type, in the order of the document; nothing at all (`null`) is repaired elsewhere."""
    yield from _of(document, _ROOT, ())


def _of(value: Any, shape: Shape, way: Way) -> Iterator[Refusal]:
    if value is None:
        return
    if isinstance(shape, type | tuple):
        kinds = shape if isinstance(shape, tuple) else (shape,)
        if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
            yield _wrong(value, _NAMES.get(kinds[0], "a text"), way)
        return
    kind: Any = list if isinstance(shape, list) else dict
    if not isinstance(value, kind):
        yield _wrong(value, _NAMES[kind], way)
    elif isinstance(shape, list):
        for index, item in enumerate(value):
            yield from _item(item, shape[0], (*way, str(index)))
    else:
        for key, item in value.items():
            inner = shape.get(key, shape.get(""))
            if inner is not None:
                yield from _of(item, inner, (*way, str(key)))


def _item(value: Any, shape: Shape, way: Way) -> Iterator[Refusal]:
    if value is None:
        yield _wrong(value, _NAMES.get(shape, "an object") if isinstance(shape, type) else "an object", way)
    yield from _of(value, shape, way)


def _wrong(value: Any, wanted: str, way: Way) -> Refusal:
    if isinstance(value, dict) and any(str(key).startswith("Fn::") or key == "Ref" for key in value):
        told = f"{next(iter(value))} is an expression of CloudFormation, which API Gateway does not know"
        return Refusal(pointer=pointer(way), message=told)
    shown = repr(value)
    shown = shown if len(shown) <= _LONGEST else shown[: _LONGEST - 1] + "…"
    return Refusal(pointer=pointer(way), message=f"{way[-1] if way else 'the document'} must be {wanted}, not {shown}")
