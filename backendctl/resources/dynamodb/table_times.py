"""How long DynamoDB takes for what it does to tables, in words; measured times are lower bounds (C8, C22, C42, C46)."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from backendctl.aws.metrics import Series, fetch, resolution
from backendctl.errors import AwsError

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

_COPIED = 100e6
"""Bytes that a new replica gets in a second, about (C19)."""
_MINUTE = 60.0
_LEAST = 10
"""Minutes that a replica takes from its first item on."""
_LOOK_BACK = 900


def since(moment: datetime | None = None) -> str:
    """As in "since 14:21 UTC"; None is now."""
    return f"since {moment or datetime.now(UTC):%H:%M} UTC"


def copying(group: Mapping[str, Any] | None) -> str:
    """How long AWS takes to make a replica of this table; what it holds AWS knows to six hours only."""
    size, items = int((group or {}).get("TableSizeBytes", 0)), int((group or {}).get("ItemCount", 0))
    if not size and not items:
        return "AWS takes under a minute while the table is empty, 9 to 11 minutes from its first item on"
    minutes = max(_LEAST, round(_LEAST + size / _COPIED / _MINUTE))
    held = "1 item" if items == 1 else f"{items:,} items"
    return f"AWS takes about {minutes} minutes for {held} of {_told(size)} together, rarely less"


def removing() -> str:
    """How long AWS takes to remove a replica."""
    return "AWS takes 2 to 5 minutes"


def deleting() -> str:
    """How long AWS takes until the name of a deleted table is free."""
    return "AWS usually takes less than a minute"


def step(change: Mapping[str, Any]) -> str:
    """How long AWS takes for a change of a table; empty for what is a matter of seconds."""
    updates = change.get("GlobalSecondaryIndexUpdates", ())
    if any("Create" in update for update in updates):
        return "AWS takes 8 to 17 minutes for a small table, and longer the more it holds"
    if "BillingMode" in change:
        return "AWS takes 1 to 4 minutes"
    return ""


def filled(aws: Aws, region: str, physical: str, index: str) -> str:
    """As in "43 % filled", or nothing where CloudWatch does not tell."""
    series = Series(
        namespace="AWS/DynamoDB",
        metric="OnlineIndexPercentageProgress",
        dimensions=(("TableName", physical), ("GlobalSecondaryIndexName", index)),
        stat="Maximum",
        period=resolution(aws),
    )
    now = int(time.time()) + 1
    try:
        values = fetch(aws, region, [series], since=now - _LOOK_BACK, until=now)[series]
    except AwsError:
        return ""
    return f"{values[max(values)]:.0f} % filled" if values else ""


def _told(size: int) -> str:
    for unit, bytes_ in (("GB", 1e9), ("MB", 1e6), ("KB", 1e3)):
        if size >= bytes_:
            return f"{size / bytes_:.1f} {unit}"
    return f"{size} bytes"
