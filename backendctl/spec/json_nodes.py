"""JSON text as nodes that know their places, as yaml's do: not all JSON is YAML that its parser takes."""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_SPACE = re.compile(r"[ \t\r\n]*")
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_PLAIN = re.compile(r"[^\s,\]}]+")


@dataclass(frozen=True, slots=True)
class Mark:
    """A place; both 0-based."""

    line: int
    column: int


@dataclass(frozen=True, kw_only=True, slots=True)
class JsonNode:
    """One value.

    Attributes:
        id: "mapping", "sequence" or "scalar". value: pairs of nodes, nodes, or the scalar's text.
        style: the quote of a text, "" for anything else.
        flow_style: what yaml calls the braces and brackets of JSON.
    """

    id: str
    value: Any
    start_mark: Mark
    end_mark: Mark
    style: str = ""
    flow_style: bool = True


def compose_json(text: str) -> JsonNode:
    """The root of a text that json has parsed already."""
    return _Reader(text).read()


def doubled(node: JsonNode) -> Iterator[tuple[JsonNode, JsonNode]]:
    """Every key that appears twice in one object: its node, and that of the first."""
    if node.id == "sequence":
        for item in node.value:
            yield from doubled(item)
    if node.id != "mapping":
        return
    seen: dict[str, JsonNode] = {}
    for key, item in node.value:
        if key.value in seen:
            yield key, seen[key.value]
        seen.setdefault(key.value, key)
        yield from doubled(item)


class _Reader:
    """Walks a text that is known to be JSON."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._lines = [0, *(found.end() for found in re.finditer("\n", text))]

    def read(self) -> JsonNode:
        """The value that begins here."""
        self._skip()
        begin = self._at
        match self._text[begin]:
            case "{":
                return self._node("mapping", list(self._members()), begin)
            case "[":
                return self._node("sequence", list(self._items()), begin)
            case '"':
                return self._scalar(_TEXT, begin)
        return self._scalar(_PLAIN, begin)

    def _members(self) -> Iterator[tuple[JsonNode, JsonNode]]:
        while self._more("}"):
            key = self.read()
            self._skip()
            self._at += 1  # the colon
            yield key, self.read()

    def _items(self) -> Iterator[JsonNode]:
        while self._more("]"):
            yield self.read()

    def _more(self, end: str) -> bool:
        """Past the bracket or the comma; whether another one follows."""
        self._skip()
        if self._text[self._at] in "{[,":
            self._at += 1
            self._skip()
        if self._text[self._at] != end:
            return True
        self._at += 1
        return False

    def _scalar(self, pattern: re.Pattern[str], begin: int) -> JsonNode:
        found = pattern.match(self._text, begin)
        if found is None:
            raise AssertionError(begin)
        self._at = found.end()
        quoted = pattern is _TEXT
        value = json.loads(found[0], strict=False) if quoted else found[0]
        return self._node("scalar", value, begin, style='"' if quoted else "")

    def _node(self, kind: str, value: Any, begin: int, *, style: str = "") -> JsonNode:
        return JsonNode(id=kind, value=value, start_mark=self._mark(begin), end_mark=self._mark(self._at), style=style)

    def _mark(self, offset: int) -> Mark:
        line = bisect_right(self._lines, offset) - 1
        return Mark(line, offset - self._lines[line])

    def _skip(self) -> None:
        found = _SPACE.match(self._text, self._at)
        self._at = found.end() if found else self._at


Node = Any
"""A yaml node; yaml's type stubs lack its `id`."""
