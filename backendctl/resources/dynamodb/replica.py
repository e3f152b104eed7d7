"""The copy of a table in another region of the backend."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self, cast

from backendctl.aws import tags as tagging
from backendctl.aws.errors import BotoCoreError, ClientError, is_missing, is_silent, says
from backendctl.engine.resource import PARTIAL, address
from backendctl.engine.traits import MatrixRow, Traits, base
from backendctl.errors import BackendctlError
from backendctl.resources.dynamodb import (
    replica_leaving,
    replica_own,
    table_capacity,
    table_policy,
    table_reads,
    table_settings,
    table_shape,
    table_waits,
)
from backendctl.resources.dynamodb.scaling import drop_orphans
from backendctl.resources.dynamodb.table_indexes import USABLE

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import ReplicaDescriptionTypeDef, TableDescriptionTypeDef

    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext

STANDALONE = "STANDALONE"
_FAILED = "CREATION_FAILED"


@dataclass(frozen=True, kw_only=True, slots=True)
class Replica:
    """A table's replica in one region.

    Attributes:
        name: the spec's key of the table. physical: what AWS calls the table, in every region.
        primary: the region its group is written from.
        after: addresses that come first: scaling of the primary (C15), and the replica before this one (C5).
        open: what the spec leaves open, so that it follows the primary: names as in `unlike_primary`.
        status: "ACTIVE", ReplicaStatus otherwise, or "STANDALONE": a plain table of that name.
        fixed_reads: units that scaling cannot move here, by "read" and "<index>/read".
        encryption: the ARN of a key of this region; None where all regions are encrypted alike.
        keep_data: live, and about to go: it becomes a table of its own, and nothing of it is deleted.
        unlike_primary: what the spec leaves open and is not here as in the primary region.
    """

    kind: ClassVar[str] = "replica"
    stateful: ClassVar[bool] = True
    scope: ClassVar[str] = "region"
    traits: ClassVar[Traits] = Traits(
        spans="table",
        lasts=60,
        outlasts="making or removing the replica, which nothing can stop",
        row=MatrixRow("table", base),
    )

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    physical: str = field(compare=False)
    primary: str = field(compare=False)
    after: frozenset[str] = field(default=frozenset(), compare=False)
    open: frozenset[str] = field(default=frozenset(), compare=False)
    keep_data: bool = field(default=False, compare=False)
    status: str = "ACTIVE"
    fixed_reads: dict[str, int] = field(default_factory=dict, metadata=PARTIAL)
    encryption: str | None = None
    table_class: str | None = None
    resource_policy: dict[str, Any] | None = None
    unlike_primary: tuple[str, ...] = ()
    point_in_time_recovery: bool | None = None
    deletion_protection: bool | None = None
    tags: dict[str, str] | None = field(default=None, metadata=PARTIAL)

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """One in every further region of every table."""
        for table in context.spec.tables:
            primary, *further = table.regions
            after = {address(primary, "scaling", scaled.name) for scaled in table_capacity.scaled(table)}
            for region in further:
                if region not in context.spec.regions:
                    continue
                yield cls(
                    region=region,
                    name=table.name,
                    owner=context.backend,
                    physical=table.physical,
                    primary=primary,
                    after=frozenset(after),
                    open=replica_own.left_open(table, region),
                    fixed_reads=table_capacity.fixed_reads(table, region),
                    encryption=replica_own.key_of(table, region),
                    table_class=table.class_in(region),
                    resource_policy=table_policy.wanted(table.resource_policies, region),
                    point_in_time_recovery=table.point_in_time_recovery,
                    deletion_protection=table.deletion_protection,
                    tags=table_settings.marks(
                        backend=context.backend, name=table.name, primary=primary, tags=table.tags
                    ),
                )
                after.add(address(region, cls.kind, table.name))

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """From the group's description, which the table's own read shares, and from the replica's region.

        While the primary region does not answer, a replica is what its own region says: else one silent region would
        hide all others.
        """
        here = table_reads.describe(aws, desired.region, desired.physical)
        try:
            group = table_reads.describe(aws, desired.primary, desired.physical)
        except (ClientError, BotoCoreError, BackendctlError) as error:
            if not is_silent(error) or here is None or desired.primary not in table_reads.others(here, desired.region):
                raise
            group, entry = None, None
            status: str | None = table_reads.status_of(here)
        else:
            entry = table_reads.entry(group, desired.region)
            status = state(entry, here)
        if status is None:
            return None
        whose = table_reads.belonging(aws, desired.region, desired.physical)
        owner = whose.owner
        if owner is None and entry is not None:
            # Not answering in its own region yet (C7): the group's mark is the only one.
            owner = tagging.owner_of(table_reads.tags_of(aws, desired.primary, desired.physical))
        return cls(
            region=desired.region,
            name=desired.name,
            owner=owner,
            physical=desired.physical,
            primary=desired.primary,
            status=status,
            fixed_reads=table_capacity.units_of(here) if here else {},
            encryption=table_shape.encryption_of(here or {}),
            table_class=table_shape.class_of(here or {}),
            resource_policy=table_policy.live(aws, desired.region, desired.physical),
            unlike_primary=replica_own.unlike(aws, desired, group, here) if status in USABLE else (),
            point_in_time_recovery=here is not None and table_reads.recovery_of(aws, desired.region, desired.physical),
            deletion_protection=bool((here or {}).get("DeletionProtectionEnabled", False)),
            tags=whose.tags,
        )

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """The marked tables whose group is written from elsewhere."""
        for physical in table_reads.names(aws, region):
            here = table_reads.describe(aws, region, physical)
            if here is None:
                continue
            whose = table_reads.belonging(aws, region, physical)
            if whose.owner == aws.backend and whose.primary != region:
                yield cls(
                    region=region,
                    name=whose.tags.get(table_reads.NAME) or physical.removeprefix(f"{aws.backend}-"),
                    owner=whose.owner,
                    physical=physical,
                    primary=whose.primary,
                    status=table_reads.status_of(here),
                    deletion_protection=bool(here.get("DeletionProtectionEnabled", False)),
                )

    @property
    def note(self) -> str:
        """What becomes of its data when it goes."""
        return "taken out of its group and kept as a table of its own, with its data" if self.keep_data else ""

    def needs(self) -> frozenset[str]:
        """The table, its scaling in the primary (C15), and the replica before this one (C5)."""
        return self.after | {address(self.primary, "table", self.name)}

    def create(self, aws: Aws) -> None:
        """One UpdateTable in the primary, a wait of minutes, then what AWS does not copy (C29).

        CreateReplica takes no tags: until ours are written, the mark of the primary counts for the replica.

        Raises:
            BackendctlError: a table of that name stands in the region (C12), or the copy failed (C10, C11).
        """
        group = self._clear_way(aws)
        if table_reads.entry(group, self.region) is None:
            self._join(aws, group)
        self._bring_up(aws, group)
        if any("/scaling/" in one for one in self.after):
            drop_orphans(aws, self.region, self.physical)

    def update(self, aws: Aws, live: Self) -> None:
        """Wait for what is under way, make a failed one anew (C11), then what each region has of its own.

        Raises:
            BackendctlError: it is a table of its own that carries our mark.
        """
        if live.status == STANDALONE:
            raise BackendctlError(self.name_taken())
        if live.status == _FAILED:
            self._leave(aws, self.primary)
            self.create(aws)
        else:
            self._bring_up(aws, table_reads.ask(aws, self.primary, self.physical))

    def delete(self, aws: Aws) -> None:
        """The table in this region and its data, by way of another region of the group (C22).

        Raises:
            BackendctlError: it was copied from in the last 24 hours (C23).
            AwsError: it is protected (C24).
        """
        table_waits.wait_idle(aws, self.region, self.physical)
        source = self._source(aws)
        if self.keep_data:
            replica_leaving.set_free(aws, region=self.region, physical=self.physical, source=source)
        elif source is not None:
            self._leave(aws, source)
        else:
            self._delete_alone(aws)
        table_reads.forget(aws, self.region, self.physical)

    def _clear_way(self, aws: Aws) -> TableDescriptionTypeDef | None:
        """Wait for one that is on its way out; the table in its primary region as it is then."""
        here, group = table_reads.ask_both(aws, self.physical, here=self.region, there=self.primary)
        entry = table_reads.entry(group, self.region)
        if (entry or {}).get("ReplicaStatus") == "DELETING":
            table_waits.wait_replica_gone(aws, source=self.primary, region=self.region, physical=self.physical)
        elif here is not None and here["TableStatus"] == "DELETING":
            table_waits.wait_gone(aws, self.region, self.physical)  # the name is free only then (C22)
        else:
            return group
        return table_reads.ask(aws, self.primary, self.physical)

    def _join(self, aws: Aws, group: TableDescriptionTypeDef | None) -> None:
        if group is None or not table_reads.is_quiet(group):
            table_reads.wait_active(aws, self.primary, self.physical)
        try:
            aws.dynamodb(self.primary).update_table(
                TableName=self.physical,
                ReplicaUpdates=[{"Create": cast("Any", replica_own.creation(self))}],  # alone, one at a time (C4, C5)
            )
        except aws.dynamodb(self.primary).exceptions.ClientError as error:
            if not says(error, "ValidationException", "already existed as tables"):
                raise
            # AWS says the same of a replica that was asked for a moment ago, before a kill (C12).
            group = table_reads.ask(aws, self.primary, self.physical)
            if table_reads.entry(group, self.region) is None:
                raise BackendctlError(self.name_taken()) from error

    def _bring_up(self, aws: Aws, group: TableDescriptionTypeDef | None) -> None:
        where = {"region": self.region, "physical": self.physical}
        table_waits.wait_replica(aws, primary=self.primary, **where, group=group)
        replica_own.look_ahead(aws, self)
        live = type(self).read(aws, self)
        if live is not None:
            replica_own.bring(aws, self, live)
        table_settings.put_tags(aws, **where, wanted=self.tags, live=live.tags if live else None)
        recovery, protection = self.point_in_time_recovery, self.deletion_protection
        if recovery is not None and (live is None or recovery != live.point_in_time_recovery):
            table_settings.put_recovery(aws, **where, on=recovery)
        if protection is not None and (live is None or protection != live.deletion_protection):
            table_settings.put_protection(aws, **where, on=protection)

    def _source(self, aws: Aws) -> str | None:
        """Another region of the group, the primary if it is one; None when there is no group."""
        here = table_reads.ask(aws, self.region, self.physical)
        if here is not None:
            others = table_reads.others(here, self.region)
            return self.primary if self.primary in others else next(iter(others), None)
        group = table_reads.ask(aws, self.primary, self.physical)
        return None if table_reads.entry(group, self.region) is None else self.primary

    def _leave(self, aws: Aws, source: str) -> None:
        try:
            aws.dynamodb(source).update_table(
                TableName=self.physical, ReplicaUpdates=[{"Delete": {"RegionName": self.region}}]
            )
        except aws.dynamodb(source).exceptions.ClientError as error:
            if says(error, "ValidationException", "acted as a source region"):
                raise BackendctlError(
                    f"replica {self.physical} in {self.region} was copied from in the last 24 hours, "
                    "and AWS keeps such a region for a day",
                    hint="remove the other regions first, or run the same command again tomorrow",
                ) from error
            if not says(error, "ValidationException", "not part of the global table"):  # C27
                raise
        table_waits.wait_replica_gone(aws, source=source, region=self.region, physical=self.physical)

    def _delete_alone(self, aws: Aws) -> None:
        try:
            aws.dynamodb(self.region).delete_table(TableName=self.physical)
        except aws.dynamodb(self.region).exceptions.ClientError as error:
            if not is_missing(error):
                raise
        table_waits.wait_gone(aws, self.region, self.physical)

    def name_taken(self) -> str:
        """The sentence about a table of that name which belongs to no group."""
        return (
            f"a table {self.physical} exists in {self.region} already, and DynamoDB cannot make it a replica of the "
            f"one in {self.primary}: delete it (export its data first if you need it), or leave {self.region} out of "
            "the table's regions"
        )


def state(entry: ReplicaDescriptionTypeDef | None, here: TableDescriptionTypeDef | None) -> str | None:
    """What a replica is, from its group's entry and its own region's answer; None when there is none.

    The base table's status says nothing about it (C9), and its region answers some seconds after the entry (C7).
    """
    if entry is None:
        return None if here is None else STANDALONE
    status: str = entry.get("ReplicaStatus", "CREATING")
    if status == "DELETING":
        return None
    if status not in USABLE:
        return status
    return "CREATING" if here is None else table_reads.status_of(here)
