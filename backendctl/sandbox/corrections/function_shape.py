"""A function's configuration as AWS shows it: without what is not set, and less of it in lists."""

from __future__ import annotations

import hashlib
import os
from typing import Any

from backendctl.sandbox.runtimes.choice import NOT_SUPPORTED, why_not

Configuration = dict[str, Any]

_LEFT_OUT_WHEN_EMPTY = ("KMSKeyArn", "Layers", "StateReason", "LastUpdateStatusReason", "LastUpdateStatusReasonCode")
_NOT_IN_LISTS = frozenset(
    {
        "State",
        "StateReason",
        "StateReasonCode",
        "LastUpdateStatus",
        "LastUpdateStatusReason",
        "LastUpdateStatusReasonCode",
        "RuntimeVersionConfig",
    }
)


def whole(configuration: Configuration, *, region: str) -> Configuration:
    """What GetFunctionConfiguration and every change answer with."""
    shown = {name: value for name, value in configuration.items() if value or name not in _LEFT_OUT_WHEN_EMPTY}
    if not (shown.get("VpcConfig") or {}).get("SubnetIds"):
        shown.pop("VpcConfig", None)
    shown.pop("RuntimeVersionConfig", None)
    if "FunctionName" in shown:
        shown["LoggingConfig"] = _logging(shown)
    return shown | _runtime_version_config(shown, region)


def listed(configuration: Configuration) -> Configuration:
    """What lists give of a configuration: nothing of its states."""
    return {name: value for name, value in configuration.items() if name not in _NOT_IN_LISTS}


def qualified(configuration: Configuration, qualifier: str) -> Configuration:
    """A configuration which was asked for by version or alias: its ARN ends with that."""
    bare = ":".join(configuration["FunctionArn"].split(":")[:7])
    return {**configuration, "FunctionArn": f"{bare}:{qualifier}"}


def _logging(shown: Configuration) -> Configuration:
    """With what a request left out: Text, INFO for the levels of JSON, and the function's own log group."""
    given = shown.get("LoggingConfig") or {}
    levels = {"ApplicationLogLevel": "INFO", "SystemLogLevel": "INFO"} if given.get("LogFormat") == "JSON" else {}
    return {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{shown['FunctionName']}"} | levels | given


def _runtime_version_config(shown: Configuration, region: str) -> Configuration:
    """The version of the runtime, which an image has none of; also that this machine cannot run it."""
    runtime, reason = shown.get("Runtime"), why_not(shown, path=os.environ.get("PATH", ""))
    known = {"RuntimeVersionArn": _runtime_version(region, runtime)} if runtime else {}
    problem = {"Error": {"ErrorCode": NOT_SUPPORTED, "Message": reason}} if reason is not None else {}
    return {"RuntimeVersionConfig": known | problem} if known or problem else {}


def _runtime_version(region: str, runtime: str) -> str:
    return f"arn:aws:lambda:{region}::runtime:{hashlib.sha256(runtime.encode()).hexdigest()}"
