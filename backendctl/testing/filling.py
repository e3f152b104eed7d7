"""Values put into tests: `${name}` of an earlier answer, and the spec's expressions."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

CAPTURED = re.compile(r"\$\{(?P<name>[A-Za-z_][A-Za-z0-9_]*)\}")


class NotCapturedError(Exception):
    """A test needs a value that no earlier answer gave; the text is its name."""


def names_in(value: Any) -> Iterator[str]:
    """The names of captured values in all texts of a value, keys too."""
    for text in texts_in(value):
        for found in CAPTURED.finditer(text):
            yield found["name"]


def texts_in(value: Any) -> Iterator[str]:
    """Every text of a value, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield key
            yield from texts_in(item)
    elif isinstance(value, list):
        for item in value:
            yield from texts_in(item)


def mapped(value: Any, change: Callable[[str], Any]) -> Any:
    """The same value with every text changed; keys stay as they are."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, dict):
        return {key: mapped(item, change) for key, item in value.items()}
    return [mapped(item, change) for item in value] if isinstance(value, list) else value


def filled(text: str, captured: Mapping[str, Any], *, in_url: bool = False) -> str:
    """The text with captured values in it.

    Args:
        in_url: whether it is an address, in which they are percent-encoded.

    Raises:
        NotCapturedError: there is no such value.
    """

    def value(found: re.Match[str]) -> str:
        told = _text(_value(found["name"], captured))
        return quote(told, safe="") if in_url else told

    return CAPTURED.sub(value, text)


def filled_value(value: Any, captured: Mapping[str, Any]) -> Any:
    """The same for any value: a text that is nothing but `${name}` becomes the captured value itself.

    Raises:
        NotCapturedError: as above.
    """

    def change(text: str) -> Any:
        whole = CAPTURED.fullmatch(text)
        return _value(whole["name"], captured) if whole else filled(text, captured)

    return mapped(value, change)


def _value(name: str, captured: Mapping[str, Any]) -> Any:
    if name not in captured:
        raise NotCapturedError(name)
    return captured[name]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
