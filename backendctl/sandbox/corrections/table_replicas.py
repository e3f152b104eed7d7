"""What DynamoDB refuses of changes to replicas, judged with what their regions have."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections import table_own
from backendctl.sandbox.corrections.answers import Refusal, invalid
from backendctl.sandbox.service_models import known_regions

if TYPE_CHECKING:
    from backendctl.sandbox.corrections.table_times import TableTimes
    from backendctl.sandbox.scaling import Moto

Table = dict[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class ReplicaRules:
    """Judges one replica update.

    Attributes:
        table: describes the emulated table of a region, None when there is none.
    """

    times: TableTimes
    moto: Moto
    table: Callable[[str, str], Awaitable[Table | None]]

    async def refusal(self, here: str, table: Table, update: dict[str, Any]) -> Refusal | None:
        """Why an update asked for in a region is refused."""
        (action, details), *_ = update.items()
        region = details.get("RegionName", "")
        if action == "Disassociate":
            return _not_leaving(here, region, table)
        refusal = _misplaced(here, region, table, action)
        if refusal is not None:
            return refusal
        if action == "Update":
            return table_own.refused_override(table, details)
        other = await self.table(region, table["TableName"])
        if action == "Delete":
            return self._kept((region, table["TableName"]), other or {})
        return self._taken(region, table["TableName"], other) or self._unscaled(here, table) or _keyless(table, details)

    def _taken(self, region: str, name: str, other: Table | None) -> Refusal | None:
        if other is None and not self.times.ghost((region, name)):
            return None
        return invalid(  # C12
            f"Failed to create a the new replica of table with name: '{name}' because one or more replicas "
            "already existed as tables."
        )

    def _kept(self, place: tuple[str, str], replica_table: Table) -> Refusal | None:
        if replica_table.get("DeletionProtectionEnabled"):
            return invalid(  # C24
                f"Cannot delete table {place[1]} in region {place[0]} because it has deletion protection enabled"
            )
        return replica_source() if self.times.sources.lasts(place) else None

    def _unscaled(self, region: str, table: Table) -> Refusal | None:
        """A provisioned table needs write scaling, on itself and on each index, before its first replica (C15)."""
        if table.get("BillingModeSummary", {}).get("BillingMode") != "PROVISIONED":
            return None
        resource = f"table/{table['TableName']}"
        if not self.moto.scaled(region, resource, "dynamodb:table:WriteCapacityUnits"):
            return invalid("Table write capacity should either be Pay-Per-Request or AutoScaled.")
        for index in table.get("GlobalSecondaryIndexes", []):
            of_index = f"{resource}/index/{index['IndexName']}"
            if not self.moto.scaled(region, of_index, "dynamodb:index:WriteCapacityUnits"):
                return invalid("GSI write capacity should either be Pay-Per-Request or AutoScaled.")
        return None


def _keyless(table: Table, details: dict[str, Any]) -> Refusal | None:
    """A key serves its region alone: where the source has one of the account, the replica is given its own (C55)."""
    encryption = table.get("SSEDescription") or {}
    key = str(encryption.get("KMSMasterKeyArn", "")) if encryption.get("Status") == "ENABLED" else ""
    if not key or key.endswith(":alias/aws/dynamodb") or "KMSMasterKeyId" in details:
        return None
    return invalid("KMSMasterKeyId must be specified for each replica of a table encrypted with a customer managed key")


def members(table: Table) -> list[str]:
    """The other regions of a table's group."""
    return [member["RegionName"] for member in table.get("Replicas", [])]


def replica_source() -> Refusal:
    """A region that a replica was copied from stays for a day (C23)."""
    return invalid(
        "Replica cannot be deleted because it has acted as a source region for new replica(s) being added to the "
        "table in the last 24 hours."
    )


def _misplaced(here: str, region: str, table: Table, action: str) -> Refusal | None:
    if region == here:  # C13
        return invalid(
            "Cannot add, delete, or update the local region through ReplicaUpdates. "
            "Use CreateTable, DeleteTable, or UpdateTable as required."
        )
    if region not in known_regions():
        return invalid(f"Region {region} is not supported")  # C13
    if action in {"Delete", "Update"} and region not in members(table):
        return _no_member(region)
    return None


def _not_leaving(here: str, region: str, table: Table) -> Refusal | None:
    """A replica leaves its group from its own region, once it may (C26)."""
    if region != here:
        return invalid(f"Disassociate must be requested in the Region of the replica: {region}")
    if not table.get("Replicas"):
        return _no_member(region)
    if table_own.is_protected(here, table["TableName"]):
        return invalid(f"Replica in region {here} cannot be disassociated: disassociation protection is enabled")
    return None


def _no_member(region: str) -> Refusal:
    """C27."""
    return invalid(
        "Update global table operation failed because one or more replicas were not part of the global table: "
        f"[{region}]"
    )
