"""YAML and JSON files as plain values that know their places.

A value is found by its way from the root, `("functions", "places", "memory")`; `Document.fault` turns such a
way into a `Fault` at file:line:column. Scalars follow YAML 1.2: `no` is text, `0777` is no octal number,
`1:30` is no sexagesimal one and `2026-11-23` is no date.
"""

from __future__ import annotations

import functools
import json
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, cast

from backendctl.comparing import refuse_constant
from backendctl.errors import Fault, SpecError
from backendctl.lazy import lazily
from backendctl.spec import bounds
from backendctl.spec.json_nodes import Node, compose_json, doubled

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    import yaml
else:
    yaml = lazily("yaml")  # the command line must start quickly

Way = tuple[str | int, ...]
"""The keys and positions that lead from the root of a document to a value."""

MISSING: Any = object()
"""What `Document.raw` gives where the file says nothing."""

_TAG = "tag:yaml.org,2002:"
_MERGE = "<<"
_SCALARS = (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("null", r"~|null|Null|NULL|", "~nN\0"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", "-+0123456789."),
)
_QUOTE_IT = "an expression must stand in quotes: '{{ … }}'"
_BARE_EXPRESSION = re.compile(r"(?:^|[:\-\[,]\s*)\{\{")


class _LoaderClass(Protocol):
    def __call__(self, stream: str) -> Any: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Document:
    """One parsed file.

    Attributes:
        file: its path as the user gave it.
        value: dicts with text keys, lists and scalars; not to be changed.
        root: the tree with the marks; for JSON it is made on the first call.
        written: way to a key → the second name that the file has for it.
    """

    file: str
    value: Any
    root: Callable[[], Node | None]
    written: Mapping[Way, str] = field(default_factory=dict)

    def name_of(self, way: Sequence[str | int]) -> str | int:
        """The last step of a way in the file's own words."""
        step: str | int = way[-1]
        return self.written.get(tuple(way), step)

    def fault(self, way: Sequence[str | int], message: str, *, key: bool = False, offset: int | None = None) -> Fault:
        """A fault at the value the way leads to, or at its key; offset: characters into a text."""
        line, column = self.place(way, key=key)
        column += self._inside(way, offset) if offset is not None else 0
        return Fault(file=self.file, line=line, column=column, message=message)

    def place(self, way: Sequence[str | int], *, key: bool = False) -> tuple[int, int]:
        """Line and column, 1-based, of the value or its key; of the nearest parent that exists otherwise."""
        node = parent = self.root()
        if node is None:
            return (1, 1)
        key_node = node
        for depth, step in enumerate(way):
            found = _child(node, step)
            if found is None:
                return _mark(key_node if depth and node.id != "scalar" else node)
            parent, (key_node, node) = node, found
        return _mark(key_node if key and _is_map(parent) else node)

    def _inside(self, way: Sequence[str | int], offset: int) -> int:
        node = self._node(way)
        if node is None or node.id != "scalar" or node.start_mark.line != node.end_mark.line:
            return 0
        return offset + bool(node.style)  # the quote

    def source(self, way: Sequence[str | int]) -> str | None:
        """The text of an unquoted scalar as the file has it, None for anything else."""
        node = self._node(way)
        return str(node.value) if node is not None and node.id == "scalar" and not node.style else None

    def span(self, way: Sequence[str | int]) -> tuple[tuple[int, int], tuple[int, int]] | None:
        """Line and column, 1-based, of the first character of a scalar and of the one behind it.

        None where there is no scalar. Of an alias, that of its anchor's value.
        """
        node = self._node(way)
        if node is None or node.id != "scalar":
            return None
        return _mark(node), (node.end_mark.line + 1, node.end_mark.column + 1)

    def key_place(self, way: Sequence[str | int]) -> tuple[int, int, bool] | None:
        """Line and column, 1-based, of a key, and whether its mapping is in flow style; None where it is not."""
        parent = self._node(way[:-1])
        found = _child(parent, way[-1]) if parent is not None else None
        return None if parent is None or found is None else (*_mark(found[0]), bool(parent.flow_style))

    def _node(self, way: Sequence[str | int]) -> Node | None:
        node = self.root()
        for step in way:
            found = _child(node, step) if node is not None else None
            if found is None:
                return None
            node = found[1]
        return node

    def raw(self, way: Sequence[str | int]) -> Any:
        """The value as the file has it, `MISSING` where it says nothing."""
        value = self.value
        for step in way:
            here = dict(enumerate(value)) if isinstance(value, list) else value
            if not isinstance(here, dict) or step not in here:
                return MISSING
            value = here[step]
        return value

    def nearest(self, way: Sequence[str | int]) -> Any:
        """The value as the file has it, or that of the nearest parent there is."""
        steps = tuple(way)
        while self.raw(steps) is MISSING:
            steps = steps[:-1]
        return self.raw(steps)


def read(path: Path) -> Document:
    """Parse a file: `.json` as JSON, anything else as YAML.

    Raises:
        SpecError: it cannot be read, does not parse, or names a key twice.
    """
    file = str(path)
    try:
        text = bounds.read_text(path, encoding="utf-8-sig")
    except FileNotFoundError:
        raise SpecError([_at(file, 0, 0, "there is no such file")]) from None
    except UnicodeDecodeError as error:
        raise SpecError([_at(file, 0, 0, f"the file is not UTF-8 text (byte {error.start})")]) from None
    except OSError as error:
        raise SpecError([_at(file, 0, 0, f"the file cannot be read: {error.strerror}")]) from None
    return parse_json(text, file=file) if path.suffix == ".json" else parse_yaml(text, file=file)


def parse_yaml(text: str, *, file: str) -> Document:
    """Parse YAML text; raises SpecError with every duplicate key, or the first thing that does not parse."""
    node = _compose(text, file=file)
    if node is not None and (found := bounds.node_fault(node)):
        raise SpecError([_at(file, *_mark(found[0]), found[1])])
    builder = _Builder(file=file)
    value = builder.value(node) if node is not None else None
    if builder.faults:
        raise SpecError(builder.faults)
    return Document(file=file, value=value, root=lambda: node)


def parse_json(text: str, *, file: str) -> Document:
    """Parse JSON text; raises SpecError likewise."""
    if message := bounds.text_fault(text, yaml=False):
        raise SpecError([_at(file, 0, 0, message)])
    repeated = False

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        nonlocal repeated
        made = dict(items)
        repeated = repeated or len(made) != len(items)
        return made

    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_constant=refuse_constant)
    except json.JSONDecodeError as error:
        message = f"the JSON does not parse: {error.msg}"
        raise SpecError([_at(file, error.lineno, error.colno, message)]) from None
    except (RecursionError, ValueError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise SpecError([_at(file, 1, 1, f"the JSON does not parse: {why}")]) from None
    if message := bounds.value_fault(value):
        raise SpecError([_at(file, 0, 0, message)])
    if repeated:
        found = list(doubled(compose_json(text)))
        raise SpecError([_at(file, *_mark(key), _twice(key.value, first)) for key, first in found])
    return Document(file=file, value=value, root=functools.cache(lambda: compose_json(text)))


def _twice(key: str, first: Node) -> str:
    return f"'{key}' is given twice; the first is on line {first.start_mark.line + 1}"


@dataclass(kw_only=True, slots=True)
class _Builder:
    """Turns nodes into values; collects what is wrong on the way."""

    file: str
    faults: list[Fault] = field(default_factory=list)
    made: dict[int, Any] = field(default_factory=dict)
    unfinished: set[int] = field(default_factory=set)

    def value(self, node: Node) -> Any:
        if id(node) in self.unfinished:
            self._fault(node, "this anchor contains itself")
            return None
        if id(node) not in self.made:
            self.unfinished.add(id(node))
            self.made[id(node)] = self._make(node)
            self.unfinished.discard(id(node))
        return self.made[id(node)]

    def _make(self, node: Node) -> Any:
        if node.id == "mapping" and node.tag == _TAG + "map":
            return self._mapping(node)
        if node.id == "sequence" and node.tag == _TAG + "seq":
            return [self.value(item) for item in node.value]
        if node.id == "scalar" and node.tag.removeprefix(_TAG) in _CONVERT:
            return _scalar(node.tag.removeprefix(_TAG), str(node.value))
        self._fault(node, f"the tag '{node.tag.replace(_TAG, '!!')}' means nothing here")
        return None

    def _mapping(self, node: Node) -> dict[str, Any]:
        made: dict[str, Any] = {}
        merged: list[dict[str, Any]] = []
        lines: dict[str, int] = {}
        for key, item in node.value:
            if key.id != "scalar":
                self._fault(key, _QUOTE_IT if key.id == "mapping" else "a key must be plain text")
            elif key.value == _MERGE and not key.style:
                merged += self._merged(item)
            elif key.value in lines:
                self._fault(key, f"'{key.value}' is given twice; the first is on line {lines[key.value]}")
            else:
                lines[key.value] = key.start_mark.line + 1
                made[key.value] = self.value(item)
        for other in merged:
            made = {**other, **made}
        return made

    def _merged(self, node: Node) -> list[dict[str, Any]]:
        values = self.value(node)
        found = values if isinstance(values, list) else [values]
        if all(isinstance(one, dict) for one in found):
            return found
        self._fault(node, "'<<' takes a mapping, or a list of mappings")
        return []

    def _fault(self, node: Node, message: str) -> None:
        line, column = _mark(node)
        self.faults.append(_at(self.file, line, column, message))


_CONVERT: dict[str, Callable[[str], Any]] = {
    "str": str,
    "bool": lambda text: text.lower() == "true",
    "null": lambda _: None,
    "int": lambda text: int(text, 0) if text[:2] in {"0x", "0o"} else int(text),
    "float": float,
}


def _scalar(kind: str, text: str) -> Any:
    try:
        value = _CONVERT[kind](text)
    except ValueError:  # !!int on text
        return text
    return text if isinstance(value, float) and not math.isfinite(value) else value  # 12e4567 is a commit


@functools.cache
def _loader_class() -> _LoaderClass:
    base: Any = getattr(yaml, "CLoader", yaml.Loader)  # without libyaml: ten times slower, the same result

    class Yaml12(base):  # type: ignore[misc]
        yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}

    for kind, pattern, first in _SCALARS:
        begins = ["" if one == "\0" else one for one in first]
        Yaml12.add_implicit_resolver(_TAG + kind, re.compile(rf"^(?:{pattern})$"), begins)
    return cast("_LoaderClass", Yaml12)


