"""What provisioned capacity a spec's table asks for, and the names its scaling goes by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from backendctl.spec.model import Scaling, Table

ON_DEMAND = "on-demand"
PROVISIONED = "provisioned"
TABLE = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Scaled:
    """One capacity that Application Auto Scaling keeps.

    Attributes:
        name: "places/read", "places/index/by-owner/write" …
        resource: what Application Auto Scaling calls it: "table/<physical>[/index/<name>]".
    """

    name: str
    resource: str
    scaling: Scaling


def is_provisioned(table: Table) -> bool:
    """Whether the spec gives capacities; without them a table is on-demand."""
    return table.read is not None and table.write is not None


def first_units(table: Table) -> dict[str, tuple[int, int]]:
    """Read and write units to begin with, scaling's minimum: by index name, and `TABLE` for the table itself."""
    return {index: (read.min, write.min) for index, read, write in _pairs(table)}


def scaled(table: Table) -> list[Scaled]:
    """Read and write of the table and of every index: a replica is refused unless all of them scale (C15)."""
    return [
        Scaled(name=f"{table.name}{suffix}/{unit}", resource=f"table/{table.physical}{suffix}", scaling=scaling)
        for index, read, write in _pairs(table)
        for suffix in [f"/index/{index}" if index else ""]
        for unit, scaling in (("read", read), ("write", write))
    ]


def _pairs(table: Table) -> Iterator[tuple[str, Scaling, Scaling]]:
    if table.read is None or table.write is None:
        return
    yield TABLE, table.read, table.write
    for index in table.indexes:
        yield index.name, index.read or table.read, index.write or table.write
