"""Where faults are gathered, so that all of them are told at once."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from backendctl.errors import Fault
    from backendctl.spec.loader import Document

_FROM_AWS = re.compile(r"\{\{\s*ssm\b")


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """The faults and warnings found so far in the spec and the files it names.

    Attributes:
        offline: True while AWS has not been asked: what a parameter of SSM holds is then not judged.
        stand_ins: True when texts stand for what AWS would answer: free texts are then not judged.
        scalars: ways to what is a number, true or false once AWS has answered: not judged either until then.
    """

    document: Document
    offline: bool = False
    stand_ins: bool = False
    scalars: frozenset[tuple[str | int, ...]] = frozenset()
    found: dict[Fault, None] = field(default_factory=dict)
    doubts: dict[Fault, None] = field(default_factory=dict)

    def add(
        self,
        way: Sequence[str | int],
        message: str,
        *,
        key: bool = False,
        offset: int | None = None,
        free: bool = False,
    ) -> None:
        """Add a fault of the spec; one that is there already, found in another region, counts once.

        Args:
            way: to the value.
            key: whether its key is meant.
            offset: characters into a text.
            free: whether the value may be any text, so that a stand-in is as good as what AWS would answer.
        """
        raw = self.document.nearest(way)
        free = free or tuple(way) in self.scalars
        if (self.offline or (free and self.stand_ins)) and not key and isinstance(raw, str) and _FROM_AWS.search(raw):
            return
        self.put(self.document.fault(way, message, key=key, offset=offset))

    def put(self, fault: Fault) -> None:
        """Add a fault of any file."""
        self.found[fault] = None

    def warn(self, way: Sequence[str | int], message: str, *, key: bool = False) -> None:
        """Add what may be meant, but is more often a mistake."""
        self.doubts[self.document.fault(way, message, key=key)] = None

    @property
    def faults(self) -> list[Fault]:
        """All faults in the order of the files' lines, the spec's own first."""
        own = self.document.file
        return sorted(self.found, key=lambda one: (one.file != own, one.file, one.line, one.column, one.message))


def listed(words: Iterable[str]) -> str:
    """`'a', 'b' and 'c'`; `none` when there is nothing."""
    quoted = [f"'{word}'" for word in words]
    if not quoted:
        return "none"
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
