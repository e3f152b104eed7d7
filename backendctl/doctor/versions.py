"""Versions that no way back needs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from backendctl.doctor.finding import Finding, Severity
from backendctl.engine.resource import address
from backendctl.release.pruning import VersionRemoval, plan_prune
from backendctl.release.running import serving
from backendctl.resources.lambda_.function import Function

if TYPE_CHECKING:
    from backendctl.doctor.case import Case

_KEPT = 5
"""As `prune` keeps by itself."""
_MANY = 10


def unused(case: Case, region: str) -> Iterator[Finding]:
    """Where there are many."""
    backend = case.within(region)
    found, failed = serving(backend)
    for error in failed.values():
        raise error
    plan = plan_prune(backend, found, keep=_KEPT)
    counts = Counter(change.name.partition(":")[0] for change in plan.changes if change.kind == VersionRemoval.kind)
    for name, count in counts.items():
        if count >= _MANY:
            yield Finding(
                check="versions",
                severity=Severity.ADVICE,
                where=address(region, Function.kind, name),
                what=f"{count} versions that no way back needs",
                why="they fill the code storage of the region, and a full one refuses the next release",
                next_step=f"backendctl prune -r {region}",
            )
