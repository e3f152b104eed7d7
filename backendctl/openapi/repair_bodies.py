"""Repairs of what stands in the wrong shape: nothing for an object, empty schemas, references that lead elsewhere."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

from backendctl.openapi.integrations import INTEGRATION
from backendctl.openapi.layout import AUTHTYPE, is_swagger, schemas, schemas_way, schemes, schemes_way
from backendctl.openapi.neutral import operations
from backendctl.openapi.pointer import Way, mapping, nodes

Repairs = Iterator[tuple[Way, str]]

STANDARD = {
    "api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"},
    "sigv4": {"type": "apiKey", "name": "Authorization", "in": "header", AUTHTYPE: "awsSigv4"},
}
"""The two schemes that exports always call by these names."""

_NOBODY = "NONE"
_MODEL_URL = re.compile(r"https?://apigateway[^/]*/restapis/[^/]+/models/([A-Za-z0-9]+)")
_NOTHING = "nothing stood where an object belongs"


def drop_nothing(document: dict[str, Any]) -> Repairs:
    """`null`, which generators write for "none"; the parser of an import takes it for a broken document."""
    for path, method, operation in operations(document):
        way = ("paths", path, method)
        yield from _without(way, operation)
        integration = operation.get(INTEGRATION)
        for holder_way, holder in ((way, operation), ((*way, INTEGRATION), integration)):
            if isinstance(holder, dict):
                yield from _without(holder_way, holder)
                yield from _filled((*holder_way, "responses"), holder.get("responses"))
        for content_way, content in _contents(way, operation):
            yield from _filled(content_way, content)
    for root in ("paths", "components", "definitions", "info"):
        if root in document and document[root] is None:
            document[root] = {}
            yield (root,), _NOTHING
    for name in [name for name, schema in schemas(document).items() if schema is None]:
        cast("dict[str, Any]", schemas(document))[name] = {}
        yield (*schemas_way(document), name), _NOTHING


def _without(way: Way, holder: dict[str, Any]) -> Repairs:
    for key in [key for key, value in holder.items() if value is None]:
        del holder[key]
        yield (*way, key), _NOTHING


def _filled(way: Way, holder: Any) -> Repairs:
    for key in [key for key, value in mapping(holder).items() if value is None]:
        holder[key] = {}
        yield (*way, key), _NOTHING


def _contents(way: Way, operation: dict[str, Any]) -> Iterator[tuple[Way, Any]]:
    yield (*way, "requestBody", "content"), mapping(operation.get("requestBody")).get("content")
    for status, response in mapping(operation.get("responses")).items():
        yield (*way, "responses", status, "content"), mapping(response).get("content")


def model_urls(document: dict[str, Any]) -> Repairs:
    """Models made by hand refer to each other by a URL that holds the API's id."""
    home = "#/" + "/".join(schemas_way(document)) + "/"
    for way, node in nodes(document):
        found = _MODEL_URL.fullmatch(str(node.get("$ref", ""))) if isinstance(node, dict) else None
        if found:
            node["$ref"] = home + found[1]
            yield (*way, "$ref"), f"the model {found[1]} was named by the URL of one API"


def empty_schemas(document: dict[str, Any]) -> Repairs:
    """A schema that says nothing becomes a model that says nothing, which an export then leaves out."""
    for path, method, operation in operations(document):
        way = ("paths", path, method)
        bodies = [p for p in operation.get("parameters") or () if mapping(p).get("in") == "body"]
        for parameter in bodies:
            if parameter.get("schema") in ({}, None):
                yield (*way, "parameters"), f"the body {parameter.get('name', '')} has no schema; it is left out"
                operation["parameters"] = [each for each in operation["parameters"] if each is not parameter]
        for status, response in mapping(operation.get("responses")).items():
            if "schema" in mapping(response) and response["schema"] in ({}, None):
                del response["schema"]
                yield (*way, "responses", status, "schema"), "an empty schema says nothing; it is left out"
        for content_way, content in _contents(way, operation):
            for kind, media in mapping(content).items():
                if "schema" in mapping(media) and media["schema"] in ({}, None):
                    del media["schema"]
                    yield (*content_way, kind, "schema"), "an empty schema says nothing; it is left out"


def header_types(document: dict[str, Any]) -> Repairs:
    """A response header without a type; API Gateway knows only texts."""
    swagger = is_swagger(document)
    for path, method, operation in operations(document):
        for status, response in mapping(operation.get("responses")).items():
            headers = cast("dict[str, Any]", mapping(mapping(response).get("headers")))
            for name, header in list(headers.items()):
                if header is None or header == {}:
                    headers[name] = {"type": "string"} if swagger else {"schema": {"type": "string"}}
                    yield ("paths", path, method, "responses", status, "headers", name), "a header is a text"


def path_parameters(document: dict[str, Any]) -> Repairs:
    """A parameter of the path that is not required: both formats forbid it."""
    for path, item in mapping(document.get("paths")).items():
        for key, holder in [("", item), *mapping(item).items()]:
            parameters = mapping(holder).get("parameters")
            for index, parameter in enumerate(parameters if isinstance(parameters, list) else ()):
                if mapping(parameter).get("in") == "path" and parameter.get("required") is not True:
                    parameter["required"] = True
                    way = ("paths", path, *((key,) if key else ()), "parameters", str(index))
                    yield way, f"{parameter.get('name')} is part of the path, so it is required"


def operation_ids(document: dict[str, Any]) -> Repairs:
    """API Gateway lets two methods have one operation name and exports it twice; an import refuses the second."""
    seen = {operation.get("operationId") for _, _, operation in operations(document)}
    met: set[Any] = set()
    for path, method, operation in sorted(operations(document), key=lambda found: found[:2]):
        name = operation.get("operationId")
        if name in met and isinstance(name, str):
            number = next(n for n in range(2, len(seen) + len(met) + 3) if f"{name}{n}" not in seen)
            operation["operationId"] = f"{name}{number}"
            seen.add(operation["operationId"])
            yield ("paths", path, method, "operationId"), f"{name} is taken; this one is {name}{number}"
        met.add(operation.get("operationId"))


def nobody(document: dict[str, Any]) -> Repairs:
    """`NONE` for a method that asks nobody, as templates of SAM say it; API Gateway takes it for an unknown scheme."""
    if _NOBODY in schemes(document):
        return
    for path, method, operation in operations(document):
        listed = operation.get("security")
        if isinstance(listed, list) and any(_NOBODY in mapping(each) for each in listed):
            kept = [{k: v for k, v in mapping(each).items() if k != _NOBODY} for each in listed]
            operation["security"] = [each for each in kept if each]
            yield ("paths", path, method, "security"), f"{_NOBODY} is not a scheme: it means no authorization"


def standard_schemes(document: dict[str, Any]) -> Repairs:
    """A key or signature that methods ask for but nothing defines: an import would leave the methods open."""
    defined = schemes(document)
    asked = {
        name
        for holder in [document, *(operation for _, _, operation in operations(document))]
        for requirement in (holder.get("security") if isinstance(holder.get("security"), list) else None) or ()
        for name in mapping(requirement)
    }
    for name in sorted(asked & STANDARD.keys() - defined.keys()):
        home: Any = document
        for step in schemes_way(document):
            home = home.setdefault(step, {})
        home[name] = dict(STANDARD[name])
        yield (*schemes_way(document), name), f"{name} was asked for and not defined"
