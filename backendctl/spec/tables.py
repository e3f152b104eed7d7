"""The part of a loaded spec that is about tables; see `model`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """A key attribute and its type: S, N or B."""

    name: str
    type: str

    def words(self) -> str:
        """As the spec says it: `created N`."""
        return f"{self.name} {self.type}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A key: hash, and range if there is one."""

    hash: Attribute
    range: Attribute | None = None

    def words(self) -> str:
        """As the spec says it: `hash: owner S, range: created N`."""
        parts = {"hash": self.hash, "range": self.range}
        return ", ".join(f"{role}: {part.words()}" for role, part in parts.items() if part is not None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scaling:
    """Provisioned capacity kept by Application Auto Scaling; target is % utilisation."""

    min: int
    max: int
    target: int = 70


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """A global secondary index.

    Attributes:
        projection: "ALL", "KEYS_ONLY" or a tuple of attribute names to include.
        read, write: own scaling when provisioned; None takes the table's.
    """

    name: str
    key: Key
    projection: str | tuple[str, ...] = "ALL"
    read: Scaling | None = None
    write: Scaling | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalIndex:
    """A local secondary index; its hash is the table's.

    Attributes:
        projection: as an `Index` has it.
    """

    name: str
    range: Attribute
    projection: str | tuple[str, ...] = "ALL"


@dataclass(frozen=True, kw_only=True, slots=True)
class TableReplica:
    """What a region other than the primary has of its own.

    Attributes:
        read: scaling of reads of the table; None takes the table's. indexes: the same by index.
        table_class: None takes the table's.
    """

    read: Scaling | None = None
    indexes: dict[str, Scaling] = field(default_factory=dict)
    table_class: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """One table; its replicas are the other regions of `regions`.

    Attributes:
        read, write: both set means provisioned with auto scaling, both None means on-demand.
        ttl: name of the expiry attribute, None for no TTL.
        regions: primary first.
        stream: as DynamoDB names the view, "" for none; None leaves the stream as it is.
        encryption: by region "aws-owned", "aws-managed" or a key's ARN; None leaves it as it is.
        table_class: "standard" or "infrequent-access"; None leaves it as it is in the primary region.
        resource_policies: by region a policy document, None for no policy; {} where the spec does not say.
        replicas: by region, what differs there.
    """

    name: str
    physical: str
    key: Key
    regions: tuple[str, ...]
    indexes: tuple[Index, ...] = ()
    read: Scaling | None = None
    write: Scaling | None = None
    ttl: str | None = None
    point_in_time_recovery: bool = False
    deletion_protection: bool = False
    tags: dict[str, str] = field(default_factory=dict)
    local_indexes: tuple[LocalIndex, ...] = ()
    stream: str | None = None
    encryption: dict[str, str] | None = None
    table_class: str | None = None
    resource_policies: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    replicas: dict[str, TableReplica] = field(default_factory=dict)

    def class_in(self, region: str) -> str | None:
        """The table class of a region; None where the spec does not say."""
        own = self.replicas.get(region)
        return (own.table_class if own else None) or self.table_class
