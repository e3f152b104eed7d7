"""The named parts of an imported definition: models, validators, authorizers, gateway responses."""

from __future__ import annotations

import json
from typing import Any

from backendctl.sandbox.apigateway.authorizers import authorizer_of, check_quota
from backendctl.sandbox.apigateway.errors import bad_request
from backendctl.sandbox.apigateway.export_methods import referring
from backendctl.sandbox.apigateway.gateway_responses import STATUS, response_of
from backendctl.sandbox.apigateway.model import DEFAULT_MODELS, Definition, Doc, new_id
from backendctl.sandbox.apigateway.models import validator_of
from backendctl.sandbox.apigateway.oas import Source, model_name
from backendctl.sandbox.apigateway.restapis import default_model

MODELS = "https://apigateway.amazonaws.com/restapis"
"""Models name each other by their address (recorded)."""


def put_models(source: Source, definition: Definition) -> None:
    for name, schema in source.schemas.items():
        if not (str(name).isascii() and str(name).isalnum()):  # A16
            raise bad_request(
                f"Errors found during import:\n\tUnable to create model for '{name}': "
                f"Model name must be alphanumeric: {name}"
            )
        _put_model(definition, str(name), schema)


def _put_model(definition: Definition, name: str, schema: Any) -> None:
    known = definition.models.get(name, {})
    definition.models[name] = {
        "id": known.get("id") or new_id(),
        "name": name,
        "contentType": "application/json",
        "schema": json.dumps(referring(schema, f"{MODELS}/{definition.info['id']}/models/")),
    }
    if isinstance(schema, dict) and isinstance(schema.get("description"), str):
        definition.models[name]["description"] = schema["description"]


def model_for(source: Source, definition: Definition, schema: Doc) -> str:
    """The name of the model for a schema in a method, which is created when it was written in place."""
    name = model_name(schema)
    if name in definition.models:
        return name
    if "$ref" in schema:
        if name in DEFAULT_MODELS:
            definition.models[name] = default_model(name, DEFAULT_MODELS[name])
            return name
        source.resolved(schema)  # refuses a dangling reference
        raise bad_request(f"Invalid model identifier specified: {name}")
    _put_model(definition, name, schema)
    return name


def put_validators(source: Source, definition: Definition) -> None:
    for name, sent in (source.extension("request-validators") or {}).items():
        known = next((each for each in definition.validators.values() if each["name"] == name), None)
        document = validator_of(sent or {}, name=name)
        document["id"] = known["id"] if known else document["id"]
        definition.validators[document["id"]] = document


def put_authorizers(source: Source, definition: Definition) -> None:
    for name, scheme in source.security_schemes.items():
        sent = source.resolved(scheme).get("x-amazon-apigateway-authorizer")
        if sent:
            _put_authorizer(definition, name, source.resolved(scheme), sent)


def _put_authorizer(definition: Definition, name: str, scheme: Doc, sent: Doc) -> None:
    body = dict(sent)
    kind = str(sent.get("type") or "token").upper()
    body["type"] = kind
    if kind != "REQUEST" and scheme.get("name"):
        body.setdefault("identitySource", f"method.request.header.{scheme['name']}")
    body["authType"] = scheme.get("x-amazon-apigateway-authtype")
    if kind == "REQUEST" and sent.get("identitySource"):
        body["identitySource"] = ",".join(each.strip() for each in str(sent["identitySource"]).split(","))
    known = next((each for each in definition.authorizers.values() if each["name"] == name), None)
    if known is None:
        check_quota(definition)
    document = authorizer_of(body, name=name)
    document["id"] = known["id"] if known else document["id"]
    definition.authorizers[document["id"]] = document


def put_responses(source: Source, definition: Definition) -> None:
    for kind, sent in (source.extension("gateway-responses") or {}).items():
        if kind not in STATUS:
            raise bad_request(f"Errors found during import:\n\tInvalid gateway response type: {kind}")
        definition.gateway_responses[kind] = response_of(sent or {}, kind=kind)
