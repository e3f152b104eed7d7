"""The part of a loaded spec that is about tables; see `model`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from backendctl.spec.rows import build, either, flag, named, ref, row, some, text, whole, words

if TYPE_CHECKING:
    from collections.abc import Mapping

ATTRIBUTE = re.compile(r"^(?P<name>\S+)\s+(?P<type>[SNB])$")
"""A key attribute as the spec says it."""
_PROJECTIONS = {"all": "ALL", "keys": "KEYS_ONLY"}
_INDEX_NAMES = {"propertyNames": text("^[a-zA-Z0-9_.-]{3,255}$", "3 to 255 letters, digits, '_', '-' and '.'")}


@dataclass(frozen=True, kw_only=True, slots=True)
class Attribute:
    """A key attribute and its type: S, N or B."""

    name: str
    type: str

    @classmethod
    def said(cls, given: str) -> Attribute:
        """By the spec's words; raises ValueError where those were not checked."""
        found = ATTRIBUTE.match(given)
        if found is None:
            message = f"an unchecked attribute: {given}"
            raise ValueError(message)
        return cls(name=found["name"], type=found["type"])

    def words(self) -> str:
        """As the spec says it: `created N`."""
        return f"{self.name} {self.type}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Key:
    """A key: hash, and range if there is one."""

    hash: Attribute = field(metadata=row(ref("attribute"), read=Attribute.said))
    range: Attribute | None = field(default=None, metadata=row(ref("attribute"), read=Attribute.said))

    def words(self) -> str:
        """As the spec says it: `hash: owner S, range: created N`."""
        parts = {"hash": self.hash, "range": self.range}
        return ", ".join(f"{role}: {part.words()}" for role, part in parts.items() if part is not None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Scaling:
    """Provisioned capacity kept by Application Auto Scaling; target is % utilisation."""

    min: int = field(metadata=row(whole(1, 1000000), "Least units."))
    max: int = field(metadata=row(whole(1, 1000000), "Most units."))
    target: int = field(default=70, metadata=row(whole(20, 90, unit="%"), "Utilisation aimed at, %."))


def _projection(given: str | list[str]) -> str | tuple[str, ...]:
    return _PROJECTIONS[given] if isinstance(given, str) else tuple(given)


def _scaling() -> Mapping[str, Any]:
    return row(ref("scaling"), read=partial(build, Scaling))


_PROJECTION = row(
    {
        "type": ["string", "array"],
        "default": "all",
        **either(
            "string",
            {"enum": list(_PROJECTIONS)},
            {
                "minItems": 1,
                "maxItems": 20,
                "uniqueItems": True,
                "items": some(),
                "x-what": "projection",
            },
        ),
    },
    "all, keys, or a list of attributes.",
    read=_projection,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    """A global secondary index.

    Attributes:
        projection: "ALL", "KEYS_ONLY" or a tuple of attribute names to include.
        read, write: own scaling when provisioned; None takes the table's.
    """

    name: str
    key: Key
    projection: str | tuple[str, ...] = field(default="ALL", metadata=_PROJECTION)
    read: Scaling | None = field(default=None, metadata=_scaling())
    write: Scaling | None = field(default=None, metadata=_scaling())


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalIndex:
    """A local secondary index; its hash is the table's.

    Attributes:
        projection: as an `Index` has it.
    """

    name: str
    range: Attribute = field(metadata=row(ref("attribute"), read=Attribute.said))
    projection: str | tuple[str, ...] = field(default="ALL", metadata=_PROJECTION)


@dataclass(frozen=True, kw_only=True, slots=True)
class TableReplica:
    """What a region other than the primary has of its own.

    Attributes:
        read: scaling of reads of the table; None takes the table's. indexes: the same by index.
        table_class: None takes the table's.
    """

    read: Scaling | None = field(default=None, metadata=_scaling())
    indexes: dict[str, Scaling] = field(
        default_factory=dict,
        metadata=row(
            named("indexes", ref("scaling")),
            "Read capacity of indexes in this region, by the index's name.",
            read=lambda given: {index: build(Scaling, one) for index, one in given.items()},
        ),
    )
    table_class: str | None = field(default=None, metadata=row(ref("table-class")))


def _stream(view: str) -> str:
    """As DynamoDB names it."""
    return "" if view == "off" else view.replace("-", "_").upper()


def _indexes(given: dict[str, dict[str, Any]]) -> tuple[Index, ...]:
    return tuple(build(Index, one, name=name, key=build(Key, one)) for name, one in given.items())


def _local_indexes(given: dict[str, dict[str, Any]]) -> tuple[LocalIndex, ...]:
    return tuple(build(LocalIndex, one, name=name) for name, one in given.items())


def _policies(given: dict[str, Any]) -> dict[str, dict[str, Any] | None]:
    return {region: None if policy == "none" else policy for region, policy in given.items()}


@dataclass(frozen=True, kw_only=True, slots=True)
class TableSpec:
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
    key: Key = field(metadata=row(ref("key"), read=partial(build, Key)))
    regions: tuple[str, ...]
    indexes: tuple[Index, ...] = field(
        default=(),
        metadata=row(
            named("indexes", ref("index"), maxProperties=20, **_INDEX_NAMES),
            "Global secondary indexes by name.",
            read=_indexes,
        ),
    )
    read: Scaling | None = None
    write: Scaling | None = None
    ttl: str | None = field(
        default=None,
        metadata=row(text(least=1, most=255), "The attribute that holds the time of expiry, in seconds since 1970."),
    )
    point_in_time_recovery: bool = field(default=False, metadata=row(flag(), "Continuous backups."))
    deletion_protection: bool = field(default=False, metadata=row(flag(), "AWS refuses to delete the table."))
    tags: dict[str, str] = field(default_factory=dict, metadata=row(ref("tags")))
    local_indexes: tuple[LocalIndex, ...] = field(
        default=(),
        metadata=row(
            named("local indexes", ref("local-index"), maxProperties=5, **_INDEX_NAMES),
            "Local secondary indexes by name; they come with the table and can never be added, changed or removed.",
            read=_local_indexes,
        ),
    )
    stream: str | None = field(
        default=None,
        metadata=row(
            words("new-and-old-images", "new-image", "old-image", "keys-only", "off"),
            "What the table's stream tells of each change, or off. A table in several regions has new-and-old-images.",
            read=_stream,
        ),
    )
    encryption: dict[str, str] | None = field(
        default=None,
        metadata=row(
            {
                "type": ["string", "object"],
                "minProperties": 1,
                "additionalProperties": text(),
                "x-what": "encryption",
            },
            "aws-owned, aws-managed, or the ARN of a KMS key; with several regions the ARN of one key for each of "
            "them. Without it the encryption stays as it is.",
        ),
    )
    table_class: str | None = field(
        default=None,
        metadata=row(
            ref("table-class"),
            "standard, or infrequent-access for tables that store much and are seldom read. Without it the class stays "
            "as it is in the primary region.",
        ),
    )
    resource_policies: dict[str, dict[str, Any] | None] = field(
        default_factory=dict,
        metadata=row(
            {"type": ["string", "object"], **either("string", {"enum": ["none"]}, {"required": ["Statement"]})},
            "Who beside this account's own identities may use the table: a policy document, or none. '{{ region }}' "
            "and '{{ account }}' may stand in it. Without it each region has the primary's.",
            key="resource-policy",
            read=_policies,
        ),
    )
    replicas: dict[str, TableReplica] = field(
        default_factory=dict,
        metadata=row(
            named("replicas", ref("table-replica")),
            "Where a region other than the primary differs: its read capacity and its table class.",
            read=lambda given: {region: build(TableReplica, one) for region, one in given.items()},
        ),
    )

    def class_in(self, region: str) -> str | None:
        """The table class of a region; None where the spec does not say."""
        own = self.replicas.get(region)
        return (own.table_class if own else None) or self.table_class
