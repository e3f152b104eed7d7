"""The page docs/spec.md and the schema for editors, from the rows: `python -m backendctl.spec.reference`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from backendctl.spec.shape import spec_schema

SCHEMA_FILE = Path(str(files("backendctl.spec"))) / "schema.json"
PAGE_FILE = Path(str(files("backendctl"))).parent / "docs" / "spec.md"
_SETTINGS = "properties"
_TYPES = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "array": "list",
    "object": "mapping",
}
_HEAD = """# Every setting of a spec

Written by `python -m backendctl.spec.reference` from the fields of the model; do not edit. `<name>` is a name of your
own. Under `functions.<name>.regions.<region>` stand the settings of a function that differ there, null takes one away.

| setting | takes | default | |
|---|---|---|---|
"""


def editors_schema() -> str:
    """The schema as a file, a line for each setting."""
    return _laid_out(spec_schema(), 0) + "\n"


def page() -> str:
    """The table of all settings."""
    schema = spec_schema()
    return _HEAD + "".join(f"| {' | '.join(cells)} |\n" for cells in _lines(schema, schema, ""))


def _lines(schema: Mapping[str, Any], node: Mapping[str, Any], way: str) -> Iterator[tuple[str, str, str, str]]:
    required = frozenset(node.get("required", ()))
    for key, given in node.get("properties", {}).items():
        if key == "$schema" or given.get("deprecated"):
            continue
        one, at = _resolved(schema, given), f"{way}{key}"
        sentence = one.get("description", "") + (" Required." if key in required else "")
        default = f"`{json.dumps(one['default'])}`" if "default" in one else ""
        yield f"`{at}`", _takes(schema, one), default, sentence.replace("|", r"\|")
        if key != "regions":
            for inner, suffix in _inside(schema, one):
                yield from _lines(schema, inner, f"{at}{suffix}.")


def _inside(schema: Mapping[str, Any], one: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str]]:
    """The mappings that a setting may be or hold, with what stands between its name and theirs."""
    if "properties" in one:
        yield one, ""
    if isinstance(items := one.get("items"), dict) and "properties" in _resolved(schema, items):
        yield _resolved(schema, items), "[]"
    if isinstance(named := one.get("additionalProperties"), dict):
        for inner, suffix in _inside(schema, _resolved(schema, named)):
            yield inner, f".<name>{suffix}"
    for part in (one.get("then"), one.get("else"), *one.get("allOf", ())):
        if isinstance(part, dict):
            yield from _inside(schema, _resolved(schema, part))


def _takes(schema: Mapping[str, Any], one: Mapping[str, Any]) -> str:
    if "enum" in one:
        return ", ".join(f"`{word}`" for word in one["enum"])
    kinds = one.get("type", [])
    found = [_TYPES[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds)]
    parts = [_resolved(schema, one[part]) for part in ("then", "else") if part in one]
    if not found and parts:
        return " or ".join(_takes(schema, part) for part in parts)
    return " or ".join(found) + _bounds(one) or "mapping"


def _bounds(one: Mapping[str, Any]) -> str:
    low, high = one.get("minimum", one.get("exclusiveMinimum")), one.get("maximum", one.get("exclusiveMaximum"))
    unit = f" {one['x-unit']}" if "x-unit" in one else ""
    if low is not None and high is not None:
        return f", {low} to {high}{unit}"
    return f", at least {low}{unit}" if low is not None else unit


def _resolved(schema: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """A schema in the place of a reference to it; what stands beside the reference goes before."""
    if "$ref" not in node:
        return node
    found: Any = schema
    for step in str(node["$ref"]).removeprefix("#/").split("/"):
        found = found[step]
    return {**_resolved(schema, found), **{key: value for key, value in node.items() if key != "$ref"}}


def _laid_out(value: Any, depth: int, *, settings: bool = False) -> str:
    if not settings and not _has_settings(value):
        return json.dumps(value, ensure_ascii=False)
    inner = " " * (depth + 1)
    parts = [
        f"{inner}{json.dumps(key)}: {_laid_out(one, depth + 1, settings=key == _SETTINGS)}"
        for key, one in value.items()
    ]
    return "{\n" + ",\n".join(parts) + "\n" + " " * depth + "}"


def _has_settings(value: Any) -> bool:
    """Whether it is, or holds, a mapping of settings, each of which has a line of its own."""
    return isinstance(value, dict) and (_SETTINGS in value or any(_has_settings(one) for one in value.values()))


def main() -> None:
    """Write both files."""
    SCHEMA_FILE.write_text(editors_schema(), encoding="utf-8")
    PAGE_FILE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    main()
