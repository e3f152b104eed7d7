"""The expanded spec as plain data, for `render`."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backendctl.secrets import KNOWN

if TYPE_CHECKING:
    from backendctl.spec.model import Spec

HIDDEN = "(hidden)"


def effective(spec: Spec, *, reveal: bool = False) -> dict[str, Any]:
    """Everything the spec says, defaults included, as values JSON and YAML can hold.

    Functions stand by region and name, stages and tables by name. Environment values are '(hidden)' unless
    `reveal`, and so are the values that came from outside the project's files. Of the definition only the path is told.
    """
    functions = {
        region: {one.name: _plain(_concealed(one, reveal=reveal), "name", "overridden") for one in functions}
        for region, functions in spec.functions.items()
    }
    rest = dataclasses.replace(spec, functions={}, tables=(), api=None)
    made: dict[str, Any] = _plain(rest, "functions", "tables", "api", "group", "deprecated")
    made["functions"] = functions
    made["domains"] = made.pop("further-domains")
    made["tables"] = {table.name: _plain(table, "name") for table in spec.tables}
    if spec.api:
        made["api"] = _plain(dataclasses.replace(spec.api, definition={}, stages=()), "definition", "stages")
        made["api"]["stages"] = {stage.name: _plain(stage, "name") for stage in spec.api.stages}
    if reveal:
        return made
    redacted: dict[str, Any] = KNOWN.redact_data(made)
    return redacted


def _concealed(function: Any, *, reveal: bool) -> Any:
    if reveal:
        return function
    return dataclasses.replace(function, environment=dict.fromkeys(function.environment, HIDDEN))


def _plain(value: Any, *without: str) -> Any:
    """Dataclasses as mappings with the spec's kebab-case keys, tuples as lists, paths as text."""
    if dataclasses.is_dataclass(value):
        names = [one.name for one in dataclasses.fields(value) if one.name not in without]
        return {name.replace("_", "-"): _plain(getattr(value, name)) for name in names}
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, Path) else value
