"""Gitignore patterns, as `gitignore(5)` describes them and git's wildmatch.c does them.

Matching is case-sensitive on every machine, so that the same tree gives the same archive.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_POSIX = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": r"\x21-\x7e",
    "lower": "a-z",
    "print": r"\x20-\x7e",
    "punct": r"\x21-\x2f\x3a-\x40\x5b-\x60\x7b-\x7e",
    "space": r"\t-\r ",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}
_WILD = re.compile(r"[*?\[\\]")
_BRACKET_ITEM = re.compile(
    r"\[:(?P<posix>[^\]]*):\]"
    r"|(?:\\(?P<low_escaped>.)|(?P<low>[^\\]))(?:-(?!\])(?:\\(?P<high_escaped>.)|(?P<high>[^\\])))?",
    re.DOTALL,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """One line of an ignore file.

    Attributes:
        origin: what the rule comes from, as a report names it.
        regex: matches the path relative to the folder of the file, without a trailing slash.
        negated: brings back what an earlier rule left out.
        folders_only: the pattern ended in "/".
    """

    origin: str
    regex: re.Pattern[str]
    negated: bool
    folders_only: bool


def parse(text: str, *, origin: str = "") -> list[Rule]:
    """The rules of an ignore file, in its order; lines git would never match are left out."""
    lines = text.removeprefix("\ufeff").split("\n")
    return [rule for line in lines if (rule := _rule(line.removesuffix("\r"), origin)) is not None]


def deciding(rules: Sequence[Rule], path: str, *, is_folder: bool) -> Rule | None:
    """The last rule that matches `path`, unless that one brings it back: the rule that leaves it out.

    The caller walks from the top and does not enter what is left out: as in git, nothing below it can be
    brought back.
    """
    for rule in reversed(rules):
        if rule.folders_only and not is_folder:
            continue
        if rule.regex.fullmatch(path):
            return None if rule.negated else rule
    return None


def _rule(line: str, origin: str) -> Rule | None:
    if line.startswith("#"):
        return None
    negated = line.startswith("!")
    pattern = _trim(line[1:] if negated else line)
    folders_only = pattern.endswith("/")
    pattern = pattern.removesuffix("/")
    # A slash at the start or in the middle ties the pattern to the folder of its file.
    anchored = "/" in pattern
    regex = _translate(pattern.removeprefix("/"), anchored=anchored)
    if not pattern or regex is None:
        return None
    prefix = "" if anchored else "(?:.*/)?"
    return Rule(origin=origin, regex=re.compile(prefix + regex, re.DOTALL), negated=negated, folders_only=folders_only)


def _trim(pattern: str) -> str:
    """Without trailing spaces, except one that a backslash protects."""
    bare = pattern.rstrip(" ")
    backslashes = len(bare) - len(bare.rstrip("\\"))
    return bare + " " if backslashes % 2 and len(bare) < len(pattern) else bare


def _translate(pattern: str, *, anchored: bool) -> str | None:
    """The pattern as a regular expression; None when wildmatch would never match it."""
    regex, at = "", 0
    while at < len(pattern):
        char = pattern[at]
        if char == "*":
            piece, at = _stars(pattern, at, crossing=anchored)
        elif char == "[":
            bracket = _bracket(pattern, at + 1)
            if bracket is None:
                return None
            piece, at = bracket
        elif char == "\\":
            if at + 1 == len(pattern):
                return None
            piece, at = re.escape(pattern[at + 1]), at + 2
        else:
            piece, at = "[^/]" if char == "?" else re.escape(char), at + 1
        regex += piece
    return regex


def _stars(pattern: str, at: int, *, crossing: bool) -> tuple[str, int]:
    """A run of stars: two or more of them cross folders where they stand alone between slashes.

    git compares the text before the first wildcard by itself and sees the rest only, so in `a**/b` too the
    stars stand alone, against its own documentation. A pattern without an anchor meets file names only.
    """
    end = at + len(pattern[at:]) - len(pattern[at:].lstrip("*"))
    opens = _WILD.search(pattern, 0, at) is None or pattern[at - 1] == "/"
    if end - at == 1 or not (crossing and opens and pattern[end : end + 1] in ("", "/")):
        return "[^/]*", end
    return (".*", end) if end == len(pattern) else ("(?:.*/)?", end + 1)


def _bracket(pattern: str, at: int) -> tuple[str, int] | None:
    """A bracket expression from behind its "["; None when it does not end or names no class."""
    negated = pattern[at : at + 1] in ("!", "^")
    at += negated
    items = ""
    first = True
    while first or pattern[at : at + 1] != "]":
        first = False
        item = _BRACKET_ITEM.match(pattern, at)
        if item is None:
            return None
        at = item.end()
        if (posix := item["posix"]) is not None:
            if posix not in _POSIX:
                return None
            items += _POSIX[posix]
            continue
        low = item["low_escaped"] or item["low"]
        high = item["high_escaped"] or item["high"] or low
        # A reversed range still matches its first character: wildmatch compares that before it sees the "-".
        items += f"{re.escape(low)}-{re.escape(high)}" if low <= high else re.escape(low)
    return f"(?!/)[{'^' if negated else ''}{items}]", at + 1
