"""Documentation parts and versions of an API. They describe; nothing in the data plane depends on them."""

from __future__ import annotations

import json

from backendctl.sandbox.apigateway import patch
from backendctl.sandbox.apigateway.call import Call, accepted, answer, created, page
from backendctl.sandbox.apigateway.errors import (
    bad_request,
    conflict,
    enum_complaint,
    not_found,
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


def _part(call: Call) -> Doc:
    found = call.api().documentation.get(call.params["part"])
    if found is None:
        raise not_found("Invalid Documentation part identifier specified")
    return found


def read_part(call: Call) -> Response:
    return answer(_part(call))


def read_parts(call: Call) -> Response:
    """All parts, by `type`, `name` and the beginning of the `path` when asked for."""
    kind, name, path = (call.request.first(key) for key in ("type", "name", "path"))
    return page(
        call,
        [
            part
            for part in call.api().documentation.values()
            if kind in {None, part["location"]["type"]}
            and name in {None, part["location"].get("name")}
            and (path is None or str(part["location"].get("path", "/")).startswith(path))
        ],
    )


def update_part(call: Call) -> Response:
    listed = patch.operations(call, shape="updateDocumentationPartInput")
    changed = patch.patched(_part(call), listed, patch.Rules(scalars={"/properties": _properties}))
    call.api().documentation[changed["id"]] = changed
    return answer(changed)


def delete_part(call: Call) -> Response:
    del call.api().documentation[_part(call)["id"]]
    return accepted()


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


def create_version(call: Call) -> Response:
    body, api = call.body(), call.api()
    name = body.get("documentationVersion")
    if not name:
        refuse_missing(at="createDocumentationVersionInput.documentationVersion")
    if name in api.documentation_versions:
        raise conflict("Documentation version already exists")
    if body.get("stageName"):
        if body["stageName"] not in api.stages:
            raise not_found("Invalid stage identifier specified")
        api.stages[body["stageName"]]["documentationVersion"] = name
    version: Doc = {"version": name, "createdDate": call.stamp()}
    if body.get("description"):
        version["description"] = body["description"]
    api.documentation_versions[str(name)] = version
    return created(version)


def _version(call: Call) -> Doc:
    found = call.api().documentation_versions.get(call.params["version"])
    if found is None:
        raise not_found("Invalid Documentation version specified")
    return found


def read_version(call: Call) -> Response:
    return answer(_version(call))


def read_versions(call: Call) -> Response:
    return page(call, list(call.api().documentation_versions.values()))


def update_version(call: Call) -> Response:
    listed = patch.operations(call, shape="updateDocumentationVersionInput")
    changed = patch.patched(_version(call), listed, patch.Rules(scalars={"/description": patch.text_or_none}))
    call.api().documentation_versions[changed["version"]] = changed
    return answer(changed)


def delete_version(call: Call) -> Response:
    del call.api().documentation_versions[_version(call)["version"]]
    return accepted()
