"""Checks values against a shipped JSON Schema and says what is wrong in plain sentences.

The schema carries the words: `x-what` names an object ("a function"), `x-fault` says what a value should look
like, `x-unit` is the unit of a number, `x-literal` a text that no expression gives. jsonschema's own texts are never
shown.
"""

from __future__ import annotations

import functools
import json
import re
from dataclasses import dataclass
from importlib.resources import files
from typing import TYPE_CHECKING, Any, cast

from backendctl.lazy import lazily
from backendctl.nearest import nearest
from backendctl.spec.report import listed
from backendctl.spec.scalars import SCALARS, Scalar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import jsonschema

    from backendctl.spec.loader import Document, Way
else:
    jsonschema = lazily("jsonschema")

NotText = float | bool
"""What YAML reads where a text is wanted: a number, true or false."""

ValidationError = Any
"""jsonschema's; its type stub has every attribute possibly unset."""

_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
}
_YAML_1_1 = {
    **dict.fromkeys(("yes", "y", "on"), "true"),
    **dict.fromkeys(("no", "n", "off"), "false"),
}
_DIGITS = re.compile(r"^[0-9][0-9_]*$")
_WITH_UNIT = re.compile(r"^([0-9]+)\s*[A-Za-z]+$")
_SECRET = ("environment",)
SPEC = "schema.json"
"""The name of a spec's schema: the file beside this one is for editors (`reference` writes it)."""
_JUDGED_LATER = {"pattern", "enum", "minLength", "maxLength"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Problem:
    """What the schema refuses.

    Attributes:
        way: to the value, or to the key when `key`.
        drop: whether the checks that follow should not see the value.
        missing: the key that a mapping lacks.
        text: whether it is a text that has not the right form.
        scalar: where an expression stands for a number, true or false: what it has to become. No fault yet.
    """

    way: Way
    message: str
    key: bool = False
    drop: bool = True
    missing: str | None = None
    text: bool = False
    scalar: Scalar | None = None


def problems_in(document: Document, value: Any, *, schema: str) -> list[Problem]:
    """Every problem of a value, in no order.

    Texts that hold an expression are not held against patterns and lists of words; call again when expanded.

    Args:
        document: for the words as they stand in the file.
        value: what to check, with the document's ways.
        schema: name of the schema file, "schema.json" or "config.schema.json".
    """
    problems: list[Problem] = []
    for error in validator(schema).iter_errors(value):
        problems += _problems(document, error)
    return problems


def prune(value: Any, ways: list[Way]) -> Any:
    """A copy without what the ways lead to, so that what is sound is checked in the same run.

    A list with a bad item goes as a whole, since the places of the items after it would be wrong.
    """
    copy = json.loads(json.dumps(value))
    for way in ways:
        parent = copy
        for depth, step in enumerate(way):
            if isinstance(parent, list) or not isinstance(parent, dict) or step not in parent:
                break
            if depth == len(way) - 1 or isinstance(parent[step], list):
                del parent[step]
                break
            parent = parent[step]
    return copy


@functools.cache
def validator(schema: str) -> jsonschema.Draft202012Validator:
    """The validator of a shipped schema; jsonschema is imported here, as it is slow to load."""
    return jsonschema.Draft202012Validator(load(schema))


@functools.cache
def load(schema: str) -> dict[str, Any]:
    """A shipped schema; that of a spec comes from the model."""
    if schema == SPEC:
        from backendctl.spec.shape import spec_schema  # noqa: PLC0415 - others have no use for the model

        return spec_schema()
    text = files("backendctl.spec").joinpath(schema).read_text(encoding="utf-8")
    return cast("dict[str, Any]", json.loads(text))


def _problems(document: Document, error: ValidationError) -> Iterator[Problem]:
    way = tuple(error.absolute_path)
    path = list(error.absolute_schema_path)
    rule = str(error.validator)
    if "propertyNames" in path[-2:-1]:
        yield Problem(way=(*way, error.instance), message=_bad_name(error, way), key=True, drop=False)
    elif rule == "additionalProperties":
        yield from _unknown(document, error, way)
    elif rule == "required":
        for missing in error.validator_value:
            if missing not in error.instance:
                message = f"{_what(error)} needs '{missing}'"
                yield Problem(way=way, message=message, key=True, drop=False, missing=missing)
    elif rule == "type" and (scalar := _scalar(error)) is not None:
        yield Problem(way=way, message=f"{_label(document, way)} must be {scalar.wanted}", drop=False, scalar=scalar)
    elif not _judged_elsewhere(rule, error):
        whole = error.schema.get("x-fault") if rule in {"anyOf", "oneOf", "not"} else None
        yield Problem(way=way, message=whole or _SENTENCES[rule](document, error, way), text=rule == "pattern")


def _scalar(error: ValidationError) -> Scalar | None:
    """What an expression has to become where no text is allowed; None for anything else."""
    kinds = error.validator_value
    if not isinstance(error.instance, str) or "{{" not in error.instance or kinds not in SCALARS:
        return None
    # Nothing is less than a `max` that is not known yet.
    bound = error.schema.get("maximum" if list(error.absolute_path)[-1:] == ["max"] else "minimum", 1)
    stand_in = error.schema.get("default", False if kinds == "boolean" else bound)
    return Scalar(kind=kinds, wanted=_TYPES[kinds], stand_in=stand_in)


def _judged_elsewhere(rule: str, error: ValidationError) -> bool:
    """An expression before it is expanded, or a value whose type is refused already."""
    value = error.instance
    if rule == "enum" and not isinstance(value, type(error.validator_value[0])):
        return True
    literal = error.schema.get("x-literal", False)
    return rule in _JUDGED_LATER and isinstance(value, str) and "{{" in value and not literal


def _unknown(document: Document, error: ValidationError, way: Way) -> Iterator[Problem]:
    known = error.schema.get("properties", {})
    for key in error.instance:
        if key not in known:
            message = f"'{document.name_of((*way, key))}' is not a setting of {_what(error)}{nearest(key, known)}"
            yield Problem(way=(*way, key), message=message, key=True)


def _what(error: ValidationError) -> str:
    return str(error.schema.get("x-what", "this"))


def _bad_name(error: ValidationError, way: Way) -> str:
    wanted = error.schema.get("x-fault", f"at most {error.validator_value} characters")
    return f"'{error.instance}' is not a valid name in '{way[-1]}': {wanted}"


def _label(document: Document, way: Way) -> str:
    if not way:
        return "the file"
    step = document.name_of(way)
    return f"'{step}'" if isinstance(step, str) else f"item {step + 1} of {_label(document, way[:-1])}"


def _secret(way: Way) -> bool:
    """Environment values are never repeated (B55), nor those of API keys."""
    return any(word in way[:-1] for word in _SECRET) or (way[:2] == ("api", "keys") and way[-1] == "value")


def _type(document: Document, error: ValidationError, way: Way) -> str:
    value, wanted = error.instance, error.validator_value
    names = [wanted] if isinstance(wanted, str) else [one for one in wanted if one != "null"]
    must = f"{_label(document, way)} must be {' or '.join(_TYPES[one] for one in names)}"
    if value is None:
        return f"{_label(document, way)} has no value"
    if "string" in names and isinstance(value, bool | int | float):
        return _no_such_text(document, error, way) or _must_be_text(document, way, value)
    if isinstance(value, str):
        return must + _text_hint(value, names, str(error.schema.get("x-unit", "")))
    if isinstance(value, bool):
        return f"{must}, not {str(value).lower()}"
    return f"{must}, not {value if isinstance(value, int | float) else _kind(value)}"


def _no_such_text(document: Document, error: ValidationError, way: Way) -> str:
    """What to write where quotes alone would be refused too; empty where they are all that lacks."""
    pattern, fault = error.schema.get("pattern"), error.schema.get("x-fault")
    source = document.source(way) or str(error.instance)
    if _secret(way) or not pattern or not fault or re.search(pattern, source):
        return ""
    return f"{_label(document, way)} cannot be {source}; write {fault}"


def _must_be_text(document: Document, way: Way, value: NotText) -> str:
    read = str(value).lower() if isinstance(value, bool) else str(value)
    source = document.source(way) or read
    kind = "true or false" if isinstance(value, bool) else "a number"
    if _secret(way):
        return f"{_label(document, way)} must be text and reads as {kind}; put it in quotes"
    became = "" if source.lower() == read else f" ({read})"
    return f'{_label(document, way)} must be text and {source} reads as {kind}{became}; put it in quotes: "{source}"'


def _text_hint(value: str, names: list[str], unit: str) -> str:
    if "{{" in value:
        return ", and no expression gives one"
    if names == ["boolean"]:
        word = _YAML_1_1.get(value.lower())
        return f"; '{value}' is text here, write {word}" if word else f", not '{value}'"
    if _DIGITS.match(value):
        plain = value.replace("_", "")
        return f"; write {plain} without {'quotes' if plain == value else '_'}"
    with_unit = _WITH_UNIT.match(value)
    if with_unit and {"integer", "number"} & set(names):
        return f"; write {with_unit[1]}" + (f", it is in {unit}" if unit else "")
    return f", not '{value}'" if {"integer", "number"} & set(names) else ", not text"


def _kind(value: Any) -> str:
    return "a mapping" if isinstance(value, dict) else "a list"


def _enum(document: Document, error: ValidationError, way: Way) -> str:
    value, known = error.instance, error.validator_value
    if not isinstance(value, str):
        return f"{_label(document, way)} cannot be {value}; it is {' or '.join(str(one) for one in known)}"
    if "x-fault" in error.schema:
        return f"{_label(document, way)} cannot be '{value}'; {error.schema['x-fault']}"
    hint = nearest(value, known) or f"; it is {listed(known).replace(' and ', ' or ')}"
    return f"{_label(document, way)} cannot be '{value}'{hint}"


def _pattern(document: Document, error: ValidationError, way: Way) -> str:
    shown = "this value" if _secret(way) else f"'{error.instance}'"
    return f"{shown} is not valid for {_label(document, way)}: {error.schema.get('x-fault', 'it has a wrong form')}"


def _range(document: Document, error: ValidationError, way: Way) -> str:
    if "x-fault" in error.schema:
        return f"{_label(document, way)} cannot be {error.instance}: {error.schema['x-fault']}"
    low, high = error.schema.get("minimum"), error.schema.get("maximum")
    unit = f" {error.schema['x-unit']}" if "x-unit" in error.schema else ""
    label, given = _label(document, way), error.instance
    if "exclusiveMaximum" in error.schema:
        return f"{label} must be from {low} to less than {error.schema['exclusiveMaximum']}, not {given}"
    if "exclusiveMinimum" in error.schema:
        return f"{label} must be more than {error.schema['exclusiveMinimum']}, not {given}"
    if high is None:
        return f"{label} must be at least {low}{unit}, not {given}"
    return f"{label} must be from {low} to {high}{unit}, not {given}"


def _length(document: Document, error: ValidationError, way: Way) -> str:
    if error.instance == "":
        return f"{_label(document, way)} is empty"
    bound = "at least" if error.validator == "minLength" else "at most"
    return (
        f"{_label(document, way)} must have {bound} {error.validator_value} characters, and has {len(error.instance)}"
    )


def _count(document: Document, error: ValidationError, way: Way) -> str:
    if len(error.instance) == 0:
        return f"{_label(document, way)} is empty"
    most = "at least" if str(error.validator).startswith("min") else "at most"
    return f"{_label(document, way)} may have {most} {error.validator_value}, and has {len(error.instance)}"


def _unique(document: Document, error: ValidationError, way: Way) -> str:
    twice = next(one for one in error.instance if error.instance.count(one) > 1)
    return f"'{twice}' appears twice in {_label(document, way)}"


_SENTENCES: dict[str, Callable[[Document, ValidationError, Way], str]] = {
    "type": _type,
    "enum": _enum,
    "pattern": _pattern,
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _range),
    **dict.fromkeys(("minLength", "maxLength"), _length),
    **dict.fromkeys(("minItems", "maxItems", "minProperties", "maxProperties"), _count),
    "uniqueItems": _unique,
}
