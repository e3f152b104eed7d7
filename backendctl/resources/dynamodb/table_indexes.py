"""Keys and global secondary indexes as values, from and to DynamoDB's shapes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.spec.model import Attribute, Index, Key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef

USABLE = frozenset({"ACTIVE", "UPDATING"})


@dataclass(frozen=True, kw_only=True, slots=True)
class GlobalIndex:
    """A global secondary index, which AWS cannot change once it exists (C60).

    Attributes:
        projection: "ALL", "KEYS_ONLY" or the sorted names of the attributes included.
    """

    key: Key
    projection: str | tuple[str, ...] = "ALL"

    def words(self) -> str:
        """As the spec says it: `hash: owner S, range: created N, projection: keys`."""
        return self.key.words() + projection_words(self.projection)


def wanted(indexes: Iterable[Index]) -> dict[str, GlobalIndex]:
    """The spec's indexes by name."""
    return {index.name: GlobalIndex(key=index.key, projection=sorted_projection(index.projection)) for index in indexes}


def found(description: TableDescriptionTypeDef) -> dict[str, GlobalIndex]:
    """The live indexes by name; one that is on its way out is none."""
    return {
        index["IndexName"]: GlobalIndex(
            key=key_of(index["KeySchema"], description), projection=projection_of(index.get("Projection", {}))
        )
        for index in description.get("GlobalSecondaryIndexes", ())
        if index.get("IndexStatus") != "DELETING"
    }


def key_of(schema: Iterable[Mapping[str, Any]], description: TableDescriptionTypeDef) -> Key:
    """A key schema with the types of its attributes."""
    types = {a["AttributeName"]: str(a["AttributeType"]) for a in description.get("AttributeDefinitions", ())}
    by_role = {str(part["KeyType"]): str(part["AttributeName"]) for part in schema}
    attributes = {role: Attribute(name=name, type=types.get(name, "S")) for role, name in by_role.items()}
    return Key(hash=attributes["HASH"], range=attributes.get("RANGE"))


def definitions(keys: Iterable[Key]) -> list[dict[str, str]]:
    """Exactly the attributes that these keys use, as AttributeDefinitions must be (C44)."""
    types = {part.name: part.type for key in keys for part in (key.hash, key.range) if part is not None}
    return [{"AttributeName": name, "AttributeType": types[name]} for name in sorted(types)]


def schema_of(key: Key) -> list[dict[str, str]]:
    """A key as KeySchema."""
    parts = [{"AttributeName": key.hash.name, "KeyType": "HASH"}]
    if key.range is not None:
        parts.append({"AttributeName": key.range.name, "KeyType": "RANGE"})
    return parts


def throughput(capacity: tuple[int, int]) -> dict[str, int]:
    """Read and write units as ProvisionedThroughput."""
    return {"ReadCapacityUnits": capacity[0], "WriteCapacityUnits": capacity[1]}


def creation(name: str, index: GlobalIndex, capacity: tuple[int, int] | None) -> dict[str, Any]:
    """An index as CreateTable and UpdateTable take it.

    Args:
        capacity: read and write units to begin with; None for on-demand.
    """
    request: dict[str, Any] = {
        "IndexName": name,
        "KeySchema": schema_of(index.key),
        "Projection": projection_request(index.projection),
    }
    if capacity is not None:
        request["ProvisionedThroughput"] = throughput(capacity)
    return request


def projection_words(projection: str | tuple[str, ...]) -> str:
    """As it follows a key in the spec's words: `, projection: keys`; empty for all attributes."""
    named = {"ALL": "", "KEYS_ONLY": "keys"}
    shown = named[projection] if isinstance(projection, str) else f"[{', '.join(projection)}]"
    return f", projection: {shown}" if shown else ""


def projection_request(projection: str | tuple[str, ...]) -> dict[str, Any]:
    """A projection as Projection."""
    if isinstance(projection, str):
        return {"ProjectionType": projection}
    return {"ProjectionType": "INCLUDE", "NonKeyAttributes": list(projection)}


def projection_of(shape: Mapping[str, Any]) -> str | tuple[str, ...]:
    kind = str(shape.get("ProjectionType", "ALL"))
    return sorted_projection(tuple(shape.get("NonKeyAttributes", ()))) if kind == "INCLUDE" else kind


def sorted_projection(projection: str | tuple[str, ...]) -> str | tuple[str, ...]:
    return projection if isinstance(projection, str) else tuple(sorted(projection))
