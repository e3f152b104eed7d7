"""The resource tree, edited by hand."""

from __future__ import annotations

import re

from backendctl.sandbox.apigateway import patch
from backendctl.sandbox.apigateway.call import Call, accepted, answer, created, page
from backendctl.sandbox.apigateway.errors import bad_request, conflict, limit_exceeded, not_found
from backendctl.sandbox.apigateway.methods import shown_method
from backendctl.sandbox.apigateway.model import Definition, Doc
from backendctl.sandbox.http import Response

PATH_PART = re.compile(r"[a-zA-Z0-9._\-:,]+|\{[a-zA-Z0-9._\-:]+\+?\}")  # A16
MOST_RESOURCES = 300  # A41


def shown(resource: Doc, *, embed: bool) -> Doc:
    document = {key: value for key, value in resource.items() if key != "methods"}
    methods = resource["methods"]
    if methods:
        document["resourceMethods"] = {name: shown_method(method) if embed else {} for name, method in methods.items()}
    return document


def _embedded(call: Call) -> bool:
    return "methods" in call.request.query.get("embed", [])


def read(call: Call) -> Response:
    call.api()
    return answer(shown(call.resource(), embed=_embedded(call)))


def read_all(call: Call) -> Response:
    resources = sorted(call.definition().resources.values(), key=lambda each: str(each["path"]))
    return page(call, [shown(each, embed=_embedded(call)) for each in resources])


def create(call: Call) -> Response:
    definition = call.definition()
    parent = call.resource()
    part = str(call.body().get("pathPart") or "")
    check_part(definition, parent=parent, part=part)
    return created(shown(definition.add_resource(parent=parent, part=part), embed=False))


def check_part(definition: Definition, *, parent: Doc, part: str, moved: Doc | None = None) -> None:
    """Refuse a path part that AWS refuses below this parent (A16, A18, A41)."""
    if not PATH_PART.fullmatch(part):
        raise bad_request(
            "Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces "
            "at the beginning and the end."
        )
    if parent.get("pathPart", "").endswith("+}"):
        raise bad_request(f"Cannot create a child of a resource with a greedy path variable: {parent['pathPart']}")
    siblings = [each for each in definition.children(parent["id"]) if each is not moved]
    if any(each["pathPart"] == part for each in siblings):
        raise conflict(f"Another resource with the same parent already has this name: {part}")
    variables = [each["pathPart"] for each in siblings if each["pathPart"].startswith("{")]
    if part.startswith("{") and variables:
        raise bad_request(
            f"A sibling ({variables[0]}) of this resource already has a variable path part -- only one is allowed"
        )
    if moved is None and len(definition.resources) >= MOST_RESOURCES:
        raise limit_exceeded("Maximum number of Resources for this API has been reached")


def update(call: Call) -> Response:
    listed = patch.operations(call, shape="updateResourceInput")
    resource = call.resource()
    definition = call.definition()
    for operation in listed:
        _update_one(definition, resource, operation)
    return answer(shown(resource, embed=False))


def _update_one(definition: Definition, resource: Doc, operation: patch.Operation) -> None:
    where = f"Invalid patch path  '{operation.path}' specified for op '{operation.op}'."
    if operation.op != "replace":
        raise bad_request(f"{where} Please choose supported operations")
    if operation.path not in {"/parentId", "/pathPart"}:
        raise bad_request(f"{where} Must be one of: [/parentId, /pathPart]")
    if "parentId" not in resource:
        raise bad_request(f"Root resource cannot update its {operation.path.strip('/')}.")
    value = operation.value or ""
    parent = definition.resources[resource["parentId"]]
    part = resource["pathPart"]
    if operation.path == "/pathPart":
        part = value
    elif value in definition.resources:
        parent = definition.resources[value]
    else:
        raise not_found("Invalid Resource identifier specified")
    _refuse_cycle(definition, resource, parent)
    check_part(definition, parent=parent, part=part, moved=resource)
    resource["parentId"], resource["pathPart"] = parent["id"], part
    _repath(definition, resource, parent)


def _refuse_cycle(definition: Definition, resource: Doc, parent: Doc) -> None:
    step: Doc | None = parent
    while step is not None:
        if step is resource:
            raise bad_request("Resources cannot be cyclical.")
        step = definition.resources.get(step.get("parentId", ""))


def _repath(definition: Definition, resource: Doc, parent: Doc) -> None:
    resource["path"] = parent["path"].rstrip("/") + "/" + resource["pathPart"]
    for child in definition.children(resource["id"]):
        _repath(definition, child, resource)


def delete(call: Call) -> Response:
    """Delete a resource with everything below it."""
    definition = call.definition()
    resource = call.resource()
    if "parentId" not in resource:
        raise bad_request("Root resource cannot be deleted")
    _delete_tree(definition, resource)
    return accepted()


def _delete_tree(definition: Definition, resource: Doc) -> None:
    for child in definition.children(resource["id"]):
        _delete_tree(definition, child)
    del definition.resources[resource["id"]]
