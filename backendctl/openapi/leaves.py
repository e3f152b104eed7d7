"""The smallest places in which two documents differ. Whatever differs is in one of them: nothing is passed over."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from backendctl.openapi.layout import BINARY, GATEWAY_RESPONSES, VALIDATORS
from backendctl.openapi.pointer import Way, mapping


class _Missing:
    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = _Missing()
"""What stands where there is nothing; `None` is a value."""

_SETS = frozenset({"required", "tags", "consumes", "produces", "cacheKeyParameters", "providerARNs", "vpcEndpointIds"})
_EMPTY_IS_NONE = _SETS | {"parameters", "security", "Statement", BINARY}
_BY_VALUE = _SETS | {"enum", "allOf", "anyOf", "oneOf", "Statement", BINARY}
_HOMES = frozenset(
    {
        ("paths",),
        ("components",),
        ("components", "schemas"),
        ("components", "securitySchemes"),
        ("definitions",),
        ("securityDefinitions",),
        (VALIDATORS,),
        (GATEWAY_RESPONSES,),
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Leaf:
    """One difference.

    Attributes:
        way: to the value, in the later document when it is there, else in the earlier one.
        before, after: MISSING on the side that has nothing.
        was: the way in the earlier document, where lists may count otherwise.
    """

    way: Way
    before: Any
    after: Any
    was: Way = ()


def leaves(before: Any, after: Any, way: Way = (), was: Way | None = None) -> Iterator[Leaf]:
    """Every leaf. Lists that are sets are compared as sets, parameters by place and name, requirements by name."""
    was = way if was is None else was
    if isinstance(before, dict) and isinstance(after, dict):
        yield from _objects(before, after, way, was)
    elif _is_home(way) and (before or after) and {type(before), type(after)} == {dict, _Missing}:
        yield from _objects({} if before is MISSING else before, {} if after is MISSING else after, way, was)
    elif _listed(before, way) and _listed(after, way) and (isinstance(before, list) or isinstance(after, list)):
        yield from _lists(before, after, way, was)
    elif not _same(before, after):
        yield Leaf(way=way, before=before, after=after, was=was)


def _objects(before: dict[str, Any], after: dict[str, Any], way: Way, was: Way) -> Iterator[Leaf]:
    if before.get("$ref") != after.get("$ref"):  # another thing altogether, not the same with other members
        yield Leaf(way=way, before=before, after=after, was=was)
        return
    for key in [*after, *(key for key in before if key not in after)]:
        yield from leaves(before.get(key, MISSING), after.get(key, MISSING), (*way, key), (*was, key))


def _is_home(way: Way) -> bool:
    """Whether things by name stand there, each of which is told by itself, also when none stood there before."""
    in_operation = len(way) == len(("paths", "path", "method", "responses")) and way[3] == "responses"
    return way in _HOMES or way[-1:] == ("properties",) or in_operation


def _listed(value: Any, way: Way) -> bool:
    return isinstance(value, list) or (value is MISSING and way[-1:] != () and way[-1] in _EMPTY_IS_NONE)


def _lists(before: Any, after: Any, way: Way, was: Way) -> Iterator[Leaf]:
    old, new = (value if isinstance(value, list) else [] for value in (before, after))
    key = _key(way)
    found: list[Leaf] = []
    if key is not None:
        found = list(_by_key(old, new, (way, was), key))
    elif len(old) == len(new) and all(isinstance(each, dict) for each in [*old, *new]):
        pairs = enumerate(zip(old, new, strict=True))
        found = [leaf for n, pair in pairs for leaf in leaves(*pair, (*way, str(n)), (*was, str(n)))]
    if not found and not _same(before, after):
        found = [Leaf(way=way, before=before, after=after, was=was)]
    yield from found


def _key(way: Way) -> Callable[[Any], str] | None:
    last = way[-1] if way else ""
    if last == "parameters":
        return lambda each: f"{mapping(each).get('in')} {mapping(each).get('name')}"
    if last == "security":
        return lambda each: " ".join(mapping(each))
    return _text if last in _BY_VALUE or way[-3:-2] == ("security",) else None


def _by_key(old: list[Any], new: list[Any], ways: tuple[Way, Way], key: Callable[[Any], str]) -> Iterator[Leaf]:
    way, was = ways
    earlier = {key(each): (str(n), each) for n, each in enumerate(old)}
    later = {key(each): (str(n), each) for n, each in enumerate(new)}
    for name in [*later, *(name for name in earlier if name not in later)]:
        index, former = ((first.get(name) or second[name])[0] for first, second in ((later, earlier), (earlier, later)))
        one, other = (found[name][1] if name in found else MISSING for found in (earlier, later))
        yield from leaves(one, other, (*way, index), (*was, former))


def _same(one: Any, other: Any) -> bool:
    """Equal as JSON: `true` is not `1`, while `1.0` is."""
    if isinstance(one, list | dict):
        return bool(one == other) and _text(one) == _text(other)
    return bool(one == other) and isinstance(one, bool) == isinstance(other, bool)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
