"""Which calls of a function are let in: by what is reserved for it, and what of that versions have provisioned."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Place = tuple[str, str]
"""Region and name of a function."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Rules:
    """A function's concurrency.

    Attributes:
        reserved: for the whole function; None when nothing is.
        provisioned: by version.
    """

    reserved: int | None = None
    provisioned: Mapping[str, int] = field(default_factory=dict)


@dataclass(kw_only=True, slots=True)
class Admission:
    """Counts calls that run, by function and version; safe to use from any thread."""

    _busy: defaultdict[Place, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def admit(self, place: Place, version: str, rules: Rules) -> bool:
        """Let a call in, or not: what a version has provisioned is its own, the rest of the reservation is for all."""
        with self._lock:
            if not self._is_free(self._busy[place], version, rules):
                return False
            self._busy[place][version] += 1
            return True

    def leave(self, place: Place, version: str) -> None:
        """A call that was let in is over."""
        with self._lock:
            self._busy[place][version] -= 1

    def busy(self, place: Place, version: str) -> int:
        """How many calls of a version run."""
        return self._busy[place][version]

    def _is_free(self, busy: Counter[str], version: str, rules: Rules) -> bool:
        if rules.reserved is None or busy[version] < rules.provisioned.get(version, 0):
            return True
        spilled = sum(max(0, count - rules.provisioned.get(each, 0)) for each, count in busy.items())
        return spilled < rules.reserved - sum(rules.provisioned.values())
