"""What provisioned capacity a spec's table asks for, and the names its scaling goes by."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.spec.model import Scaling, TableReplica, TableSpec

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef

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


def is_provisioned(table: TableSpec) -> bool:
    """Whether the spec gives capacities; without them a table is on-demand."""
    return table.read is not None and table.write is not None


def first_units(table: TableSpec) -> dict[str, tuple[int, int]]:
    """Read and write units to begin with, scaling's minimum: by index name, and `TABLE` for the table itself."""
    return {index: (read.min, write.min) for index, read, write in _pairs(table)}


def fixed_units(table: TableSpec) -> dict[str, int]:
    """Units that scaling cannot move, because its bounds are one; see `units_name` for the keys."""
    return {
        units_name(index, unit): scaling.min
        for index, read, write in _pairs(table)
        for unit, scaling in (("read", read), ("write", write))
        if scaling.min == scaling.max
    }


def units_of(description: TableDescriptionTypeDef) -> dict[str, int]:
    """The units of a live table and its indexes, by the same names."""
    holders: list[tuple[str, Any]] = [(TABLE, description)]
    holders += [(index["IndexName"], index) for index in description.get("GlobalSecondaryIndexes", ())]
    return {
        units_name(name, unit): int(holder.get("ProvisionedThroughput", {}).get(key, 0))
        for name, holder in holders
        for unit, key in (("read", "ReadCapacityUnits"), ("write", "WriteCapacityUnits"))
    }


def units_name(index: str, unit: str) -> str:
    """What units go by: "read" or "write", after the index's name where it is an index."""
    return f"{index}/{unit}" if index else unit


def fixed_reads(table: TableSpec, region: str) -> dict[str, int]:
    """Read units of a replica that scaling cannot move there, by the same names; writes are the group's (C28, C30)."""
    return {units_name(index, "read"): read.min for index, read, _ in _pairs(table, region) if read.min == read.max}


def scaled(table: TableSpec, region: str | None = None) -> list[Scaled]:
    """Read and write of the table and of every index: a replica is refused unless all of them scale (C15).

    Args:
        region: whose own reads count; None is the primary.
    """
    return [
        Scaled(name=f"{table.name}{suffix}/{unit}", resource=f"table/{table.physical}{suffix}", scaling=scaling)
        for index, read, write in _pairs(table, region)
        for suffix in [f"/index/{index}" if index else ""]
        for unit, scaling in (("read", read), ("write", write))
    ]


def _pairs(table: TableSpec, region: str | None = None) -> Iterator[tuple[str, Scaling, Scaling]]:
    """Index, its reads and its writes, in a region."""
    if table.read is None or table.write is None:
        return
    own = table.replicas.get(region or "", TableReplica())
    yield TABLE, own.read or table.read, table.write
    for index in table.indexes:
        yield index.name, own.indexes.get(index.name) or index.read or table.read, index.write or table.write
