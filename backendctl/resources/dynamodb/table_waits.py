"""The waits of tables and replicas; botocore's waiters look at TableStatus alone and end too early (C9)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from backendctl.aws.errors import says
from backendctl.aws.progress import note
from backendctl.aws.wait import until
from backendctl.errors import BackendctlError
from backendctl.resources.dynamodb import table_reads, table_steps, table_times

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef

    from backendctl.aws.connection import Aws

_STEP_LIMIT = 7200.0  # an index fills for as long as its data takes (C42)
_GONE_LIMIT = 1800.0
_REPLICA_LIMIT = 1800.0  # one item takes 11 minutes (C8)
_COPY_RATE = 20e6  # bytes per second, far below what was seen (C19), so that the wait is long enough
_VANISHED = 120.0  # C10
_GROUP_WIDE = frozenset({"GlobalSecondaryIndexUpdates", "BillingMode", "ProvisionedThroughput"})
_MINUTE = 60.0
_STILL_BUSY = frozenset({"CREATING", "UPDATING"})


def carry_out(aws: Aws, region: str, step: dict[str, Any], *, place: str = "") -> None:
    """One UpdateTable, and the wait until its effect shows and nothing is under way.

    Indexes, billing and capacity belong to the whole group and are waited for in each of its regions (C28, C42, C46);
    the rest is each region's own (C29, C30).

    Args:
        place: which of several it is, as in "2 of 5"; empty for one alone.

    Raises:
        BackendctlError: AWS has had too many changes of this kind (C46, C48).
    """
    physical = step["TableName"]
    try:
        aws.dynamodb(region).update_table(**step)
    except aws.dynamodb(region).exceptions.ClientError as error:
        if says(error, "LimitExceededException", "limited"):
            raise _too_often(physical, region, step) from error
        raise
    table_reads.forget(aws, region, physical)
    watch = _StepWatch(aws, step, place=place)
    everywhere = _members(aws, region, physical) if _GROUP_WIDE & step.keys() else []
    for member in (region, *everywhere):
        watch.wait(member, own=member == region)


def wait_idle(aws: Aws, region: str, physical: str) -> TableDescriptionTypeDef | None:
    """Wait until nothing is being made of the table, so that it may be deleted (C43); None when it is gone."""
    began = table_times.since()

    def probe() -> tuple[TableDescriptionTypeDef | None] | None:
        found = table_reads.ask(aws, region, physical)
        if found is None or (found["TableStatus"] not in _STILL_BUSY and not _indexing(found)):
            return (found,)
        note(f"table {physical} in {region}: {_busy_with(found)}, {began}")
        return None

    return until(aws, f"table {physical} in {region} to be idle", probe, limit=_STEP_LIMIT)[0]


def wait_gone(aws: Aws, region: str, physical: str) -> None:
    """Wait until the name is free again: DELETING still holds it (C59)."""
    began = table_times.since()

    def probe() -> bool | None:
        found = table_reads.ask(aws, region, physical)
        if found is None:
            return True
        note(f"table {physical} in {region}: {found['TableStatus']}, {began}; {table_times.deleting()}")
        return None

    until(aws, f"table {physical} in {region} to be gone", probe, limit=_GONE_LIMIT)


def wait_replica(aws: Aws, *, primary: str, region: str, physical: str, group: TableDescriptionTypeDef | None) -> None:
    """Wait until the replica is ACTIVE in its group's eyes, and table and indexes are in its own region (C9).

    What was asked last of both regions is shared from then on.

    Args:
        group: the table in its primary region as it was before, by which the wait is limited.

    Raises:
        BackendctlError: it failed, or vanished, which is how AWS tells of a bad request (C10, C11).
        WaitTimeoutError: 30 minutes and the time to copy the data have passed (C8).
    """
    limit = _REPLICA_LIMIT + (group or {}).get("TableSizeBytes", 0) / _COPY_RATE
    watch = _ReplicaWatch(aws, primary=primary, region=region, physical=physical, takes=table_times.copying(group))
    source, here = until(aws, f"replica of {physical} in {region} to be ACTIVE", watch.probe, limit=limit, step=5.0)
    table_reads.renew(aws, primary, physical, source)
    table_reads.renew(aws, region, physical, here)


def wait_replica_gone(aws: Aws, *, source: str, region: str, physical: str) -> None:
    """Wait until the group has forgotten the replica and then its region the table; both take minutes (C22)."""
    began = table_times.since()

    def left() -> bool | None:
        found = table_reads.entry(table_reads.ask(aws, source, physical), region)
        if found is not None:
            note(f"replica of {physical} in {region}: {found.get('ReplicaStatus')}, {began}; {table_times.removing()}")
        return True if found is None else None

    until(aws, f"replica of {physical} in {region} to leave its group", left, limit=_GONE_LIMIT, step=5.0)
    wait_gone(aws, region, physical)


class _ReplicaWatch:
    """Remembers when the group last mentioned the replica: at first it does not, and a refused one vanishes."""

    def __init__(self, aws: Aws, *, primary: str, region: str, physical: str, takes: str) -> None:
        self._aws = aws
        self._primary = primary
        self._region = region
        self._physical = physical
        self._mentioned = aws.clock()
        self._began: datetime | None = None
        self._takes = takes

    def probe(self) -> tuple[TableDescriptionTypeDef, TableDescriptionTypeDef] | None:
        """The table in its primary and in its own region, when it is ACTIVE with every index of the primary."""
        source, here = table_reads.ask_both(self._aws, self._physical, here=self._primary, there=self._region)
        found = table_reads.entry(source, self._region)
        if source is None or found is None:
            self._still_unseen()
            return None
        self._mentioned = self._aws.clock()
        status = found.get("ReplicaStatus", "CREATING")
        self._refuse(status, found.get("ReplicaStatusDescription", ""))
        progress = found.get("ReplicaStatusPercentProgress", "")
        self._began = self._began or _made(here)
        state = f"{status} {progress}".rstrip()
        if status == "ACTIVE" and here is not None and self._answers(source, here):
            return source, here
        note(f"replica of {self._physical} in {self._region}: {state}, {table_times.since(self._began)}; {self._takes}")
        return None

    def _answers(self, source: TableDescriptionTypeDef, here: TableDescriptionTypeDef) -> bool:
        names = [{i["IndexName"] for i in d.get("GlobalSecondaryIndexes", ())} for d in (source, here)]
        return table_reads.is_quiet(here) and names[0] <= names[1]

    def _still_unseen(self) -> None:
        if self._aws.clock() - self._mentioned > _VANISHED * max(self._aws.time_scale, 0.2):
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


def _made(here: TableDescriptionTypeDef | None) -> datetime:
    """Since when a replica is being made; a run after a kill goes by the table's own date."""
    return datetime.now(UTC) if here is None else here.get("CreationDateTime", datetime.now(UTC))


