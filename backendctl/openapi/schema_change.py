"""What one change within a schema does to the values it admits: fewer, more, both, or neither."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from backendctl.openapi.leaves import MISSING, Leaf, leaves
from backendctl.openapi.pointer import Way
from backendctl.openapi.schemas import MANY, NAMED, ONE, model_of

_FLOORS = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})
_CEILINGS = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
_CHECKS = frozenset({"pattern", "format", "multipleOf", "const", "not", "dependencies", "patternProperties"})
_SWITCHES = frozenset({"uniqueItems"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Effect:
    """Attributes: narrows, widens: why it admits fewer values, or more, in a few words; None when it does not."""

    narrows: str | None = None
    widens: str | None = None


NOTHING = Effect()


@dataclass(frozen=True, kw_only=True, slots=True)
class Models:
    """The models that references lead to, before and after."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]


def schema_effect(leaf: Leaf, models: Models, seen: frozenset[tuple[str, str]] = frozenset()) -> Effect:
    """The effect of one leaf.

    Args:
        leaf: its way begins at the schema.
        seen: pairs of models that are being compared already; a model may hold itself.
    """
    keyword, label = _place(leaf.way)
    if isinstance(leaf.before, dict) and isinstance(leaf.after, dict):
        return compared(leaf.before, leaf.after, models, seen, leaf.way)
    if keyword is None:
        return _whole(leaf, label)
    if keyword == "properties":
        removed = leaf.after is MISSING
        return Effect(widens=f"{label} is gone") if removed else NOTHING
    rule = _RULES.get(keyword)
    return rule(leaf, label) if rule else NOTHING


def _place(way: Way) -> tuple[str | None, str]:
    """The keyword that the leaf is about, and the dotted name of the property it is in.

    The keyword is None for a whole schema that exists on both sides, "properties" for a property.
    """
    names: list[str] = []
    position = 0
    while position < len(way):
        key = way[position]
        if key in NAMED and position + 1 < len(way):
            names.append(way[position + 1])
            position += 2
            if position == len(way):
                return ("properties" if key == "properties" else key), ".".join(names)
        elif (key in MANY or key == "items") and position + 1 < len(way) and way[position + 1].isdigit():
            position += 2
            if position == len(way):
                return key, _named(names)
        elif key in ONE and position + 1 < len(way):
            names += ["[]"] if key == "items" else []
            position += 1
        else:
            return key, _named(names)
    return None, _named(names)


def _named(names: list[str]) -> str:
    return ".".join(names).replace(".[]", "[]") or "the value"


def _whole(leaf: Leaf, label: str) -> Effect:
    if leaf.before is MISSING:
        return Effect(narrows="it must be of a model now")
    if leaf.after is MISSING:
        return Effect(widens="no model is promised any more")
    return Effect(narrows=f"{label} is another schema", widens=f"{label} is another schema")


def compared(before: Any, after: Any, models: Models, seen: frozenset[tuple[str, str]], way: Way = ()) -> Effect:
    """The effect of replacing one schema by another, with references followed.

    Args:
        way: to both schemas, from the outermost one.
    """
    pair = model_of(before) or "", model_of(after) or ""
    if pair in seen:
        return NOTHING
    seen = seen | {pair}
    old, new = _followed(before, models.before), _followed(after, models.after)
    if not isinstance(old, dict) or not isinstance(new, dict):
        return NOTHING if old == new else _whole(Leaf(way=way, before=old, after=new), _place(way)[1])
    narrows: list[str] = []
    widens: list[str] = []
    for leaf in leaves({**old, "$ref": None}, {**new, "$ref": None}, way):
        effect = schema_effect(leaf, models, seen)
        narrows += [effect.narrows] if effect.narrows else []
        widens += [effect.widens] if effect.widens else []
    return Effect(narrows=narrows[0] if narrows else None, widens=widens[0] if widens else None)


def _followed(schema: Any, models: Mapping[str, Any]) -> Any:
    for _ in range(10):  # a chain longer than this is a circle
        name = model_of(schema)
        if name is None or name not in models:
            return schema
        schema = models[name]
    return schema


def _types(value: Any) -> set[str]:
    types = {str(each) for each in (value if isinstance(value, list) else [value])}
    return types | {"integer"} if "number" in types else types


