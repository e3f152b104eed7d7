"""Reads a query: its commands between bars."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backendctl.sandbox.insights import expressions
from backendctl.sandbox.insights.functions import AGGREGATES
from backendctl.sandbox.insights.tokens import Tokens, UnknownError
from backendctl.sandbox.insights.tree import (
    Apply,
    Column,
    Command,
    Dedup,
    Fields,
    Filter,
    Like,
    Limit,
    Name,
    Node,
    Parse,
    Sort,
    Stats,
)

if TYPE_CHECKING:
    from collections.abc import Callable

ROWS = 10_000
"""What a query may answer at most."""

ELSEWHERE = frozenset({"pattern", "diff", "anomaly", "unmask", "unnest", "filterindex", "source", "join", "lookup"})
"""Commands of Logs Insights which the sandbox does not know."""


def read(query: str) -> list[Command]:
    """The commands of a query, in order.

    Raises:
        MalformedError: it is no query.
        UnknownError: it asks for what the sandbox does not know.
    """
    tokens = Tokens(query)
    found = [_command(tokens)]
    while tokens.word("|"):
        at = tokens.peek()
        found.append(_command(tokens))
        if any(isinstance(before, Dedup) for before in found[:-1]) and not isinstance(found[-1], Limit):
            raise tokens.fault("only limit may come after dedup", at)
    if tokens.peek().kind != "end":
        raise tokens.fault("expected | or the end")
    return found


def _command(tokens: Tokens) -> Command:
    token = tokens.take()
    word = token.text.lower() if token.kind == "name" else ""
    if word in ELSEWHERE:
        raise UnknownError(f"the command {word}")
    if word not in _COMMANDS:
        raise tokens.fault(f"expected one of {', '.join(sorted(_COMMANDS))}", token)
    return _COMMANDS[word](tokens)


def _fields(tokens: Tokens) -> Command:
    return Fields(_rowwise(tokens), only=False)


def _display(tokens: Tokens) -> Command:
    return Fields(_rowwise(tokens), only=True)


def _filter(tokens: Tokens) -> Command:
    at = tokens.peek()
    condition = expressions.expression(tokens)
    if aggregates(condition):
        raise tokens.fault("an aggregate belongs in stats", at)
    return Filter(condition)


def _stats(tokens: Tokens) -> Command:
    at = tokens.peek()
    columns = expressions.columns(tokens)
    if not all(_is_aggregate(column.node) for column in columns):
        raise tokens.fault("stats needs functions like count(*), and other fields after by", at)
    return Stats(columns=columns, by=_rowwise(tokens) if tokens.word("by") else ())


def _sort(tokens: Tokens) -> Command:
    keys = [_key(tokens)]
    while tokens.word(","):
        keys.append(_key(tokens))
    return Sort(tuple(keys))


def _key(tokens: Tokens) -> tuple[Column, bool]:
    start = tokens.peek().start
    node = expressions.expression(tokens)
    column = Column(name=node.name if isinstance(node, Name) else tokens.between(start), node=node)
    return column, tokens.word("asc", "desc") == "desc"


def _limit(tokens: Tokens) -> Command:
    token = tokens.take()
    if token.kind != "number" or not re.fullmatch(r"\d+", token.text) or not 0 < int(token.text) <= ROWS:
        raise tokens.fault(f"expected a whole number from 1 to {ROWS}", token)
    return Limit(int(token.text))


def _parse(tokens: Tokens) -> Command:
    has_source = tokens.peek().kind in {"name", "quoted"}
    source = Name(expressions.name(tokens)) if has_source else Name("@message")
    pattern = tokens.regex()
    if pattern is None:
        return _glob(tokens, source)
    if tokens.word("as"):
        names = expressions.names(tokens)
        if len(names) != pattern.groups:
            raise tokens.fault(f"the regular expression has {pattern.groups} groups, not {len(names)}")
        return Parse(source=source, pattern=pattern, names=names)
    if not pattern.groupindex:
        raise tokens.fault("a regular expression of parse needs named groups")
    by_number = {number: name for name, number in pattern.groupindex.items()}
    names = tuple(by_number.get(number, "") for number in range(1, pattern.groups + 1))
    return Parse(source=source, pattern=pattern, names=names)


def _glob(tokens: Tokens, source: Node) -> Command:
    token = tokens.take()
    if token.kind != "text":
        raise tokens.fault("expected a text or a regular expression", token)
    tokens.expect("as")
    names = expressions.names(tokens)
    parts = token.text.split("*")
    if len(names) != len(parts) - 1:
        raise tokens.fault(f"the text has {len(parts) - 1} *, and {len(names)} names are given", token)
    glob = "(.*?)".join(map(re.escape, parts)) + ("" if parts[-1] else "$")  # the last * takes what is left
    return Parse(source=source, pattern=re.compile(glob, re.DOTALL), names=names)


def _dedup(tokens: Tokens) -> Command:
    return Dedup(tuple(Name(name) for name in expressions.names(tokens)))


_COMMANDS: dict[str, Callable[[Tokens], Command]] = {
    "dedup": _dedup,
    "display": _display,
    "fields": _fields,
    "filter": _filter,
    "limit": _limit,
    "parse": _parse,
    "sort": _sort,
    "stats": _stats,
}


def _rowwise(tokens: Tokens) -> tuple[Column, ...]:
    at = tokens.peek()
    columns = expressions.columns(tokens)
    if any(aggregates(column.node) for column in columns):
        raise tokens.fault("an aggregate belongs in stats", at)
    return columns


def aggregates(node: Node) -> bool:
    """Whether there is a function over many rows in an expression."""
    if isinstance(node, Like):
        return aggregates(node.value)
    return isinstance(node, Apply) and (node.function in AGGREGATES or any(map(aggregates, node.arguments)))


def _is_aggregate(node: Node) -> bool:
    """Whether nothing in an expression is of a single row, and something is of many."""
    return aggregates(node) and not _single(node)


def _single(node: Node) -> bool:
    if isinstance(node, Apply):
        return node.function not in AGGREGATES and any(map(_single, node.arguments))
    return isinstance(node, Name) or (isinstance(node, Like) and _single(node.value))
