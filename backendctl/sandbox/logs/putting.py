"""PutLogEvents: which events of a batch are refused, and which are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

HOUR = 3_600_000
LONGEST_BATCH = 24 * HOUR
OLDEST = 14 * 24 * HOUR
NEWEST = 2 * HOUR
BATCH_BYTES = 1_048_576
PER_EVENT = 26
"""Bytes that each event counts for besides its message."""

Batch = list[dict[str, Any]]


def refusal(batch: Sequence[dict[str, Any]]) -> str | None:
    """Why a batch is refused as a whole."""
    moments = [event["timestamp"] for event in batch]
    if moments != sorted(moments):
        return "Log events in a single PutLogEvents request must be in chronological order."
    if moments and moments[-1] - moments[0] > LONGEST_BATCH:
        return "The batch of log events in a single PutLogEvents request cannot span more than 24 hours."
    size = sum(len(event["message"].encode()) + PER_EVENT for event in batch)
    if size > BATCH_BYTES:
        return f"Upload too large: {size} bytes exceeds limit of {BATCH_BYTES}"
    return None


def sorted_out(batch: Batch, *, now: int) -> tuple[Batch, dict[str, int]]:
    """The events that are kept, and RejectedLogEventsInfo; {} when all are.

    Args:
        batch: in chronological order.
        now: milliseconds since the epoch.
    """
    old = sum(event["timestamp"] < now - OLDEST for event in batch)
    good = sum(event["timestamp"] <= now + NEWEST for event in batch)
    info = {"tooOldLogEventEndIndex": old} if old else {}
    if good < len(batch):
        info["tooNewLogEventStartIndex"] = good
    return batch[old:good], info
