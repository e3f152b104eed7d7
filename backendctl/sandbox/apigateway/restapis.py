"""RestApi: create, read, patch, delete; and the account settings of a region."""

from __future__ import annotations

import json
from typing import Any

from backendctl.sandbox.apigateway import patch
from backendctl.sandbox.apigateway.call import Call, accepted, answer, created, page
from backendctl.sandbox.apigateway.endpoints import (
    check_endpoint_enums,
    complete_endpoint,
    endpoint_patches,
)
from backendctl.sandbox.apigateway.errors import bad_request, not_found, refuse_missing
from backendctl.sandbox.apigateway.model import DEFAULT_MODELS, Api, Definition, Doc, new_id
from backendctl.sandbox.http import Response

LARGEST_COMPRESSION = 10485760
LONGEST_POLICY = 8192  # A43
BAD_COMPRESSION = f"Invalid minimum compression size, must be between 0 and {LARGEST_COMPRESSION}"
COPIED = ("description", "version", "minimumCompressionSize", "securityPolicy", "endpointAccessMode")


def shown(api: Api, *, with_tags: bool) -> Doc:
    """The RestApi document; reads and updates always show `tags`, creation and lists only when there are any."""
    document = dict(api.definition.info)
    if api.tags or with_tags:
        document["tags"] = dict(api.tags)
    if "policy" in document:
        # AWS answers the policy as the inside of a JSON string, its quotes escaped once more.
        document["policy"] = json.dumps(document["policy"])[1:-1]
    return document


def blank_info(*, name: str, stamp: int) -> Doc:
    """A new RestApi document with AWS's defaults, except the endpoint configuration."""
    return {
        "id": new_id(10),
        "name": name,
        "createdDate": stamp,
        "apiKeySource": "HEADER",
        "disableExecuteApiEndpoint": False,
        "rootResourceId": new_id(10),
    }


def new_definition(info: Doc) -> Definition:
    root: Doc = {"id": info["rootResourceId"], "path": "/", "methods": {}}
    return Definition(info=info, resources={root["id"]: root})


def create(call: Call) -> Response:
    body = call.body()
    _check_create(body)
    info = blank_info(name=body["name"], stamp=call.stamp())
    info.update({key: body[key] for key in COPIED if body.get(key) is not None})
    info["apiKeySource"] = body.get("apiKeySource") or "HEADER"
    info["disableExecuteApiEndpoint"] = bool(body.get("disableExecuteApiEndpoint"))
    info["endpointConfiguration"] = complete_endpoint(body.get("endpointConfiguration"))
    if body.get("binaryMediaTypes"):
        info["binaryMediaTypes"] = list(body["binaryMediaTypes"])
    if body.get("policy"):
        info["policy"] = stored_policy(call, body["policy"], info["id"])
    definition = new_definition(info)
    for name, description in DEFAULT_MODELS.items():
        definition.models[name] = default_model(name, description)
    if body.get("cloneFrom"):
        _clone(call, definition, str(body["cloneFrom"]))
    api = Api(definition=definition, tags=dict(body.get("tags") or {}))
    call.region.apis[api.id] = api
    return created(shown(api, with_tags=False))


def _clone(call: Call, definition: Definition, source_id: str) -> None:
    """Take over the tree and the named parts of another API of the region."""
    source = call.region.apis.get(source_id)
    if source is None:
        raise not_found(f"Invalid API identifier specified {call.request.account}:{source_id}")
    taken = source.definition.copy()
    definition.info["rootResourceId"] = taken.root_id
    definition.resources, definition.models = taken.resources, taken.models
    definition.authorizers, definition.validators = taken.authorizers, taken.validators
    definition.gateway_responses = taken.gateway_responses


def default_model(name: str, description: str) -> Doc:
    schema: Doc = {
        "$schema": "http://json-schema.org/draft-04/schema#",
        "title": f"{name} Schema",
        "type": "object",
    }
    if name == "Error":
        schema["properties"] = {"message": {"type": "string"}}
    return {
        "id": new_id(),
        "name": name,
        "description": description,
        "contentType": "application/json",
        "schema": json.dumps(schema, indent=2),
    }


def _check_create(body: Doc) -> None:
    check_endpoint_enums(body.get("endpointConfiguration") or {}, shape="createRestApiInput")
    if not body.get("name"):
        refuse_missing(at="createRestApiInput.name")
    if body.get("description") == "":
        raise bad_request("Description cannot be an empty string")
    size = body.get("minimumCompressionSize")
    if size is not None:
        compression(str(size))


