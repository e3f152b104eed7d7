"""Models and request validators, edited by hand."""

from __future__ import annotations

import json

from backendctl.sandbox.apigateway import patch
from backendctl.sandbox.apigateway.call import Call, created
from backendctl.sandbox.apigateway.collection import Collection
from backendctl.sandbox.apigateway.errors import bad_request, conflict
from backendctl.sandbox.apigateway.model import Doc, new_id
from backendctl.sandbox.http import Response


def create(call: Call) -> Response:
    definition = call.definition()
    body = call.body()
    name = str(body.get("name") or "")
    if not (name.isascii() and name.isalnum()):  # A16
        raise bad_request(f"Model name must be alphanumeric: {name}")
    if name in definition.models:
        raise conflict("Model name already exists for this REST API")
    if not body.get("contentType"):
        raise bad_request("No Content Type is specified for the model")
    document: Doc = {"id": new_id(), "name": name, "contentType": body["contentType"]}
    if body.get("description"):
        document["description"] = body["description"]
    if body.get("schema"):
        document["schema"] = checked_schema(str(body["schema"]))
    definition.models[name] = document
    return created(document)


def checked_schema(text: str) -> str:
    try:
        json.loads(text)
    except ValueError as error:
        raise bad_request(f"Invalid model schema specified. {error}") from error
    return text


def _refuse_used(call: Call, found: Doc) -> None:
    definition, name = call.definition(), found["name"]
    for resource in reversed(definition.resources.values()):  # the newest is named (recorded)
        for verb, method in resource["methods"].items():
            where = f"{resource['path']}/{verb}"
            if name in method.get("requestModels", {}).values():
                raise conflict(f"Cannot delete model '{name}', is referenced in method request: {where}")
            for response in method.get("methodResponses", {}).values():
                if name in response.get("responseModels", {}).values():
                    raise conflict(f"Cannot delete model '{name}', is referenced in method response: {where}")
    for other, model in definition.models.items():
        if other != name and f'/{name}"' in model.get("schema", ""):
            raise conflict(f"Cannot delete model '{name}', is referenced in model: {other}")


MODELS = Collection(
    store=lambda call: call.definition().models,
    param="model",
    key="name",
    missing="Invalid model name specified: {}",
    shape="updateModelInput",
    rules=patch.Rules(scalars={"/schema": checked_schema, "/description": patch.text_or_none}),
    refuse_used=_refuse_used,
)


def create_validator(call: Call) -> Response:
    api = call.region.apis.get(call.params["api"])
    if api is None:  # recorded: another text than everywhere else
        raise bad_request("Invalid REST API identifier specified")
    body = call.body()
    document = validator_of(body, name=str(body.get("name") or ""))
    api.definition.validators[document["id"]] = document
    return created(document)


def validator_of(body: Doc, *, name: str) -> Doc:
    return {
        "id": new_id(),
        "name": name,
        "validateRequestBody": bool(body.get("validateRequestBody")),
        "validateRequestParameters": bool(body.get("validateRequestParameters")),
    }


def _refuse_used_validator(call: Call, found: Doc) -> None:
    for resource in call.definition().resources.values():
        for verb, method in resource["methods"].items():
            if method.get("requestValidatorId") == found["id"]:
                where = f"{resource['path']}/{verb}"
                raise conflict(f"Cannot delete validator '{found['id']}', is referenced in method request: {where}")


VALIDATORS = Collection(
    store=lambda call: call.definition().validators,
    param="validator",
    missing="Invalid Request Validator identifier specified",
    shape="updateRequestValidatorInput",
    rules=patch.Rules(
        scalars={
            "/name": patch.text,
            "/validateRequestBody": patch.boolean,
            "/validateRequestParameters": patch.boolean,
        }
    ),
    refuse_used=_refuse_used_validator,
)
