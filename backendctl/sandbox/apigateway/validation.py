"""Request validators: required parameters and the JSON schema of the body."""

from __future__ import annotations

import json
from typing import Any

from backendctl.sandbox.apigateway.exchange import Exchange, NotEmulatedError, RefusedError
from backendctl.sandbox.apigateway.export_methods import referring
from backendctl.sandbox.apigateway.parameters import request_value


def validate(exchange: Exchange) -> None:
    """Do what the method's validator asks for.

    Raises:
        RefusedError: 400, naming missing parameters, or `Invalid request body`.
    """
    validator = exchange.definition.validators.get(exchange.method.get("requestValidatorId", ""))
    if validator is None:
        return
    if validator["validateRequestParameters"]:
        _parameters(exchange)
    if validator["validateRequestBody"]:
        _body(exchange)


def _parameters(exchange: Exchange) -> None:
    missing = [
        name.split(".", 3)[-1]
        for name, required in exchange.method.get("requestParameters", {}).items()
        if required and not request_value(exchange, name.removeprefix("method.request."))
    ]
    if missing:
        text = f"Missing required request parameters: [{', '.join(missing)}]"
        raise RefusedError(kind="BAD_REQUEST_PARAMETERS", status=400, message=text)


def _body(exchange: Exchange) -> None:
    kind = exchange.request.headers.get("content-type", "application/json").split(";")[0].strip()
    models = exchange.method.get("requestModels", {})
    name = models.get(kind) or models.get("$default")
    if name is None:
        return
    refused = RefusedError(kind="BAD_REQUEST_BODY", status=400, message="Invalid request body")
    try:
        document = json.loads(exchange.request.body)
    except ValueError as error:
        raise refused from error
    import jsonschema  # noqa: PLC0415 - takes a while; few definitions have models
    import referencing.exceptions  # noqa: PLC0415 - the same

    try:
        jsonschema.Draft4Validator(_schema(exchange, name)).validate(document)
    except jsonschema.ValidationError as error:
        raise refused from error
    except (referencing.exceptions.Unresolvable, jsonschema.exceptions.UnknownType) as error:
        raise NotEmulatedError(f"the schema of model {name} cannot be evaluated: {error}") from error


def _schema(exchange: Exchange, name: str) -> Any:
    """The model's schema with every other model at hand for its references."""
    models = exchange.definition.models
    schemas = {key: referring(json.loads(each.get("schema") or "{}"), "#/definitions/") for key, each in models.items()}
    return {**schemas[name], "definitions": {**schemas[name].get("definitions", {}), **schemas}}
