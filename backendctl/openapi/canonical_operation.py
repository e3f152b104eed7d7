"""One operation in canonical form: what it inherits or refers to is written out, defaults are not."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backendctl.openapi.canonical_integration import canonical_integration
from backendctl.openapi.canonical_parts import scheme_names
from backendctl.openapi.integrations import INTEGRATION
from backendctl.openapi.layout import LEGACY_AUTH, VALIDATOR, is_swagger
from backendctl.openapi.pointer import mapping, referenced
from backendctl.openapi.schemas import as_set, ordered

_DEFAULTS: Mapping[str, Any] = {"deprecated": False, "tags": [], "parameters": [], "security": [], "responses": {}}


def canonical_operation(document: Mapping[str, Any], item: Mapping[str, Any], operation: Any) -> Any:
    """A new operation, from one of the neutral document.

    Args:
        item: the path item it stands in, whose parameters it inherits.
    """
    if not isinstance(operation, dict):
        return operation
    result = {key: value for key, value in operation.items() if key != LEGACY_AUTH}
    result["parameters"] = _parameters(document, item, operation)
    result["responses"] = _responses(document, operation.get("responses"))
    result["security"] = _security(document, operation)
    if isinstance(result.get("tags"), list):
        result["tags"] = as_set(result["tags"])
    if isinstance(operation.get(INTEGRATION), dict):
        result[INTEGRATION] = canonical_integration(operation[INTEGRATION])
    validator = operation.get(VALIDATOR) or document.get(VALIDATOR)
    if validator:
        result[VALIDATOR] = validator
    if "requestBody" in result:
        result["requestBody"] = _request_body(document, result["requestBody"])
        if not result["requestBody"]:
            del result["requestBody"]
    if is_swagger(document):
        _kinds(document, result)
    return {key: value for key, value in result.items() if key not in _DEFAULTS or value != _DEFAULTS[key]}


def _parameters(document: Mapping[str, Any], item: Mapping[str, Any], operation: Mapping[str, Any]) -> Any:
    """Sorted: each is known by its place and name. One of the operation wins over one of the path."""
    merged: dict[tuple[str, str], Any] = {}
    for holder in (item, operation):
        listed = holder.get("parameters")
        for given in listed if isinstance(listed, list) else ():
            parameter = _resolved(document, given)
            if isinstance(parameter, dict):
                key = str(parameter.get("in")), str(parameter.get("name", parameter.get("$ref", "")))
                merged[key] = _parameter(parameter)
    return [merged[key] for key in sorted(merged)]


def _parameter(parameter: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in parameter.items() if not (key == "required" and value is False)}
    if isinstance(kept.get("schema"), dict):
        kept["schema"] = ordered(kept["schema"])
    elif isinstance(kept.get("enum"), list):
        kept["enum"] = as_set(kept["enum"])
    return kept


def _request_body(document: Mapping[str, Any], given: Any) -> Any:
    body = _resolved(document, given)
    if not isinstance(body, dict) or not body.get("content"):
        return {}
    kept = {key: value for key, value in body.items() if not (key == "required" and value is False)}
    return {**kept, "content": _content(body["content"])}


def _content(content: Any) -> Any:
    return {
        kind: {**media, "schema": ordered(media["schema"])} if "schema" in mapping(media) else media
        for kind, media in mapping(content).items()
    }


def _responses(document: Mapping[str, Any], responses: Any) -> Any:
    return {status: _response(document, given) for status, given in mapping(responses).items()}


def _response(document: Mapping[str, Any], given: Any) -> Any:
    response = _resolved(document, given)
    if not isinstance(response, dict):
        return response
    kept = dict(response)
    if "schema" in kept:
        kept["schema"] = ordered(kept["schema"])
    if "content" in kept:
        kept["content"] = _content(kept["content"])
    if "headers" in kept:
        kept["headers"] = {name: _resolved(document, header) for name, header in mapping(kept["headers"]).items()}
    return {key: value for key, value in kept.items() if not (key in {"content", "headers"} and value == {})}


def _resolved(document: Mapping[str, Any], value: Any) -> Any:
    """What a local reference leads to; a reference that leads nowhere stays, to be refused."""
    for _ in range(10):  # a chain longer than this is a circle
        found = referenced(document, mapping(value).get("$ref"))
        if found is None:
            return value
        value = found
    return value


def _security(document: Mapping[str, Any], operation: Mapping[str, Any]) -> Any:
    """One name each, sorted: API Gateway asks for all of them, whether written as alternatives or together.

    Scopes are alternatives, so a set.
    """
    names = scheme_names(document)
    scopes: dict[str, list[Any]] = {}
    given = operation.get("security")
    for requirement in given if isinstance(given, list) else ():
        for name, wanted in mapping(requirement).items():
            scopes.setdefault(names.get(name, name), []).extend(wanted if isinstance(wanted, list) else ())
    legacy = mapping(operation.get(LEGACY_AUTH)).get("type")
    if isinstance(legacy, str) and legacy.lower() == "aws_iam":
        scopes.setdefault("sigv4", [])
    return [{name: as_set(scopes[name])} for name in sorted(scopes)]


def _kinds(document: Mapping[str, Any], operation: dict[str, Any]) -> None:
    """`consumes` and `produces` say under which content types models stand; without a model they say nothing.

    An export writes them for every method (recorded).
    """
    has_body = any(mapping(each).get("in") == "body" for each in operation["parameters"])
    has_answer = any("schema" in mapping(each) for each in operation["responses"].values())
    for key, needed in (("consumes", has_body), ("produces", has_answer)):
        kinds = operation.pop(key, None) or document.get(key) or ["application/json"]
        if needed and isinstance(kinds, list):
            operation[key] = as_set(kinds)
