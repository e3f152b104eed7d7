"""What each region's table has of its own, and AWS does not copy to replicas: tags, recovery, protection (C29)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from backendctl.aws import tags as tagging
from backendctl.aws.errors import says
from backendctl.errors import BackendctlError
from backendctl.resources.dynamodb import table_reads, table_waits

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws


def marks(*, backend: str, name: str, primary: str, tags: Mapping[str, str]) -> dict[str, str]:
    """The user's tags, our mark, and what a live table must tell of itself: its spec key and its group's primary."""
    return {**tagging.marked(backend, tags), table_reads.NAME: name, table_reads.PRIMARY: primary}


def put_tags(
    aws: Aws, *, region: str, physical: str, wanted: Mapping[str, str] | None, live: Mapping[str, str] | None
) -> None:
    """Write the tags that are missing; one writer at a time, for AWS locks them (C51)."""
    changed = tagging.missing(wanted, live)
    found = table_reads.describe(aws, region, physical) if changed else None
    if found is None:
        return
    with aws.exclusive("table-tags", region, physical):
        aws.dynamodb(region).tag_resource(
            ResourceArn=found["TableArn"],
            Tags=[{"Key": key, "Value": changed[key]} for key in sorted(changed)],
        )
    table_reads.forget(aws, region, physical)


def put_recovery(aws: Aws, *, region: str, physical: str, on: bool) -> None:
    """Switch point-in-time recovery; not ready for some seconds after ACTIVE, which the seam waits out (C50)."""
    aws.dynamodb(region).update_continuous_backups(
        TableName=physical, PointInTimeRecoverySpecification={"PointInTimeRecoveryEnabled": on}
    )
    table_reads.forget(aws, region, physical)


def put_protection(aws: Aws, *, region: str, physical: str, on: bool) -> None:
    """Switch deletion protection, alone in its call (C40), and wait: what follows would still meet the old (C52)."""
    table_waits.carry_out(aws, region, {"TableName": physical, "DeletionProtectionEnabled": on})


def put_expiry(aws: Aws, *, region: str, physical: str, wanted: str, live: str) -> None:
    """Set, move or end TTL; moving takes two changes, of which AWS accepts one an hour (C49).

    Args:
        wanted, live: attribute names, "" for no TTL.

    Raises:
        BackendctlError: TTL was changed too recently.
    """
    if live:
        _switch_expiry(aws, region, physical, attribute=live, on=False)
    if wanted:
        _switch_expiry(aws, region, physical, attribute=wanted, on=True)
    table_reads.forget(aws, region, physical)


def _switch_expiry(aws: Aws, region: str, physical: str, *, attribute: str, on: bool) -> None:
    try:
        aws.dynamodb(region).update_time_to_live(
            TableName=physical, TimeToLiveSpecification={"Enabled": on, "AttributeName": attribute}
        )
    except aws.dynamodb(region).exceptions.ClientError as error:
        if says(error, "ValidationException", "already enabled" if on else "already disabled"):
            return
        if says(error, "ValidationException", "modified multiple times within a fixed interval"):
            raise BackendctlError(
                f"TTL of table {physical} in {region} was changed less than an hour ago, "
                f"and AWS does not accept another change so soon (to: {attribute if on else 'off'})",
                hint="everything else about this table is done; run the same command again in an hour",
            ) from error
        raise
