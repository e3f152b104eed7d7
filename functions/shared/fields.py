"""What callers send, checked in words they can act on."""

import math
import re
from collections.abc import Mapping
from typing import Any

from .web import HttpError

IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{1,64}")


def number(source: Mapping[str, Any], name: str, *, low: float, high: float, default: float | None = None) -> float:
    """A number within [low, high], from a query string or a body; `default` makes it optional.

    Raises:
        HttpError: 400, missing, no number, or out of range.
    """
    given = source.get(name)
    if given is None:
        if default is None:
            raise HttpError(400, f"{name} is missing")
        return default
    try:
        value = math.nan if isinstance(given, bool) else float(given)
    except (TypeError, ValueError, OverflowError):
        value = math.nan
    if not low <= value <= high:  # false for NaN too
        raise HttpError(400, f"{name} must be a number from {low:g} to {high:g}")
    return value


def whole(source: Mapping[str, Any], name: str, *, high: int, default: int) -> int:
    """An optional whole number from 1 to `high`.

    Raises:
        HttpError: 400.
    """
    value = number(source, name, low=1, high=high, default=default)
    if value != int(value):
        raise HttpError(400, f"{name} must be a whole number")
    return int(value)


def text(source: Mapping[str, Any], name: str, *, longest: int) -> str:
    """A text that is not blank, without the spaces around it.

    Raises:
        HttpError: 400.
    """
    value = source.get(name)
    if not isinstance(value, str) or not value.strip():
        raise HttpError(400, f"{name} must be a text")
    if len(value.strip()) > longest:
        raise HttpError(400, f"{name} must be at most {longest} characters long")
    return value.strip()


def identifier(source: Mapping[str, Any], name: str) -> str:
    """A name that is safe in paths and keys: 1 to 64 letters, digits, `_` or `-`.

    Raises:
        HttpError: 400.
    """
    value = source.get(name)
    if not isinstance(value, str) or not IDENTIFIER.fullmatch(value):
        raise HttpError(400, f"{name} must be 1 to 64 letters, digits, _ or -")
    return value


def known(source: Mapping[str, Any], *names: str) -> None:
    """Refuse what would be silently dropped.

    Raises:
        HttpError: 400, naming the fields.
    """
    if unknown := sorted(source.keys() - set(names)):
        raise HttpError(400, f"unknown: {', '.join(unknown)}; known are {', '.join(names)}")
