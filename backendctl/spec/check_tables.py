"""What is wrong with tables."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from backendctl.spec.check_names import check_regions_named, check_tags
from backendctl.spec.check_tables_own import check_own
from backendctl.spec.loader import MISSING
from backendctl.spec.tables import ATTRIBUTE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backendctl.spec.loader import Way
    from backendctl.spec.view import View

_NAME = re.compile(r"^[a-zA-Z0-9_.-]{3,255}$")
_TYPES = {"s": "S", "string": "S", "text": "S", "n": "N", "number": "N", "int": "N", "b": "B", "binary": "B"}
_MAX_ATTRIBUTE = 255
_MAX_PROJECTED = 100
"""Attributes named by all of a table's projections together."""


def check_tables(view: View) -> None:
    """Put every fault into the view's report."""
    for name, table in view.plain.get("tables", {}).items():
        way: Way = ("tables", name)
        physical = view.physical(name, table)
        if view.backend and not _NAME.match(physical):
            message = f"'{physical}' is not a valid table name: 3 to 255 letters, digits, '_', '-' and '.'"
            view.report.add(way, message, key=True)
        _check_keys(view, way, table)
        _check_capacity(view, way, table)
        _check_projections(view, way, table)
        _check_local_indexes(view, way, table)
        check_own(view, way, table)
        check_tags(view, (*way, "tags"), table.get("tags", {}))
        _check_regions(view, way, table.get("regions", []))


def _keys(way: Way, table: dict[str, Any]) -> Iterator[tuple[Way, dict[str, str]]]:
    yield (*way, "key"), table.get("key", {})
    for kind in ("indexes", "local-indexes"):
        for name, index in table.get(kind, {}).items():
            yield (*way, kind, name), index


def _check_local_indexes(view: View, way: Way, table: dict[str, Any]) -> None:
    local = table.get("local-indexes", {})
    if local and "key" in table and "range" not in table["key"]:
        part = "sort-key" if (*way, "key", "hash") in view.document.written else "range"
        message = (
            f"a table without '{part}' in its key has no local indexes: add it to 'key', or make them global indexes"
        )
        view.report.add((*way, "local-indexes"), message, key=True)
    own, hash_word = (view.document.name_of((*way, "key", part)) for part in ("range", "hash"))
    for name, index in local.items():
        place: Way = (*way, "local-indexes", name)
        if name in table.get("indexes", {}):
            view.report.add(
                place, f"'{name}' is a global index too; the indexes of a table share their names", key=True
            )
        ranges = {part for part in (index.get("range"), table.get("key", {}).get("range")) if part is not None}
        if "range" in index and "range" in table.get("key", {}) and len(ranges) == 1:
            view.report.add((*place, "range"), f"that is the table's own '{own}': the index would repeat the table")
        hashed = ATTRIBUTE.match(table.get("key", {}).get("hash", ""))
        ranged = ATTRIBUTE.match(index.get("range", ""))
        if hashed and ranged and hashed["name"] == ranged["name"]:
            view.report.add((*place, "range"), f"'{ranged['name']}' is the table's '{hash_word}' already")


def _check_keys(view: View, way: Way, table: dict[str, Any]) -> None:
    types: dict[str, tuple[str, Way]] = {}
    for place, key in _keys(way, table):
        names, words = [], []
        for part in ("hash", "range"):
            if part not in key:
                continue
            found = ATTRIBUTE.match(key[part])
            if found is None:
                view.report.add((*place, part), _attribute_fault(key[part]))
                continue
            names.append(found["name"])
            words.append(f"'{view.document.name_of((*place, part))}'")
            known, first = types.setdefault(found["name"], (found["type"], place))
            if known != found["type"]:
                message = f"'{found['name']}' is {found['type']} here and {known} in '{first[-1]}'; it has one type"
                view.report.add((*place, part), message)
            if len(found["name"]) > _MAX_ATTRIBUTE:
                view.report.add((*place, part), f"an attribute's name has at most {_MAX_ATTRIBUTE} characters")
        if len(names) > len(set(names)):
            view.report.add((*place, "range"), f"'{names[0]}' cannot be both {' and '.join(words)}")


def _attribute_fault(text: str) -> str:
    words = text.split()
    if len(words) == 1:
        return f"'{text}' has no type: write '{text} S' (text), '{text} N' (number) or '{text} B' (binary)"
    if len(words) > 1 and words[-1].lower() in _TYPES:
        return (
            f"'{words[-1]}' is not a type of a key; did you mean '{' '.join(words[:-1])} {_TYPES[words[-1].lower()]}'?"
        )
    return f"'{text}' is not an attribute with its type, such as 'owner S' (S text, N number, B binary)"


def _check_capacity(view: View, way: Way, table: dict[str, Any]) -> None:
    billing = table.get("billing", "on-demand")
    on_demand = view.document.raw((*way, "billing")) in ("on-demand", MISSING)
    scalings = [((*way, "billing"), billing)] if isinstance(billing, dict) else []
    for name, index in table.get("indexes", {}).items():
        scalings.append(((*way, "indexes", name), index))
        for part in ("read", "write"):
            if part in index and on_demand:
                message = f"'{part}' has no effect: the table is billed on demand"
                view.report.add((*way, "indexes", name, part), message, key=True)
    for place, scaling in scalings:
        for part in ("read", "write"):
            given = scaling.get(part, {})
            if "min" in given and "max" in given and given["min"] > given["max"]:
                message = f"'min' is {given['min']} and 'max' is {given['max']}"
                view.report.add((*place, part, "min"), message)


def _check_projections(view: View, way: Way, table: dict[str, Any]) -> None:
    named = [
        attribute
        for kind in ("indexes", "local-indexes")
        for index in table.get(kind, {}).values()
        if isinstance(index.get("projection"), list)
        for attribute in index["projection"]
    ]
    if len(named) > _MAX_PROJECTED:
        message = f"the projections name {len(named)} attributes; DynamoDB takes {_MAX_PROJECTED} in one table"
        view.report.add((*way, "indexes"), message, key=True)


def _check_regions(view: View, way: Way, regions: list[str]) -> None:
    check_regions_named(view, (*way, "regions"), regions, key=False)
    known = view.plain.get("regions", regions)
    if regions and regions[0] in known[1:]:
        message = f"the first must be the primary region, '{known[0]}', where the table is made"
        view.report.add((*way, "regions", 0), message)
