"""What a replica has of its own: class, key, read capacity and policy, as the spec says or else as its primary has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from backendctl.aws import tags as tagging
from backendctl.aws.crew import together
from backendctl.aws.progress import note
from backendctl.aws.wait import until
from backendctl.resources.dynamodb import table_policy, table_reads, table_settings, table_shape, table_times

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef

    from backendctl.aws.connection import Aws
    from backendctl.resources.dynamodb.replica import Replica
    from backendctl.spec import model

CLASS, POLICY, TAGS = "table class", "resource policy", "tags"
_LIMIT = 1800.0
_OURS = "backendctl:"


def left_open(table: model.TableSpec, region: str) -> frozenset[str]:
    """What the spec leaves open for a replica; tags that it does not name are always open."""
    found = {TAGS}
    if table.class_in(region) is None:
        found.add(CLASS)
    if region not in table.resource_policies:
        found.add(POLICY)
    return frozenset(found)


def key_of(table: model.TableSpec, region: str) -> str | None:
    """The customer's key of that region; None where the encryption is the same in the whole group (C28)."""
    encryption = (table.encryption or {}).get(region)
    return encryption if table_shape.is_customers(encryption) else None


def look_ahead(aws: Aws, desired: Replica) -> None:
    """Ask at once, and share, what a read of the replica asks beyond descriptions."""
    here, there = (desired.region, desired.physical), (desired.primary, desired.physical)
    asked: list[Callable[[], object]] = [partial(table_reads.tags_of, aws, *place) for place in (here, there)]
    asked += [
        partial(table_policy.live, aws, *place) for place in ((here, there) if POLICY in desired.open else (here,))
    ]
    asked.append(partial(table_reads.recovery_of, aws, *here))
    together(asked)


def unlike(
    aws: Aws, desired: Replica, group: TableDescriptionTypeDef | None, here: TableDescriptionTypeDef | None
) -> tuple[str, ...]:
    """What the spec leaves open and is not as in the primary region: AWS brings none of it by itself (C29, C30)."""
    if group is None or here is None:
        return ()
    differs = {
        CLASS: lambda: table_shape.class_of(group) != table_shape.class_of(here),
        POLICY: lambda: _primary_policy(aws, desired) != table_policy.live(aws, desired.region, desired.physical),
        TAGS: lambda: bool(_missing_tags(aws, desired)),
    }
    return tuple(name for name in sorted(desired.open) if differs[name]())


def creation(replica: Replica) -> dict[str, Any]:
    """The replica as CreateReplica takes it: its key has to be named there (C55), the rest may be."""
    made: dict[str, Any] = {"RegionName": replica.region}
    if replica.encryption is not None:
        made["KMSMasterKeyId"] = replica.encryption
    if replica.table_class is not None:
        made["TableClassOverride"] = table_shape.class_request(replica.table_class)
    return made


def bring(aws: Aws, replica: Replica, live: Replica) -> None:
    """Bring class, key, reads, policy and open tags; each alone in its call (C40)."""
    group = table_reads.describe(aws, replica.primary, replica.physical)
    wanted_class = replica.table_class
    if wanted_class is None and CLASS in live.unlike_primary and group is not None:
        wanted_class = table_shape.class_of(group)
    if wanted_class not in (None, live.table_class):
        _override(aws, replica, {"TableClassOverride": table_shape.class_request(wanted_class)})
    if replica.encryption not in (None, live.encryption):
        _override(aws, replica, {"KMSMasterKeyId": replica.encryption})
    if reads := _changed_reads(replica, live):
        _override(aws, replica, reads)
    policy = replica.resource_policy
    if policy is None and POLICY in live.unlike_primary:
        policy = _primary_policy(aws, replica)
    if policy is not None and policy != live.resource_policy:
        table_policy.put(aws, region=replica.region, physical=replica.physical, policy=policy)
    if TAGS in live.unlike_primary:
        missing = _missing_tags(aws, replica)
        table_settings.put_tags(aws, region=replica.region, physical=replica.physical, wanted=missing, live=live.tags)


def _changed_reads(replica: Replica, live: Replica) -> dict[str, Any]:
    """Read capacity that scaling cannot move, as an override; the base's own value clears it (C30)."""
    changed = {name: n for name, n in replica.fixed_reads.items() if live.fixed_reads.get(name) != n}
    made: dict[str, Any] = {}
    indexes = []
    for name, units in sorted(changed.items()):
        override = {"ProvisionedThroughputOverride": {"ReadCapacityUnits": units}}
        index, slash, _ = name.rpartition("/")
        if slash:
            indexes.append({"IndexName": index, **override})
        else:
            made |= override
    return made | ({"GlobalSecondaryIndexes": indexes} if indexes else {})


def _override(aws: Aws, replica: Replica, change: dict[str, Any]) -> None:
    """One change of a replica by way of its primary, and the wait until nothing is under way."""
    table_reads.wait_active(aws, replica.primary, replica.physical)
    update: Any = {"Update": {"RegionName": replica.region, **change}}
    aws.dynamodb(replica.primary).update_table(TableName=replica.physical, ReplicaUpdates=[update])
    for region in (replica.primary, replica.region):
        table_reads.forget(aws, region, replica.physical)

    began = table_times.since()

    def probe() -> bool | None:
        entry = table_reads.entry(table_reads.ask(aws, replica.primary, replica.physical), replica.region) or {}
        status = entry.get("ReplicaStatus", "not listed")
        if status == "ACTIVE":
            return True
        note(f"replica of {replica.physical} in {replica.region}: {status}, {began} ({', '.join(change)})")
        return None

    what = f"the change of the replica of {replica.physical} in {replica.region} to hold"
    until(aws, what, probe, limit=_LIMIT)
    table_reads.wait_active(aws, replica.region, replica.physical)


def _primary_policy(aws: Aws, replica: Replica) -> table_policy.Policy:
    found = table_policy.live(aws, replica.primary, replica.physical)
    return table_policy.in_region(found, of=replica.primary, region=replica.region) if found else {}


def _missing_tags(aws: Aws, replica: Replica) -> dict[str, str]:
    """Tags of the primary that the spec does not name and the replica has not; those of AWS's own stay where they are.

    A tag that only the replica has is left: it may well be meant for that region.
    """
    there = table_reads.tags_of(aws, replica.primary, replica.physical)
    wanted = open_tags(there, replica.tags or {})
    return tagging.missing(wanted, table_reads.tags_of(aws, replica.region, replica.physical))


def open_tags(tags: Mapping[str, str], named: Mapping[str, str]) -> dict[str, str]:
    """Of a table's tags those that are neither ours, nor AWS's, nor named by the spec."""
    return {
        key: value
        for key, value in tags.items()
        if key not in named and not key.startswith(_OURS) and not key.lower().startswith("aws:")
    }
