"""Where in its file a part of a definition stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from backendctl.errors import Fault
from backendctl.whole import whole

if TYPE_CHECKING:
    from backendctl.spec.loader import Document

Place = Callable[[str], str]
"""JSON pointer → what to say of the place."""


def place_in(document: Document | None, told: str) -> Place:
    """Pointers told as file:line:column; as `told` and the pointer where the definition is no file."""
    if document is None:
        return lambda pointer: f"{told} {pointer}" if pointer else told
    return lambda pointer: str(fault_at(document, pointer, "")).removesuffix(": ")


def fault_at(document: Document, pointer: str, message: str) -> Fault:
    """A fault at the value a JSON pointer leads to, or at the nearest part that the file has."""
    way: list[str | int] = []
    value: Any = document.value
    for step in pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        number = whole(key) if isinstance(value, list) else None
        index = key if number is None else number
        way.append(index)
        value = _inside(value, index)
    return document.fault(way, message)


def _inside(value: Any, step: str | int) -> Any:
    if isinstance(value, dict):
        return value.get(step)
    if isinstance(value, list) and isinstance(step, int) and step < len(value):
        return value[step]
    return None
