"""What DynamoDB would refuse of a plan, or what would destroy data on the way, found before the first call."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from backendctl.aws.errors import BotoCoreError, ClientError, explain, is_denied, is_silent
from backendctl.engine.action import Action
from backendctl.engine.plan import Change, Plan
from backendctl.engine.resource import address_of
from backendctl.errors import BackendctlError
from backendctl.resources.dynamodb import table_reads, table_shape, table_steps, table_strong
from backendctl.resources.dynamodb.replica import STANDALONE, Replica
from backendctl.resources.dynamodb.table import Table
from backendctl.resources.dynamodb.table_capacity import PROVISIONED, TABLE

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef

    from backendctl.aws.connection import Aws

_KEPT = timedelta(hours=24)
_BETWEEN = timedelta(hours=1)
_DECREASES = 4
"""Of provisioned capacity that a table has a day, before it is one an hour (C48)."""


def with_dynamodb(plan: Plan, aws: Aws) -> Plan:
    """The plan with what DynamoDB would refuse of it, and what is worth knowing before replicas and streams go.

    What cannot be adopted is refused here, with another way out: a table that only has the name of a replica, and a
    global table of the ended version.
    """
    refusals, remarks = refused_by_dynamodb(plan.changes, aws), worth_knowing(plan.changes, aws)
    changes = tuple(replace(one, foreign=False) if _is_hopeless(one, aws) else one for one in plan.changes)
    return replace(plan, changes=changes, refusals=(*plan.refusals, *refusals), remarks=(*plan.remarks, *remarks))


def refused_by_dynamodb(changes: Iterable[Change], aws: Aws, *, now: datetime | None = None) -> list[str]:
    """Why DynamoDB would refuse these changes, one sentence each. now: as AWS's dates have it."""
    moment = now or datetime.now(UTC)
    return [reason for change in changes for reason in _of(change, aws, moment)]


def worth_knowing(changes: Iterable[Change], aws: Aws, *, now: datetime | None = None) -> list[str]:
    """What goes with a change, and what AWS may say to it (C22, C23, C54). now: as AWS's dates have it."""
    moment = now or datetime.now(UTC)
    return [line for change in changes for line in _beside(change, aws, moment)]


def _beside(change: Change, aws: Aws, now: datetime) -> Iterator[str]:
    live, desired = change.live, change.desired
    if change.action is Action.DELETE and isinstance(live, Replica) and not live.keep_data:
        yield from _going(live, aws, now)
    if (
        isinstance(live, Table)
        and isinstance(desired, Table)
        and live.stream
        and desired.stream not in (None, live.stream)
    ):
        yield f"{change.address}: " + (
            "the stream gets a new ARN: point its event source mappings and other readers at it afterwards"
            if desired.stream
            else "the stream ends, and its event source mappings and other readers get nothing any more"
        )


def _going(live: Replica, aws: Aws, now: datetime) -> Iterator[str]:
    where = address_of(live)
    yield (
        f"{where}: the copy of {live.physical} in {live.region} goes with its data, the other regions keep theirs; "
        "sync-tables --keep-data leaves it as a table of its own"
    )
    here = _as_told(aws, live.region, live.physical)
    others = [(region, _as_told(aws, region, live.physical)) for region in table_reads.others(here, live.region)]
    made = {region: one["CreationDateTime"] for region, one in others if one is not None and "CreationDateTime" in one}
    own = (here or {}).get("CreationDateTime")
    young = {region: at for region, at in made.items() if now - at < _KEPT and (own is None or at > own)}
    if young:
        region, at = max(young.items(), key=lambda item: item[1])
        yield (
            f"{where}: {region} was made at {at:%H:%M} UTC, and AWS keeps a region that another was copied from for 24 "
            f"hours; should it refuse, the same command does the rest after {at + _KEPT:%d %B %H:%M} UTC"
        )


