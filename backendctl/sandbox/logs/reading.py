"""The words of a structured filter pattern, one after the other."""

from __future__ import annotations

import re

from backendctl.sandbox.logs.faults import PatternError

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
