"""The comparisons of filter patterns: of members of JSON events, and of the words of space-delimited ones."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.logs.terms import regex, wild

if TYPE_CHECKING:
    from collections.abc import Callable

    from backendctl.sandbox.logs.reading import Tokens

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
