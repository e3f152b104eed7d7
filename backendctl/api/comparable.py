"""A definition without what AWS does not give back, so that an export can be held against a file."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backendctl.openapi import compare
from backendctl.openapi.arns import Home
from backendctl.openapi.diff import Difference, differences
from backendctl.openapi.layout import answer_schemas, body_schemas, schemas
from backendctl.openapi.neutral import operations
from backendctl.openapi.schemas import models_within

_SILENT = "documentation"  # nobody is served it, and an export has it from documentation parts only


def comparable(document: Mapping[str, Any], *, home: Home, bindings: Mapping[str, str]) -> dict[str, Any]:
    """What API Gateway keeps of one region's document, in canonical form; models that no method uses are not exported.

    Args:
        document: as it is sent to a region, or as that region exports it: localised, either way.
        home: that region and account. bindings: of that region.
    """
    form = compare.comparable(document, home=home, bindings=bindings)
    form["info"] = {}  # the title is the API's name (A8), a version says nothing about what is served
    models = schemas(form)
    used = {
        name
        for _, _, operation in operations(form)
        for _, schema in (*body_schemas(operation), *answer_schemas(operation))
        for name in models_within(schema, models)
    }
    for name in [name for name in models if name not in used]:
        del models[name]  # type: ignore[attr-defined]  # it has names, so it is the document's own
    return form


def compared(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    """What differs between two comparable documents as far as anybody is served it."""
    return tuple(found for found in differences(before, after) if found.aspect != _SILENT)