class _StepWatch:
    """Waits for one change, and tells which, since when and how far it is."""

    def __init__(self, aws: Aws, step: dict[str, Any], *, place: str) -> None:
        self._aws = aws
        self._step = step
        self._physical = str(step["TableName"])
        self._index = next(
            (u["Create"]["IndexName"] for u in step.get("GlobalSecondaryIndexUpdates", ()) if "Create" in u), ""
        )
        self._told = ", ".join(one for one in (place, table_times.since(), table_times.step(step)) if one)
        self._asked = aws.clock()
        self._filled = ""

    def wait(self, region: str, *, own: bool) -> None:
        """Until it holds in that region. own: whether it is the region in which the change was made."""
        what = f"index {self._index} of table {self._physical}" if self._index else f"table {self._physical}"

        def probe() -> bool | None:
            found = table_reads.ask(self._aws, region, self._physical)
            if found is None:
                return None
            table_reads.refuse_stuck(found["TableStatus"], region, self._physical)
            if table_steps.holds(found, self._step, own=own) and table_reads.is_quiet(found):
                return True
            note(f"{what} in {region}: {self._state(found, region)} ({self._told})")
            return None

        until(self._aws, f"the change of {what} to hold in {region}", probe, limit=_STEP_LIMIT)
        table_reads.forget(self._aws, region, self._physical)

    def _state(self, found: TableDescriptionTypeDef, region: str) -> str:
        """CloudWatch tells how far an index is once a minute."""
        state = table_reads.status_of(found)
        if state == "ACTIVE":
            return found["TableStatus"]
        if not self._index:
            return state
        if self._aws.clock() - self._asked >= _MINUTE * self._aws.time_scale:
            self._asked = self._aws.clock()
            self._filled = table_times.filled(self._aws, region, self._physical, self._index) or self._filled
        indexes = found.get("GlobalSecondaryIndexes", ())
        filling = any(one["IndexName"] == self._index and one.get("Backfilling") for one in indexes)
        return ", ".join(one for one in ("being filled" if filling else "CREATING", self._filled) if one)


def _too_often(physical: str, region: str, step: dict[str, Any]) -> BackendctlError:
    if "BillingMode" in step:
        return BackendctlError(
            f"table {physical} in {region} was switched to on-demand four times within 24 hours, and AWS takes no more",
            hint="run the same command again when the first of them is a day old",
        )
    return BackendctlError(
        f"the capacity of table {physical} in {region} went down four times today (UTC), and AWS takes one more in "
        "an hour without any; scaling counts too",
        hint="run the same command again in an hour",
    )


def _members(aws: Aws, region: str, physical: str) -> list[str]:
    return table_reads.others(table_reads.ask(aws, region, physical), region)


def _indexing(found: TableDescriptionTypeDef) -> list[str]:
    """The indexes that come or go, each with its state."""
    return [
        f"index {index['IndexName']} {index['IndexStatus']}"
        for index in found.get("GlobalSecondaryIndexes", ())
        if index.get("IndexStatus") in {"CREATING", "DELETING"}
    ]


def _busy_with(found: TableDescriptionTypeDef) -> str:
    return ", ".join([found["TableStatus"], *_indexing(found)])