def compression(value: str) -> int | None:
    """The converter of /minimumCompressionSize; an empty text switches compression off."""
    if not value:
        return None
    if not value.isdigit() or int(value) > LARGEST_COMPRESSION:
        raise bad_request(BAD_COMPRESSION)
    return int(value)


def stored_policy(call: Call, text: str, api_id: str) -> str:
    """A resource policy as AWS keeps it: compact, with `execute-api:/…` made a full ARN."""
    try:
        document = json.loads(text)
    except ValueError as error:
        raise bad_request(
            "Invalid policy document. Please check the policy syntax and ensure that Principals are valid."
        ) from error
    prefix = f"arn:aws:execute-api:{call.request.region}:{call.request.account}:{api_id}/"
    stored = json.dumps(_expanded(document, prefix), separators=(",", ":"))
    if len(stored) > LONGEST_POLICY:
        raise bad_request(f"Invalid policy document. The policy is longer than {LONGEST_POLICY} characters.")
    return stored


def _expanded(value: Any, prefix: str) -> Any:
    if isinstance(value, dict):
        return {key: _expanded(each, prefix) for key, each in value.items()}
    if isinstance(value, list):
        return [_expanded(each, prefix) for each in value]
    if isinstance(value, str) and value.startswith("execute-api:/"):
        return prefix + value.removeprefix("execute-api:/")
    return value


def read(call: Call) -> Response:
    return answer(shown(call.api(), with_tags=True))


def read_all(call: Call) -> Response:
    return page(call, [shown(api, with_tags=False) for api in call.region.apis.values()])


def update(call: Call) -> Response:
    listed = patch.operations(call, shape="updateRestApiInput")
    api = call.api()
    endpoint = [item for item in listed if item.path.startswith("/endpointConfiguration")]
    rest = [item for item in listed if item not in endpoint]
    info = patch.patched(api.definition.info, [i for i in rest if i.parts[0] != "binaryMediaTypes"], _rules(call))
    binary = [item for item in rest if item.parts[0] == "binaryMediaTypes"]
    info = patch.patched(info, binary, patch.Rules(lists=frozenset({"/binaryMediaTypes"})))
    if not info.get("binaryMediaTypes"):
        info.pop("binaryMediaTypes", None)
    endpoint_patches(info, endpoint)
    api.definition.info = info
    return answer(shown(api, with_tags=True))


def _rules(call: Call) -> patch.Rules:
    return patch.Rules(
        scalars={
            "/name": patch.text,
            "/description": patch.text_or_none,
            "/policy": lambda value: stored_policy(call, value, call.params["api"]) if value else None,
            "/minimumCompressionSize": compression,
            "/apiKeySource": patch.text,
            "/disableExecuteApiEndpoint": patch.boolean,
            "/securityPolicy": patch.text,
            "/endpointAccessMode": patch.text,
        }
    )


def delete(call: Call) -> Response:
    api = call.api()
    mapped = [
        mapping
        for domain in call.region.domains.values()
        for mapping in domain.mappings.values()
        if mapping["restApiId"] == api.id
    ]
    if mapped:  # A95
        raise bad_request(
            "Deleting RestApi failed. Please remove all base path mappings related to the RestApi in your domains."
        )
    del call.region.apis[api.id]
    return accepted()


def read_account(call: Call) -> Response:
    return answer(call.region.account)


async def update_account(call: Call) -> Response:
    """UpdateAccount; the role must be one that API Gateway can use by now (A58)."""
    listed = patch.operations(call, shape="updateAccountInput")
    rules = patch.Rules(scalars={"/cloudwatchRoleArn": _role})
    features = [item for item in listed if item.path == "/features"]
    rest = [item for item in listed if item not in features]
    changed = patch.patched(call.region.account, rest, rules)
    role = changed.get("cloudwatchRoleArn")
    if role and rest and not await call.backplane.may_log(role):
        raise bad_request(
            "The role ARN does not have required permissions configured. Please grant trust permission for API "
            "Gateway and add the required role policy."
        )
    call.region.account = changed
    return answer(call.region.account)


def _role(value: str) -> str | None:
    if value and not (value.startswith("arn:") and ":role/" in value):
        raise bad_request("Invalid ARN specified in the request")
    return value or None
