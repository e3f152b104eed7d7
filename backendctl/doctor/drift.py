"""What is not as the spec says, above all where the regions differ from each other; and what a deploy would refuse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from backendctl.doctor.finding import Finding, Severity
from backendctl.doctor.fixing import is_safe
from backendctl.engine.resource import GLOBAL
from backendctl.resources import traits_of_kind
from backendctl.survey import Cell, State, survey

if TYPE_CHECKING:
    from backendctl.doctor.case import Case
    from backendctl.engine.traits import Traits

_TOLD = {
    State.DIFFERS: "differs from the spec",
    State.MISSING: "is missing",
    State.EXTRA: "is ours and not in the spec",
}


def drift(case: Case) -> Iterator[Finding]:
    """One finding per resource; where only some regions have it, they answer the same request differently."""
    plan = case.changes.plan
    safe = {change.address for change in plan.changes if is_safe(change)}
    for (kind, name), row in survey(plan).rows.items():
        traits = traits_of_kind(kind)
        off = {region: cell for region, cell in row.items() if cell.state in _TOLD and not _follows(traits, cell)}
        if not off:
            continue
        apart = GLOBAL not in row and len(off) < len(row)
        where = ",".join(off)
        yield Finding(
            check="drift",
            severity=Severity.BAD if apart or traits.harm else Severity.WARNING,
            where=f"{where}/{kind}/{name}",
            what="; ".join(dict.fromkeys(_words(cell) for cell in off.values()))
            + (f", and is as it should be in {', '.join(sorted(set(row) - set(off)))}" if apart else ""),
            why=_why(traits, apart=apart),
            next_step=_next(traits, list(off)),
            fixable=all(f"{region}/{kind}/{name}" in safe for region in off),
        )
    for sentence in plan.refusals:
        yield Finding(
            check="drift",
            severity=Severity.WARNING,
            where="deploy",
            what=f"a deploy would be refused: {sentence}",
            why="the next change cannot be made while that stands",
            next_step="backendctl plan",
        )


def _follows(traits: Traits, cell: Cell) -> bool:
    """A stage, for one, gets the number of any release, also where it serves what the spec says."""
    return bool(cell.fields) and traits.follows.issuperset(cell.fields)


def _words(cell: Cell) -> str:
    fields = f" in {', '.join(cell.fields)}" if cell.fields else ""
    return f"{_TOLD[cell.state]}{fields}"


def _why(traits: Traits, *, apart: bool) -> str:
    if traits.harm:
        return traits.harm
    if apart:
        return "callers get another answer in one region than in the others"
    return "what runs is not what the spec says"


def _next(traits: Traits, regions: list[str]) -> str:
    here = "" if regions == [GLOBAL] else "".join(f" -r {region}" for region in regions)
    if traits.fixed_by:
        return f"backendctl {traits.fixed_by}{here}"
    return f"backendctl plan{here}, then backendctl deploy{here}"
