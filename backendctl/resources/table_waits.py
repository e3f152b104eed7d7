"""The waits of tables and replicas; botocore's waiters look at TableStatus alone and end too early (C9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backendctl.aws.progress import note
from backendctl.aws.wait import until
from backendctl.errors import BackendctlError
from backendctl.resources import table_reads, table_steps

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef

    from backendctl.aws.connection import Aws

_STEP_LIMIT = 7200.0  # an index fills for as long as its data takes (C42)
_GONE_LIMIT = 1800.0
_REPLICA_LIMIT = 1800.0  # one item takes 11 minutes (C8)
_COPY_RATE = 20e6  # bytes per second, far below what was seen (C19), so that the wait is long enough
_VANISHED = 120.0  # C10
_GROUP_WIDE = frozenset({"GlobalSecondaryIndexUpdates", "BillingMode", "ProvisionedThroughput"})
_STILL_BUSY = frozenset({"CREATING", "UPDATING"})


def carry_out(aws: Aws, region: str, step: dict[str, Any]) -> None:
    """One UpdateTable, and the wait until its effect shows and nothing is under way.

    Indexes, billing and capacity belong to the whole group and are waited for in each of its regions (C28, C42, C46);
    the rest is each region's own (C29, C30).
    """
    physical = step["TableName"]
    aws.dynamodb(region).update_table(**step)
    table_reads.forget(aws, region, physical)
    everywhere = _members(aws, region, physical) if _GROUP_WIDE & step.keys() else []
    for member in (region, *everywhere):
        _wait_for(aws, member, physical, step, own=member == region)


def wait_idle(aws: Aws, region: str, physical: str) -> TableDescriptionTypeDef | None:
    """Wait until nothing is being made of the table, so that it may be deleted (C43); None when it is gone."""

    def probe() -> tuple[TableDescriptionTypeDef | None] | None:
        found = table_reads.ask(aws, region, physical)
        if found is None or (found["TableStatus"] not in _STILL_BUSY and not _indexing(found)):
            return (found,)
        return None

    return until(aws, f"table {physical} in {region} to be idle", probe, limit=_STEP_LIMIT)[0]


def wait_gone(aws: Aws, region: str, physical: str) -> None:
    """Wait until the name is free again: DELETING still holds it (C59)."""
    until(
        aws,
        f"table {physical} in {region} to be gone",
        lambda: True if table_reads.ask(aws, region, physical) is None else None,
        limit=_GONE_LIMIT,
    )


def wait_replica(aws: Aws, *, primary: str, region: str, physical: str) -> None:
    """Wait until the replica is ACTIVE in its group's eyes, and table and indexes are in its own region (C9).

    Raises:
        BackendctlError: it failed, or vanished, which is how AWS tells of a bad request (C10, C11).
        WaitTimeoutError: 30 minutes and the time to copy the data have passed (C8).
    """
    limit = _REPLICA_LIMIT + _copy_seconds(aws, primary, physical)
    watch = _ReplicaWatch(aws, primary=primary, region=region, physical=physical)
    until(aws, f"replica of {physical} in {region} to be ACTIVE", watch.probe, limit=limit, step=5.0)
    table_reads.wait_active(aws, region, physical)


def wait_replica_gone(aws: Aws, *, source: str, region: str, physical: str) -> None:
    """Wait until the group has forgotten the replica and then its region the table; both take minutes (C22)."""

    def left() -> bool | None:
        found = table_reads.entry(table_reads.ask(aws, source, physical), region)
        if found is not None:
            note(f"replica of {physical} in {region}: {found.get('ReplicaStatus')}")
        return True if found is None else None

    until(aws, f"replica of {physical} in {region} to leave its group", left, limit=_GONE_LIMIT, step=5.0)
    wait_gone(aws, region, physical)


class _ReplicaWatch:
    """Remembers when the group last mentioned the replica: at first it does not, and a refused one vanishes."""

    def __init__(self, aws: Aws, *, primary: str, region: str, physical: str) -> None:
        self._aws = aws
        self._primary = primary
        self._region = region
        self._physical = physical
        self._mentioned = aws.clock()

    def probe(self) -> bool | None:
        """True when it is ACTIVE with every index of the primary."""
        source = table_reads.ask(self._aws, self._primary, self._physical)
        found = table_reads.entry(source, self._region)
        if source is None or found is None:
            self._still_unseen()
            return None
        self._mentioned = self._aws.clock()
        status = found.get("ReplicaStatus", "CREATING")
        self._refuse(status, found.get("ReplicaStatusDescription", ""))
        progress = found.get("ReplicaStatusPercentProgress", "")
        note(f"replica of {self._physical} in {self._region}: {status} {progress}".rstrip())
        return True if status == "ACTIVE" and self._answers(source) else None

    def _answers(self, source: TableDescriptionTypeDef) -> bool:
        here = table_reads.ask(self._aws, self._region, self._physical)
        if here is None:
            return False
        names = [{i["IndexName"] for i in d.get("GlobalSecondaryIndexes", ())} for d in (source, here)]
        return table_reads.is_quiet(here) and names[0] <= names[1]

    def _still_unseen(self) -> None:
        if self._aws.clock() - self._mentioned > _VANISHED * max(self._aws.tempo, 0.2):
            raise BackendctlError(
                f"the replica of {self._physical} in {self._region} was accepted by AWS and vanished",
                hint="a key, a quota or a permission in that region stands in the way; AWS does not say which: "
                "look at CloudTrail there, then run the same command again",
            )

    def _refuse(self, status: str, why: str) -> None:
        table_reads.refuse_stuck(status, self._region, self._physical)
        if status in {"CREATION_FAILED", "REGION_DISABLED"}:
            raise BackendctlError(
                f"the replica of {self._physical} in {self._region} is {status}" + (f": {why}" if why else ""),
                hint="run the same command again: a failed replica is removed and made anew",
            )


def _wait_for(aws: Aws, region: str, physical: str, step: dict[str, Any], *, own: bool) -> None:
    def probe() -> bool | None:
        found = table_reads.ask(aws, region, physical)
        if found is None:
            return None
        table_reads.refuse_stuck(found["TableStatus"], region, physical)
        done = table_steps.holds(found, step, own=own) and table_reads.is_quiet(found)
        if not done:
            note(f"table {physical} in {region}: {found['TableStatus']}, {table_reads.status_of(found)}")
        return True if done else None

    until(aws, f"the change of table {physical} to hold in {region}", probe, limit=_STEP_LIMIT)
    table_reads.forget(aws, region, physical)


def _members(aws: Aws, region: str, physical: str) -> list[str]:
    return table_reads.others(table_reads.ask(aws, region, physical), region)


def _indexing(found: TableDescriptionTypeDef) -> bool:
    indexes = found.get("GlobalSecondaryIndexes", ())
    return any(index.get("IndexStatus") in {"CREATING", "DELETING"} for index in indexes)


def _copy_seconds(aws: Aws, primary: str, physical: str) -> float:
    found = table_reads.ask(aws, primary, physical)
    size = (found or {}).get("TableSizeBytes", 0)
    if size:
        note(f"table {physical} holds about {size / 1e9:.1f} GB to copy")  # known to six hours (C19)
    return size / _COPY_RATE
