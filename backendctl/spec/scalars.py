"""Numbers, true and false that an expression gives: expressions give text, and some settings take none."""

from __future__ import annotations

import re
from dataclasses import dataclass

SCALARS = ("integer", "number", "boolean")
_WHOLE = re.compile(r"[-+]?[0-9]+(?:\.0+)?")
_NUMBER = re.compile(r"[-+]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?")
_WORDS = {"true": True, "false": False}
_LONGEST = 30
"""Characters; Python refuses numbers of thousands, and no setting has as many."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scalar:
    """What a setting takes.

    Attributes:
        kind: one of `SCALARS`. wanted: the same in words.
        stand_in: a value in its bounds, for as long as AWS has not been asked.
    """

    kind: str
    wanted: str
    stand_in: float | bool

    def read(self, text: str) -> float | bool | None:
        """The value of a text as YAML 1.2 reads it; None for any other text."""
        text = text.strip()
        if self.kind == "boolean":
            return _WORDS.get(text.lower())
        if len(text) > _LONGEST or not (_WHOLE if self.kind == "integer" else _NUMBER).fullmatch(text):
            return None
        return int(text.partition(".")[0]) if _WHOLE.fullmatch(text) else float(text)
