"""What DynamoDB says about tables: reads shared by tables and replicas within one plan, and the wait for ACTIVE."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from backendctl.aws import tags as tagging
from backendctl.aws.crew import together
from backendctl.aws.errors import is_missing
from backendctl.aws.progress import note
from backendctl.aws.wait import until
from backendctl.errors import BackendctlError
from backendctl.resources.dynamodb import table_shape, table_times
from backendctl.resources.dynamodb.table_indexes import USABLE

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import ReplicaDescriptionTypeDef, TableDescriptionTypeDef

    from backendctl.aws.connection import Aws

NAME = "backendctl:name"
PRIMARY = "backendctl:primary"

# An answer that is behind may still say that a new table does not exist (C7, C58).
UNSEEN = 60.0
_ACTIVE_LIMIT = 7200.0  # an index fills for 8 minutes when small, for hours when not (C42)
# No waiting brings a table back from these (C11).
_STUCK = frozenset({"INACCESSIBLE_ENCRYPTION_CREDENTIALS", "ARCHIVING", "ARCHIVED", "REPLICATION_NOT_AUTHORIZED"})


@dataclass(frozen=True, kw_only=True, slots=True)
class Belonging:
    """Whose a live table is.

    Attributes:
        owner: the backend whose mark it carries; a replica made a moment ago has none of its own yet, because
            tags are not replicated (C29): then the mark of its group counts.
        primary: the region the group is written from.
        tags: its own.
    """

    owner: str | None
    primary: str
    tags: dict[str, str]


def ask(aws: Aws, region: str, physical: str) -> TableDescriptionTypeDef | None:
    """The table as it is now, None when there is none."""
    try:
        return aws.dynamodb(region).describe_table(TableName=physical)["Table"]
    except aws.dynamodb(region).exceptions.ClientError as error:
        if is_missing(error):
            return None
        raise


def ask_both(
    aws: Aws, physical: str, *, here: str, there: str
) -> tuple[TableDescriptionTypeDef | None, TableDescriptionTypeDef | None]:
    """The table as it is now in two regions, asked at once."""
    found, other = together(partial(ask, aws, region, physical) for region in (here, there))
    return found, other


def describe(aws: Aws, region: str, physical: str) -> TableDescriptionTypeDef | None:
    """The table as one plan sees it; None when there is none, or it is on its way out."""
    found = aws.shared(("table", region, physical, "description"), lambda: ask(aws, region, physical))
    return None if found is None or found.get("TableStatus") == "DELETING" else found


def forget(aws: Aws, region: str, physical: str) -> None:
    """Drop what has been read about one table."""
    aws.forget("table", region, physical)


def renew(aws: Aws, region: str, physical: str, found: TableDescriptionTypeDef | None) -> None:
    """Drop what has been read about one table, but for its description, which was asked for a moment ago."""
    forget(aws, region, physical)
    aws.remember(("table", region, physical, "description"), found)


def listed(aws: Aws, region: str) -> list[str]:
    """Physical names of every table of the region."""

    def load() -> list[str]:
        pages = aws.dynamodb(region).get_paginator("list_tables").paginate()
        return [name for page in pages for name in page["TableNames"]]

    return aws.shared(("tables", region), load)


def names(aws: Aws, region: str) -> list[str]:
    """Physical names that begin with the backend's or stand in the spec."""
    found = listed(aws, region)
    return [name for name in found if name.startswith(f"{aws.backend}-") or name in aws.spec_names]


def look_ahead(aws: Aws, region: str) -> None:
    """Ask at once, and share, what a plan asks of each table that is ours in that region."""
    together(partial(read, aws, region, physical) for physical in names(aws, region) for read in (tags_of, recovery_of))


def look_at(aws: Aws, region: str, physical: str) -> None:
    """Ask at once, and share, what the description of a table of a primary region leaves out."""
    together(partial(read, aws, region, physical) for read in (tags_of, recovery_of, expiry_of))


def tags_of(aws: Aws, region: str, physical: str) -> dict[str, str]:
    """The tags of a table, {} when there is none."""

    def load() -> dict[str, str]:
        found = describe(aws, region, physical)
        if found is None:
            return {}
        if found["TableStatus"] == "CREATING" and not found.get("Replicas"):
            # A plain table's mark is the only sign that it is ours, and cannot be read before (C51).
            wait_active(aws, region, physical)
        pages = aws.dynamodb(region).get_paginator("list_tags_of_resource").paginate(ResourceArn=found["TableArn"])
        try:
            pairs = {tag["Key"]: tag["Value"] for page in pages for tag in page.get("Tags", ())}
        except aws.dynamodb(region).exceptions.ClientError as error:
            if is_missing(error):
                return {}
            raise
        return tagging.own_tags(pairs)

    return aws.shared(("table", region, physical, "tags"), load)


def expiry_of(aws: Aws, region: str, physical: str) -> str:
    """The name of the TTL attribute, "" when TTL is off; being switched counts as switched (C49)."""

    def load() -> str:
        ttl = aws.dynamodb(region).describe_time_to_live(TableName=physical)["TimeToLiveDescription"]
        on = ttl.get("TimeToLiveStatus") in {"ENABLED", "ENABLING"}
        return ttl.get("AttributeName", "") if on else ""

    return aws.shared(("table", region, physical, "ttl"), load)


