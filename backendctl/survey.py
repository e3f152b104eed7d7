"""Every region against the spec, and against each other: the data behind `status`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from backendctl.engine.action import Action
from backendctl.engine.plan import Change, Plan
from backendctl.engine.resource import GLOBAL, Resource
from backendctl.errors import unreachable_data
from backendctl.resources import ORDER
from backendctl.telemetry import Telemetry, telemetry

if TYPE_CHECKING:
    from backendctl.resources.ssm.drain_mark import DrainMark

# The one field per kind that says which release or shape a resource is in.
_TELLING = ("release", "definition", "billing")


class State(StrEnum):
    """How one resource stands in one region."""

    OK = "ok"
    DIFFERS = "differs"
    MISSING = "missing"
    EXTRA = "extra"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One resource in one region.

    Attributes:
        detail: what it is at, e.g. a release id; empty when there is nothing to tell.
        fields: names of the fields that differ from the spec.
    """

    state: State
    detail: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class Survey:
    """The matrix.

    Attributes:
        regions: columns, primary first; "global" first of all where there is something global.
        rows: (kind, name) in creation order → region → cell; a region without an entry does not have that resource.
        unreachable: regions that did not answer, and why.
        notes: address → what is worth saying of what is as it should be.
        canaries: those that are on, with their verdict so far, as JSON-able data.
        telemetry: region → what is traced, measured and logged there.
        tables: every table compared over its regions, as JSON-able data. differences: between them, one sentence each.
        drained: the marks of the regions that users are kept away from.
    """

    backend: str
    regions: tuple[str, ...]
    rows: dict[tuple[str, str], dict[str, Cell]]
    unreachable: dict[str, str]
    notes: tuple[tuple[str, str], ...] = ()
    canaries: tuple[dict[str, Any], ...] = ()
    telemetry: dict[str, Telemetry] = field(default_factory=dict)
    tables: tuple[dict[str, Any], ...] = ()
    differences: tuple[str, ...] = ()
    drained: Mapping[str, DrainMark] = field(default_factory=dict)

    @property
    def in_sync(self) -> bool:
        """Whether every region answers and is as the spec says."""
        return not self.unreachable and all(self.region_in_sync(region) for region in self.regions)

    def region_in_sync(self, region: str) -> bool:
        """Whether that region is as the spec says."""
        cells = [row[region] for row in self.rows.values() if region in row]
        return region not in self.unreachable and all(cell.state is State.OK for cell in cells)


def survey(plan: Plan) -> Survey:
    """The matrix of a deploy's plan: what is unchanged is ok, what would change is not."""
    rows: dict[tuple[str, str], dict[str, Cell]] = {}
    for kind, name, region, cell in sorted(_cells(plan), key=lambda found: (ORDER.index(found[0]), found[1])):
        rows.setdefault((kind, name), {})[region] = cell
    for row in rows.values():
        if GLOBAL not in row:
            row.update({region: Cell(state=State.UNREACHABLE) for region in plan.unreachable if region != GLOBAL})
    seen = {region for row in rows.values() for region in row}
    columns = [region for region in (GLOBAL, *plan.regions) if region in seen or region != GLOBAL]
    columns += [region for region in plan.unreachable if region not in columns]
    return Survey(
        backend=plan.backend,
        regions=tuple(columns),
        rows=rows,
        unreachable=unreachable_data(plan.unreachable),
        notes=plan.notes,
        telemetry=telemetry(plan),
    )


def _cells(plan: Plan) -> Iterator[tuple[str, str, str, Cell]]:
    for live in plan.unchanged:
        yield live.kind, live.name, live.region, Cell(state=State.OK, detail=_detail(live))
    for change in (change for change in plan.changes if change.operation is None):
        yield change.kind, change.name, change.region, _differing(change)


def _differing(change: Change) -> Cell:
    state = {Action.CREATE: State.MISSING, Action.UPDATE: State.DIFFERS, Action.DELETE: State.EXTRA}[change.action]
    fields = tuple(f.field for f in change.fields) if change.action is Action.UPDATE else ()
    return Cell(state=state, detail=_detail(change.live) if change.live else "", fields=fields)


def _detail(resource: Resource) -> str:
    for name in _TELLING:
        value = getattr(resource, name, None)
        if isinstance(value, str | int) and value:
            return str(value)
    note: str = getattr(resource, "note", "")
    return note
