"""The canonical form: equal for two documents of the same format exactly when they define the same API.

neutral form (region, account and API id by field) + repairs + one way to say each thing: everything that is inherited
stands on the operation, references to parameters and responses are resolved, defaults are left out, sets are sorted,
and what AWS adds to an export by itself is gone. It is itself a definition that can be localised and imported.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any, cast

from backendctl.openapi.arns import NOWHERE, Home
from backendctl.openapi.canonical_operation import canonical_operation
from backendctl.openapi.canonical_parts import (
    canonical_endpoint,
    canonical_gateway_responses,
    canonical_policy,
    canonical_schemes,
    canonical_validators,
    wants_signature,
)
from backendctl.openapi.integrations import METHODS
from backendctl.openapi.layout import (
    BINARY,
    COMPRESSION,
    DOCUMENTATION,
    GATEWAY_RESPONSES,
    KEY_SOURCE,
    VALIDATOR,
    VALIDATORS,
    answer_schemas,
    body_schemas,
    is_swagger,
    schemas,
    schemas_way,
    schemes_way,
)
from backendctl.openapi.neutral import POLICY, make_neutral, operations
from backendctl.openapi.pointer import at, mapping
from backendctl.openapi.repair import repaired
from backendctl.openapi.repair_bodies import STANDARD
from backendctl.openapi.schemas import as_set, model_of, models_within, ordered, rebuilt

CREATED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
"""What an export gives for a version when none was set (A25)."""

GENERATED = re.compile(r"MODEL[0-9a-f]{6,}")
"""The name an import makes up for a schema that was written in place."""

_RESOLVED = ("parameters", "responses", "requestBodies", "headers")
_ROOT_DEFAULTS: Mapping[str, Any] = {KEY_SOURCE: "HEADER", COMPRESSION: None, BINARY: [], "tags": []}
_DECORATIONS = ("x-amazon-apigateway-importexport-version", "consumes", "produces", VALIDATOR)


def canonical(document: Mapping[str, Any], home: Home = NOWHERE) -> dict[str, Any]:
    """A new document; the canonical form of a canonical form is itself. The argument is left as it is.

    Args:
        home: what a document that is not neutral yet names as its own.
    """
    source = repaired(document)[0]
    make_neutral(source, home)
    result: dict[str, Any] = {key: value for key, value in source.items() if key not in _DECORATIONS}
    if str(result.get("openapi")).startswith("3.0"):
        result["openapi"] = "3.0.1"  # what an export says; the patches of the format differ in wording only
    result["paths"] = _paths(source)
    _info(result)
    _resolved(result)
    _write_in_place(result)
    if wants_signature(source):
        holder: Any = result
        for step in schemes_way(result):
            holder = holder.setdefault(step, {})
        holder.setdefault("sigv4", dict(STANDARD["sigv4"]))
    for way in (schemas_way(result), schemes_way(result)):
        _tidy(result, way)
    _extensions(result)
    return result


def digest(document: Mapping[str, Any], home: Home = NOWHERE) -> str:
    """12 hex digits naming the definition: equal for every region and account, and for documents of one canonical form.

    The title is left out: it is the API's name (A8), not what the API does.
    """
    form = canonical(document, home)
    form["info"] = {key: value for key, value in mapping(form.get("info")).items() if key != "title"}
    text = json.dumps(form, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _paths(source: dict[str, Any]) -> dict[str, Any]:
    """The path items, with what their operations inherit written into these."""
    paths: dict[str, Any] = {}
    for path, item in mapping(source.get("paths")).items():
        if not isinstance(item, dict):
            paths[path] = item
            continue
        kept = {key: value for key, value in item.items() if key not in METHODS and key != "parameters"}
        for method in METHODS:
            if method in item:
                kept[method] = canonical_operation(source, item, item[method])
        paths[path] = kept
    return paths


def _info(document: dict[str, Any]) -> None:
    info = document.get("info")
    if isinstance(info, dict) and CREATED.fullmatch(str(info.get("version"))):
        document["info"] = {key: value for key, value in info.items() if key != "version"}


def _resolved(document: dict[str, Any]) -> None:
    """What operations referred to stands in them now."""
    if is_swagger(document):
        for key in ("parameters", "responses"):
            document.pop(key, None)
    elif isinstance(document.get("components"), dict):
        document["components"] = {k: v for k, v in document["components"].items() if k not in _RESOLVED}


def _write_in_place(document: dict[str, Any]) -> None:
    """A schema written in place, and the model an import makes of it, are the same thing."""
    models = cast("dict[str, Any]", schemas(document))
    generated = {
        name: schema
        for name, schema in models.items()
        if GENERATED.fullmatch(name) and name not in models_within(schema, models)
    }
    if not generated:
        return

    def place(schema: dict[str, Any]) -> Any:
        name = model_of(schema)
        return rebuilt(ordered(generated[name]), place) if name in generated else schema

    for _, _, operation in operations(document):
        for way, schema in [*body_schemas(operation), *answer_schemas(operation)]:
            holder: Any = at(operation, way[:-1])
            holder[way[-1]] = rebuilt(schema, place)
    for name in generated:
        del models[name]
    for name, schema in models.items():
        models[name] = rebuilt(schema, place)


def _tidy(document: dict[str, Any], way: tuple[str, ...]) -> None:
    """Models ordered, schemes said in one way; homes that are empty are left out."""
    *outer, last = way
    holder: Any = at(document, outer)
    if isinstance(holder, dict):
        found = holder.get(last)
        if isinstance(found, dict):
            is_schemas = way == schemas_way(document)
            holder[last] = {k: ordered(v) for k, v in found.items()} if is_schemas else canonical_schemes(found)
        if not holder.get(last):
            holder.pop(last, None)
    if not document.get("components", True):
        del document["components"]


def _extensions(document: dict[str, Any]) -> None:
    changes = {
        VALIDATORS: canonical_validators,
        GATEWAY_RESPONSES: canonical_gateway_responses,
        POLICY: canonical_policy,
        BINARY: lambda value: as_set(value) if isinstance(value, list) else value,
        DOCUMENTATION: _documentation,
    }
    for key, change in changes.items():
        if key in document:
            document[key] = change(document[key])
            if not document[key]:
                del document[key]
    for key, value in _ROOT_DEFAULTS.items():
        if key in document and document[key] == value:
            del document[key]
    canonical_endpoint(document)


def _documentation(value: Any) -> Any:
    """Parts have no order: each names its own place. When it was made says nothing."""
    if not isinstance(value, dict):
        return value
    kept = {key: item for key, item in value.items() if key != "createdDate"}
    parts = kept.get("documentationParts")
    return {**kept, "documentationParts": as_set(parts)} if isinstance(parts, list) else kept
