"""Filter patterns over plain text: terms, phrases, what is excluded, any of several, regular expressions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache


class PatternError(Exception):
    """A filter pattern that CloudWatch Logs refuses, or that the sandbox does not know; the text says which."""


_TERM = re.compile(
    r'\s*(?P<sign>[-?]?)(?:"(?P<phrase>(?:[^"\\]|\\.)*)"|%(?P<regex>(?:[^%\\]|\\.)+)%|(?P<word>[^\s"]+))'
)
_WORD = re.compile(r"[\w*]+")
_ESCAPED = re.compile(r"\\(.)")
_GROUPS = re.compile(r"(?<!\\)[()]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Terms:
    """Which texts an event must hold, must not hold, and of which it must hold one. All are case-sensitive."""

    all: tuple[re.Pattern[str], ...]
    none: tuple[re.Pattern[str], ...]
    any: tuple[re.Pattern[str], ...]

    def matches(self, message: str) -> bool:
        """Whether a message fits."""
        if any(each.search(message) for each in self.none) or not all(each.search(message) for each in self.all):
            return False
        # AWS ignores what is optional beside what is not
        return bool(self.all or self.none) or not self.any or any(each.search(message) for each in self.any)


def parse(text: str) -> Terms:
    """Read a pattern of terms.

    Raises:
        PatternError: a term is none.
    """
    found: dict[str, list[re.Pattern[str]]] = {"": [], "-": [], "?": []}
    place = 0
    while text[place:].strip():
        match = _TERM.match(text, place)
        if match is None:
            raise PatternError(f"Invalid filter pattern: {text}")
        found[match["sign"]].append(_searched(match))
        place = match.end()
    return Terms(all=tuple(found[""]), none=tuple(found["-"]), any=tuple(found["?"]))


def _searched(match: re.Match[str]) -> re.Pattern[str]:
    if match["regex"] is not None:
        return regex(match["regex"])
    if match["phrase"] is not None:
        return re.compile(re.escape(_ESCAPED.sub(r"\1", match["phrase"])))
    if not _WORD.fullmatch(match["word"]):
        raise PatternError(f"Invalid character(s) in term '{match['word']}'")
    return re.compile(wild(match["word"]))


def wild(word: str) -> str:
    """A word with `*` for anything, as a regular expression."""
    return ".*".join(map(re.escape, word.split("*")))


@cache
def regex(text: str) -> re.Pattern[str]:
    """A regular expression of a pattern, which knows no groups.

    Raises:
        PatternError: it is none.
    """
    if _GROUPS.search(text):
        raise PatternError(f"Invalid regular expression: {text}")
    try:
        return re.compile(text)
    except re.error as problem:
        raise PatternError(f"Invalid regular expression: {text}") from problem
