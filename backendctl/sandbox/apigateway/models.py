"""Models and request validators, edited by hand."""

from __future__ import annotations

import json

from backendctl.sandbox.apigateway import patch
from backendctl.sandbox.apigateway.call import Call, accepted, answer, created, page
from backendctl.sandbox.apigateway.errors import bad_request, conflict, not_found
from backendctl.sandbox.apigateway.model import Definition, Doc, new_id
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


def _model(call: Call) -> Doc:
    found = call.definition().models.get(call.params["model"])
    if found is None:
        raise not_found(f"Invalid model name specified: {call.params['model']}")
    return found


def read(call: Call) -> Response:
    return answer(_model(call))


def read_all(call: Call) -> Response:
    return page(call, list(call.definition().models.values()))


def update(call: Call) -> Response:
    listed = patch.operations(call, shape="updateModelInput")
    rules = patch.Rules(scalars={"/schema": checked_schema, "/description": patch.text_or_none})
    changed = patch.patched(_model(call), listed, rules)
    call.definition().models[changed["name"]] = changed
    return answer(changed)


def delete(call: Call) -> Response:
    definition = call.definition()
    name = _model(call)["name"]
    _refuse_used(definition, name)
    del definition.models[name]
    return accepted()


def _refuse_used(definition: Definition, name: str) -> None:
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


def _validator(call: Call) -> Doc:
    found = call.definition().validators.get(call.params["validator"])
    if found is None:
        raise not_found("Invalid Request Validator identifier specified")
    return found


def read_validator(call: Call) -> Response:
    return answer(_validator(call))


def read_validators(call: Call) -> Response:
    return page(call, list(call.definition().validators.values()))


def update_validator(call: Call) -> Response:
    listed = patch.operations(call, shape="updateRequestValidatorInput")
    rules = patch.Rules(
        scalars={
            "/name": patch.text,
            "/validateRequestBody": patch.boolean,
            "/validateRequestParameters": patch.boolean,
        }
    )
    changed = patch.patched(_validator(call), listed, rules)
    call.definition().validators[changed["id"]] = changed
    return answer(changed)


def delete_validator(call: Call) -> Response:
    definition = call.definition()
    validator = _validator(call)["id"]
    for resource in definition.resources.values():
        for verb, method in resource["methods"].items():
            if method.get("requestValidatorId") == validator:
                raise conflict(
                    f"Cannot delete validator '{validator}', is referenced in method request: {resource['path']}/{verb}"
                )
    del definition.validators[validator]
    return accepted()
