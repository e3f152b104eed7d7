"""What a query of Logs Insights is made of, and the values that its parts come to."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

_NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*")
_LARGE, _SMALL = 1e7, 1e-3


class Moment(int):
    """Milliseconds since the epoch, which an answer writes as a date."""

    __slots__ = ()


def number(value: Any) -> float | None:
    """A value as a number; None when it is none."""
    if isinstance(value, (int, float)):
        return value
    if isinstance(value, str) and _NUMBER.fullmatch(value):
        return float(value)
    return None


def is_true(value: Any) -> bool:
    """Whether a filter keeps a row for which its condition has this value."""
    return value is not None and bool(number(value))


def order(value: Any) -> tuple[int, float, str]:
    """By which values are sorted: numbers, then texts, then what is missing."""
    if value is None:
        return 2, 0.0, ""
    given = number(value)
    return (1, 0.0, str(value)) if given is None else (0, given, "")


def equal(one: Any, other: Any) -> bool:
    """Whether two values are the same, as numbers where both are."""
    left, right = number(one), number(other)
    return left == right if left is not None and right is not None else text(one) == text(other)


def text(value: Any) -> str:
    """A value as an answer writes it."""
    if isinstance(value, Moment):
        moment = datetime.fromtimestamp(value / 1000, tz=UTC)
        return f"{moment:%Y-%m-%d %H:%M:%S}.{value % 1000:03d}"
    if isinstance(value, bool):
        return str(int(value))
    return _decimal(value) if isinstance(value, float) else str(value)


def _decimal(value: float) -> str:
    """A number as Java writes it, without a fraction that is nothing."""
    size = abs(value)
    if size and (size >= _LARGE or size < _SMALL):
        digits, _, exponent = f"{value:.15e}".partition("e")
        return f"{digits.rstrip('0').rstrip('.')}E{int(exponent)}"
    return str(int(value)) if value == int(value) else repr(value)


@dataclass(frozen=True, slots=True)
class Literal:
    """A number, a text, or a length of time."""

    value: Any


@dataclass(frozen=True, slots=True)
class Name:
    """A field."""

    name: str


@dataclass(frozen=True, slots=True)
class Apply:
    """An operator or a function with its arguments; `*` alone is an argument of count."""

    function: str
    arguments: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Like:
    """Whether a value holds a text, or what a regular expression finds."""

    value: Node
    pattern: re.Pattern[str]


Node = Literal | Name | Apply | Like


@dataclass(frozen=True, kw_only=True, slots=True)
class Column:
    """An expression under a name: its own text, or what `as` says."""

    name: str
    node: Node


@dataclass(frozen=True, slots=True)
class Fields:
    """Columns that are shown; `only` for display."""

    columns: tuple[Column, ...]
    only: bool


@dataclass(frozen=True, slots=True)
class Filter:
    """A condition which rows fulfil."""

    condition: Node


@dataclass(frozen=True, kw_only=True, slots=True)
class Stats:
    """Aggregates over groups of rows."""

    columns: tuple[Column, ...]
    by: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Sort:
    """Columns of before, or expressions, each with whether it goes down."""

    keys: tuple[tuple[Column, bool], ...]


@dataclass(frozen=True, slots=True)
class Limit:
    """How many rows."""

    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Parse:
    """Fields out of a text: group by group of a regular expression."""

    source: Node
    pattern: re.Pattern[str]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dedup:
    """The first row of each combination of fields."""

    names: tuple[Node, ...]


Command = Fields | Filter | Stats | Sort | Limit | Parse | Dedup
