"""What one call used: what REPORT lines and metrics are made of."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from backendctl.sandbox.runtimes.variables import is_restored

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backendctl.sandbox.environment import Outcome


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """What a report tells of one call.

    Attributes:
        duration, init, restore: milliseconds; `init` on cold starts only, `restore` in its place from a snapshot (B59).
        billed: whole milliseconds, with those of the init (B60). billed_restore: beside them.
        memory, peak: MB.
    """

    duration: float
    init: float | None
    billed: int
    memory: int
    peak: int
    restore: float | None = None
    billed_restore: int | None = None

    @classmethod
    def of(cls, config: Mapping[str, Any], outcome: Outcome) -> Self:
        """Of one call's outcome."""
        duration, loading = outcome.seconds * 1000, outcome.init_seconds
        loaded = None if loading is None else round(loading * 1000, 2)
        restored = is_restored(config)
        return cls(
            duration=round(duration, 2),
            init=None if restored else loaded,
            billed=math.ceil(duration + (0 if restored else loaded or 0)),
            memory=int(config.get("MemorySize", 128)),
            peak=outcome.peak,
            restore=loaded if restored else None,
            billed_restore=math.ceil(loaded) if restored and loaded is not None else None,
        )
