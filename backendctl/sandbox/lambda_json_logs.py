"""Lambda's own log lines with LogFormat JSON: one object per platform event, as far as the system log level lets it."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.runtimes.choice import split
from backendctl.sandbox.runtimes.variables import is_restored

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from backendctl.sandbox.environment import Outcome
    from backendctl.sandbox.lambda_usage import Usage

Event = tuple[int, str]

_LEVELS = ("DEBUG", "INFO", "WARN")
_TIME = "%Y-%m-%dT%H:%M:%S"


def is_wanted(config: Mapping[str, Any]) -> bool:
    """Whether a function logs in JSON."""
    return (config.get("LoggingConfig") or {}).get("LogFormat") == "JSON"


def lines(
    config: Mapping[str, Any], request_id: str, outcome: Outcome, usage: Usage, *, began: int, ended: int
) -> list[Event]:
    """Everything one call leaves in the log, in order; moments are milliseconds since the epoch."""
    least = _LEVELS.index((config.get("LoggingConfig") or {}).get("SystemLogLevel", "INFO"))

    def shown(events: Iterator[tuple[str, int, str, dict[str, Any]]]) -> list[Event]:
        return [
            (moment, _event(moment, kind, record))
            for level, moment, kind, record in events
            if _LEVELS.index(level) >= least
        ]

    told = [*shown(_before(config, request_id, outcome, began)), *outcome.lines]
    if outcome.error is not None and outcome.status != "timeout" and not outcome.logged:
        told.append((ended, error(outcome.error, ended)))
    return told + shown(_after(request_id, outcome, usage, ended))


def error(document: Mapping[str, Any], moment: int) -> str:
    """An error document as the Python runtime logs it."""
    stamp = time.strftime(f"{_TIME}Z", time.gmtime(moment / 1000))
    return json.dumps({"timestamp": stamp, "log_level": "ERROR", **document})


def failed_init(outcome: Outcome, ended: int) -> list[Event]:
    """What a handler that could not be made ready ahead of calls leaves in the log."""
    record = {
        "initializationType": "provisioned-concurrency",
        "phase": "init",
        "status": "error",
        "errorType": (outcome.error or {}).get("errorType"),
        "metrics": {"durationMs": round((outcome.init_seconds or 0) * 1000, 2)},
    }
    failure = [] if outcome.logged else [(ended, error(outcome.error or {}, ended))]
    return [*outcome.lines, *failure, (ended, _event(ended, "platform.initReport", record))]


def _before(
    config: Mapping[str, Any], request_id: str, outcome: Outcome, began: int
) -> Iterator[tuple[str, int, str, dict[str, Any]]]:
    if outcome.init_seconds is not None and not is_restored(config):
        init = {"initializationType": "on-demand", "phase": "init"}
        about = {"functionName": config["FunctionName"], "functionVersion": config["Version"]}
        runtime = {"runtimeVersion": f"{':'.join(split(str(config.get('Runtime', ''))))}.v1"}
        yield "INFO", began, "platform.initStart", {**init, **runtime, **about}
        loaded = began + int(outcome.init_seconds * 1000)
        failed = outcome.status == "error" and not outcome.seconds
        level, status = ("WARN", "error") if failed else ("DEBUG", "success")
        yield level, loaded, "platform.initRuntimeDone", {**init, "status": status}
        metrics = {"durationMs": round(outcome.init_seconds * 1000, 2)}
        yield level, loaded, "platform.initReport", {**init, "status": status, "metrics": metrics}
    yield "INFO", began, "platform.start", {"requestId": request_id, "version": config["Version"]}


def _after(
    request_id: str, outcome: Outcome, usage: Usage, ended: int
) -> Iterator[tuple[str, int, str, dict[str, Any]]]:
    status = outcome.status or ("success" if outcome.error is None else "error")
    level = "INFO" if status == "success" else "WARN"
    why = {"errorType": outcome.error["errorType"]} if outcome.error and status == "error" else {}
    spent = {"durationMs": usage.duration, "producedBytes": len(outcome.result or "")}
    done = {"requestId": request_id, "status": status, **why, "metrics": spent}
    yield ("DEBUG" if status == "success" else "WARN"), ended, "platform.runtimeDone", done
    metrics: dict[str, float] = {
        "durationMs": usage.duration,
        "billedDurationMs": usage.billed,
        "memorySizeMB": usage.memory,
        "maxMemoryUsedMB": usage.peak,
    }
    if usage.init is not None:
        metrics["initDurationMs"] = usage.init
    if usage.restore is not None and usage.billed_restore is not None:
        metrics |= {"restoreDurationMs": usage.restore, "billedRestoreDurationMs": usage.billed_restore}
    yield level, ended, "platform.report", {"requestId": request_id, "metrics": metrics, "status": status, **why}


def _event(moment: int, kind: str, record: Mapping[str, Any]) -> str:
    stamp = time.strftime(_TIME, time.gmtime(moment / 1000)) + f".{moment % 1000:03d}Z"
    return json.dumps({"time": stamp, "type": kind, "record": record})
