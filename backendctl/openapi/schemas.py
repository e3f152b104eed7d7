"""Walking and ordering JSON Schemas, by keyword: a property may be called `required`, an example may hold anything."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from backendctl.openapi.pointer import Way, mapping

ONE = frozenset({"items", "additionalProperties", "not", "additionalItems", "contains", "propertyNames"})
"""Keywords that hold one schema (`items` may hold a list)."""
MANY = frozenset({"allOf", "anyOf", "oneOf"})
"""Keywords that hold a list of schemas."""
NAMED = frozenset({"properties", "patternProperties", "definitions", "dependencies", "$defs"})
"""Keywords that hold schemas by name."""

_MODEL_REF = re.compile(r"(?:#/definitions/|#/components/schemas/)(.+)")


def model_of(schema: Any) -> str | None:
    """The name of the model that a schema refers to."""
    found = _MODEL_REF.fullmatch(str(mapping(schema).get("$ref", "")))
    return found[1].replace("~1", "/").replace("~0", "~") if found else None


def subschemas(schema: Any) -> Iterator[tuple[Way, Any]]:
    """The schemas directly inside this one, with their ways."""
    for key, value in mapping(schema).items():
        if key in NAMED:
            for name, item in mapping(value).items():
                yield (key, name), item
        elif key in MANY or (key == "items" and isinstance(value, list)):
            for index, item in enumerate(value if isinstance(value, list) else ()):
                yield (key, str(index)), item
        elif key in ONE and isinstance(value, dict):
            yield (key,), value


def rebuilt(schema: Any, change: Callable[[dict[str, Any]], Any]) -> Any:
    """The schema with `change` done to it and to every schema inside it, innermost first."""
    if not isinstance(schema, dict):
        return schema
    return change({key: _inside(key, value, change) for key, value in schema.items()})


def _inside(key: str, value: Any, change: Callable[[dict[str, Any]], Any]) -> Any:
    if key in NAMED and isinstance(value, dict):
        return {name: rebuilt(item, change) for name, item in value.items()}
    if (key in MANY or key == "items") and isinstance(value, list):
        return [rebuilt(item, change) for item in value]
    return rebuilt(value, change) if key in ONE else value


def ordered(schema: Any) -> Any:
    """The schema with its sets in one order.

    `required`, `enum` and a list of types are sets by the standard; for `allOf`, `anyOf` and `oneOf` a value is valid
    or not whatever the order. `items` as a list, `example` and `default` mean their order.
    """
    return rebuilt(schema, _ordered)


def _ordered(schema: dict[str, Any]) -> dict[str, Any]:
    for key in ("required", "enum", "type", *MANY):
        if isinstance(schema.get(key), list):
            schema[key] = as_set(schema[key])
    if schema.get("required") == []:
        del schema["required"]
    return schema


def as_set(values: list[Any]) -> list[Any]:
    """Without repetitions, in an order that depends on nothing but the values."""
    by_text = {json.dumps(value, sort_keys=True): value for value in values}
    return [by_text[text] for text in sorted(by_text)]


def models_within(schema: Any, models: Mapping[str, Any]) -> set[str]:
    """Names of the models that a schema refers to, and of those which these refer to in turn."""
    found: set[str] = set()
    waiting = [schema]
    while waiting:
        node = waiting.pop()
        name = model_of(node)
        if name is not None and name not in found:
            found.add(name)
            waiting.append(models.get(name))
        waiting.extend(item for _, item in subschemas(node))
    return found
