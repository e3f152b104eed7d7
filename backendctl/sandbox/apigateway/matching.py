"""Which resource of a definition a path reaches."""

from __future__ import annotations

from collections.abc import Iterator

from backendctl.sandbox.apigateway.model import Definition, Doc


def resource_for(definition: Definition, path: str) -> tuple[Doc, dict[str, str]] | None:
    """The most specific resource that has methods, and its path parameters.

    A literal part wins over `{name}`, which wins over `{name+}`; a resource without any method is only a step
    on the way and never an answer.
    """
    parts = [part for part in path.split("/") if part]
    root = definition.resources[definition.root_id]
    return next(_walk(definition, root, parts, {}), None)


def _walk(
    definition: Definition, resource: Doc, parts: list[str], found: dict[str, str]
) -> Iterator[tuple[Doc, dict[str, str]]]:
    if not parts:
        if resource["methods"]:
            yield resource, found
        return
    head, rest = parts[0], parts[1:]
    for child in sorted(definition.children(resource["id"]), key=_rank):
        part = str(child["pathPart"])
        if part.endswith("+}"):
            if child["methods"]:
                yield child, {**found, part[1:-2]: "/".join(parts)}
        elif part.startswith("{"):
            yield from _walk(definition, child, rest, {**found, part[1:-1]: head})
        elif part == head:
            yield from _walk(definition, child, rest, found)


def _rank(resource: Doc) -> int:
    part = str(resource["pathPart"])
    return 2 if part.endswith("+}") else int(part.startswith("{"))


def method_of(resource: Doc, verb: str) -> Doc | None:
    """The method for a verb; ANY catches what has none of its own."""
    methods: Doc = resource["methods"]
    found: Doc | None = methods.get(verb) or methods.get("ANY")
    return found
