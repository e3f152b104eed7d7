"""The line that Lambda writes at the end of every invocation: `REPORT` in text logs, `platform.report` in JSON logs.

Neither names the function or its version: those are the log group and the log stream.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_ID = r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}"
_TEXT = re.compile(rf"REPORT RequestId: (?P<id>{_ID})\s")
_FIELD = re.compile(r"(?P<name>[A-Z][A-Za-z ]*[a-z]): (?P<value>\S+)(?: (?:ms|MB))?\s*(?:\t|\n|$)")
_SUCCESS = "success"


@dataclass(frozen=True, kw_only=True, slots=True)
class Report:
    """What one invocation took, as Lambda measured it.

    Attributes:
        duration_ms: the handler alone, without INIT.
        billed_ms: whole milliseconds; with INIT where that is billed, which it is since August 2025.
        memory_mb: what the function has. max_memory_mb: what the environment has used at most.
        init_ms: of a cold start; None when the environment was there already, or came from a SnapStart snapshot.
        restore_ms: of a cold start from a snapshot. billed_restore_ms: beside `billed_ms`.
        status: "timeout", "error" or "failure" when the environment did not survive; None for success.
        error_type: what AWS calls the failure, such as "Runtime.ExitError".
    """

    request_id: str
    duration_ms: float
    billed_ms: int
    memory_mb: int
    max_memory_mb: int
    init_ms: float | None = None
    restore_ms: float | None = None
    billed_restore_ms: int | None = None
    status: str | None = None
    error_type: str | None = None

    @property
    def is_cold(self) -> bool:
        """Whether the invocation had to wait for a new environment (B59)."""
        return self.init_ms is not None or self.restore_ms is not None


def parse(message: str) -> Report | None:
    """One log event as a report; None when it is anything else, such as a handler's own line."""
    text = message.lstrip()
    try:
        return _of_json(text) if text.startswith("{") else _of_text(text)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError, OverflowError):
        return None


def last_of(log: str, *, request_id: str | None = None) -> Report | None:
    """The last report in a text of many lines, such as the tail of the log that Invoke answers.

    Args:
        request_id: only that invocation's; None takes any.
    """
    for line in reversed(log.splitlines()):
        found = parse(line)
        if found is not None and request_id in (None, found.request_id):
            return found
    return None


def _of_text(text: str) -> Report | None:
    start = _TEXT.match(text)
    if start is None:
        return None
    fields = {found["name"]: found["value"] for found in _FIELD.finditer(text, start.end())}
    return Report(
        request_id=start["id"],
        duration_ms=float(fields["Duration"]),
        billed_ms=round(float(fields["Billed Duration"])),
        memory_mb=int(fields["Memory Size"]),
        max_memory_mb=int(fields["Max Memory Used"]),
        init_ms=_number(fields.get("Init Duration")),
        restore_ms=_number(fields.get("Restore Duration")),
        billed_restore_ms=_whole(fields.get("Billed Restore Duration")),
        status=_status(fields.get("Status")),
        error_type=fields.get("Error Type"),
    )


def _of_json(text: str) -> Report | None:
    event: dict[str, Any] = json.loads(text)
    if event.get("type") != "platform.report":
        return None
    record = event["record"]
    metrics = record["metrics"]
    return Report(
        request_id=str(record["requestId"]),
        duration_ms=float(metrics["durationMs"]),
        billed_ms=round(float(metrics["billedDurationMs"])),
        memory_mb=int(metrics["memorySizeMB"]),
        max_memory_mb=int(metrics["maxMemoryUsedMB"]),
        init_ms=_number(metrics.get("initDurationMs")),
        restore_ms=_number(metrics.get("restoreDurationMs")),
        billed_restore_ms=_whole(metrics.get("billedRestoreDurationMs")),
        status=_status(record.get("status")),
        error_type=record.get("errorType"),
    )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _whole(value: Any) -> int | None:
    return None if value is None else round(float(value))


def _status(value: str | None) -> str | None:
    """Text logs tell no success, JSON logs do."""
    return None if value in (None, _SUCCESS) else str(value)
