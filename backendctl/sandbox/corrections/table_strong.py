"""Global tables of multi-Region strong consistency: how one is made, and what AWS refuses of it afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections.answers import Refusal, invalid
from backendctl.sandbox.corrections.table_own import record

if TYPE_CHECKING:
    from collections.abc import Iterable

Table = dict[str, Any]

_STRONG = "_strong"
_REGIONS = 3


def is_strong(region: str, name: str) -> bool:
    """Whether a table is a member of such a group."""
    return _STRONG in (record(region, name) or {})


def asked_for(change: Table) -> bool:
    """Whether a change makes a group strong."""
    return change.get("MultiRegionConsistency") == "STRONG"


def refusal(region: str, change: Table, table: Table) -> Refusal | None:
    """Made in one call, of three regions and empty (C35); afterwards its regions stay until all go at once (C37)."""
    name, updates = table["TableName"], change.get("ReplicaUpdates", [])
    if is_strong(region, name):
        if "MultiRegionConsistency" in change:
            return invalid("The consistency mode of a global table cannot be changed")
        witnesses = change.get("GlobalTableWitnessUpdates", [])
        going = {update["Delete"]["RegionName"] for update in (*updates, *witnesses) if "Delete" in update}
        witness = (record(region, name) or {}).get(_STRONG)
        members = {member["RegionName"] for member in table.get("Replicas", [])} | ({witness} if witness else set())
        if (updates or witnesses) and going != members:
            return invalid(
                "Replicas of a table with multi-Region strong consistency cannot be added or removed one by one"
            )
        return None
    if not asked_for(change):
        return None
    made = [update for update in updates if "Create" in update]
    witnesses = change.get("GlobalTableWitnessUpdates", [])
    if table.get("Replicas") or len(made) != len(updates) or len(made) + len(witnesses) != _REGIONS - 1 or not made:
        return invalid("A table with multi-Region strong consistency is made in one request, of exactly 3 regions")
    return invalid("The table must be empty to get multi-Region strong consistency") if table.get("ItemCount") else None


def deletion(region: str, name: str) -> Refusal | None:
    """C37."""
    if not is_strong(region, name):
        return None
    return invalid("Deletion of only one table replica is not supported for multi-Region strong consistency")


def expiry(region: str, name: str) -> Refusal | None:
    """C38."""
    return invalid("TTL is not supported with multi-Region strong consistency") if is_strong(region, name) else None


def keep(regions: Iterable[str], change: Table) -> None:
    """Mark every member of a group that has become strong, with its witness."""
    witness = next((update["Create"]["RegionName"] for update in change.get("GlobalTableWitnessUpdates", [])), "")
    for region in regions:
        table = record(region, change["TableName"])
        if table is not None:
            table[_STRONG] = witness


def forget(region: str, name: str) -> None:
    """The table is alone again."""
    (record(region, name) or {}).pop(_STRONG, None)


def shown(region: str, name: str) -> Table:
    """What DescribeTable tells beside: nothing of an eventually consistent table (C39)."""
    if not is_strong(region, name):
        return {}
    witness = (record(region, name) or {})[_STRONG]
    more = {"GlobalTableWitnesses": [{"RegionName": witness, "WitnessStatus": "ACTIVE"}]} if witness else {}
    return {"MultiRegionConsistency": "STRONG", **more}
