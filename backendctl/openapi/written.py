"""The canonical form as a file that people keep: complete, and in the order in which one reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backendctl.openapi.arns import Home
from backendctl.openapi.canonical import canonical
from backendctl.openapi.integrations import INTEGRATION
from backendctl.openapi.localise import neutralise
from backendctl.openapi.neutral import NO_VERSION, operations
from backendctl.openapi.pointer import mapping

_ROOT = ("swagger", "openapi", "info", "tags", "servers", "paths", "definitions", "components", "securityDefinitions")
_OPERATION = ("tags", "summary", "description", "operationId", "consumes", "produces", "parameters", "requestBody")
_LAST = ("responses", "security", INTEGRATION)


def written(document: Mapping[str, Any], *, home: Home, bindings: Mapping[str, str] | None = None) -> dict[str, Any]:
    """The definition to write to a file; its canonical form is that of the document.

    What both formats ask for is there, though it says nothing: a version (that of the export: the day it was made),
    the responses of every method.

    Args:
        document: an export, or any definition.
        home: the region and account it came from. bindings: of that region, whose ids become names.
    """
    neutral = neutralise(document, home=home, bindings=bindings)
    form = canonical(neutral)
    version = mapping(neutral.get("info")).get("version")
    form["info"] = {"title": "", **mapping(form.get("info")), "version": version or NO_VERSION}
    for path, method, operation in list(operations(form)):
        operation.setdefault("responses", {})
        form["paths"][path][method] = _ordered(operation, _OPERATION, _LAST)
    return _ordered(form, _ROOT, ())


def _ordered(found: Mapping[str, Any], first: tuple[str, ...], last: tuple[str, ...]) -> dict[str, Any]:
    between = [key for key in found if key not in first and key not in last]
    return {key: found[key] for key in (*first, *between, *last) if key in found}
