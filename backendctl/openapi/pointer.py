"""Places in a document, as JSON pointers (RFC 6901), and walks over all of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from backendctl.whole import whole

Way = tuple[str, ...]
"""Keys and indices that lead to a value, from the root."""


def pointer(way: Iterable[str | int]) -> str:
    """`("paths", "/a~b")` → `/paths/~1a~0b`; the root is ""."""
    return "".join("/" + str(step).replace("~", "~0").replace("/", "~1") for step in way)


def mapping(value: Any) -> Mapping[str, Any]:
    """The value when it is an object, else an empty one: documents are not trusted to have the right types."""
    return value if isinstance(value, dict) else {}


def nodes(value: Any, way: Way = ()) -> Iterator[tuple[Way, Any]]:
    """Every value of the document with the way to it, parents first."""
    waiting = [(way, value)]
    while waiting:  # not by recursion, which costs a step of every level for every value
        way, value = waiting.pop()
        yield way, value
        if isinstance(value, dict):
            waiting += [((*way, str(key)), item) for key, item in reversed(value.items())]
        elif isinstance(value, list):
            waiting += [((*way, str(index)), value[index]) for index in range(len(value) - 1, -1, -1)]


def at(document: Any, way: Iterable[str]) -> Any:
    """The value at the end of the way; None when the way leads nowhere."""
    for step in way:
        if isinstance(document, dict):
            document = document.get(step)
        elif isinstance(document, list) and (index := whole(step)) is not None and index < len(document):
            document = document[index]
        else:
            return None
    return document


def referenced(document: Any, reference: Any) -> Any:
    """What a local `$ref` names; None for one that leads nowhere or out of the document."""
    if not isinstance(reference, str) or not reference.startswith("#/"):
        return None
    return at(document, (step.replace("~1", "/").replace("~0", "~") for step in reference[2:].split("/")))
