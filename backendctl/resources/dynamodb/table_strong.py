"""What cannot be done to a global table of multi-Region strong consistency (C35 to C38)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from backendctl.engine.action import Action
from backendctl.engine.plan import Change
from backendctl.resources.dynamodb import table_reads
from backendctl.resources.dynamodb.replica import Replica
from backendctl.resources.dynamodb.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef


def refusals(change: Change, group: TableDescriptionTypeDef) -> Iterator[str]:
    """Why DynamoDB would refuse a change of such a table, and the command that does it where one does.

    Args:
        group: the table as its primary region describes it.
    """
    frozen = "has multi-Region strong consistency, whose three regions are fixed"
    resource = change.resource
    if isinstance(resource, Replica) and change.action is Action.CREATE:
        yield f"{change.address}: the table {frozen}: none can be added; leave this one out of its regions"
    if isinstance(resource, Replica) and change.action is Action.DELETE:
        yield f"{change.address}: the table {frozen}: none can be removed alone; {_undone(resource.primary, group)}"
    if isinstance(resource, Table) and change.action is Action.DELETE:
        yield (
            f"{change.address}: the table {frozen}, and it cannot be deleted while it has them; "
            f"{_undone(resource.region, group)}, then run this again"
        )
    if isinstance(change.desired, Table) and change.desired.ttl:
        yield f"{change.address}: the table has multi-Region strong consistency, which has no TTL; leave 'ttl' out"


def _undone(primary: str, group: TableDescriptionTypeDef) -> str:
    """The one UpdateTable that leaves a table of the primary region alone (C37)."""
    replicas = table_reads.others(group, primary)
    witnesses = [witness["RegionName"] for witness in group.get("GlobalTableWitnesses", ())]
    options = f"--replica-updates {_deletes(replicas)}"
    if witnesses:
        options += f" --global-table-witness-updates {_deletes(witnesses)}"
    return (
        f"this deletes the data in {' and '.join(replicas)} and leaves a table of {primary} alone: aws dynamodb "
        f"update-table --region {primary} --table-name {group['TableName']} {options}"
    )


def _deletes(regions: list[str]) -> str:
    updates = [{"Delete": {"RegionName": region}} for region in regions]
    return f"'{json.dumps(updates, separators=(',', ':'))}'"
