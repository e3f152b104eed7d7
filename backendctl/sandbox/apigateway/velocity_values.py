"""What mapping templates can do with values: the methods of texts, lists and objects, and `$util`.

A template gets at nothing but what stands in these tables.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from backendctl.sandbox.apigateway.exchange import NotEmulatedError
from backendctl.sandbox.apigateway.velocity_syntax import TemplateError

Methods = dict[str, Callable[..., Any]]

_ESCAPES = {
    '"': '\\"',
    "'": "\\'",
    "\\": "\\\\",
    "/": "\\/",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
}
_LAST_ASCII = "~"
_GROUP = re.compile(r"\$(\d)")


def shown(value: Any) -> str:
    """A value as text in the output."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (str, int, float)):
        return str(value)
    raise NotEmulatedError(f"{_kind(value)} in the text of a mapping template ($input.json writes JSON)")


def escape_java_script(value: Any) -> str:
    """`$util.escapeJavaScript`."""
    return "".join(_escaped(letter) for letter in shown(value))


def _escaped(letter: str) -> str:
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    if " " <= letter <= _LAST_ASCII:
        return letter
    units = letter.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[place : place + 2].hex().upper()}" for place in range(0, len(units), 2))


def _parsed(value: Any) -> Any:
    try:
        return json.loads(shown(value))
    except ValueError as error:
        raise TemplateError("$util.parseJson was given no JSON") from error


def _decoded(value: Any) -> str:
    try:
        return base64.b64decode(shown(value)).decode("utf-8", errors="replace")
    except binascii.Error as error:
        raise TemplateError("$util.base64Decode was given no base64") from error


UTIL: Methods = {
    "escapeJavaScript": escape_java_script,
    "parseJson": _parsed,
    "urlEncode": lambda value: quote_plus(shown(value), safe="*-._"),
    "urlDecode": lambda value: unquote_plus(shown(value)),
    "base64Encode": lambda value: base64.b64encode(shown(value).encode()).decode(),
    "base64Decode": _decoded,
}


def _substring(text: str, first: int, last: int | None = None) -> str:
    end = len(text) if last is None else last
    if not 0 <= first <= end <= len(text):
        raise TemplateError("substring is out of range")
    return text[first:end]


def _replaced(text: str, pattern: str, by: str) -> str:
    return _pattern(pattern).sub(_GROUP.sub(r"\\\1", by), text)


def _split(text: str, pattern: str) -> list[str]:
    pieces = _pattern(pattern).split(text)
    while len(pieces) > 1 and not pieces[-1]:  # as Java does
        pieces.pop()
    return pieces


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as error:
        raise NotEmulatedError(f"the pattern {text} is not understood") from error


TEXT: Methods = {
    "concat": lambda text, more: text + more,
    "contains": lambda text, part: part in text,
    "endsWith": lambda text, end: text.endswith(end),
    "equals": lambda text, other: text == other,
    "equalsIgnoreCase": lambda text, other: text.lower() == shown(other).lower(),
    "indexOf": lambda text, part: text.find(part),
    "isEmpty": lambda text: not text,
    "lastIndexOf": lambda text, part: text.rfind(part),
    "length": len,
    "matches": lambda text, pattern: _pattern(pattern).fullmatch(text) is not None,
    "replace": lambda text, old, new: text.replace(old, new),
    "replaceAll": _replaced,
    "split": _split,
    "startsWith": lambda text, begin: text.startswith(begin),
    "substring": _substring,
    "toLowerCase": lambda text: text.lower(),
    "toString": lambda text: text,
    "toUpperCase": lambda text: text.upper(),
    "trim": lambda text: text.strip(),
}
NUMBER: Methods = {
    "equals": lambda number, other: number == other,
    "intValue": int,
    "toString": shown,
}


def item(values: list[Any], at: int) -> Any:
    """One of a list."""
    if not isinstance(at, int) or not 0 <= at < len(values):
        raise TemplateError(f"a list of {len(values)} has no item {at}")
    return values[at]


def _put(document: dict[Any, Any], key: Any, value: Any) -> Any:
    before = document.get(key)
    document[key] = value
    return before


def _added(values: list[Any], value: Any) -> bool:
    values.append(value)
    return True


LIST: Methods = {
    "add": _added,
    "contains": lambda values, value: value in values,
    "get": item,
    "isEmpty": lambda values: not values,
    "size": len,
}
MAP: Methods = {
    "containsKey": lambda document, key: key in document,
    "entrySet": lambda document: [{"key": key, "value": value} for key, value in document.items()],
    "get": lambda document, key: document.get(key),
    "isEmpty": lambda document: not document,
    "keySet": list,
    "put": _put,
    "remove": lambda document, key: document.pop(key, None),
    "size": len,
    "values": lambda document: list(document.values()),
}


def _kind(value: Any) -> str:
    kinds = {bool: "a boolean", int: "a number", float: "a number", str: "a text", list: "a list", dict: "an object"}
    return kinds.get(type(value), "nothing")


def apply(value: Any, method: str, arguments: list[Any]) -> Any:
    """Call a method of a value; that of nothing is nothing.

    Raises:
        NotEmulatedError: naming a method that is not emulated.
        TemplateError: for arguments it does not take.
    """
    if value is None:
        return None
    table = {str: TEXT, int: NUMBER, float: NUMBER, list: LIST, dict: MAP}.get(type(value), {})
    if method not in table:
        raise NotEmulatedError(f"{method}() of {_kind(value)} in mapping templates is not emulated")
    return called(table[method], method, [value, *arguments])


def called(function: Callable[..., Any], name: str, arguments: list[Any]) -> Any:
    """The outcome of a function of one of the tables."""
    try:
        return function(*arguments)
    except TypeError as error:
        raise TemplateError(f"{name}() does not take these arguments") from error


def compared(operator: str, left: Any, right: Any) -> bool:
    """`==` and `!=` of any values, the others of numbers; different types are compared as texts."""
    if operator in {"==", "!="}:
        numbers = _is_number(left) and _is_number(right)
        same = left == right if numbers or type(left) is type(right) else _texts(left) == _texts(right)
        return same is (operator == "==")
    if not (_is_number(left) and _is_number(right)):
        return False  # Velocity logs it and goes on
    return bool({"<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right}[operator])


def _texts(value: Any) -> Any:
    return value if value is None or isinstance(value, (list, dict)) else shown(value)


def calculated(operator: str, left: Any, right: Any) -> Any:
    """Arithmetic on numbers; nothing where there is no result."""
    if left is None or right is None:
        return None
    if not (_is_number(left) and _is_number(right)):
        raise NotEmulatedError(f"{operator} on {_kind(left)} and {_kind(right)} in mapping templates is not emulated")
    if operator in {"/", "%"}:
        return _divided(operator, left, right)
    return {"+": left + right, "-": left - right, "*": left * right}[operator]


def _divided(operator: str, left: Any, right: Any) -> Any:
    if right == 0:
        return None
    if operator == "%":
        return math.fmod(left, right) if isinstance(left + right, float) else int(math.fmod(left, right))
    return left / right if isinstance(left + right, float) else int(left / right)  # whole numbers as Java's


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
