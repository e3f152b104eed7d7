"""Which operation of a definition a request reaches, by API Gateway's rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from backendctl.openapi.integrations import ANY_METHOD
from backendctl.openapi.neutral import operations


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """What a request reaches.

    Attributes:
        path: as the definition has it, "/places/{id}". parameters: of the path, decoded.
    """

    path: str
    operation: Mapping[str, Any]
    parameters: Mapping[str, str]


def route_of(document: Mapping[str, Any], method: str, path: str) -> Route | None:
    """The operation that a request reaches; None when there is none.

    A literal part wins over `{name}`, which wins over `{name+}`; the method itself wins over any method.

    Args:
        path: as it is sent, without the query string.
    """
    parts = [part for part in path.split("/") if part]
    found: list[tuple[list[int], bool, Route]] = []
    for template, key, operation in operations(document):
        if key not in {method.lower(), ANY_METHOD}:
            continue
        fitted = _fitted([part for part in template.split("/") if part], parts)
        if fitted is not None:
            ranks, parameters = fitted
            found.append((ranks, key == ANY_METHOD, Route(path=template, operation=operation, parameters=parameters)))
    return min(found, key=lambda one: one[:2])[2] if found else None


def _fitted(template: list[str], parts: list[str]) -> tuple[list[int], dict[str, str]] | None:
    """How specific the template is, part by part, and the parameters; None when it does not fit."""
    ranks: list[int] = []
    parameters: dict[str, str] = {}
    for position, wanted in enumerate(template):
        if wanted.endswith("+}") and len(parts) > position:
            parameters[wanted[1:-2]] = unquote("/".join(parts[position:]))
            return [*ranks, 2], parameters
        if position >= len(parts):
            return None
        if wanted.startswith("{") and wanted.endswith("}"):
            parameters[wanted[1:-1]] = unquote(parts[position])
            ranks.append(1)
        elif wanted == unquote(parts[position]):
            ranks.append(0)
        else:
            return None
    return (ranks, parameters) if len(parts) == len(template) else None
