"""The lines Lambda itself writes into a function's log group: START, END, REPORT, and what an exception becomes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from backendctl.sandbox import lambda_json_logs
from backendctl.sandbox.lambda_usage import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backendctl.sandbox.environment import Outcome


def group_of(config: Mapping[str, Any]) -> str:
    """The log group of a function: the one it names, or /aws/lambda/<name>."""
    return (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"


def lines(
    config: Mapping[str, Any], request_id: str, outcome: Outcome, *, began: int, trace: str | None = None
) -> list[tuple[int, str]]:
    """Everything one call leaves in the log, in order.

    Args:
        began: milliseconds since the epoch when the call came.
        trace: `_X_AMZN_TRACE_ID` of the call, where it is traced.

    Returns:
        Milliseconds since the epoch and text, per event.
    """
    ended = int(time.time() * 1000)
    if lambda_json_logs.is_wanted(config):
        usage = Usage.of(config, outcome)
        return lambda_json_logs.lines(config, request_id, outcome, usage, began=began, ended=ended)
    start = f"START RequestId: {request_id} Version: {config['Version']}\n"
    written = [(began, start), *outcome.lines]
    if outcome.error is not None and outcome.status != "timeout" and not outcome.logged:
        written.append((ended, exception(outcome.error)))
    end = f"END RequestId: {request_id}\n"
    return [*written, (ended, end), (ended, report(config, request_id, outcome, trace))]


def failed_init(config: Mapping[str, Any], outcome: Outcome) -> list[tuple[int, str]]:
    """What a handler that could not be made ready ahead of calls leaves in the log."""
    ended = int(time.time() * 1000)
    if lambda_json_logs.is_wanted(config):
        return lambda_json_logs.failed_init(outcome, ended)
    error = outcome.error or {}
    parts = [f"INIT_REPORT Init Duration: {(outcome.init_seconds or 0) * 1000:.2f} ms", "Phase: init", "Status: error"]
    told = "\t".join([*parts, f"Error Type: {error.get('errorType')}", "\n"])
    failure = [] if outcome.logged else [(ended, exception(error))]
    return [*outcome.lines, *failure, (ended, told)]


def exception(error: Mapping[str, Any]) -> str:
    """An error document as the Python runtime logs it: one event of several lines."""
    text = f"[ERROR] {error['errorType']}: {error['errorMessage']}"
    trace = "".join(error.get("stackTrace", ()))
    return f"{text}\nTraceback (most recent call last):\n{trace}" if trace else text


def report(config: Mapping[str, Any], request_id: str, outcome: Outcome, trace: str | None = None) -> str:
    """The REPORT line, and of a traced call the ids of its trace and segment below it."""
    usage = Usage.of(config, outcome)
    parts = [
        f"REPORT RequestId: {request_id}",
        f"Duration: {usage.duration:.2f} ms",
        f"Billed Duration: {usage.billed} ms",
        f"Memory Size: {usage.memory} MB",
        f"Max Memory Used: {usage.peak} MB",
    ]
    if usage.init is not None:
        parts.append(f"Init Duration: {usage.init:.2f} ms")
    if usage.restore is not None:
        parts += [f"Restore Duration: {usage.restore:.2f} ms", f"Billed Restore Duration: {usage.billed_restore} ms"]
    if outcome.status is not None:
        parts.append(f"Status: {outcome.status}")
    if outcome.status == "error" and outcome.error is not None:
        parts.append(f"Error Type: {outcome.error['errorType']}")
    told = "\t".join([*parts, "\n"])
    ids = dict(part.partition("=")[::2] for part in (trace or "").split(";"))
    if "Root" not in ids:
        return told
    return f"{told}XRAY TraceId: {ids['Root']}\tSegmentId: {ids.get('Parent', '')}\tSampled: true\t\n"
