"""What a query is made of, once it has been read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any


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
