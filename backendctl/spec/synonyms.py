"""Keys of a spec that have two names. Everything behind the loader knows one of them."""

from __future__ import annotations

import functools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from backendctl.spec import loader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backendctl.errors import Fault
    from backendctl.spec.json_nodes import Node
    from backendctl.spec.loader import Document, Way
    from backendctl.spec.report import Report

_ANY = "*"
_KEY = {"partition-key": "hash", "sort-key": "range"}
_OLD = {"hold": "bake-time"}
_PLACES: tuple[tuple[tuple[str, ...], Mapping[str, str]], ...] = (
    (("canary",), _OLD),
    (("tables", _ANY, "key"), _KEY),
    (("tables", _ANY, "indexes", _ANY), _KEY),
    (("tables", _ANY, "local-indexes", _ANY), _KEY),
)
"""The mappings that the names belong to. `_OLD` are names of the version before, to be removed after one version."""


@dataclass(frozen=True, slots=True)
class _Found:
    """One mapping that has other names for its keys."""

    way: Way
    names: Mapping[str, str]

    def used(self, document: Document) -> Iterator[tuple[str, str]]:
        """The second names that the file has, each with the one it stands for."""
        given = document.raw(self.way)
        return ((name, other) for name, other in self.names.items() if name in given and other not in given)


def applied(document: Document) -> Document:
    """The same file with one name for each key; what stands where is still known."""
    found = list(_found(document.value))
    if not found:
        return document
    value = document.value
    for one in found:
        value = _replaced(value, one.way, one.names)
    written = {(*one.way, other): name for one in found for name, other in one.used(document)}
    root = functools.cache(lambda: _renamed(document.root(), found))
    return replace(document, value=value, root=root, written=written)


def report_names(document: Document, report: Report) -> tuple[Fault, ...]:
    """Say where a key stands under both of its names.

    Args:
        document: as it was read, before `applied`.

    Returns:
        Warnings of old names.
    """
    old = []
    for one in _found(document.value):
        for name, other in one.names.items():
            if name not in (given := document.raw(one.way)):
                continue
            if other in given:
                message = f"'{name}' and '{other}' are the same setting: remove one of them"
                report.put(document.fault((*one.way, name), message, key=True))
            elif one.names is _OLD:
                message = f"'{name}' is deprecated: rename it to '{other}'"
                old.append(document.fault((*one.way, name), message, key=True))
    return tuple(old)


def _found(value: Any) -> Iterator[_Found]:
    for pattern, names in _PLACES:
        for way, given in _matching(value, pattern):
            if names.keys() & given.keys():
                yield _Found(way, names)


def _matching(value: Any, pattern: tuple[str, ...], way: Way = ()) -> Iterator[tuple[Way, dict[str, Any]]]:
    if not isinstance(value, dict):
        return
    if not pattern:
        yield way, value
        return
    for key in value if pattern[0] == _ANY else [pattern[0]]:
        yield from _matching(value.get(key), pattern[1:], (*way, key))


def _replaced(value: Any, way: Way, names: Mapping[str, str]) -> Any:
    """A copy, as one mapping may stand in several places by an anchor."""
    if way:
        return {key: _replaced(one, way[1:], names) if key == way[0] else one for key, one in value.items()}
    return {names.get(key, key): one for key, one in value.items() if names.get(key) not in value}


def _renamed(root: Node, found: list[_Found]) -> Node:
    for one in found:
        for key in loader.keys_of(root, one.way):
            key.value = one.names.get(key.value, key.value)
    return root
