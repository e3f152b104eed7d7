"""Stream, encryption and class of a table as values, from and to DynamoDB's shapes: pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.resources.dynamodb.table_indexes import (
    key_of,
    projection_of,
    projection_request,
    projection_words,
    schema_of,
    sorted_projection,
)
from backendctl.spec.model import Attribute, Key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TableDescriptionTypeDef

    from backendctl.spec import model

AWS_OWNED, AWS_MANAGED = "aws-owned", "aws-managed"
STANDARD, INFREQUENT = "standard", "infrequent-access"
_CLASSES = {STANDARD: "STANDARD", INFREQUENT: "STANDARD_INFREQUENT_ACCESS"}
_MANAGED_ALIAS = ":alias/aws/dynamodb"
STRONG = (
    "of multi-Region strong consistency: its three regions are fixed, it has neither TTL nor local indexes, and a "
    "write is refused while another region writes the same item; backendctl keeps its settings alike and makes none"
)
"""What to say of a table that is (C35 to C38)."""
ENDED_VERSION = "2017.11.29"
"""Of global tables: AWS makes no more of them (C1)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class LocalIndex:
    """A local secondary index, which comes with its table and never changes (C60).

    Attributes:
        range: its range key; the hash is the table's. projection: as a `GlobalIndex` has it.
    """

    range: Attribute
    projection: str | tuple[str, ...] = "ALL"

    def words(self) -> str:
        """As the spec says it: `range: created N, projection: keys`."""
        return f"range: {self.range.words()}{projection_words(self.projection)}"


def local_wanted(indexes: Iterable[model.LocalIndex]) -> dict[str, LocalIndex]:
    """The spec's local indexes by name."""
    return {one.name: LocalIndex(range=one.range, projection=sorted_projection(one.projection)) for one in indexes}


def local_found(description: TableDescriptionTypeDef) -> dict[str, LocalIndex]:
    """The live ones by name."""
    keys = {
        i["IndexName"]: (key_of(i["KeySchema"], description), i) for i in description.get("LocalSecondaryIndexes", ())
    }
    return {
        name: LocalIndex(range=key.range or key.hash, projection=projection_of(index.get("Projection", {})))
        for name, (key, index) in keys.items()
    }


def local_creation(name: str, index: LocalIndex, *, hashed: Attribute) -> dict[str, Any]:
    """A local index as CreateTable takes it."""
    return {
        "IndexName": name,
        "KeySchema": schema_of(Key(hash=hashed, range=index.range)),
        "Projection": projection_request(index.projection),
    }


def stream_of(description: Mapping[str, Any]) -> str:
    """The stream's view as DynamoDB names it, "" when there is no stream."""
    stream = description.get("StreamSpecification") or {}
    return str(stream.get("StreamViewType", "")) if stream.get("StreamEnabled") else ""


def stream_wanted(table: model.TableSpec) -> str | None:
    """The view that the spec wants; a table in several regions replicates by the one it has to have (C14)."""
    return "NEW_AND_OLD_IMAGES" if table.stream is None and len(table.regions) > 1 else table.stream


def stream_request(view: str) -> dict[str, Any]:
    """A view as StreamSpecification."""
    return {"StreamEnabled": True, "StreamViewType": view} if view else {"StreamEnabled": False}


def class_of(description: Mapping[str, Any]) -> str:
    """The table class as the spec says it; AWS tells none of a table that has always been of the standard one."""
    told = (description.get("TableClassSummary") or {}).get("TableClass", _CLASSES[STANDARD])
    return next((name for name, one in _CLASSES.items() if one == told), str(told))


def class_request(name: str) -> str:
    """A table class as AWS names it."""
    return _CLASSES[name]


def encryption_of(description: Mapping[str, Any]) -> str:
    """The encryption: "aws-owned", "aws-managed" or a key's ARN; of a key alone AWS does not tell who manages it."""
    found = description.get("SSEDescription") or {}
    if found.get("Status") not in {"ENABLED", "ENABLING", "UPDATING"} or found.get("SSEType") != "KMS":
        return AWS_OWNED
    key = str(found.get("KMSMasterKeyArn", ""))
    return AWS_MANAGED if not key or key.endswith(_MANAGED_ALIAS) else key


def encryption_request(wanted: str) -> dict[str, Any]:
    """What is wanted as SSESpecification."""
    if wanted == AWS_OWNED:
        return {"Enabled": False}
    return {"Enabled": True, "SSEType": "KMS"} | ({} if wanted == AWS_MANAGED else {"KMSMasterKeyId": wanted})


def is_customers(encryption: str | None) -> bool:
    """Whether a key of the account's own is meant."""
    return encryption not in {None, AWS_OWNED, AWS_MANAGED}


def is_strong(description: Mapping[str, Any]) -> bool:
    """Whether its regions are strongly consistent with each other; AWS tells of no other kind (C39)."""
    return description.get("MultiRegionConsistency") == "STRONG"


def is_of_ended_version(description: Mapping[str, Any]) -> bool:
    """Whether it is a global table of the version that AWS has ended (C1)."""
    return description.get("GlobalTableVersion") == ENDED_VERSION
