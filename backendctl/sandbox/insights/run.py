"""Runs the commands of a query over rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.insights.functions import AGGREGATES, FUNCTIONS, OPERATORS, TWO_ARGUMENTS
from backendctl.sandbox.insights.tree import (
    Apply,
    Dedup,
    Fields,
    Filter,
    Like,
    Limit,
    Literal,
    Name,
    Parse,
    Sort,
    Stats,
    is_true,
    order,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from backendctl.sandbox.insights.records import Row
    from backendctl.sandbox.insights.tree import Command, Node

_SHOWN = ("@timestamp", "@message")


@dataclass(kw_only=True, slots=True)
class Result:
    """What a query answers.

    Attributes:
        rows: each as names and texts, in order.
        matched: how many events were left by the filters before anything was counted or cut.
    """

    rows: list[list[tuple[str, str]]]
    matched: int


@dataclass(kw_only=True, slots=True)
class _State:
    rows: list[Row]
    shown: list[str] = field(default_factory=list)
    only: list[str] | None = None
    matched: int | None = None
    counted: bool = False


def run(commands: Sequence[Command], rows: Iterable[Row], *, limit: int) -> Result:
    """The answer of a query.

    Args:
        commands: what was read.
        rows: those of all events, the latest first.
        limit: how many rows at most, unless the query itself has a limit.
    """
    state = _State(rows=list(rows))
    for command in commands:
        if not isinstance(command, (Filter, Parse, Fields)) and state.matched is None:
            state.matched = len(state.rows)
        _STEPS[type(command)](state, command)
    matched = len(state.rows) if state.matched is None else state.matched
    if not any(isinstance(command, Limit) for command in commands):
        state.rows = state.rows[:limit]
    names = state.only if state.only is not None else state.shown or list(_SHOWN)
    if not state.counted:
        names = [*dict.fromkeys(names), "@ptr"]
    found = [[(name, text(row[name])) for name in names if row.get(name) is not None] for row in state.rows]
    return Result(rows=found, matched=matched)


def evaluate(node: Node, row: Row) -> Any:
    """The value of an expression for a row; None when something it needs is missing."""
    match node:
        case Literal(value):
            return value
        case Name(name):
            return row.get(name)
        case Like(value, pattern):
            given = evaluate(value, row)
            return given is not None and pattern.search(text(given)) is not None
        case Apply(function, arguments):
            return _applied(function, [evaluate(each, row) for each in arguments])


def _applied(function: str, values: list[Any]) -> Any:
    if function in OPERATORS:
        return OPERATORS[function](*values)
    return FUNCTIONS[function][2](*values) if function in FUNCTIONS else None


def _fields(state: _State, command: Fields) -> None:
    for row in state.rows:
        row |= {column.name: evaluate(column.node, row) for column in command.columns}
    names = [column.name for column in command.columns]
    if command.only:
        state.only = names
    else:
        state.shown += [name for name in names if name not in state.shown]


def _filter(state: _State, command: Filter) -> None:
    state.rows = [row for row in state.rows if is_true(evaluate(command.condition, row))]


def _parse(state: _State, command: Parse) -> None:
    for row in state.rows:
        source = evaluate(command.source, row)
        match = None if source is None else command.pattern.search(text(source))
        if match is not None:
            parts = zip(command.names, match.groups(), strict=True)
            row |= {name: part for name, part in parts if name and part is not None}


def _stats(state: _State, command: Stats) -> None:
    groups: dict[tuple[str | None, ...], tuple[Row, list[Row]]] = {}
    for row in state.rows:
        by = {column.name: evaluate(column.node, row) for column in command.by}
        key = tuple(None if value is None else text(value) for value in by.values())
        groups.setdefault(key, (by, []))[1].append(row)
    if not groups and not command.by:
        groups[()] = ({}, [])
    state.rows = [
        {**by, **{column.name: _over(column.node, members) for column in command.columns}}
        for by, members in groups.values()
    ]
    state.shown = [column.name for column in (*command.by, *command.columns)]
    state.only, state.counted = None, True


def _over(node: Node, rows: list[Row]) -> Any:
    """The value of an expression of aggregates over rows, which are the latest first."""
    if isinstance(node, Like):
        return node.pattern.search(text(_over(node.value, rows))) is not None
    if not isinstance(node, Apply):
        return evaluate(node, {})
    if node.function not in AGGREGATES:
        return _applied(node.function, [_over(each, rows) for each in node.arguments])
    if not node.arguments:
        return len(rows)
    found = [value for row in reversed(rows) if (value := evaluate(node.arguments[0], row)) is not None]
    more = [evaluate(node.arguments[1], {})] if node.function in TWO_ARGUMENTS else []
    return AGGREGATES[node.function](found, *more)


def _sort(state: _State, command: Sort) -> None:
    for column, is_down in reversed(command.keys):

        def value(row: Row, name: str = column.name, node: Node = column.node) -> Any:
            return row[name] if name in row else evaluate(node, row)

        missing = [row for row in state.rows if value(row) is None]
        present = [row for row in state.rows if value(row) is not None]
        state.rows = sorted(present, key=lambda row: order(value(row)), reverse=is_down) + missing


def _limit(state: _State, command: Limit) -> None:
    state.rows = state.rows[: command.count]


def _dedup(state: _State, command: Dedup) -> None:
    seen: set[tuple[str, ...]] = set()
    kept: list[Row] = []
    for row in state.rows:
        values = [evaluate(name, row) for name in command.names]
        key = tuple(text(value) for value in values)
        if None in values or key not in seen:
            kept.append(row)
        seen.add(key)
    state.rows = kept


_STEPS: dict[type[Command], Callable[[_State, Any], None]] = {
    Dedup: _dedup,
    Fields: _fields,
    Filter: _filter,
    Limit: _limit,
    Parse: _parse,
    Sort: _sort,
    Stats: _stats,
}