def _of(change: Change, aws: Aws, now: datetime) -> Iterator[str]:
    resource = change.resource
    if not isinstance(resource, Table | Replica):
        return
    if change.action is Action.DELETE:
        yield from _protected(change)
        yield from _deleted_already(change, aws)
    if isinstance(change.desired, Table) and isinstance(change.live, Table):
        yield from _indexes(change, change.desired, change.live)
    group = _group(resource, aws)
    if group is not None and table_shape.is_of_ended_version(group):
        yield _ended(change, resource.physical)
        return
    if isinstance(resource, Replica) and _stands_alone(change):
        yield f"{change.address}: {resource.name_taken()}"
    if group is None:
        return
    if table_shape.is_strong(group):
        yield from table_strong.refusals(change, group)
    if isinstance(change.desired, Replica) and change.action is Action.CREATE and change.desired.encryption is None:
        yield from _keyless(change, change.desired, group, aws)
    if isinstance(change.desired, Table) and isinstance(change.live, Table):
        yield from _local_indexes(change, change.desired, change.live)
        yield from _decreases(
            change, change.desired, change.live, group, _Hour(now=now, lasts=_BETWEEN * aws.time_scale)
        )
        yield from _stream(change, change.desired, change.live)


def _is_hopeless(change: Change, aws: Aws) -> bool:
    resource = change.resource
    if not change.foreign or not isinstance(resource, Table | Replica):
        return False
    group = _group(resource, aws)
    return _stands_alone(change) or (group is not None and table_shape.is_of_ended_version(group))


def _group(resource: Table | Replica, aws: Aws) -> TableDescriptionTypeDef | None:
    region = resource.primary if isinstance(resource, Replica) else resource.region
    return _as_told(aws, region, resource.physical)


def _as_told(aws: Aws, region: str, physical: str) -> TableDescriptionTypeDef | None:
    """The table there, None when there is none, or its region does not answer: the plan tells of that by itself."""
    try:
        return table_reads.describe(aws, region, physical)
    except (ClientError, BotoCoreError, BackendctlError) as error:
        if is_silent(error):
            return None
        raise explain(error, doing=f"read the table {physical} in {region}") from error


def _stands_alone(change: Change) -> bool:
    """C12: DynamoDB makes no replica of a table that is there already."""
    return change.action is Action.UPDATE and isinstance(change.live, Replica) and change.live.status == STANDALONE


def _indexes(change: Change, desired: Table, live: Table) -> Iterator[str]:
    """C60: they come and go, and never change."""
    for name in table_steps.frozen(desired, live):
        before, after = (live.indexes or {})[name].words(), (desired.indexes or {})[name].words()
        yield (
            f"{change.address}: AWS cannot change the key or projection of an index, here {name} ({before} → {after}): "
            f"keep {name} as it is, add an index under a new name and deploy, point the readers at the new one, then "
            f"take {name} out"
        )


def _protected(change: Change) -> Iterator[str]:
    """C24: of one region, and no --allow-delete stands above it."""
    live = change.live
    if not isinstance(live, Table | Replica) or not live.deletion_protection:
        return
    if isinstance(live, Replica) and live.keep_data:
        return
    yield (
        f"{change.address} has deletion protection, which AWS keeps for each region by itself; to delete it after "
        f"all: aws dynamodb update-table --region {live.region} --table-name {live.physical} "
        "--no-deletion-protection-enabled"
    )


def _deleted_already(change: Change, aws: Aws) -> Iterator[str]:
    """An earlier run without --keep-data asked AWS for the deletion, which nothing can stop."""
    live = change.live
    if not isinstance(live, Replica) or not live.keep_data:
        return
    others = table_reads.others(_as_told(aws, live.region, live.physical), live.region)
    entries = [table_reads.entry(_as_told(aws, other, live.physical), live.region) for other in others]
    if any((one or {}).get("ReplicaStatus") == "DELETING" for one in entries):
        yield (
            f"{change.address}: --keep-data comes too late: DynamoDB is deleting this replica with its data, as an "
            "earlier command asked; the other regions keep theirs"
        )


