"""One row per setting: what a field of a spec is called, may hold, means and is in AWS, said once beside the field.

A row is the metadata of a dataclass field. From it come the JSON schema (`properties`, `block`), the value of the
field (`build`), the page in docs/ (`reference`) and, for what is a member of a function's configuration, both ways
between the field and AWS (`resources.lambda_settings`).
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, TypeVar

T = TypeVar("T")
Schema = dict[str, Any]
"""A JSON schema."""

_KEY = "row"
_NOTHING: tuple[Any, ...] = (None, "", (), [], {})


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True, kw_only=True, slots=True)
class AwsPath:
    """Where a setting is in the answer and the arguments of AWS's calls.

    Attributes:
        path: the member, those of structures behind a dot: `EphemeralStorage.Size`.
        unset: what it is where AWS tells nothing.
        read, write: between AWS's value and the field's.
    """

    path: str = field(kw_only=False)
    unset: Any = None
    read: Callable[[Any], Any] = _same
    write: Callable[[Any], Any] = _same

    def found_in(self, document: Mapping[str, Any]) -> Any:
        """The field's value, by AWS's answer."""
        value: Any = document
        for member in self.path.split("."):
            value = (value or {}).get(member)
        return self.unset if value in _NOTHING else self.read(value)


@dataclass(frozen=True, kw_only=True, slots=True)
class SettingRow:
    """What is said of one field.

    Attributes:
        key: its name in a spec. schema: of its value, sentence and default included.
        read: the field's value by the spec's.
    """

    field: str
    key: str
    schema: Schema
    read: Callable[[Any], Any]
    aws: AwsPath | None


@dataclass(frozen=True, kw_only=True, slots=True)
class _Said:
    schema: Schema
    key: str | None
    read: Callable[[Any], Any] | None
    aws: AwsPath | None


def row(
    schema: Schema,
    sentence: str = "",
    *,
    key: str | None = None,
    read: Callable[[Any], Any] | None = None,
    aws: AwsPath | None = None,
    secret: bool = False,
) -> Mapping[str, Any]:
    """The metadata of a field: `memory: int = field(default=1024, metadata=row(whole(128, 10240, unit="MB"), …))`.

    Args:
        schema: of the value. A number, word, true or false that is the field's default is the schema's too, where the
            spec's value is the field's; else the schema names it.
        sentence: for editors and the page in docs/.
        key: its name in a spec, where that is not the field's with `-` for `_`.
        read: the field's value by the spec's; by the schema's type where none is given.
        secret: whether its values are never shown.
    """
    said = _Said(schema=described(schema, sentence), key=key, read=read, aws=aws)
    return {_KEY: said, **({"secret": True} if secret else {})}


def described(schema: Schema, sentence: str) -> Schema:
    """A schema with what it means."""
    return {"description": sentence, **schema} if sentence else schema


@functools.cache
def _rows(cls: Any) -> tuple[SettingRow, ...]:
    found = []
    for one in fields(cls):
        said: _Said | None = one.metadata.get(_KEY)
        if said is None:
            continue
        says = isinstance(one.default, bool | int | float | str) and one.default != "" and said.read is None
        schema = {"default": one.default, **said.schema} if says else said.schema
        key = one.name.replace("_", "-") if said.key is None else said.key
        found.append(SettingRow(field=one.name, key=key, schema=schema, read=said.read or reader(schema), aws=said.aws))
    return tuple(found)


def rows(cls: Any) -> tuple[SettingRow, ...]:
    """The rows of a dataclass, in the order of its fields."""
    return _rows(cls)


def reader(schema: Schema) -> Callable[[Any], Any]:
    """How a value of that schema becomes a field's: lists are tuples, and JSON Schema takes 512.0 for whole."""
    if schema.get("type") == "array":
        item = reader(schema.get("items", {}))
        return lambda given: tuple(item(one) for one in given)
    return {"integer": int, "number": float}.get(str(schema.get("type")), _same)


def build(cls: Callable[..., T], given: Mapping[str, Any], **more: Any) -> T:
    """A dataclass from a sound block of a spec.

    Args:
        more: fields by name, which no row gives or instead of what it gives.
    """
    made = {one.field: one.read(given[one.key]) for one in rows(cls) if one.key in given}
    return cls(**{**made, **more})


def build_from_aws(cls: Callable[..., T], document: Mapping[str, Any], **more: Any) -> T:
    """A dataclass from AWS's answer. more: fields by name that are not in it."""
    found = {one.field: one.aws.found_in(document) for one in rows(cls) if one.aws is not None}
    return cls(**{**found, **more})


