"""Mapping templates as API Gateway gives them: `$input`, `$util`, `$context` and `$stageVariables` in Velocity."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from backendctl.sandbox.apigateway import velocity_values as values
from backendctl.sandbox.apigateway.exchange import NotEmulatedError
from backendctl.sandbox.apigateway.velocity import SETTABLE, Run, Tool
from backendctl.sandbox.apigateway.velocity_syntax import TemplateError, parse

STEP = re.compile(r"\.([\w-]+)|\[(\d+)\]|\[['\"](.+?)['\"]\]|(\[\*\]|\.\*)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What references may name.

    Attributes:
        body: the text behind `$input`.
        path, query, headers: the parameters, searched in this order.
    """

    context: dict[str, Any]
    variables: dict[str, str]
    body: str = ""
    path: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def override(self) -> dict[str, Any]:
        """What a template has set of `$context.responseOverride`."""
        found = self.context.get(SETTABLE)
        return found if isinstance(found, dict) else {}


def render(template: str, scope: Scope) -> str:
    """The text of a template.

    Raises:
        NotEmulatedError: naming what of the template is not emulated.
        TemplateError: when it cannot be carried out.
    """
    run = Run(
        tools={"input": _Input(scope), "util": _Util()},
        names={"context": scope.context, "stageVariables": dict(scope.variables)},
    )
    return run.text(parse(template))


@dataclass(frozen=True, slots=True)
class _Input(Tool):
    scope: Scope

    def get(self, name: str) -> Any:
        if name != "body":
            raise NotEmulatedError(f"$input.{name} in mapping templates is not emulated")
        return self.scope.body

    def call(self, name: str, arguments: list[Any]) -> Any:
        if name == "params":
            return self._params(*map(values.shown, arguments))
        if name not in {"json", "path"} or len(arguments) != 1:
            raise NotEmulatedError(
                f"$input.{name} with {len(arguments)} arguments in mapping templates is not emulated"
            )
        value = json_path(self.scope.body, values.shown(arguments[0]))
        if name == "path":
            return value
        return '""' if value is None else json.dumps(value)

    def _params(self, name: str | None = None) -> Any:
        scope = self.scope
        if name is None:
            return {"path": dict(scope.path), "querystring": dict(scope.query), "header": dict(scope.headers)}
        lower = {key.lower(): value for key, value in scope.headers.items()}
        places = (scope.path, scope.query, scope.headers)
        return next((place[name] for place in places if name in place), lower.get(name.lower(), ""))


@dataclass(frozen=True, slots=True)
class _Util(Tool):
    def get(self, name: str) -> Any:
        raise NotEmulatedError(f"$util.{name} in mapping templates is not emulated")

    def call(self, name: str, arguments: list[Any]) -> Any:
        if name not in values.UTIL:
            raise NotEmulatedError(f"$util.{name} in mapping templates is not emulated")
        return values.called(values.UTIL[name], f"$util.{name}", arguments)


def json_path(text: str, path: str) -> Any:
    """A value by a simple path such as `$.a[0].b` or `$.a[*].b`; None when there is none."""
    try:
        value: Any = json.loads(text) if text else {}
    except ValueError:
        return text if path == "$" else None
    if not path.startswith("$"):
        raise NotEmulatedError(f"JSON path {path} is not emulated")
    return _walked(value, path, 1)


def _walked(value: Any, path: str, position: int) -> Any:
    while position < len(path):
        match = STEP.match(path, position)
        if match is None:
            raise NotEmulatedError(f"JSON path {path} is not emulated")
        position = match.end()
        if match[4] is not None:
            each = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
            found = [_walked(one, path, position) for one in each]
            return [one for one in found if one is not None]
        value = _step(value, match)
    return value


def _step(value: Any, match: re.Match[str]) -> Any:
    if match[2] is not None:
        index = int(match[2])
        return value[index] if isinstance(value, list) and index < len(value) else None
    return value.get(match[1] or match[3]) if isinstance(value, dict) else None


__all__ = ["Scope", "TemplateError", "json_path", "render"]