def _type(leaf: Leaf, label: str) -> Effect:
    if leaf.before is MISSING:
        return Effect(narrows=f"{label} must be {_told(leaf.after)} now")
    if leaf.after is MISSING:
        return Effect(widens=f"{label} may be of any type")
    old, new = _types(leaf.before), _types(leaf.after)
    said = f"{label} is {_told(leaf.after)}, it was {_told(leaf.before)}"
    return Effect(narrows=None if old <= new else said, widens=None if new <= old else said)


def _required(leaf: Leaf, label: str) -> Effect:
    prefix = "" if label == "the value" else f"{label}."
    if leaf.before is MISSING:
        return Effect(narrows=f"{prefix}{_told(leaf.after)} is required now")
    if leaf.after is MISSING:
        return Effect(widens=f"{prefix}{_told(leaf.before)} may be missing")
    return Effect(narrows=f"{label} requires other properties", widens=f"{label} requires other properties")


def _enum(leaf: Leaf, label: str) -> Effect:
    if leaf.way[-1] == "enum":
        if leaf.before is MISSING:
            return Effect(narrows=f"{label} must be one of {_told(leaf.after)} now")
        if leaf.after is MISSING:
            return Effect(widens=f"{label} may be anything")
    if leaf.after is MISSING:
        return Effect(narrows=f"{label} may no longer be {_told(leaf.before)}")
    if leaf.before is MISSING:
        return Effect(widens=f"{label} may be {_told(leaf.after)}")
    return Effect(narrows=f"{label} has other values", widens=f"{label} has other values")


def _bound(leaf: Leaf, label: str) -> Effect:
    keyword = leaf.way[-1]
    said = f"{label}: {keyword} is {_told(leaf.after)}, it was {_told(leaf.before)}"
    if leaf.before is MISSING:
        return Effect(narrows=said)
    if leaf.after is MISSING:
        return Effect(widens=said)
    numbers = all(isinstance(each, int | float) for each in (leaf.before, leaf.after))
    if not numbers:
        return Effect(narrows=said, widens=said)
    up = leaf.after > leaf.before
    return Effect(narrows=said) if up == (keyword in _FLOORS) else Effect(widens=said)


def _check(leaf: Leaf, label: str) -> Effect:
    said = f"{label}: {_keyword(leaf.way)} is {_told(leaf.after)}, it was {_told(leaf.before)}"
    return Effect(
        narrows=None if leaf.after is MISSING else said,
        widens=None if leaf.before is MISSING else said,
    )


def _switch(leaf: Leaf, label: str) -> Effect:
    """On is stricter; absent is off."""
    said = f"{label}: {leaf.way[-1]} is {_told(leaf.after)}, it was {_told(leaf.before)}"
    return Effect(narrows=said) if leaf.after is True else Effect(widens=said)


def _nullable(leaf: Leaf, label: str) -> Effect:
    return (
        Effect(widens=f"{label} may be null") if leaf.after is True else Effect(narrows=f"{label} may not be null now")
    )


def _additional(leaf: Leaf, label: str) -> Effect:
    """More properties than were named surprise no reader; fewer refuse a writer."""
    closed = leaf.after is False or isinstance(leaf.after, dict)
    return Effect(narrows=f"{label} takes no further properties now") if closed else NOTHING


def _members(leaf: Leaf, label: str) -> Effect:
    """All must hold for `allOf`, one for the others: a member more is stricter there and laxer here."""
    keyword = _keyword(leaf.way)
    said = f"{label}: {keyword} has other members"
    whole = leaf.way[-1] == keyword
    if leaf.before is not MISSING and leaf.after is not MISSING:
        return Effect(narrows=said, widens=said)
    stricter = (leaf.before is MISSING) == (keyword == "allOf" or whole)
    return Effect(narrows=said) if stricter else Effect(widens=said)


def _keyword(way: Way) -> str:
    return way[-1] if not way[-1].isdigit() else way[-2]


def _told(value: Any) -> str:
    if value is MISSING:
        return "nothing"
    if isinstance(value, list) and all(isinstance(each, str) for each in value):
        return " or ".join(value)
    return value if isinstance(value, str) else json.dumps(value)


_RULES: Mapping[str, Callable[[Leaf, str], Effect]] = {
    "type": _type,
    "required": _required,
    "enum": _enum,
    "nullable": _nullable,
    "additionalProperties": _additional,
    "items": _check,
    **dict.fromkeys(_FLOORS | _CEILINGS, _bound),
    **dict.fromkeys(_CHECKS, _check),
    **dict.fromkeys(_SWITCHES, _switch),
    **dict.fromkeys(MANY, _members),
}
