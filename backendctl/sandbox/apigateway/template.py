"""The simplest part of mapping templates: references without directives.

`#set`, `#if`, `#foreach` and the like are refused, not guessed at.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

from backendctl.sandbox.apigateway.exchange import NotEmulatedError

DIRECTIVE = re.compile(r"#(?:set|if|elseif|else|foreach|end|macro|include|parse|break|stop|define)\b")
COMMENT = re.compile(r"##[^\n]*\n?")
REFERENCE = re.compile(
    r"""\$(?P<brace>\{)?(?:
        (?P<root>context|stageVariables)(?P<names>(?:\.[A-Za-z_][\w-]*)+)
      | stageVariables\[['"](?P<item>\w+)['"]\]
      | input\.body(?P<body>\b)
      | input\.(?P<call>json|path|params)\(\s*(?P<quote>['"])(?P<argument>.*?)(?P=quote)\s*\)
    )(?(brace)\})""",
    re.VERBOSE,
)
UNKNOWN = re.compile(r"\$!?\{?(?:util|input|context|stageVariables)\b")
STEP = re.compile(r"\.([\w-]+)|\[(\d+)\]|\[['\"](.+?)['\"]\]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What references may name.

    Attributes:
        body: the text behind `$input`.
        parameters: path, query and header parameters in the order they are searched.
    """

    context: dict[str, Any]
    variables: dict[str, str]
    body: str = ""
    parameters: list[dict[str, str]] = field(default_factory=list)


def render(template: str, scope: Scope) -> str:
    """The text of a template.

    Raises:
        NotEmulatedError: for anything beyond plain references.
    """
    text = COMMENT.sub("", template)
    if DIRECTIVE.search(text):
        raise NotEmulatedError("mapping templates with VTL directives are not emulated")
    pieces: list[str] = []
    last = 0
    for match in REFERENCE.finditer(text):
        pieces += [_plain(text[last : match.start()]), _value(match, scope)]
        last = match.end()
    return "".join([*pieces, _plain(text[last:])])


def _plain(text: str) -> str:
    if UNKNOWN.search(text):
        raise NotEmulatedError("this mapping template uses functions which are not emulated")
    return text


def _value(match: re.Match[str], scope: Scope) -> str:
    if match["root"] == "context":
        return _context_value(scope.context, match["names"][1:].split("."))
    if match["root"] == "stageVariables":
        return scope.variables.get(match["names"][1:], "")
    if match["item"] is not None:
        return scope.variables.get(match["item"], "")
    if match["call"] is None:
        return scope.body
    return _input(match["call"], match["argument"], scope)


def _context_value(context: Any, names: list[str]) -> str:
    for name in names:
        context = context.get(name) if isinstance(context, dict) else None
    return "" if context is None else str(context)


def _input(function: str, argument: str, scope: Scope) -> str:
    if function == "params":
        return next((each[argument] for each in scope.parameters if argument in each), "")
    value = json_path(scope.body, argument)
    if function == "json":
        return '""' if value is None else json.dumps(value)
    if isinstance(value, (dict, list)):
        raise NotEmulatedError("$input.path of an object is not emulated")
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None else str(value)


def json_path(text: str, path: str) -> Any:
    """A value by a simple path such as `$.a[0].b`; None when there is none."""
    try:
        value: Any = json.loads(text) if text else {}
    except ValueError:
        return text if path == "$" else None
    if not path.startswith("$"):
        raise NotEmulatedError(f"JSON path {path} is not emulated")
    position = 1
    while position < len(path):
        match = STEP.match(path, position)
        if match is None:
            raise NotEmulatedError(f"JSON path {path} is not emulated")
        value = _step(value, match)
        position = match.end()
    return value


def _step(value: Any, match: re.Match[str]) -> Any:
    if match[2] is not None:
        index = int(match[2])
        return value[index] if isinstance(value, list) and index < len(value) else None
    return value.get(match[1] or match[3]) if isinstance(value, dict) else None
