"""Documentation parts of an API. They describe; nothing in the data plane depends on them."""

from __future__ import annotations

import json

from backendctl.sandbox.apigateway import patch
from backendctl.sandbox.apigateway.call import Call, answer, created
from backendctl.sandbox.apigateway.collection import Collection
from backendctl.sandbox.apigateway.errors import (
    bad_request,
    conflict,
    enum_complaint,
    refuse_invalid,
    refuse_missing,
)
from backendctl.sandbox.apigateway.model import Api, Doc, new_id
from backendctl.sandbox.http import Response

TYPES = (
    "API",
    "AUTHORIZER",
    "MODEL",
    "RESOURCE",
    "METHOD",
    "PATH_PARAMETER",
    "QUERY_PARAMETER",
    "REQUEST_HEADER",
    "REQUEST_BODY",
    "RESPONSE",
    "RESPONSE_HEADER",
    "RESPONSE_BODY",
)
LOCATION = ("type", "path", "method", "statusCode", "name")


def create_part(call: Call) -> Response:
    body, api = call.body(), call.api()
    if not body.get("location"):
        refuse_missing(at="createDocumentationPartInput.location")
    part = _part_of(body)
    if _at(api, part["location"]) is not None:
        raise conflict("Documentation part already exists for the specified location")
    api.documentation[part["id"]] = part
    return created(part)


def _part_of(body: Doc) -> Doc:
    sent = body["location"]
    kind = sent.get("type")
    if kind not in TYPES:
        at = "createDocumentationPartInput.location.type"
        refuse_invalid([enum_complaint(value=kind, at=at, allowed=", ".join(TYPES))])
    location = {key: str(sent[key]) for key in LOCATION if sent.get(key)}
    return {"id": new_id(), "location": location, "properties": _properties(body.get("properties"))}


def _properties(value: object) -> str:
    text = value if isinstance(value, str) else json.dumps(value or {})
    try:
        parsed = json.loads(text)
    except ValueError as error:
        raise bad_request("Invalid JSON in documentation part properties") from error
    if not isinstance(parsed, dict):
        raise bad_request("Documentation part properties must be a JSON object")
    return text


def _at(api: Api, location: Doc) -> Doc | None:
    return next((each for each in api.documentation.values() if each["location"] == location), None)


def import_parts(call: Call) -> Response:
    """The `x-amazon-apigateway-documentation` of a definition, merged into the parts or in their place."""
    api, mode = call.api(), call.request.first("mode", "merge")
    document = call.body().get("x-amazon-apigateway-documentation") or {}
    if mode == "overwrite":
        api.documentation.clear()
    return answer({"ids": put_parts(api, document), "warnings": []})


def put_parts(api: Api, document: Doc) -> list[str]:
    """Take over documentation parts in the definition's notation; their ids."""
    ids = []
    for each in document.get("documentationParts") or []:
        part = _part_of(each)
        known = _at(api, part["location"])
        if known is not None:
            merged = {**json.loads(known["properties"]), **json.loads(part["properties"])}
            part = {**known, "properties": json.dumps(merged)}
        api.documentation[part["id"]] = part
        ids.append(part["id"])
    return ids


def _is_asked_for(call: Call, part: Doc) -> bool:
    """Whether a part is of the `type`, the `name` and below the `path` that a call asks for."""
    kind, name, path = (call.request.first(key) for key in ("type", "name", "path"))
    location = part["location"]
    return (
        kind in {None, location["type"]}
        and name in {None, location.get("name")}
        and (path is None or str(location.get("path", "/")).startswith(path))
    )


PARTS = Collection(
    store=lambda call: call.api().documentation,
    param="part",
    missing="Invalid Documentation part identifier specified",
    shape="updateDocumentationPartInput",
    rules=patch.Rules(scalars={"/properties": _properties}),
    listed=_is_asked_for,
)
