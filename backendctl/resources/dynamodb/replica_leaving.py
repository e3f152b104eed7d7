"""A replica leaves its group and keeps its data: it becomes a table of its own (C26)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backendctl.aws import tags as tagging
from backendctl.aws.progress import note
from backendctl.aws.wait import until
from backendctl.errors import BackendctlError
from backendctl.resources.dynamodb import table_reads, table_times, table_waits

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

_LIMIT = 3600.0
_MARKS = (tagging.BACKEND, table_reads.NAME, table_reads.PRIMARY)


def set_free(aws: Aws, *, region: str, physical: str, source: str | None) -> None:
    """Take the replica out of its group, and our mark off it: it is nobody's of ours from then on.

    The mark goes last, so that after a kill the same command finds it and finishes.

    Args:
        source: another region of the group; None when it has left already.
    """
    if source is not None:
        _disassociate(aws, region, physical)
        _wait_alone(aws, region, physical)
    found = table_reads.ask(aws, region, physical)
    if found is not None:
        with aws.exclusive("table-tags", region, physical):
            aws.dynamodb(region).untag_resource(ResourceArn=found["TableArn"], TagKeys=list(_MARKS))
        table_reads.forget(aws, region, physical)


def _disassociate(aws: Aws, region: str, physical: str) -> None:
    """Its own protection against it first, alone and waited for; both are asked of the replica's own region."""
    request: dict[str, Any] = {"TableName": physical, "DisassociationProtectionEnabled": False}
    aws.dynamodb(region).update_table(**request)
    table_waits.wait_idle(aws, region, physical)
    leave = {"Disassociate": {"RegionName": region, "DisassociationMode": "WAIT_FOR_REPLICATION"}}
    request = {"TableName": physical, "ReplicaUpdates": [leave]}
    aws.dynamodb(region).update_table(**request)
    table_reads.forget(aws, region, physical)


def _wait_alone(aws: Aws, region: str, physical: str) -> None:
    began = table_times.since()

    def probe() -> bool | None:
        found = table_reads.ask(aws, region, physical)
        if found is None:
            raise BackendctlError(f"table {physical} is gone from {region}, though its data was to be kept")
        others = table_reads.others(found, region)
        if others:
            note(f"replica of {physical} in {region}: it still replicates with {', '.join(others)}, {began}")
        return True if not others and found["TableStatus"] == "ACTIVE" else None

    until(aws, f"replica of {physical} in {region} to be a table of its own", probe, limit=_LIMIT, step=5.0)
