"""What a region's table has of its own, kept in the emulated tables themselves so that it is saved with them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from backendctl.sandbox import ministack_names
from backendctl.sandbox.corrections.answers import Refusal, invalid

if TYPE_CHECKING:
    from collections.abc import Iterable

Table = dict[str, Any]

_OVERRIDES = "_overrides"
_UNPROTECTED = "_may_be_disassociated"
_GROUP = "_global_regions"
_UNITS = "ProvisionedThroughputOverride"
_INDEXES = "GlobalSecondaryIndexes"


def record(region: str, name: str) -> Table | None:
    """The emulated table, to be read and written."""
    found: Table | None = ministack_names.kept("dynamodb", "_tables", region, name)
    return found


def group_of(region: str, name: str) -> list[str]:
    """Every region of a table's group, [] when it has none."""
    return list((record(region, name) or {}).get(_GROUP) or [])


def override(region: str, name: str, details: dict[str, Any], *, new: bool = False) -> None:
    """Set what a replica is made with, or changed to (C30).

    Args:
        new: whether the replica has just been copied, with what its source has of its own.
    """
    table = record(region, name)
    if table is None:
        return
    if new:
        table.pop(_OVERRIDES, None)
        table.pop(_UNPROTECTED, None)
    kept = table.setdefault(_OVERRIDES, {})
    for key, value in details.items():
        if key == _INDEXES:
            given = {one["IndexName"]: one for one in (*kept.get(key, []), *value)}
            kept[key] = list(given.values())
        elif key != "RegionName":
            kept[key] = value
    reapply(region, name)


def reapply(region: str, name: str) -> None:
    """Put what a replica has of its own over what its group has given it."""
    table = record(region, name)
    own = (table or {}).get(_OVERRIDES, {})
    if table is None or not own:
        return
    if "TableClassOverride" in own:
        table["TableClassSummary"] = {"TableClass": own["TableClassOverride"], "LastUpdateDateTime": int(time.time())}
    if "KMSMasterKeyId" in own:
        table["SSEDescription"] = {"Status": "ENABLED", "SSEType": "KMS", "KMSMasterKeyArn": own["KMSMasterKeyId"]}
    _reads(table, own)
    overridden = {one["IndexName"]: one for one in own.get(_INDEXES, [])}
    for index in table.get(_INDEXES, []):
        _reads(index, overridden.get(index["IndexName"], {}))


def _reads(holder: dict[str, Any], own: dict[str, Any]) -> None:
    if _UNITS in own:
        holder["ProvisionedThroughput"] = {**holder.get("ProvisionedThroughput", {}), **own[_UNITS]}


def has_own_class(region: str, name: str) -> bool:
    """Whether a change of the base table's class leaves this replica's as it is."""
    return "TableClassOverride" in ((record(region, name) or {}).get(_OVERRIDES, {}))


def described(entry: dict[str, Any], name: str) -> dict[str, Any]:
    """A group's entry of a replica with what that has of its own."""
    own = dict((record(entry["RegionName"], name) or {}).get(_OVERRIDES, {}))
    table_class = own.pop("TableClassOverride", None)
    return {**entry, **own, **({"ReplicaTableClassSummary": {"TableClass": table_class}} if table_class else {})}


def refused_override(table: Table, details: dict[str, Any]) -> Refusal | None:
    """Read units are of provisioned tables alone."""
    on_demand = table.get("BillingModeSummary", {}).get("BillingMode") == "PAY_PER_REQUEST"
    units = [details, *details.get(_INDEXES, [])]
    if on_demand and any(_UNITS in one for one in units):
        return invalid("ProvisionedThroughputOverride cannot be specified when BillingMode is PAY_PER_REQUEST")
    known = {index["IndexName"] for index in table.get(_INDEXES, [])}
    unknown = [one["IndexName"] for one in details.get(_INDEXES, []) if one["IndexName"] not in known]
    return invalid(f"One or more replica indexes were not found: {unknown}") if unknown else None


def protect(region: str, name: str, *, on: bool) -> None:
    """Let a replica be disassociated, or not; it is protected unless somebody says otherwise."""
    table = record(region, name)
    if table is not None:
        table[_UNPROTECTED] = not on


def is_protected(region: str, name: str) -> bool:
    """Whether a replica may not be disassociated."""
    return not (record(region, name) or {}).get(_UNPROTECTED, False)


def part(region: str, name: str, others: Iterable[str]) -> None:
    """Take a replica out of its group; it stays where it is with all it has."""
    left = sorted(others)
    for member in left:
        table = record(member, name)
        if table is not None:
            table[_GROUP] = left if len(left) > 1 else []
    own = record(region, name)
    if own is not None:
        own[_GROUP] = []
        own.pop(_OVERRIDES, None)


def warm(region: str, name: str, asked: dict[str, Any]) -> None:
    """Keep the warm throughput that a table and its indexes are made with, or changed to."""
    table = record(region, name)
    if table is None:
        return
    if "WarmThroughput" in asked:
        table["WarmThroughput"] = {**asked["WarmThroughput"], "Status": "ACTIVE"}
    given = {one["IndexName"]: one["WarmThroughput"] for one in _warmed(asked)}
    for index in table.get(_INDEXES, []):
        if index["IndexName"] in given:
            index["WarmThroughput"] = {**given[index["IndexName"]], "Status": "ACTIVE"}


def _warmed(asked: dict[str, Any]) -> list[dict[str, Any]]:
    changed = [one for update in asked.get("GlobalSecondaryIndexUpdates", []) for one in update.values()]
    return [one for one in (*asked.get(_INDEXES, []), *changed) if "WarmThroughput" in one]


def billed_since(region: str, name: str, before: dict[str, Any]) -> None:
    """After a switch to provisioned capacity a table still tells when it was last switched to on-demand."""
    table = record(region, name)
    if table is None or table.get("BillingModeSummary", {}).get("BillingMode") != "PROVISIONED":
        return
    last = before.get("BillingModeSummary", {}).get("LastUpdateToPayPerRequestDateTime", before["CreationDateTime"])
    table["BillingModeSummary"]["LastUpdateToPayPerRequestDateTime"] = last
