"""Reads the expressions of a query."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backendctl.sandbox.insights.functions import AGGREGATES, ELSEWHERE, FUNCTIONS, TWO_ARGUMENTS
from backendctl.sandbox.insights.tokens import Period, UnknownError
from backendctl.sandbox.insights.tree import Apply, Column, Like, Literal, Name

if TYPE_CHECKING:
    from collections.abc import Callable

    from backendctl.sandbox.insights.tokens import Token, Tokens
    from backendctl.sandbox.insights.tree import Node

_RESERVED = frozenset({"by", "as", "and", "or", "not", "in", "like", "asc", "desc"})
_PERIODIC = frozenset({"bin", "datefloor", "dateceil"})
TIMESTAMP = Name("@timestamp")


def columns(tokens: Tokens) -> tuple[Column, ...]:
    """Expressions between commas, each with or without a name of its own."""
    found = [_column(tokens)]
    while tokens.word(","):
        found.append(_column(tokens))
    return tuple(found)


def name(tokens: Tokens) -> str:
    """The name of a field."""
    token = tokens.take()
    if token.kind not in {"name", "quoted"}:
        raise tokens.fault("expected the name of a field", token)
    return token.text


def names(tokens: Tokens) -> tuple[str, ...]:
    """Names of fields between commas."""
    found = [name(tokens)]
    while tokens.word(","):
        found.append(name(tokens))
    return tuple(found)


def _column(tokens: Tokens) -> Column:
    start = tokens.peek().start
    node = expression(tokens)
    own = node.name if isinstance(node, Name) else tokens.between(start)
    return Column(name=name(tokens) if tokens.word("as") else own, node=node)


def expression(tokens: Tokens) -> Node:
    """An expression.

    Raises:
        MalformedError: there is none.
        UnknownError: it has a function the sandbox does not know.
    """
    return _left(tokens, _both, "or")


def _both(tokens: Tokens) -> Node:
    return _left(tokens, _not, "and")


def _not(tokens: Tokens) -> Node:
    if tokens.word("not"):
        return Apply("not", (_not(tokens),))
    return _compared(tokens)


def _compared(tokens: Tokens) -> Node:
    node = _sum(tokens)
    sign = tokens.word("=", "!=", "<", "<=", ">", ">=")
    if sign is not None:
        return Apply(sign, (node, _sum(tokens)))
    if tokens.word("=~"):
        return _like(tokens, node)
    is_not = tokens.word("not")
    if tokens.word("like"):
        found = _like(tokens, node)
    elif tokens.word("in"):
        found = Apply("in", (node, *_listed(tokens)))
    elif is_not:
        raise tokens.fault("expected like or in")
    else:
        return node
    return Apply("not", (found,)) if is_not else found


def _like(tokens: Tokens, value: Node) -> Node:
    pattern = tokens.regex()
    if pattern is None:
        token = tokens.take()
        if token.kind != "text":
            raise tokens.fault("expected a text or a regular expression", token)
        pattern = re.compile(re.escape(token.text).replace("%", ".*"), re.DOTALL)
    return Like(value, pattern)


def _listed(tokens: Tokens) -> list[Node]:
    tokens.expect("[")
    found = [_sum(tokens)]
    while tokens.word(","):
        found.append(_sum(tokens))
    tokens.expect("]")
    return found


def _sum(tokens: Tokens) -> Node:
    return _left(tokens, _product, "+", "-")


def _product(tokens: Tokens) -> Node:
    return _left(tokens, _power, "*", "/", "%")


def _power(tokens: Tokens) -> Node:
    node = _single(tokens)
    return Apply("^", (node, _power(tokens))) if tokens.word("^") else node


def _left(tokens: Tokens, part: Callable[[Tokens], Node], *signs: str) -> Node:
    """Parts between operators of one rank, from the left."""
    node = part(tokens)
    while (sign := tokens.word(*signs)) is not None:
        node = Apply(sign, (node, part(tokens)))
    return node


def _single(tokens: Tokens) -> Node:
    if tokens.word("("):
        node = expression(tokens)
        tokens.expect(")")
        return node
    if tokens.word("-"):
        return Apply("negative", (_single(tokens),))
    token = tokens.take()
    match token.kind:
        case "number":
            return Literal(float(token.text) if re.search(r"[.eE]", token.text) else int(token.text))
        case "text":
            return Literal(token.text)
        case "quoted":
            return Name(token.text)
        case "name" if token.text.lower() not in _RESERVED:
            return _call(tokens, token) if tokens.word("(") else _word(token)
    raise tokens.fault("expected an expression", token)


def _word(token: Token) -> Node:
    truth = {"true": 1, "false": 0}
    return Literal(truth[token.text.lower()]) if token.text.lower() in truth else Name(token.text)


def _call(tokens: Tokens, token: Token) -> Node:
    """A function's arguments, once its parenthesis has been read."""
    function = token.text.lower()
    if function in ELSEWHERE:
        raise UnknownError(f"the function {token.text}")
    arguments: list[Node] = []
    if function == "count" and tokens.word("*"):
        tokens.expect(")")
    elif not tokens.word(")"):
        arguments.append(_argument(tokens))
        while tokens.word(","):
            arguments.append(_argument(tokens))
        tokens.expect(")")
    _judge(tokens, token, function, arguments)
    if function == "bin" and len(arguments) == 1:
        arguments = [TIMESTAMP, *arguments]
    return Apply(function, tuple(arguments))


def _argument(tokens: Tokens) -> Node:
    if tokens.peek().kind == "period":
        return Literal(Period(tokens.take().text))
    return expression(tokens)


def _judge(tokens: Tokens, token: Token, function: str, arguments: list[Node]) -> None:
    if function in AGGREGATES:
        fewest = most = 2 if function in TWO_ARGUMENTS else 1
        fewest = 0 if function == "count" else fewest
    elif function in FUNCTIONS:
        fewest, most, _ = FUNCTIONS[function]
    else:
        raise tokens.fault("no such function", token)
    if not fewest <= len(arguments) <= most:
        raise tokens.fault("wrong number of arguments", token)
    periods = [isinstance(one, Literal) and isinstance(one.value, Period) for one in arguments]
    if periods != [False] * (len(arguments) - 1) + [function in _PERIODIC] and any([*periods, function in _PERIODIC]):
        raise tokens.fault("a length of time like 5m belongs last in bin, datefloor and dateceil only", token)