def _keyless(change: Change, replica: Replica, group: TableDescriptionTypeDef, aws: Aws) -> Iterator[str]:
    """C55: where one region has a key of the account, each has one of its own.

    Whose key it is only a caller may ask who has a right to it, which the spec without keys gives nobody.
    """
    try:
        key = table_reads.encryption_of(aws, replica.primary, group, wanted=table_shape.AWS_MANAGED)
    except (ClientError, BotoCoreError) as error:
        if is_denied(error) or is_silent(error):
            return
        told = explain(error, doing=f"ask who manages the key of {replica.primary}/table/{replica.name}")
        yield f"{change.address}: {told}; {told.hint}"
        return
    if table_shape.is_customers(key):
        yield (
            f"{change.address}: the table is encrypted in {replica.primary} with a key of the account ({key}), and a "
            "replica needs a key of its own region: write the ARN of one for each region under 'encryption'"
        )


def _ended(change: Change, physical: str) -> str:
    return (
        f"{change.address}: {physical} is a global table of version {table_shape.ENDED_VERSION}, which AWS has ended "
        "and refuses to make or change; update it to 2019.11.21 first, which keeps its data and cannot be undone: "
        "DynamoDB's console, the table, its tab Global tables, Update version (it takes "
        "dynamodb:UpdateGlobalTableVersion in every region)"
    )


def _local_indexes(change: Change, desired: Table, live: Table) -> Iterator[str]:
    """C60: they come with the table."""
    wanted, found = desired.local_indexes, live.local_indexes or {}
    if wanted is None or wanted == found:
        return
    for name in sorted(wanted.keys() | found.keys()):
        if wanted.get(name) == found.get(name):
            continue
        if name not in wanted:
            yield (
                f"{change.address} has a local index {name}, and AWS removes none from a table that exists: write it "
                "under 'local-indexes'"
            )
        else:
            verb = "change" if name in found else "be added to a table that exists"
            yield (
                f"{change.address}: the local index {name} cannot {verb}; make it a global index under 'indexes', or "
                "a new table with it under a new name and move the data"
            )


def _stream(change: Change, desired: Table, live: Table) -> Iterator[str]:
    """C14: a global table's stream stays as it is."""
    if live.members and desired.stream not in (None, live.stream):
        wanted = (desired.stream or "off").lower().replace("_", "-")
        yield (
            f"{change.address} replicates through its stream, and AWS neither ends nor changes it while there are "
            f"replicas ({', '.join(live.members)}): stream: {wanted}"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Hour:
    """Now, and how long AWS wants between two decreases once it has had four."""

    now: datetime
    lasts: timedelta


def _decreases(
    change: Change, desired: Table, live: Table, group: TableDescriptionTypeDef, hour: _Hour
) -> Iterator[str]:
    """C48: of the table and of each index four a day, then one in an hour without any."""
    if not desired.billing == live.billing == PROVISIONED:
        return
    holders: dict[str, Any] = {TABLE: group}
    holders |= {index["IndexName"]: index for index in group.get("GlobalSecondaryIndexes", ())}
    lower = [name for name, units in desired.fixed_capacity.items() if units < live.fixed_capacity.get(name, 0)]
    for index in sorted({name.rpartition("/")[0] for name in lower} & holders.keys()):
        capacity = holders[index].get("ProvisionedThroughput", {})
        used, last = int(capacity.get("NumberOfDecreasesToday", 0)), capacity.get("LastDecreaseDateTime")
        if used < _DECREASES or (last is not None and hour.now - last > hour.lasts):
            continue
        yield (
            f"{change.address}: the capacity of {f'index {index}' if index else 'the table'} went down {used} times "
            f"today (UTC), and AWS allows {_DECREASES} and then one in an hour without any"
            + (f"; the last was at {last:%H:%M} UTC" if last is not None else "")
        )
