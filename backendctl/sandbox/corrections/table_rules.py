"""What DynamoDB refuses, judged from the request and the table's description alone."""

from __future__ import annotations

from typing import Any

from backendctl.sandbox.corrections.answers import Refusal, invalid

_ALONE = (
    "ReplicaUpdates",
    "DeletionProtectionEnabled",
    "DisassociationProtectionEnabled",
    "SSESpecification",
    "TableClass",
    "WarmThroughput",
)
_CHANGES = (
    *_ALONE,
    "GlobalSecondaryIndexUpdates",
    "BillingMode",
    "ProvisionedThroughput",
    "StreamSpecification",
    "OnDemandThroughput",
)


def old_global_table(operation: str, asked: dict[str, Any]) -> Refusal:
    """Version 2017.11.29 has ended (C1)."""
    if operation == "CreateGlobalTable":
        return invalid("global tables version 2017.11.29 is not supported")
    name = asked.get("GlobalTableName", "")
    return Refusal(code="GlobalTableNotFoundException", message=f"Global table not found: {name}")


def bundle(change: dict[str, Any], *, strong: bool = False) -> Refusal | None:
    """One logical change per call (C40); replica updates alone and one at a time (C4, C5).

    Args:
        strong: whether the group is strongly consistent, or about to be: then all replicas come or go at once (C35).
    """
    asked = [name for name in _CHANGES if name in change]
    replicas = change.get("ReplicaUpdates", [])
    if replicas and len(asked) > 1:
        return invalid("Replica modification must be the only operation in the request")
    if len(replicas) > 1 and not strong:
        return invalid("more than one create or delete replica actions not allowed")
    alone = [name for name in _ALONE if name in asked]
    if alone and len(asked) > 1:
        return invalid(f"{alone[0]} must be the only operation in the request")
    index_work = [kind for update in change.get("GlobalSecondaryIndexUpdates", []) for kind in update]
    if "Create" in index_work and len(asked) > 1:
        return invalid("An index creation must be the only operation in the request")
    return None


def indexes(change: dict[str, Any]) -> Refusal | None:
    """One index in a call (C41)."""
    work = [kind for update in change.get("GlobalSecondaryIndexUpdates", []) for kind in update]
    return one_index() if sum(kind in {"Create", "Delete"} for kind in work) > 1 else None


def one_index() -> Refusal:
    """One index comes or goes at a time (C41)."""
    return Refusal(
        code="LimitExceededException",
        message="Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
    )


def index_of(table: dict[str, Any], name: str) -> dict[str, Any]:
    """An index's description.

    Raises:
        StopIteration: the table has none of that name.
    """
    return next(index for index in table.get("GlobalSecondaryIndexes", []) if index["IndexName"] == name)


def stream(change: dict[str, Any], table: dict[str, Any]) -> Refusal | None:
    """A stream is switched on once, and stays on a global table (C14, C54)."""
    wanted = change.get("StreamSpecification")
    if wanted is None:
        return None
    on = table.get("StreamSpecification", {}).get("StreamEnabled") is True
    if wanted.get("StreamEnabled") and on:
        return invalid("Table already has an enabled stream")  # C14, C54
    if not wanted.get("StreamEnabled") and table.get("Replicas"):
        return invalid("Disabling Stream is not allowed for a Global Table replica")  # C14
    return None


def billing(change: dict[str, Any], table: dict[str, Any]) -> Refusal | None:
    """To PROVISIONED in one call with throughput for the table and every index (C46)."""
    now = table.get("BillingModeSummary", {}).get("BillingMode", "PROVISIONED")
    if change.get("BillingMode") != "PROVISIONED" or now == "PROVISIONED":
        return None
    given = {
        update["Update"]["IndexName"]
        for update in change.get("GlobalSecondaryIndexUpdates", [])
        if update.get("Update", {}).get("ProvisionedThroughput")
    }
    missing = [
        index["IndexName"] for index in table.get("GlobalSecondaryIndexes", []) if index["IndexName"] not in given
    ]
    if "ProvisionedThroughput" not in change or missing:
        return invalid(
            "One or more parameter values were invalid: ProvisionedThroughput must be specified for "
            + (f"index: {missing[0]}" if missing else "the table")
        )
    return None


def throughput(change: dict[str, Any], table: dict[str, Any]) -> Refusal | None:
    """An index's throughput said again is refused (C45); the table's own is refused behind."""
    if "BillingMode" in change:
        return None
    now = {index["IndexName"]: units(index) for index in table.get("GlobalSecondaryIndexes", [])}
    for update in change.get("GlobalSecondaryIndexUpdates", []):
        wanted = update.get("Update", {})
        if "ProvisionedThroughput" in wanted and now.get(wanted.get("IndexName", "")) == units(wanted):
            return invalid(
                f"The provisioned throughput for the index {wanted['IndexName']} will not change. "
                "The requested value equals the current value."
            )
    return None


def units(described: dict[str, Any]) -> tuple[int, int]:
    """Read and write capacity units of a table or an index."""
    given = described.get("ProvisionedThroughput", {})
    return int(given.get("ReadCapacityUnits", 0)), int(given.get("WriteCapacityUnits", 0))


def still_in_use(state: str, name: str) -> Refusal:
    """A table which is not ready for another change."""
    return Refusal(
        code="ResourceInUseException",
        message=f"Attempt to change a resource which is still in use: Table is being {state}: {name}",
    )


def changing() -> Refusal:
    """A replica which comes or goes holds its whole group (C6)."""
    return Refusal(code="ResourceInUseException", message="The resource which you are attempting to change is in use.")


def no_table(name: str) -> Refusal:
    """A table which is not there, or not there yet."""
    return Refusal(code="ResourceNotFoundException", message=f"Requested resource not found: Table: {name} not found")
