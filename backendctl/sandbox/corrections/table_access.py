"""Whether a table, or an index of it, can be used at all by now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections.answers import Refusal, invalid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backendctl.sandbox.corrections.table_times import TableTimes


@dataclass(frozen=True, kw_only=True, slots=True)
class TableAccess:
    """Judges reads and writes of items, which need an ACTIVE table and a filled index."""

    times: TableTimes

    def refusal(self, region: str, asked: dict[str, Any]) -> Refusal | None:
        """Why a request cannot be answered yet."""
        for name in tables_of(asked):
            place = region, name.rpartition(":table/")[2]
            if self.times.creating.lasts(place) or self.times.is_joining(place):
                return Refusal(code="ResourceNotFoundException", message="Requested resource not found")
            index = asked.get("IndexName")
            if index is not None and index in self.times.indexing(place):  # C42
                return invalid(f"Cannot read from backfilling global secondary index: {index}")
        return None


def tables_of(asked: dict[str, Any]) -> Iterator[str]:
    """Names or ARNs of the tables that a request about items is about."""
    name = asked.get("TableName")
    if isinstance(name, str):
        yield name
    items = asked.get("RequestItems")
    if isinstance(items, dict):
        yield from items
    for one in asked.get("TransactItems") or ():
        yield from (part["TableName"] for part in one.values() if isinstance(part, dict) and "TableName" in part)
