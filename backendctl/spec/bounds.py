"""How large a document may be: a few lines of YAML can stand for more than any memory holds."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from backendctl.spec.json_nodes import Node

MOST_VALUES = 250_000
"""Values of a document, each alias counted as what it stands for."""
MOST_ITEMS = 100_000
"""Lines and commas of a YAML text, which say how long it takes to read it."""
MOST_CHARACTERS = 20_000_000
_MOST_BYTES = 4 * MOST_CHARACTERS
_DEEPEST = 200
_LONG = 100
"""Characters of a text that count as one value more."""


def read_text(path: Path, *, encoding: str) -> str:
    """The text of a file; of one without end, such as a device, no more is read than is allowed.

    Raises:
        OSError: it cannot be read, or is larger than any text that is allowed.
        UnicodeDecodeError: it is not in that encoding.
    """
    with path.open("rb") as file:
        content = file.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    return content.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")


def text_fault(text: str, *, yaml: bool) -> str:
    """Why a text is too large to be parsed; empty when it is not. Takes no time, whatever the text."""
    if len(text) > MOST_CHARACTERS:
        return f"the file has {len(text)} characters; {MOST_CHARACTERS} are read"
    items = text.count("\n") + text.count(",")
    if yaml and items > MOST_ITEMS:
        return f"the file has about {items} values; {MOST_ITEMS} are read, and more from a .json file"
    return ""


def node_fault(node: Node) -> tuple[Node, str] | None:
    """The first part of a YAML document that is too large with its aliases expanded, or too deep, and why."""
    sizes: dict[int, int] = {}

    def size(one: Node, depth: int) -> int:
        if depth > _DEEPEST:
            raise _TooMuchError(one, f"this is nested more than {_DEEPEST} deep")
        if id(one) not in sizes:
            sizes[id(one)] = 1  # what contains itself is told by others
            if one.id == "scalar":
                total = 1 + len(one.value) // _LONG
            else:
                parts = [part for item in one.value for part in item] if one.id == "mapping" else one.value
                total = 1 + sum(size(part, depth + 1) for part in parts)
            if total > MOST_VALUES:
                raise _TooMuchError(one, f"this stands for more than {MOST_VALUES} values once aliases are expanded")
            sizes[id(one)] = total
        return sizes[id(one)]

    try:
        size(node, 0)
    except _TooMuchError as found:
        return found.node, found.message
    return None


def value_fault(value: Any) -> str:
    """The same for a document of JSON, which has no aliases."""
    number, waiting = 0, [(value, 0)]
    while waiting:
        one, depth = waiting.pop()
        number += 1
        if number > MOST_VALUES:
            return f"the document has more than {MOST_VALUES} values"
        if depth > _DEEPEST:
            return f"the document is nested more than {_DEEPEST} deep"
        inner = one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
        waiting.extend((part, depth + 1) for part in inner)
    return ""


class _TooMuchError(Exception):
    def __init__(self, node: Node, message: str) -> None:
        super().__init__(message)
        self.node = node
        self.message = message
