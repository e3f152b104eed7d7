"""A function's configuration as AWS shows it: without what is not set, and less of it in lists."""

from __future__ import annotations

import hashlib
from typing import Any

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
    runtime = shown.get("Runtime")
    if runtime:
        shown["RuntimeVersionConfig"] = {"RuntimeVersionArn": _runtime_version(region, runtime)}
    else:  # an image has none
        shown.pop("RuntimeVersionConfig", None)
    return shown


def listed(configuration: Configuration) -> Configuration:
    """What lists give of a configuration: nothing of its states."""
    return {name: value for name, value in configuration.items() if name not in _NOT_IN_LISTS}


def qualified(configuration: Configuration, qualifier: str) -> Configuration:
    """A configuration which was asked for by version or alias: its ARN ends with that."""
    bare = ":".join(configuration["FunctionArn"].split(":")[:7])
    return {**configuration, "FunctionArn": f"{bare}:{qualifier}"}


def _runtime_version(region: str, runtime: str) -> str:
    return f"arn:aws:lambda:{region}::runtime:{hashlib.sha256(runtime.encode()).hexdigest()}"
