"""The words of a query of Logs Insights, and what is wrong with one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property


class MalformedError(Exception):
    """Not a query.

    Attributes:
        start, end: where in the text, in characters.
    """

    def __init__(self, message: str, start: int, end: int) -> None:
        super().__init__(message)
        self.start = start
        self.end = end


class UnknownError(Exception):
    """Something that Logs Insights knows and the sandbox does not; the text names it."""


_BLANK = re.compile(r"(?:\s|#[^\n]*)*")
_TOKEN = re.compile(
    r"""(?P<period>\d+(?:ms|msec|s|sec|m|min|h|hr|d|w|mo|mon|q|qtr|y|yr)\b)
    | (?P<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.]))
    | (?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
    | `(?P<quoted>[^`]+)`
    | (?P<name>[A-Za-z_@][\w@]*(?:\.[\w@]+)*)
    | (?P<sign>!=|<=|>=|=~|[-=<>+*/^%(),|\[\]])""",
    re.VERBOSE,
)
_REGEX = re.compile(r"/((?:[^/\\\n]|\\.)+)/")
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, kw_only=True, slots=True)
class Token:
    """One word.

    Attributes:
        kind: `period`, `number`, `text`, `name`, `quoted` (a name), `sign`, or `end`.
        text: without quotes.
        start, end: where it stands.
    """

    kind: str
    text: str
    start: int
    end: int


class Tokens:
    """A query as it is read."""

    def __init__(self, query: str) -> None:
        self.query = query
        self.ended = 0
        self._place = 0
        self._skip()

    def peek(self) -> Token:
        """The next word."""
        if self._next is None:
            self._next = self._scanned()
        return self._next

    _next: Token | None = None

    def take(self) -> Token:
        """The next word, which is then read."""
        token = self.peek()
        self._place = self.ended = token.end
        self._skip()
        return token

    def word(self, *words: str) -> str | None:
        """The next word in small letters if it is one of these names or signs, which is then read; else None."""
        token = self.peek()
        if token.kind not in {"name", "sign"} or token.text.lower() not in words:
            return None
        return self.take().text.lower()

    def expect(self, *words: str) -> str:
        """As `word`.

        Raises:
            MalformedError: the next word is another.
        """
        found = self.word(*words)
        if found is None:
            raise self.fault(f"expected {' or '.join(words)}")
        return found

    def regex(self) -> re.Pattern[str] | None:
        """A regular expression between slashes, which is then read; None when none comes."""
        match = _REGEX.match(self.query, self._place)
        if match is None:
            return None
        token = Token(kind="regex", text=match[1], start=match.start(), end=match.end())
        try:
            compiled = re.compile(match[1].replace("(?<", "(?P<").replace("(?P<=", "(?<=").replace("(?P<!", "(?<!"))
        except re.error as problem:
            raise self.fault(f"invalid regular expression: {problem}", token) from problem
        self._place = self.ended = match.end()
        self._skip()
        return compiled

    def fault(self, why: str, at: Token | None = None) -> MalformedError:
        """What to raise at a word; None is the next one."""
        token = at or self.peek()
        shown = "end of query" if token.kind == "end" else f"'{self.query[token.start : token.end]}'"
        return MalformedError(f"unexpected symbol found {shown}: {why}", token.start, max(token.end, token.start))

    def between(self, start: int) -> str:
        """The text from a place to the end of what was read last."""
        return self.query[start : self.ended].strip()

    def _skip(self) -> None:
        blank = _BLANK.match(self.query, self._place)
        self._place = blank.end() if blank else self._place
        self._next = None

    def _scanned(self) -> Token:
        place = self._place
        if place >= len(self.query):
            return Token(kind="end", text="", start=place, end=place)
        match = _TOKEN.match(self.query, place)
        if match is None or match.lastgroup is None:
            message = f"unexpected symbol found '{self.query[place]}'"
            raise MalformedError(message, place, place + 1)
        kind, text = match.lastgroup, match[match.lastgroup]
        if kind == "text":
            text = _ESCAPED.sub(r"\1", text[1:-1])
        return Token(kind=kind, text=text, start=match.start(), end=match.end())


@dataclass(frozen=True)
class Period:
    """A length of time, like `5m`."""

    text: str

    @cached_property
    def milliseconds(self) -> int:
        """How long it is; a month is 30 days."""
        number = re.match(r"\d+", self.text)
        count = int(number[0]) if number else 0
        return count * _UNITS[self.text[len(str(count)) :] if number else ""]


_SECOND = 1000
_UNITS = {
    **dict.fromkeys(("ms", "msec"), 1),
    **dict.fromkeys(("s", "sec"), _SECOND),
    **dict.fromkeys(("m", "min"), 60 * _SECOND),
    **dict.fromkeys(("h", "hr"), 3600 * _SECOND),
    "d": 86_400 * _SECOND,
    "w": 7 * 86_400 * _SECOND,
    **dict.fromkeys(("mo", "mon"), 30 * 86_400 * _SECOND),
    **dict.fromkeys(("q", "qtr"), 91 * 86_400 * _SECOND),
    **dict.fromkeys(("y", "yr"), 365 * 86_400 * _SECOND),
}
