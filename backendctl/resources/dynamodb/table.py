"""A DynamoDB table in its primary region, with its indexes, expiry and protection."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.aws.errors import code_of, is_missing
from backendctl.engine.resource import IMMUTABLE, PARTIAL
from backendctl.engine.traits import MatrixRow, Traits, base
from backendctl.errors import RefusedError
from backendctl.resources.dynamodb import (
    table_capacity,
    table_indexes,
    table_policy,
    table_reads,
    table_settings,
    table_shape,
    table_steps,
    table_waits,
)
from backendctl.resources.dynamodb.table_indexes import GlobalIndex
from backendctl.resources.dynamodb.table_shape import LocalIndex
from backendctl.spec.model import Key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef

    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """A table in the region its group is written from.

    Capacity that Application Auto Scaling may move is not compared: it does so all day.

    Attributes:
        name: the spec's key. physical: what AWS calls it.
        capacity: read and write units to begin with, by index name and "" for the table; empty when on-demand.
        fixed_capacity: units whose least and most are one, by "read", "write", "<index>/read" …; live: all units.
        status: "ACTIVE", or what is still under way on the table or an index.
        billing: "on-demand" or "provisioned".
        ttl: the expiry attribute, "" for none.
        stream: the view as DynamoDB names it, "" for no stream.
        encryption: "aws-owned", "aws-managed" or a key's ARN.
        resource_policy: in its canonical form, {} for none.
        members: live: the other regions of its group.
        strong, ended: live: whether it is a global table of the kind that backendctl does not make, or AWS no more.
    """

    kind: ClassVar[str] = "table"
    stateful: ClassVar[bool] = True
    scope: ClassVar[str] = "region"
    traits: ClassVar[Traits] = Traits(
        spans="table",
        lasts=30,
        outlasts="what it has begun with the table, such as filling an index",
        reads_early=True,
        row=MatrixRow("table", base),
    )

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    physical: str = field(compare=False)
    capacity: dict[str, tuple[int, int]] = field(default_factory=dict, compare=False)
    members: tuple[str, ...] = field(default=(), compare=False)
    strong: bool = field(default=False, compare=False)
    ended: bool = field(default=False, compare=False)
    status: str = "ACTIVE"
    key: Key = field(metadata=IMMUTABLE)
    billing: str = table_capacity.ON_DEMAND
    fixed_capacity: dict[str, int] = field(default_factory=dict, metadata=PARTIAL)
    indexes: dict[str, GlobalIndex] | None = None
    local_indexes: dict[str, LocalIndex] | None = None
    stream: str | None = None
    encryption: str | None = None
    table_class: str | None = None
    ttl: str | None = None
    point_in_time_recovery: bool | None = None
    deletion_protection: bool | None = None
    resource_policy: dict[str, Any] | None = None
    tags: dict[str, str] | None = field(default=None, metadata=PARTIAL)

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """Every table whose primary region is looked at."""
        for table in context.spec.tables:
            primary = table.regions[0]
            if primary not in context.spec.regions:
                continue
            provisioned = table_capacity.is_provisioned(table)
            yield cls(
                region=primary,
                name=table.name,
                owner=context.backend,
                physical=table.physical,
                capacity=table_capacity.first_units(table),
                key=table.key,
                billing=table_capacity.PROVISIONED if provisioned else table_capacity.ON_DEMAND,
                fixed_capacity=table_capacity.fixed_units(table),
                indexes=table_indexes.wanted(table.indexes),
                local_indexes=table_shape.local_wanted(table.local_indexes),
                stream=table_shape.stream_wanted(table),
                encryption=(table.encryption or {}).get(primary),
                table_class=table.table_class,
                resource_policy=table_policy.wanted(table.resource_policies, primary),
                ttl=table.ttl or "",
                point_in_time_recovery=table.point_in_time_recovery,
                deletion_protection=table.deletion_protection,
                tags=table_settings.marks(backend=context.backend, name=table.name, primary=primary, tags=table.tags),
            )

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """One DescribeTable, and what it leaves out: TTL, recovery and tags.

        Raises:
            RefusedError: the table is written from another region by its mark: taking the spec's word would
                make the plan delete it here and there.
        """
        found = table_reads.describe(aws, desired.region, desired.physical)
        if found is None:
            return None
        if found["TableStatus"] != "CREATING":
            table_reads.look_at(aws, desired.region, desired.physical)
        whose = table_reads.belonging(aws, desired.region, desired.physical)
        if whose.owner == aws.backend and whose.primary != desired.region:
            raise _moved(aws, desired, whose.primary)
        live = cls._live(aws, desired.region, desired.name, found, whose)
        encryption = table_reads.encryption_of(aws, desired.region, found, wanted=desired.encryption)
        policy = None
        if desired.resource_policy is not None:
            policy = table_policy.live(aws, desired.region, desired.physical)
        return replace(live, encryption=encryption, resource_policy=policy)

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """The marked tables whose group is written from here; see `table_reads.names` for which are looked at.

        A table with a name of its own stays once the spec has forgotten it: that costs money and loses nothing, and
        the sweep after a destroy tells of it.
        """
        for physical in table_reads.names(aws, region):
            found = table_reads.describe(aws, region, physical)
            if found is None:
                continue
            whose = table_reads.belonging(aws, region, physical)
            if whose.owner == aws.backend and whose.primary == region:
                name = whose.tags.get(table_reads.NAME) or physical.removeprefix(f"{aws.backend}-")
                yield cls._live(aws, region, name, found, whose)

    @classmethod
    def _live(
        cls,
        aws: Aws,
        region: str,
        name: str,
        found: TableDescriptionTypeDef,
        whose: table_reads.Belonging,
    ) -> Self:
        physical = found["TableName"]
        return cls(
            region=region,
            name=name,
            owner=whose.owner,
            physical=physical,
            status=table_reads.status_of(found),
            key=table_indexes.key_of(found["KeySchema"], found),
            billing=table_steps.billing_of(found),
            fixed_capacity=table_capacity.units_of(found),
            indexes=table_indexes.found(found),
            members=tuple(table_reads.others(found, region)),
            strong=table_shape.is_strong(found),
            ended=table_shape.is_of_ended_version(found),
            local_indexes=table_shape.local_found(found),
            stream=table_shape.stream_of(found),
            table_class=table_shape.class_of(found),
            ttl=table_reads.expiry_of(aws, region, physical),
            point_in_time_recovery=table_reads.recovery_of(aws, region, physical),
            deletion_protection=bool(found.get("DeletionProtectionEnabled", False)),
            tags=whose.tags,
        )

    @property
    def note(self) -> str:
        """What is unusual about it."""
        return table_shape.STRONG if self.strong else ""

    def needs(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def create(self, aws: Aws) -> None:
        """Made with its mark in one call; what cannot ride along follows, and a kill shows as a difference."""
        try:
            self._make(aws)
        except aws.dynamodb(self.region).exceptions.ClientError as error:
            if code_of(error) != "ResourceInUseException":
                raise
            found = table_reads.ask(aws, self.region, self.physical)
            if found is not None and found["TableStatus"] == "DELETING":
                table_waits.wait_gone(aws, self.region, self.physical)  # C59
                self._make(aws)
            elif not self._is_ours(aws):
                raise
        self._bring_up(aws)

    def update(self, aws: Aws, live: Self) -> None:
        """One change per call, each waited for in every region of the group (C40, C41, C42).

        Raises:
            BackendctlError: TTL was changed less than an hour ago (C49).
        """
        del live
        self._bring_up(aws)

    def delete(self, aws: Aws) -> None:
        """The table in this region and its data; AWS refuses while it is protected (C24)."""
        table_waits.wait_idle(aws, self.region, self.physical)
        try:
            aws.dynamodb(self.region).delete_table(TableName=self.physical)
        except aws.dynamodb(self.region).exceptions.ClientError as error:
            if not is_missing(error):
                raise
        table_waits.wait_gone(aws, self.region, self.physical)
        table_reads.forget(aws, self.region, self.physical)

    def _make(self, aws: Aws) -> None:
        aws.dynamodb(self.region).create_table(**table_steps.creation(self))

    def _bring_up(self, aws: Aws) -> None:
        """From what is there at this moment, for a change under way may have been dropped or finished (C47)."""
        where = {"region": self.region, "physical": self.physical}
        found = table_reads.wait_active(aws, self.region, self.physical)
        table_reads.renew(aws, self.region, self.physical, found)
        live = type(self).read(aws, self) or self
        table_settings.put_tags(aws, **where, wanted=self.tags, live=live.tags)
        for place, step in table_steps.numbered(table_steps.steps(self, live)):
            table_waits.carry_out(aws, self.region, step, place=place)
        recovery = self.point_in_time_recovery
        if recovery is not None and recovery != live.point_in_time_recovery:
            table_settings.put_recovery(aws, **where, on=recovery)
        if self.resource_policy is not None and self.resource_policy != live.resource_policy:
            table_policy.put(aws, **where, policy=self.resource_policy)
        # Last, because AWS may refuse it for an hour (C49).
        if self.ttl is not None and self.ttl != live.ttl:
            table_settings.put_expiry(aws, **where, wanted=self.ttl, live=live.ttl or "")

    def _is_ours(self, aws: Aws) -> bool:
        table_reads.wait_active(aws, self.region, self.physical)
        table_reads.forget(aws, self.region, self.physical)
        return table_reads.belonging(aws, self.region, self.physical).owner == aws.backend


def _moved(aws: Aws, table: Table, primary: str) -> RefusedError:
    arn = f"arn:{aws.partition}:dynamodb:REGION:{aws.account}:table/{table.physical}"
    where = f"{table.region}/table/{table.name}"
    tag = table_reads.PRIMARY
    return RefusedError(
        [f"{where}: its group is written from {primary} by the tag {tag}, the spec says {table.region}"],
        hint=f"put {primary} first in the table's regions, or move the tag, in every REGION of the table: "
        f"aws dynamodb tag-resource --region REGION --resource-arn {arn} --tags Key={tag},Value={table.region}",
    )
