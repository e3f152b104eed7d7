"""The difference of two definitions, by path, method and aspect: every change, and nothing but changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from backendctl.openapi.breaking import Context, breaking, parameter_of, verb
from backendctl.openapi.integrations import INTEGRATION, METHODS
from backendctl.openapi.layout import (
    BINARY,
    DOCUMENTATION,
    GATEWAY_RESPONSES,
    VALIDATOR,
    VALIDATORS,
    schemas_way,
    schemes_way,
)
from backendctl.openapi.leaves import MISSING, Leaf, leaves
from backendctl.openapi.neutral import POLICY
from backendctl.openapi.pointer import Way, at, pointer


class Action(StrEnum):
    """What became of a part."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One difference, as small as it can be told.

    Attributes:
        path: e.g. "/places/{id}"; None for what belongs to the whole API.
        method: in capitals, "ANY" for any; None for a path as a whole.
        aspect: one of ASPECTS.
        where: the place within its aspect in words, e.g. "200 > headers > Location" or "query limit > required".
        pointer: JSON pointer into the later document; into the earlier one for what was removed.
        before, after: the values; None on the side that has nothing.
        breaking: why callers may break, in one sentence; None when they do not.
    """

    path: str | None
    method: str | None
    aspect: str
    where: str
    pointer: str
    action: Action
    before: Any
    after: Any
    breaking: str | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Section:
    """Differences told together, under a title."""

    title: str
    differences: tuple[Difference, ...]


_OPERATION = {
    "parameters": "parameters",
    "requestBody": "request body",
    "consumes": "request body",
    "responses": "responses",
    "produces": "responses",
    "security": "security",
    VALIDATOR: "validator",
    INTEGRATION: "integration",
    "operationId": "operation name",
}
_DOCUMENTED = frozenset({"summary", "description", "tags", "externalDocs", "deprecated", DOCUMENTATION})
_ROOT = {
    GATEWAY_RESPONSES: "gateway response",
    VALIDATORS: "validator",
    POLICY: "policy",
    BINARY: "binary types",
}
ASPECTS = (
    "path",
    "method",
    "parameters",
    "request body",
    "responses",
    "security",
    "validator",
    "integration",
    "operation name",
    "model",
    "authorizer",
    "gateway response",
    "policy",
    "binary types",
    "settings",
    "documentation",
    "other",
)
"""Every aspect there is, in the order in which they are told."""


def differences(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Every difference of two canonical documents of one format: first what belongs to the API, then path by path.

    Of what is added or removed as a whole, only the whole is told.
    """
    context = Context(before=before, after=after)
    found = [_difference(leaf, context) for leaf in leaves(before, after)]
    return tuple(sorted(found, key=_place))


def is_breaking(found: tuple[Difference, ...]) -> bool:
    """Whether any of them is."""
    return any(each.breaking for each in found)


def _difference(leaf: Leaf, context: Context) -> Difference:
    path, method = _route(leaf.way)
    action = Action.CHANGED
    if leaf.before is MISSING or leaf.after is MISSING:
        action = Action.ADDED if leaf.before is MISSING else Action.REMOVED
    return Difference(
        path=path,
        method=method,
        aspect=_aspect(leaf, context),
        where=" > ".join(_words(leaf, context)),
        pointer=pointer(leaf.was if action is Action.REMOVED else leaf.way),
        action=action,
        before=None if leaf.before is MISSING else leaf.before,
        after=None if leaf.after is MISSING else leaf.after,
        breaking=breaking(leaf, context),
    )


def _route(way: Way) -> tuple[str | None, str | None]:
    if way[:1] != ("paths",) or len(way) == 1:
        return None, None
    is_method = len(way) > len(("paths", "path")) and way[2] in METHODS
    return way[1], verb(way[2]) if is_method else None


def _aspect(leaf: Leaf, context: Context) -> str:
    way = leaf.way
    if way[:1] == ("paths",):
        return _aspect_of_path(leaf, context)
    for document in (context.after, context.before):
        for home, aspect in ((schemas_way(document), "model"), (schemes_way(document), "authorizer")):
            if way[: len(home)] == home:
                return aspect
    if not way:
        return "other"
    if way[0] in _DOCUMENTED or (way[0] == "info" and way[1:] not in {("title",), ("version",), ()}):
        return "documentation"
    return _ROOT.get(way[0], "settings")


def _aspect_of_path(leaf: Leaf, context: Context) -> str:
    match leaf.way[2:]:
        case ():
            return "path"
        case (method,) if method in METHODS:
            return "method"
        case (key, *_) if key not in METHODS:
            return "documentation" if key in _DOCUMENTED else "other"
        case (_, "parameters", *_) if _is_body(leaf, context):
            return "request body"
        case (_, key, *_):
            return "documentation" if key in _DOCUMENTED else _OPERATION.get(key, "other")
    return "other"


def _is_body(leaf: Leaf, context: Context) -> bool:
    return parameter_of(leaf, context).get("in") == "body"


def _words(leaf: Leaf, context: Context) -> Iterator[str]:
    """The steps that neither the route nor the aspect says; names in place of indices."""
    way = leaf.way
    start = 0
    if way[:1] == ("paths",):
        start = 4 if len(way) > len(("paths", "path")) and way[2] in METHODS else 2
    else:
        homes = (schemas_way(context.after), schemes_way(context.after), *((key,) for key in _ROOT))
        start = next((len(home) for home in homes if way[: len(home)] == home), 0)
    told = ""
    for index in range(start, len(way)):
        step = way[index]
        if step.isdigit() and _is_list(way[:index], context):
            step = _name(at(_holder(leaf, index, context), way[: index + 1]))
        if step not in {"", told}:  # a requirement is named by its only key
            yield step
        told = step


def _is_list(way: Way, context: Context) -> bool:
    return any(isinstance(at(document, way), list) for document in (context.after, context.before))


def _holder(leaf: Leaf, index: int, context: Context) -> Mapping[str, Any]:
    """The document that the index counts in: what was removed is found in the earlier one."""
    removed = leaf.after is MISSING and index == len(leaf.way) - 1
    return context.before if removed else context.after


def _name(item: Any) -> str:
    """Of a parameter or a requirement; values of sets say themselves."""
    if not isinstance(item, dict):
        return ""
    if "in" in item:
        return f"{item['in']} {item.get('name', '')}".strip()
    return next(iter(item)) if len(item) == 1 else ""


def _place(found: Difference) -> tuple[bool, str, bool, str, int, str]:
    return (
        found.path is not None,
        found.path or "",
        found.method is not None,
        found.method or "",
        ASPECTS.index(found.aspect),
        found.pointer,
    )