def _compose(text: str, *, file: str) -> Node | None:
    if message := bounds.text_fault(text, yaml=True):
        raise SpecError([_at(file, 0, 0, message)])
    loader = _loader_class()(text)
    try:
        return loader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        raise SpecError([_at(file, line, column, _plain(error.problem or "", text.splitlines(), line))]) from None
    except yaml.YAMLError as error:  # an unprintable character
        raise SpecError([_at(file, 0, 0, f"the YAML does not parse: {str(error).splitlines()[0]}")]) from None
    finally:
        loader.dispose()


def _plain(problem: str, lines: list[str], line: int) -> str:
    shown = lines[line - 1] if 0 < line <= len(lines) else ""
    before = lines[line - 2] if 1 < line <= len(lines) + 1 else ""
    if _BARE_EXPRESSION.search(shown) or _BARE_EXPRESSION.search(before):
        return _QUOTE_IT
    if "\t" in shown[: len(shown) - len(shown.lstrip())]:
        return "a tab indents this line; YAML takes spaces only"
    return f"the YAML does not parse: {problem}"


def _child(node: Node, step: str | int) -> tuple[Node, Node] | None:
    if node.id == "sequence":
        known = isinstance(step, int) and step < len(node.value)
        return (node.value[step], node.value[step]) if known else None
    if node.id != "mapping":
        return None
    for key, item in node.value:
        if key.value == step:
            return (key, item)
    for key, item in node.value:
        if key.value == _MERGE:
            for other in item.value if item.id == "sequence" else [item]:
                if found := _child(other, step):
                    return found
    return None


def keys_of(node: Node, way: Sequence[str | int]) -> list[Node]:
    """The nodes of the keys of the mapping that the way leads to, merged ones too."""
    for step in way:
        found = _child(node, step)
        if found is None:
            return []
        node = found[1]
    return list(_keys(node))


def _keys(node: Node) -> Iterator[Node]:
    for key, item in node.value if node.id == "mapping" else ():
        yield key
        if key.value == _MERGE:
            for other in item.value if item.id == "sequence" else [item]:
                yield from _keys(other)


def _is_map(node: Node | None) -> bool:
    return node is not None and node.id == "mapping"


def _mark(node: Node) -> tuple[int, int]:
    return (node.start_mark.line + 1, node.start_mark.column + 1)


def _at(file: str, line: int, column: int, message: str) -> Fault:
    return Fault(file=file, line=line, column=column, message=message)
