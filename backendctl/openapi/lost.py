"""What API Gateway does not keep of a definition: an export after an import has the same canonical form but for this.

The loss is data, so that it can be shown before it happens. What is compared with a live API is `surviving`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from backendctl.openapi.canonical import canonical
from backendctl.openapi.integrations import INTEGRATION, MEMBERS, METHODS
from backendctl.openapi.layout import (
    BINARY,
    COMPRESSION,
    GATEWAY_RESPONSES,
    KEY_SOURCE,
    PLACES,
    VALIDATOR,
    VALIDATORS,
    answer_schemas,
    body_schemas,
    is_swagger,
    schemas,
    schemas_way,
    schemes,
    schemes_way,
)
from backendctl.openapi.leaves import MISSING, leaves
from backendctl.openapi.neutral import AUTHORIZER, ENDPOINT, POLICY, operations
from backendctl.openapi.pointer import Way, mapping, pointer
from backendctl.openapi.repair_bodies import STANDARD
from backendctl.openapi.schemas import as_set, models_within, rebuilt

_DOCUMENTATION = "documentation, which API Gateway keeps apart from the API and exports only on request"
_UNSUPPORTED = "API Gateway does not support it"

LOSSES: Mapping[str, tuple[str, str]] = {
    "deprecated": ("dropped by an export", "A15"),
    "example": (_UNSUPPORTED, "A15"),
    "examples": (_UNSUPPORTED, "A15"),
    "default": (_UNSUPPORTED, "A15"),
    "readOnly": (_UNSUPPORTED, "A15"),
    "writeOnly": (_UNSUPPORTED, "A15"),
    "discriminator": (_UNSUPPORTED, "A15"),
    "exclusiveMinimum": (_UNSUPPORTED, "A15"),
    "exclusiveMaximum": (_UNSUPPORTED, "A15"),
    "xml": (_UNSUPPORTED, "A15"),
    "description": (_DOCUMENTATION, "A10"),
    "summary": (_DOCUMENTATION, "A10"),
    "tags": (_DOCUMENTATION, "A10"),
    "externalDocs": (_DOCUMENTATION, "A10"),
    "x-amazon-apigateway-documentation": (_DOCUMENTATION, "A10"),
}
"""Key → why it is lost, and the number of the fact. Everything else that is lost has `_OTHER`."""

_OTHER = ("an import does not read it", "")
_NAMING = frozenset({"responses", "properties", "headers", "content", "schemas", "definitions", "paths"})
"""Below these stand names, which may be like any key."""
_IN_SCHEMAS = frozenset(LOSSES) - {"tags"}
_ROOT = frozenset({"swagger", "openapi", "info", "paths", VALIDATORS, GATEWAY_RESPONSES, POLICY, BINARY, KEY_SOURCE})
_ROOT_TOO = frozenset({COMPRESSION, ENDPOINT, "servers"})
_INFO = ("title", "description", "version")
_OPERATION = ("operationId", "security", VALIDATOR, INTEGRATION)


@dataclass(frozen=True, kw_only=True, slots=True)
class Loss:
    """Attributes: pointer: into the canonical form. why: a few words. fact: its number, "" when none."""

    pointer: str
    why: str
    fact: str


def losses(document: Mapping[str, Any]) -> list[Loss]:
    """What an import and an export would lose of the document, in the order of its canonical form."""
    form = canonical(document)
    return list(_losses(form, _survive(form)))


def surviving(document: Mapping[str, Any]) -> dict[str, Any]:
    """The canonical form of what API Gateway keeps: the same for a file and for the export of what it made.

    Both must be of one format. The name of the API is left in.
    """
    return _survive(canonical(document))


def _losses(form: Mapping[str, Any], kept: Mapping[str, Any]) -> Iterator[Loss]:
    for leaf in leaves(form, kept):
        if leaf.before is MISSING:
            continue  # what an import adds is no loss
        keys = (key for key, outer in zip(leaf.way, ("", *leaf.way), strict=False) if outer not in _NAMING)
        why, fact = next((LOSSES[key] for key in keys if key in LOSSES), _OTHER)
        yield Loss(pointer=pointer(leaf.way), why=why, fact=fact)


def _survive(form: dict[str, Any]) -> dict[str, Any]:
    result = {key: value for key, value in form.items() if key in _ROOT | _ROOT_TOO}
    if isinstance(form.get("info"), dict):
        result["info"] = {key: form["info"][key] for key in _INFO if form["info"].get(key)}
    result["paths"] = {path: kept for path, item in mapping(form.get("paths")).items() if (kept := _item(form, item))}
    _put(result, schemes_way(form), _schemes(form, result))
    models = {name: _schema(schema) for name, schema in schemas(form).items()}
    roots = [schema for _, _, op in operations(result) for _, schema in [*body_schemas(op), *answer_schemas(op)]]
    used = models_within({"allOf": roots}, models)
    _put(result, schemas_way(form), {name: schema for name, schema in models.items() if name in used})
    return result


def _put(document: dict[str, Any], way: Way, value: dict[str, Any]) -> None:
    if value:
        *outer, last = way
        for step in outer:
            document = document.setdefault(step, {})
        document[last] = value


def _schemes(form: Mapping[str, Any], result: Mapping[str, Any]) -> dict[str, Any]:
    """All authorizers, but the key and the signature only when a method asks for them."""
    used = {name for _, _, op in operations(result) for each in op.get("security") or () for name in each}
    return {
        name: scheme
        for name, scheme in schemes(form).items()
        if AUTHORIZER in mapping(scheme) or (name in STANDARD and name in used)
    }


def _item(form: Mapping[str, Any], item: Any) -> dict[str, Any]:
    """Only the methods; a path without any is a resource that no export shows."""
    return {
        method: _operation(form, operation)
        for method, operation in mapping(item).items()
        if method in METHODS and isinstance(operation, dict)
    }


def _operation(form: Mapping[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    swagger = is_swagger(form)
    result = {key: operation[key] for key in _OPERATION if key in operation}
    known = schemes(form)
    security = [each for each in result.pop("security", ()) if known.keys() & mapping(each).keys()]
    if security:
        result["security"] = security
    if isinstance(result.get(INTEGRATION), dict):
        result[INTEGRATION] = {key: value for key, value in result[INTEGRATION].items() if key in MEMBERS}
    listed = operation.get("parameters")
    parameters = [_parameter(each, swagger=swagger) for each in (listed if isinstance(listed, list) else ())]
    if any(parameters):
        result["parameters"] = [each for each in parameters if each]
    content = _content(mapping(operation.get("requestBody")).get("content"))
    if content:
        result["requestBody"] = {"content": content}
    responses = {
        status: _response(each) for status, each in mapping(operation.get("responses")).items() if status.isdigit()
    }
    if responses:
        result["responses"] = responses
    _kinds(operation, result)
    return result


def _parameter(parameter: Any, *, swagger: bool) -> dict[str, Any] | None:
    """Every parameter is a text; of a body only the model is kept."""
    given = mapping(parameter)
    if given.get("in") == "body":
        return {"in": "body", "schema": _schema(given["schema"])} if "schema" in given else None
    if given.get("in") not in PLACES:
        return None
    kept = {key: given[key] for key in ("name", "in", "required") if key in given}
    return {**kept, **({"type": "string"} if swagger else {"schema": {"type": "string"}})}


def _content(content: Any) -> dict[str, Any]:
    return {
        kind: {"schema": _schema(media["schema"])}
        for kind, media in mapping(content).items()
        if "schema" in mapping(media)
    }


def _response(response: Any) -> dict[str, Any]:
    given = mapping(response)
    result: dict[str, Any] = {}
    if given.get("headers"):
        result["headers"] = {name: {} for name in mapping(given["headers"])}
    if "schema" in given:
        result["schema"] = _schema(given["schema"])
    if content := _content(given.get("content")):
        result["content"] = content
    return result


def _kinds(operation: Mapping[str, Any], result: dict[str, Any]) -> None:
    """An export names the content types of templates beside those of models, and so its import makes models of both."""
    integration = mapping(result.get(INTEGRATION))
    answers = mapping(integration.get("responses")).values()
    templates = {
        "consumes": [*mapping(integration.get("requestTemplates"))],
        "produces": [kind for each in answers for kind in mapping(mapping(each).get("responseTemplates"))],
    }
    for key, kinds in templates.items():
        if key in operation:
            result[key] = as_set([*operation[key], *kinds])


def _schema(schema: Any) -> Any:
    return rebuilt(schema, lambda each: {k: v for k, v in each.items() if k not in _IN_SCHEMAS and not _foreign(k)})


def _foreign(key: str) -> bool:
    return key.startswith("x-") and not key.startswith("x-amazon-")
