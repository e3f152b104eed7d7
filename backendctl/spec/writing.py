"""Changing one number in a spec and nothing else: comments, order and layout stay as they are.

The text is edited at the place the loader remembers, and parsed again: unless exactly the one value differs, nothing
is written. That holds for anchors, merges and flow style alike, without a second YAML library that would lay the file
out anew.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backendctl.errors import SpecError, UsageError
from backendctl.spec import loader
from backendctl.spec.loader import MISSING, Document, Way

if TYPE_CHECKING:
    from collections.abc import Sequence

_BOM = "\ufeff"
_MEMORY = "memory"
_BEFORE = "timeout"
"""The key that a new one is put before, where it is there."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Edit:
    """A spec with one number changed, not yet written.

    Attributes:
        way: to the number. before: None where the file said nothing. text: of the whole file.
    """

    file: Path
    way: Way
    before: int | None
    after: int
    text: str

    def write(self) -> None:
        """Write the file in place."""
        with self.file.open("w", encoding="utf-8", newline="") as out:
            out.write(self.text)


def memory_edit(file: Path, function: str, regions: Sequence[str], memory: int) -> Edit:
    """The edit that gives a function that memory (MB) in these regions.

    Where one of them has a memory of its own, that is what changes; else the function's.

    Raises:
        SpecError: the file does not parse. UsageError: it cannot be changed alone, or the regions stand apart.
    """
    document = loader.read(file)
    ways = {_way(document, function, region) for region in regions}
    if len(ways) > 1:
        raise UsageError(
            f"{file} gives {function} a memory of its own in some of {', '.join(regions)}: name one region"
        )
    return integer_edit(file, document, ways.pop(), memory)


def _way(document: Document, function: str, region: str) -> Way:
    own: Way = ("functions", function, "regions", region, _MEMORY)
    return own if document.raw(own) is not MISSING else ("functions", function, _MEMORY)


def integer_edit(file: Path, document: Document, way: Way, number: int) -> Edit:
    """The edit that makes the value at that place this number; the key is added when it is missing.

    Raises:
        UsageError: the value is an expression, or shared with others by an anchor.
    """
    before = document.raw(way)
    if before is not MISSING and not isinstance(before, int):
        line, column = document.place(way)
        raise UsageError(f"{file}:{line}:{column}: {_named(way)} is not a plain number, so it is not replaced")
    with file.open(encoding="utf-8", newline="") as given:
        text = given.read()
    mark = _BOM if text.startswith(_BOM) else ""
    body = text.removeprefix(_BOM)
    for edited in _edits(body, document, way, number, quoted=file.suffix == ".json"):
        if _differs_there_alone(document, edited, way, number):
            known = None if before is MISSING else before
            return Edit(file=file, way=way, before=known, after=number, text=mark + edited)
    line, column = document.place(way)
    raise UsageError(
        f"{file}:{line}:{column}: {_named(way)} cannot be changed alone (an anchor shares it); edit it by hand"
    )


def _edits(body: str, document: Document, way: Way, number: int, *, quoted: bool) -> list[str]:
    """The text with the value replaced where it stands, and with a key of its own before another key."""
    edits: list[str] = []
    if (span := document.span(way)) is not None:
        begin, end = (_index(body, place) for place in span)
        edits.append(body[:begin] + str(number) + body[end:])
    parent = document.raw(way[:-1])
    if isinstance(parent, dict):
        own = [key for key in (_BEFORE, *parent) if key in parent and key != way[-1]]
        places = [document.key_place((*way[:-1], key)) for key in own]
        edits += [_inserted(body, place, str(way[-1]), number, quoted=quoted) for place in places]
    return [edit for edit in edits if edit]


def _inserted(body: str, place: tuple[int, int, bool] | None, key: str, number: int, *, quoted: bool) -> str:
    """`key: number` before the key at that place."""
    if place is None:
        return ""
    line, column, is_flow = place
    at = _index(body, (line, column))
    newline = "\r\n" if "\r\n" in body else "\n"
    name = f'"{key}"' if quoted else key
    rest = ", " if is_flow else newline + " " * (column - 1)
    return f"{body[:at]}{name}: {number}{rest}{body[at:]}"


def _differs_there_alone(document: Document, edited: str, way: Way, number: int) -> bool:
    wanted = copy.deepcopy(document.value)
    here: Any = wanted
    for step in way[:-1]:
        here[step] = copy.copy(here[step])  # an anchor's value is one object in all its places
        here = here[step]
    here[way[-1]] = number
    try:
        return bool(loader.parse_yaml(edited, file=document.file).value == wanted)
    except SpecError:
        return False


def _index(body: str, place: tuple[int, int]) -> int:
    """The position of a line and column, both 1-based."""
    lines = body.splitlines(keepends=True)
    return sum(map(len, lines[: place[0] - 1])) + place[1] - 1


def _named(way: Way) -> str:
    return ".".join(map(str, way))