def values(one: Any) -> dict[str, Any]:
    """The fields of a dataclass that AWS has, by name."""
    return {known.field: getattr(one, known.field) for known in rows(type(one)) if known.aws is not None}


def written(cls: Any, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Fields by name as the arguments of AWS's calls; those that are None are left out."""
    made: dict[str, Any] = {}
    for one in rows(cls):
        value = settings.get(one.field)
        if one.aws is None or value is None:
            continue
        *parents, member = one.aws.path.split(".")
        inner = made
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[member] = one.aws.write(value)
    return made


def properties(cls: Any) -> dict[str, Schema]:
    """The schema of each setting of a dataclass, by its name in a spec."""
    return {one.key: one.schema for one in rows(cls)}


def block(
    cls: Any, what: str, *, also: Mapping[str, Schema] | None = None, without: Iterable[str] = (), **more: Any
) -> Schema:
    """The schema of a mapping that is one dataclass; settings without a default are required.

    Args:
        what: as faults call it, "a function".
        also: settings that are no field of their own, by name. without: settings that are not in this one.
        more: further words of the schema, over what the dataclass gives.
    """
    left_out = frozenset(without)
    known = {key: one for key, one in {**properties(cls), **(also or {})}.items() if key not in left_out}
    return {**mapping(what, known, required=_required(cls) - left_out), **more}


def _required(cls: Any) -> set[str]:
    bare = {one.name for one in fields(cls) if one.default is MISSING and one.default_factory is MISSING}
    return {one.key for one in rows(cls) if one.field in bare}


def mapping(what: str, known: Mapping[str, Schema], *, required: Iterable[str] = (), **more: Any) -> Schema:
    """A mapping with these settings and no others."""
    made: Schema = {"type": "object", "x-what": what, "properties": dict(known), "additionalProperties": False}
    needed = sorted(required)
    return {**made, **({"required": needed} if needed else {}), **more}


def named(what: str, values: Schema, **more: Any) -> Schema:
    """A mapping with names of the user's own."""
    return {"type": "object", "x-what": what, "additionalProperties": values, **more}


def ref(name: str) -> Schema:
    """What stands under that name in the schema's `$defs`."""
    return {"$ref": f"#/$defs/{name}"}


def text(pattern: str | None = None, fault: str | None = None, *, least: int = 0, most: int = 0, **more: Any) -> Schema:
    """Text. least, most: characters. fault: what it should look like."""
    made: Schema = {"type": "string", "pattern": pattern, "x-fault": fault, "minLength": least, "maxLength": most}
    return {key: value for key, value in made.items() if value} | more


def some(**more: Any) -> Schema:
    """Text of one character or more."""
    return text(least=1, **more)


def words(*known: str, **more: Any) -> Schema:
    """One of these words."""
    return {"type": "string", "enum": list(known), **more}


def whole(least: int, most: int | None = None, *, unit: str | None = None, **more: Any) -> Schema:
    """A whole number in these bounds."""
    made: Schema = {"type": "integer", "minimum": least, "maximum": most, "x-unit": unit}
    return {key: value for key, value in made.items() if value is not None} | more


def numeric(**more: Any) -> Schema:
    """A number."""
    return {"type": "number", **more}


def flag(**more: Any) -> Schema:
    """True or false."""
    return {"type": "boolean", **more}


def many(items: Schema, *, least: int = 0, most: int = 0, once: bool = False, what: str = "", **more: Any) -> Schema:
    """A list. least, most: items. once: whether each may stand in it once. what: as faults call it."""
    made: Schema = {"type": "array", "items": items, "minItems": least, "maxItems": most, "uniqueItems": once}
    made["x-what"] = what
    return {key: value for key, value in made.items() if value} | more


def either(kind: str, one: Schema, other: Schema, **more: Any) -> Schema:
    """One schema for values of that JSON type, another for the rest."""
    return {"if": {"type": kind}, "then": one, "else": other, **more}


def by_region(name: str, what: str) -> Schema:
    """One text of that definition for all regions, or one per region."""
    return {
        "type": ["string", "object"],
        **either("string", ref(name), {"additionalProperties": ref(name), "x-what": what}),
    }


def or_null(schema: Schema) -> Schema:
    """The same, or null."""
    return {"if": {"type": "null"}, "else": schema}
