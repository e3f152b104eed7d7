"""One thing in a definition that is refused, with its place."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Refusal:
    """One fault.

    Attributes:
        pointer: JSON pointer into the document as given; "" is the whole of it.
        message: one sentence, with the nearest right word where there is one.
        fact: number of the fact behind it, e.g. "A16"; "" where the format itself says so.
    """

    pointer: str
    message: str
    fact: str = ""

    def __str__(self) -> str:
        return f"{self.pointer}: {self.message}" if self.pointer else self.message
