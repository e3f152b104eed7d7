"""Whether every table is the same in every region, aspect by aspect, and which of them AWS keeps alike by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import partial
from typing import TYPE_CHECKING, Any

from backendctl.aws.crew import together
from backendctl.aws.errors import BotoCoreError, ClientError, explain
from backendctl.errors import BackendctlError
from backendctl.tables import aspects
from backendctl.tables.aspects import Seen

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.backend import Backend
    from backendctl.spec.model import TableSpec


class State(StrEnum):
    """How an aspect stands in one region.

    UNKNOWN: the region answered, and what it should be like does not show: the primary region has no table, or did
    not answer. UNREACHABLE: the region itself did not answer.
    """

    OK = "ok"
    DIFFERS = "differs"
    MISSING = "missing"
    ABSENT = "no table"
    UNKNOWN = "unknown"
    UNREACHABLE = "unreachable"


_WRONG = frozenset({State.DIFFERS, State.MISSING, State.ABSENT})


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """One aspect in one region. wanted: by the spec; where the spec leaves it open, what the primary region has."""

    value: str
    wanted: str
    state: State


@dataclass(frozen=True, kw_only=True, slots=True)
class ParityRow:
    """One aspect of a table.

    Attributes:
        replicated: whether AWS brings it to every region of the table by itself (C28); else each has its own (C29).
        open: whether the spec says nothing of it.
        cells: by region, the primary first.
    """

    aspect: str
    replicated: bool
    open: bool
    cells: Mapping[str, Cell]

    @property
    def in_sync(self) -> bool:
        """Whether every region is as it should be."""
        return all(cell.state is State.OK for cell in self.cells.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class TableParity:
    """One table over its regions.

    Attributes:
        regions: those of the spec that are looked at, the primary first.
        notes: what is worth knowing of it beside.
        gone_primary: the primary region, when it is not among `regions`, answered, and has no table; else empty.
    """

    name: str
    physical: str
    regions: tuple[str, ...]
    rows: tuple[ParityRow, ...]
    notes: tuple[str, ...] = ()
    gone_primary: str = ""

    @property
    def in_sync(self) -> bool:
        """Whether every aspect is as it should be everywhere."""
        return all(row.in_sync for row in self.rows)

    @property
    def without(self) -> tuple[str, ...]:
        """Regions that answered and have no such table."""
        return tuple(r for r in self.regions if all(row.cells[r].state is State.ABSENT for row in self.rows))

    def differences(self) -> Iterator[str]:
        """One sentence for each aspect that differs, with the regions in which it does."""
        without = self.without
        if without:
            yield f"{self.name}: there is no table in {', '.join(without)}"
        unknown = [row.aspect for row in self.rows if any(c.state is State.UNKNOWN for c in row.cells.values())]
        if unknown and self.gone_primary:
            yield (
                f"{self.name}: {', '.join(unknown)}: not compared, as there is no table in the primary region, "
                f"{self.gone_primary}"
            )
        for row in self.rows:
            bad = {r: c for r, c in row.cells.items() if c.state in _WRONG and r not in without}
            if not bad:
                continue
            wanted = dict.fromkeys(cell.wanted for cell in bad.values())
            found = ", ".join(f"{region} has {cell.value}" for region, cell in bad.items())
            source = "the primary region has" if row.open else "the spec says"
            yield f"{self.name}: {row.aspect}: {found}; {source} {' or '.join(wanted)}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Parity:
    """Every table of a backend over its regions.

    Attributes:
        unreachable: regions that did not answer.
    """

    tables: tuple[TableParity, ...]
    unreachable: tuple[str, ...] = field(default=())

    @property
    def in_sync(self) -> bool:
        """Whether every region answers and every table is as it should be."""
        return not self.unreachable and all(table.in_sync for table in self.tables)

    def differences(self) -> Iterator[str]:
        """One sentence for each aspect of a table that differs."""
        for table in self.tables:
            yield from table.differences()

    def data(self) -> list[dict[str, Any]]:
        """As JSON-able data, the same keys for ever."""
        return [_table_data(table) for table in self.tables]


def parity_of(backend: Backend, *, silent: Iterable[str]) -> Parity:
    """Read every table in every region; what a plan has read already is not read again.

    Args:
        silent: regions that are not asked, because they did not answer before.
    """
    left_out = set(silent)
    tables = [table for table in backend.spec.tables if set(table.regions) & set(backend.spec.regions)]
    places = [(table, region) for table in tables for region in _asked(table, backend) if region not in left_out]
    answers = together(partial(_see, backend.aws, table, region) for table, region in places)
    seen = {}
    for (table, region), answer in zip(places, answers, strict=True):
        if isinstance(answer, BackendctlError):
            left_out.add(region)
        else:
            seen[table.name, region] = answer
    found = tuple(
        _table(table, backend, {r: seen.get((table.name, r)) for r in _asked(table, backend)}, left_out)
        for table in tables
    )
    looked_at = {region for table in tables for region in _asked(table, backend)}
    return Parity(tables=found, unreachable=tuple(sorted(left_out & looked_at)))


def _see(aws: Aws, table: TableSpec, region: str) -> Seen | BackendctlError | None:
    try:
        return aspects.see(aws, table, region)
    except (ClientError, BotoCoreError, BackendctlError) as error:
        return explain(error, doing=f"read {region}/table/{table.name}")


def _regions(table: TableSpec, backend: Backend) -> list[str]:
    return [region for region in table.regions if region in backend.spec.regions]


def _asked(table: TableSpec, backend: Backend) -> list[str]:
    """Those looked at, and the primary, which the others follow where the spec leaves something open."""
    return list(dict.fromkeys([table.regions[0], *_regions(table, backend)]))


def _table(table: TableSpec, backend: Backend, asked: Mapping[str, Seen | None], silent: set[str]) -> TableParity:
    first = table.regions[0]
    primary = asked[first]
    seen = {region: asked[region] for region in _regions(table, backend)}
    there = [one for one in asked.values() if one is not None]
    rows = [_row(aspect, seen, primary, silent) for aspect in aspects.aspects_of(table, there, backend.spec.backend)]
    notes = aspects.notes(primary) if primary is not None else ()
    return TableParity(
        name=table.name,
        physical=table.physical,
        regions=tuple(seen),
        rows=tuple(rows),
        notes=tuple(notes),
        gone_primary=first if primary is None and first not in seen and first not in silent else "",
    )


def _row(aspect: aspects.Aspect, seen: Mapping[str, Seen | None], primary: Seen | None, silent: set[str]) -> ParityRow:
    cells = {}
    is_open = False
    for region, one in seen.items():
        wanted = aspect.wanted(region)
        if wanted is None:
            is_open = True
            wanted = None if primary is None else aspect.following(primary, region)
        cells[region] = _cell(aspect, one, wanted, silent=region in silent)
    return ParityRow(aspect=aspect.name, replicated=aspect.replicated, open=is_open, cells=cells)


def _cell(aspect: aspects.Aspect, seen: Seen | None, wanted: str | None, *, silent: bool) -> Cell:
    """wanted: None where the primary region would tell, and does not."""
    if silent:
        return Cell(value="", wanted=wanted or "", state=State.UNREACHABLE)
    if seen is None:
        return Cell(value="", wanted=wanted or "", state=State.ABSENT)
    value = aspect.value(seen)
    if wanted is None:
        return Cell(value=value, wanted="", state=State.UNKNOWN)
    if value == wanted or aspect.suits(value, wanted):
        return Cell(value=value, wanted=wanted, state=State.OK)
    return Cell(value=value, wanted=wanted, state=State.MISSING if value == aspects.NONE else State.DIFFERS)


def _table_data(table: TableParity) -> dict[str, Any]:
    return {
        "table": table.name,
        "physical": table.physical,
        "in_sync": table.in_sync,
        "notes": list(table.notes),
        "aspects": [
            {
                "aspect": row.aspect,
                "replicated_by_aws": row.replicated,
                "in_sync": row.in_sync,
                "from": "primary region" if row.open else "spec",
                "regions": {
                    region: {"value": cell.value, "wanted": cell.wanted, "state": str(cell.state)}
                    for region, cell in row.cells.items()
                },
            }
            for row in table.rows
        ],
    }
