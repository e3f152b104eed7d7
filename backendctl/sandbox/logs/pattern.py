"""Filter patterns of CloudWatch Logs, in their three languages: terms, JSON and space-delimited."""

from __future__ import annotations

import json
import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.logs import terms
from backendctl.sandbox.logs.terms import PatternError, regex, wild

if TYPE_CHECKING:
    from collections.abc import Callable

    Condition = Callable[[Any], bool]
    Field = Callable[[str], bool]

_TOKEN = re.compile(
    r"""\s*(?:
    "(?P<quoted>(?:[^"\\]|\\.)*)" | %(?P<regex>(?:[^%\\]|\\.)+)%
    | (?P<selector>\$(?:\.(?:[\w@-]+|\*)|\[(?:\d+|'[^']*'|"[^"]*")\])*)
    | (?P<sign>&&|\|\||!=|<=|>=|[=<>(),]|\.\.\.)
    | (?P<word>[^\s"&|!=<>(),]+)
    )""",
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\(.)")

Token = tuple[str, str]
"""Kind (`quoted`, `regex`, `selector`, `sign`, `word`, or `end`) and text."""


class Tokens:
    """What is left of a pattern to be read.

    Args:
        whole: the pattern, for messages.
        inside: what stands between its outer braces or brackets.

    Raises:
        PatternError: something in it is no word.
    """

    def __init__(self, whole: str, inside: str) -> None:
        self._whole = whole
        self._tokens: list[Token] = []
        place = 0
        while inside[place:].strip():
            match = _TOKEN.match(inside, place)
            if match is None or match.lastgroup is None:
                raise self.fault(inside[place:].strip())
            text = match[match.lastgroup]
            self._tokens.append((match.lastgroup, _ESCAPED.sub(r"\1", text) if match.lastgroup == "quoted" else text))
            place = match.end()

    def peek(self) -> Token:
        """The next one."""
        return self._tokens[0] if self._tokens else ("end", "")

    def take(self) -> Token:
        """The next one, which is then read."""
        return self._tokens.pop(0) if self._tokens else ("end", "")

    def took(self, kind: str, *texts: str) -> str | None:
        """The next one's text if it is one of these (of words, in any capitals), which is then read; else None."""
        found, text = self.peek()
        if found != kind or (texts and text.upper() not in texts):
            return None
        return self.take()[1]

    def fault(self, at: str) -> PatternError:
        """What to raise at a word that does not fit."""
        return PatternError(f"Invalid filter pattern: {self._whole}" + (f" (at {at})" if at else ""))


NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
SIGNS: dict[str, Callable[[Any, Any], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """One value against another.

    Attributes:
        sign: `=`, `!=` or one of `SIGNS`, which compare numbers only.
        wanted: a number, or the pattern which a text fits as a whole.
    """

    sign: str
    wanted: float | re.Pattern[str]

    def holds(self, value: Any) -> bool:
        """Whether it holds for a value; for one that is not there nothing does."""
        if value is None or isinstance(value, (dict, list)):
            return False
        if self.sign in SIGNS:
            given = number(value)
            return given is not None and isinstance(self.wanted, float) and SIGNS[self.sign](given, self.wanted)
        return self._equals(value) is (self.sign == "=")

    def _equals(self, value: Any) -> bool:
        if isinstance(self.wanted, float):
            return number(value) == self.wanted
        text = str(value).lower() if isinstance(value, bool) else str(value)
        return self.wanted.search(text) is not None


def comparison(tokens: Tokens, sign: str) -> Comparison:
    """The rest of a comparison whose sign has been read.

    Raises:
        PatternError: there is no value, or one that the sign does not compare.
    """
    if sign not in {"=", "!=", *SIGNS}:
        raise tokens.fault(sign)
    kind, text = tokens.take()
    if kind == "regex":
        return Comparison(sign=sign, wanted=regex(text))
    if kind == "word" and NUMBER.fullmatch(text):
        return Comparison(sign=sign, wanted=float(text))
    if kind not in {"word", "quoted"} or sign in SIGNS:
        raise tokens.fault(text)
    return Comparison(sign=sign, wanted=re.compile(rf"\A{wild(text)}\Z", re.DOTALL))


def number(value: Any) -> float | None:
    """A value as a number; None when it is none."""
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value)
    return float(value) if isinstance(value, str) and NUMBER.fullmatch(value) else None


_STEP = re.compile(r"\.(?P<name>[\w@-]+)|\[(?P<index>\d+)\]|\[['\"](?P<quoted>[^'\"]*)['\"]\]")
_MISSING = object()


def parse_json(text: str) -> Callable[[str], bool]:
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


_WORDS = re.compile(r'"([^"]*)"|\[([^\]]*)\]|(\S+)')
_NAME = re.compile(r"\w+")


def parse_words(text: str) -> Callable[[str], bool]:
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


def parse(text: str) -> Callable[[str], bool]:
    """What decides whether a message fits a pattern; an empty one fits all.

    Raises:
        PatternError: CloudWatch Logs would refuse the pattern, or the sandbox does not know it.
    """
    bare = text.strip()
    for first, last, read in (("{", "}", parse_json), ("[", "]", parse_words)):
        if bare.startswith(first):
            if not bare.endswith(last):
                raise PatternError(f"Invalid filter pattern: {text}")
            return read(bare)
    return terms.parse(bare).matches
