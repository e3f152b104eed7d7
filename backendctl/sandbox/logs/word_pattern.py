"""Filter patterns over space-delimited events: `[ip, user, ..., status = 4*, bytes > 1000]`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backendctl.sandbox.logs.conditions import comparison
from backendctl.sandbox.logs.reading import Tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    Field = Callable[[str], bool]

_WORDS = re.compile(r'"([^"]*)"|\[([^\]]*)\]|(\S+)')
_NAME = re.compile(r"\w+")


def parse(text: str) -> Callable[[str], bool]:
    """Read a pattern in brackets.

    Raises:
        PatternError: it is none.
    """
    tokens = Tokens(text, text.strip()[1:-1])
    fields: list[Field | None] = [_field(tokens)]
    while tokens.took("sign", ","):
        fields.append(_field(tokens))
    if tokens.peek()[0] != "end" or fields.count(None) > 1:
        raise tokens.fault(tokens.peek()[1])
    return lambda message: _matches(fields, _words(message))


def _field(tokens: Tokens) -> Field | None:
    """The condition of one field; None for `...`, any number of them."""
    if tokens.took("sign", "..."):
        return None
    kind, name = tokens.take()
    if kind != "word" or not _NAME.fullmatch(name):
        raise tokens.fault(name)
    if tokens.peek() in {("sign", ","), ("end", "")}:
        return lambda _value: True
    conditions = [comparison(tokens, tokens.take()[1]).holds]
    joined = tokens.peek()[1]
    while tokens.peek() in {("sign", "&&"), ("sign", "||")}:
        if tokens.take()[1] != joined or tokens.take() != ("word", name):
            raise tokens.fault(name)
        conditions.append(comparison(tokens, tokens.take()[1]).holds)
    over = any if joined == "||" else all
    return lambda value: over(condition(value) for condition in conditions)


def _words(message: str) -> list[str]:
    return [next(part for part in groups if part or part == groups[-1]) for groups in _WORDS.findall(message)]


def _matches(fields: list[Field | None], words: list[str]) -> bool:
    if None not in fields:
        return len(fields) == len(words) and _fit(fields, words)
    place = fields.index(None)
    before, after = fields[:place], fields[place + 1 :]
    if len(words) < len(before) + len(after):
        return False
    return _fit(before, words) and _fit(after, words[len(words) - len(after) :])


def _fit(fields: list[Field | None], words: list[str]) -> bool:
    return all(field is None or field(word) for field, word in zip(fields, words, strict=False))
