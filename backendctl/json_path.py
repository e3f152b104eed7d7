"""JSON paths as tests and comparisons use them: `$.places[0].id`, `$.places[*].updated`, `$..etag`, `$['a b']`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

_STEP = re.compile(
    r"""\.\.(?P<deep>[A-Za-z_$][\w$-]*) | \.(?P<name>[A-Za-z_$][\w$-]*) | (?P<all>\.\*|\[\*\])
    | \[(?P<index>-?[0-9]{1,18})\] | \[(?P<quote>['"])(?P<quoted>(?:[^'"\\]|\\.)*)(?P=quote)\]""",
    re.VERBOSE,
)

Way = tuple[str | int, ...]
"""Keys and positions that lead from the root of a value to a part of it."""


class PathError(ValueError):
    """Not a path; offset: characters into the text where it goes wrong."""

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(frozen=True, kw_only=True, slots=True)
class JsonPath:
    """A parsed path. steps: (kind, key), where kind is "key", "index", "all" or "deep"."""

    text: str
    steps: tuple[tuple[str, str | int], ...]

    def select(self, value: Any) -> list[tuple[Way, Any]]:
        """Every part of the value that the path leads to, with the way there; empty when there is none."""
        found: list[tuple[Way, Any]] = [((), value)]
        for kind, key in self.steps:
            found = [reached for way, part in found for reached in _step(kind, key, way, part)]
        return found


def parse(text: str) -> JsonPath:
    """Read a path.

    Raises:
        PathError: it is none.
    """
    if not text.startswith("$"):
        raise PathError(f"'{text}' is not a JSON path: it begins with $, such as $.places[0].id", 0)
    steps: list[tuple[str, str | int]] = []
    place = 1
    while place < len(text):
        found = _STEP.match(text, place)
        if found is None:
            raise PathError(
                f"'{text}' is not a JSON path from '{text[place:]}' on; write $.name, [0], [*] or $..name", place
            )
        steps.append(_kind(found))
        place = found.end()
    return JsonPath(text=text, steps=tuple(steps))


def written(way: Sequence[str | int]) -> str:
    """`("places", 0, "a b")` → `$.places[0]['a b']`."""
    parts = [
        f"[{step}]" if isinstance(step, int) else f".{step}" if re.fullmatch(r"[A-Za-z_]\w*", step) else f"['{step}']"
        for step in way
    ]
    return "$" + "".join(parts)


def _kind(found: re.Match[str]) -> tuple[str, str | int]:
    if found["deep"] is not None:
        return "deep", found["deep"]
    if found["all"] is not None:
        return "all", ""
    if found["index"] is not None:
        return "index", int(found["index"])
    name = found["name"] if found["name"] is not None else re.sub(r"\\(.)", r"\1", found["quoted"])
    return "key", name


def _step(kind: str, key: str | int, way: Way, part: Any) -> Iterator[tuple[Way, Any]]:
    if kind == "key" and isinstance(part, dict) and key in part:
        yield (*way, key), part[key]
    elif kind == "index" and isinstance(part, list) and isinstance(key, int) and -len(part) <= key < len(part):
        yield (*way, key % len(part)), part[key]
    elif kind == "all":
        yield from _children(way, part)
    elif kind == "deep":
        for inner, value in _everything(way, part):
            if isinstance(value, dict) and key in value:
                yield (*inner, key), value[key]


def _children(way: Way, part: Any) -> Iterator[tuple[Way, Any]]:
    items = part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ()
    for key, value in items:
        yield (*way, key), value


def _everything(way: Way, part: Any) -> Iterator[tuple[Way, Any]]:
    yield way, part
    for inner, value in _children(way, part):
        yield from _everything(inner, value)
