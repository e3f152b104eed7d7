"""Filter patterns over JSON events: `{ $.level = "ERROR" && ($.size > 10 || $.name NOT EXISTS) }`."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.logs.conditions import comparison
from backendctl.sandbox.logs.reading import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    Condition = Callable[[Any], bool]

_STEP = re.compile(r"\.(?P<name>[\w@-]+)|\[(?P<index>\d+)\]|\[['\"](?P<quoted>[^'\"]*)['\"]\]")
_MISSING = object()


def parse(text: str) -> Callable[[str], bool]:
    """Read a pattern in braces.

    Raises:
        PatternError: it is none.
    """
    tokens = Tokens(text, text.strip()[1:-1])
    condition = _either(tokens)
    if tokens.peek()[0] != "end":
        raise tokens.fault(tokens.peek()[1])
    return lambda message: _holds(condition, message)


def _holds(condition: Condition, message: str) -> bool:
    if not message.lstrip().startswith("{"):
        return False
    try:
        document = json.loads(message)
    except ValueError:
        return False
    return condition(document)


def _either(tokens: Tokens) -> Condition:
    parts = [_both(tokens)]
    while tokens.took("sign", "||"):
        parts.append(_both(tokens))
    return parts[0] if len(parts) == 1 else lambda document: any(part(document) for part in parts)


def _both(tokens: Tokens) -> Condition:
    parts = [_one(tokens)]
    while tokens.took("sign", "&&"):
        parts.append(_one(tokens))
    return parts[0] if len(parts) == 1 else lambda document: all(part(document) for part in parts)


def _one(tokens: Tokens) -> Condition:
    if tokens.took("sign", "("):
        inner = _either(tokens)
        if not tokens.took("sign", ")"):
            raise tokens.fault(tokens.peek()[1])
        return inner
    kind, text = tokens.take()
    if kind != "selector" or "*" in text:
        raise tokens.fault(text)
    select = _selector(text)
    if tokens.took("word", "IS"):
        return _is(tokens, select)
    if tokens.took("word", "NOT"):
        if not tokens.took("word", "EXISTS"):
            raise tokens.fault(tokens.peek()[1])
        return lambda document: select(document) is _MISSING
    judged = comparison(tokens, tokens.take()[1])
    return lambda document: (value := select(document)) is not _MISSING and judged.holds(value)


def _is(tokens: Tokens, select: Callable[[Any], Any]) -> Condition:
    wanted = tokens.took("word", "NULL", "TRUE", "FALSE")
    if wanted is None:
        raise tokens.fault(tokens.peek()[1])
    value = {"NULL": None, "TRUE": True, "FALSE": False}[wanted.upper()]
    return lambda document: select(document) is value


def _selector(text: str) -> Callable[[Any], Any]:
    steps: list[str | int] = [
        int(match["index"]) if match["index"] is not None else match["name"] or match["quoted"]
        for match in _STEP.finditer(text)
    ]

    def select(document: Any) -> Any:
        for step in steps:
            if isinstance(step, str):
                document = document.get(step, _MISSING) if isinstance(document, dict) else _MISSING
            else:
                document = document[step] if isinstance(document, list) and step < len(document) else _MISSING
        return document

    return select
