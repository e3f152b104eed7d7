"""What of the two formats API Gateway cannot read at all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from backendctl.nearest import nearest
from backendctl.openapi.extensions import shown
from backendctl.openapi.integrations import ANY_METHOD, METHODS
from backendctl.openapi.layout import (
    PLACES,
    answer_schemas,
    body_schemas,
    is_swagger,
    schemas,
    schemas_way,
)
from backendctl.openapi.neutral import operations
from backendctl.openapi.pointer import Way, mapping, nodes, pointer, referenced
from backendctl.openapi.refusal import Refusal
from backendctl.openapi.schemas import subschemas

_BESIDE_METHODS = frozenset({"summary", "description", "servers", "parameters", "$ref"})
_INTRINSIC = ("Fn::", "!")


def format_refusals(document: Mapping[str, Any]) -> Iterator[Refusal]:
    """Version, references, methods, parameters, callbacks, links."""
    yield from _version(document)
    yield from _paths(document)
    for way, node in nodes(document):
        if isinstance(node, dict) and not shown(way):
            yield from _reference(document, way, node)
            yield from _intrinsic(way, node)
    for path, method, operation in operations(document):
        yield from _operation(document, ("paths", path, method), operation)
    yield from _schemas(document)


def _version(document: Mapping[str, Any]) -> Iterator[Refusal]:
    swagger, openapi = document.get("swagger"), document.get("openapi")
    if swagger is None and openapi is None:
        yield Refusal(pointer="", message="neither `swagger` nor `openapi` says what format this is")
    if swagger is not None and str(swagger) != "2.0":
        yield Refusal(pointer="/swagger", message=f"Swagger {swagger}: API Gateway reads Swagger 2.0 and OpenAPI 3.0")
    if openapi is not None and not str(openapi).startswith("3.0"):
        told = f"OpenAPI {openapi}: API Gateway reads Swagger 2.0 and OpenAPI 3.0"
        yield Refusal(pointer="/openapi", message=told)
    if "webhooks" in document:
        yield Refusal(pointer="/webhooks", message="webhooks are of OpenAPI 3.1; API Gateway has none")


def _paths(document: Mapping[str, Any]) -> Iterator[Refusal]:
    for path, item in mapping(document.get("paths")).items():
        if path.startswith("x-"):
            continue
        if not path.startswith("/"):
            yield Refusal(pointer=pointer(("paths", path)), message=f"{path}: a path begins with /")
        for key in mapping(item):
            place = pointer(("paths", path, key))
            if key == "trace":
                yield Refusal(pointer=place, message=f"TRACE {path}: API Gateway has no such method")
            elif key not in METHODS and key not in _BESIDE_METHODS and not key.startswith("x-"):
                word = ANY_METHOD if key.lower() == "any" else key.lower()
                near = nearest(word, [*METHODS, *_BESIDE_METHODS])
                yield Refusal(pointer=place, message=f"{path}: {key} is not a method{near}")


def _reference(document: Mapping[str, Any], way: Way, node: Mapping[str, Any]) -> Iterator[Refusal]:
    reference = node.get("$ref")
    if not isinstance(reference, str):
        return
    place = pointer((*way, "$ref"))
    if not reference.startswith("#"):
        yield Refusal(pointer=place, message=f"{reference}: API Gateway follows no reference out of the document")
    elif referenced(document, reference) is None and reference not in _given(document):
        yield Refusal(pointer=place, message=f"{reference} leads nowhere")


def _given(document: Mapping[str, Any]) -> set[str]:
    """Every API has these two models, defined or not."""
    home = "#/" + "/".join(schemas_way(document)) + "/"
    return {f"{home}Empty", f"{home}Error"}


def _intrinsic(way: Way, node: Mapping[str, Any]) -> Iterator[Refusal]:
    for key in node:
        if key.startswith(_INTRINSIC) or (key == "Ref" and len(node) == 1):
            told = f"{key} is an expression of CloudFormation, which API Gateway does not know"
            yield Refusal(pointer=pointer(way), message=told)


def _operation(document: Mapping[str, Any], way: Way, operation: Mapping[str, Any]) -> Iterator[Refusal]:
    if operation.get("callbacks"):
        yield Refusal(pointer=pointer((*way, "callbacks")), message="callbacks are dropped by API Gateway")
    for status, response in mapping(operation.get("responses")).items():
        if mapping(response).get("links"):
            place = pointer((*way, "responses", status, "links"))
            yield Refusal(pointer=place, message="links are dropped by API Gateway")
    item = mapping(mapping(document.get("paths")).get(way[1]))
    places: dict[str, str] = {}
    for home, holder in ((way, operation), (way[:2], item)):
        listed = holder.get("parameters")
        for index, given in enumerate(listed if isinstance(listed, list) else ()):
            found = mapping(referenced(document, mapping(given).get("$ref")) or given)
            there = (*home, "parameters", str(index))
            yield from _parameter(there, found)
            name, place = str(found.get("name")), str(found.get("in"))
            if place in PLACES and places.setdefault(name, place) != place:
                told = f"parameter {name} is in {places[name]} and in {place}; API Gateway takes a name once"
                yield Refusal(pointer=pointer(there), message=told)


def _parameter(way: Way, parameter: Mapping[str, Any]) -> Iterator[Refusal]:
    place = parameter.get("in")
    if place in PLACES or place == "body" or (place is None and "$ref" in parameter):
        return
    said = nearest(str(place), [*PLACES, "body"])
    told = f"parameter {parameter.get('name')}: API Gateway reads none from {place}{said}"
    yield Refusal(pointer=pointer((*way, "in")), message=told)


def _schemas(document: Mapping[str, Any]) -> Iterator[Refusal]:
    if not is_swagger(document):
        return
    home = schemas_way(document)
    roots = [((*home, name), schema) for name, schema in schemas(document).items()]
    for path, method, operation in operations(document):
        found = [*body_schemas(operation), *answer_schemas(operation)]
        roots += [(("paths", path, method, *way), schema) for way, schema in found]
    while roots:
        way, schema = roots.pop()
        for key in ("oneOf", "anyOf"):
            if key in mapping(schema):
                told = f"{key} is not known to Swagger 2.0 and is dropped; write the definition as OpenAPI 3.0"
                yield Refusal(pointer=pointer((*way, key)), message=told, fact="A15")
        roots += [((*way, *inner), item) for inner, item in subschemas(schema)]