def encryption_of(aws: Aws, region: str, description: TableDescriptionTypeDef, *, wanted: str | None) -> str:
    """What the table is encrypted with; whose key it is is only asked where that decides.

    Args:
        wanted: what the spec wants, None where it says nothing.
    """
    found = table_shape.encryption_of(description)
    if wanted != table_shape.AWS_MANAGED or found in {table_shape.AWS_OWNED, table_shape.AWS_MANAGED}:
        return found

    def load() -> str:
        client = aws.client("kms", region)
        try:
            told = client.describe_key(KeyId=found)["KeyMetadata"]
        except client.exceptions.NotFoundException:  # deleted by now, and so not AWS's
            return found
        return table_shape.AWS_MANAGED if told.get("KeyManager") == "AWS" else found

    return aws.shared(("table", region, description["TableName"], "key"), load)


def recovery_of(aws: Aws, region: str, physical: str) -> bool:
    """Whether point-in-time recovery is on; not yet, while the table is being made (C50)."""

    def load() -> bool:
        try:
            told = aws.dynamodb(region).describe_continuous_backups(TableName=physical)
        except aws.dynamodb(region).exceptions.ClientError as error:
            if is_missing(error):
                return False
            raise
        recovery = told["ContinuousBackupsDescription"].get("PointInTimeRecoveryDescription", {})
        return recovery.get("PointInTimeRecoveryStatus") == "ENABLED"

    return aws.shared(("table", region, physical, "recovery"), load)


def belonging(aws: Aws, region: str, physical: str) -> Belonging:
    """Whose it is, and where its group is written from."""
    tags = tags_of(aws, region, physical)
    if tagging.owner_of(tags) is None:
        for other in others(describe(aws, region, physical), region):
            theirs = tags_of(aws, other, physical)
            if owner := tagging.owner_of(theirs):
                return Belonging(owner=owner, primary=theirs.get(PRIMARY, other), tags=tags)
    return Belonging(owner=tagging.owner_of(tags), primary=tags.get(PRIMARY, region), tags=tags)


def others(description: TableDescriptionTypeDef | None, region: str) -> list[str]:
    """The other regions of the group, sorted; AWS leaves out the region asked, an emulator may not (C31)."""
    replicas = (description or {}).get("Replicas", ())
    return sorted({replica["RegionName"] for replica in replicas} - {region})


def entry(description: TableDescriptionTypeDef | None, region: str) -> ReplicaDescriptionTypeDef | None:
    """What a table's description says of its replica in that region."""
    replicas = (description or {}).get("Replicas", ())
    return next((replica for replica in replicas if replica["RegionName"] == region), None)


def status_of(description: TableDescriptionTypeDef) -> str:
    """ACTIVE when table and indexes can be used; TableStatus alone says so while an index is still filled (C42)."""
    if description["TableStatus"] not in USABLE:
        return description["TableStatus"]
    building = [
        f"index {index['IndexName']} CREATING"
        for index in description.get("GlobalSecondaryIndexes", ())
        if index.get("IndexStatus") == "CREATING" or index.get("Backfilling")
    ]
    return ", ".join(sorted(building)) or "ACTIVE"


def is_quiet(description: TableDescriptionTypeDef) -> bool:
    """Whether nothing is under way on table and indexes, so that the next change is accepted (C40, C41)."""
    indexes = description.get("GlobalSecondaryIndexes", ())
    return description["TableStatus"] == "ACTIVE" and all(
        index.get("IndexStatus", "ACTIVE") == "ACTIVE" and not index.get("Backfilling") for index in indexes
    )


def wait_active(aws: Aws, region: str, physical: str, *, limit: float = _ACTIVE_LIMIT) -> TableDescriptionTypeDef:
    """Wait until the table and all its indexes are ACTIVE in that region, and nothing is under way.

    Args:
        limit: seconds at AWS's pace.

    Raises:
        BackendctlError: it has not shown up within a minute (C58), or is in a state that waiting does not end.
        WaitTimeoutError: the limit has passed.
    """
    started = aws.clock()
    told = table_times.since()

    def probe() -> TableDescriptionTypeDef | None:
        found = ask(aws, region, physical)
        if found is None:
            if aws.clock() - started > UNSEEN * max(aws.time_scale, 0.2):
                raise BackendctlError(f"table {physical} does not exist in {region}")
            return None
        refuse_stuck(found["TableStatus"], region, physical)
        if is_quiet(found):
            return found
        state = ", ".join(dict.fromkeys((found["TableStatus"], status_of(found))))
        note(f"table {physical} in {region}: {state}, {told}")
        return None

    return until(aws, f"table {physical} in {region} to be ACTIVE", probe, limit=limit)


def refuse_stuck(status: str, region: str, physical: str) -> None:
    """Raise when that state does not end by waiting (C11)."""
    if status in _STUCK:
        raise BackendctlError(
            f"table {physical} in {region} is {status}: AWS does not leave this state by itself",
            hint="look at its KMS key, its policies and whether the region is enabled, then run the same command again",
        )
