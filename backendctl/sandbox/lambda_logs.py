"""The lines Lambda itself writes into a function's log group: START, END, REPORT, and what an exception becomes."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backendctl.sandbox.environment import Outcome


def group_of(config: Mapping[str, Any]) -> str:
    """The log group of a function: the one it names, or /aws/lambda/<name>."""
    return (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"


def lines(config: Mapping[str, Any], request_id: str, outcome: Outcome, *, began: int) -> list[tuple[int, str]]:
    """Everything one call leaves in the log, in order.

    Args:
        began: milliseconds since the epoch when the call came.

    Returns:
        Milliseconds since the epoch and text, per event.
    """
    ended = int(time.time() * 1000)
    start = f"START RequestId: {request_id} Version: {config['Version']}\n"
    written = [(began, start), *outcome.lines]
    if outcome.error is not None and outcome.status != "timeout":
        written.append((ended, exception(outcome.error)))
    end = f"END RequestId: {request_id}\n"
    return [*written, (ended, end), (ended, report(config, request_id, outcome))]


def failed_init(outcome: Outcome) -> list[tuple[int, str]]:
    """What a handler that could not be made ready ahead of calls leaves in the log."""
    ended = int(time.time() * 1000)
    error = outcome.error or {}
    parts = [f"INIT_REPORT Init Duration: {(outcome.init_seconds or 0) * 1000:.2f} ms", "Phase: init", "Status: error"]
    told = "\t".join([*parts, f"Error Type: {error.get('errorType')}", "\n"])
    return [*outcome.lines, (ended, exception(error)), (ended, told)]


def exception(error: Mapping[str, Any]) -> str:
    """An error document as the Python runtime logs it: one event of several lines."""
    text = f"[ERROR] {error['errorType']}: {error['errorMessage']}"
    trace = "".join(error.get("stackTrace", ()))
    return f"{text}\nTraceback (most recent call last):\n{trace}" if trace else text


def report(config: Mapping[str, Any], request_id: str, outcome: Outcome) -> str:
    """The REPORT line; `Init Duration` is there on cold starts only (B59), and is billed (B60)."""
    duration = outcome.seconds * 1000
    init = outcome.init_seconds
    billed = math.ceil(duration + (init or 0) * 1000)
    memory = int(config.get("MemorySize", 128))
    parts = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {duration:.2f} ms",
        f"Billed Duration: {billed} ms",
        f"Memory Size: {memory} MB",
        f"Max Memory Used: {outcome.peak} MB",
    ]
    if init is not None:
        parts.append(f"Init Duration: {init * 1000:.2f} ms")
    if outcome.status is not None:
        parts.append(f"Status: {outcome.status}")
    if outcome.status == "error" and outcome.error is not None:
        parts.append(f"Error Type: {outcome.error['errorType']}")
    return "\t".join([*parts, "\n"])
