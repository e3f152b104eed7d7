"""A function's configuration as AWS shows it: its states, which the service behind leaves at once; less in lists."""

from __future__ import annotations

import hashlib
import os
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections.answers import Refusal
from backendctl.sandbox.http import CONFLICT
from backendctl.sandbox.runtimes.choice import NOT_SUPPORTED, why_not
from backendctl.sandbox.runtimes.variables import is_restored
from backendctl.sandbox.timing import Deadlines

if TYPE_CHECKING:
    from backendctl.sandbox.timing import Pace

Place = tuple[str, str]
"""Region and name of a function."""

CREATION, UPDATE = (2.0, 5.0), (1.0, 3.0)
SNAPSHOT = 90.0, 180.0
"""AWS's seconds until a SnapStart version is Active (B52)."""
_NOT_NOW = "The operation cannot be performed at this time."
_CREATED = "The function is being created."  # AWS says so of updates as well
_STATES = frozenset(
    {
        "State",
        "StateReason",
        "StateReasonCode",
        "LastUpdateStatus",
        "LastUpdateStatusReason",
        "LastUpdateStatusReasonCode",
    }
)


@dataclass(kw_only=True, slots=True)
class FunctionTimes:
    """When a function has been created, and when its last update is through."""

    pace: Pace
    _creating: Deadlines[Place] = field(init=False)
    _updating: Deadlines[Place] = field(init=False)
    _publishing: Deadlines[tuple[str, str, str]] = field(init=False)
    _snapshots: Deadlines[tuple[str, str, str]] = field(init=False)

    def __post_init__(self) -> None:
        self._publishing = Deadlines(pace=self.pace)
        self._snapshots = Deadlines(pace=self.pace)
        self._creating = Deadlines(pace=self.pace)
        self._updating = Deadlines(pace=self.pace)

    def created(self, place: Place) -> None:
        """A function has been created."""
        self._updating.drop(place)
        self._creating.begin(place, *CREATION)

    def updated(self, place: Place) -> None:
        """Code or configuration of a function has been changed."""
        self._updating.begin(place, *UPDATE)

    def published(self, place: Place, version: str) -> None:
        """A version has been published by the change which its code came with: it is new as well."""
        self._publishing.begin((*place, version), *UPDATE)

    def snapshot(self, place: Place, configuration: dict[str, Any]) -> None:
        """A version has been published: with SnapStart it is Pending until its snapshot is there."""
        if (configuration.get("SnapStart") or {}).get("OptimizationStatus") == "On":
            self._snapshots.begin((*place, configuration["Version"]), *SNAPSHOT)

    def unready(self, place: Place, version: str) -> Refusal | None:
        """A version whose snapshot is still being made cannot be called."""
        if not self._snapshots.lasts((*place, version)):
            return None
        return Refusal(
            code="SnapStartNotReadyException",
            message="Lambda is initializing your function. It will be ready to invoke once your function state becomes "
            "ACTIVE.",
            status=CONFLICT,
        )

    def pending(self, place: Place) -> Refusal | None:
        """A function which is still being created can neither be called nor changed (B2)."""
        if not self._creating.lasts(place):
            return None
        return Refusal(
            code="ResourceConflictException",
            message=f"{_NOT_NOW} The function is currently in the following state: Pending",
            status=CONFLICT,
        )

    def busy(self, place: Place, arn: str) -> Refusal | None:
        """One change at a time (B2, B3)."""
        if not self._updating.lasts(place):
            return self.pending(place)
        return Refusal(
            code="ResourceConflictException",
            message=f"{_NOT_NOW} An update is in progress for resource: {arn}",
            status=CONFLICT,
        )

    def shown(self, place: Place, configuration: dict[str, Any]) -> dict[str, Any]:
        """A configuration with its states: an update moves LastUpdateStatus of `$LATEST` alone, State stays Active."""
        if configuration.get("State") == "Failed":
            return configuration
        version = configuration.get("Version", "$LATEST")
        shown = {key: value for key, value in configuration.items() if key not in _STATES}
        key = (*place, version)
        if is_restored(configuration) and configuration.get("State") == "Pending":  # its handler is being loaded
            return configuration
        if self._creating.lasts(place) or self._publishing.lasts(key) or self._snapshots.lasts(key):
            is_version = shown["FunctionArn"].endswith(
                f":{version}"
            )  # CreateFunction names one, but shows the function
            pending = {"State": "Pending", "StateReason": _CREATED, "StateReasonCode": "Creating"}
            return {**shown, **pending, **({} if is_version else _unsettled(shown))}
        if self._updating.lasts(place) and version == "$LATEST":
            shown |= _unsettled(shown)
            reasons = {"LastUpdateStatusReason": _CREATED, "LastUpdateStatusReasonCode": "Creating"}
            return {**shown, "State": "Active", "LastUpdateStatus": "InProgress", **reasons}
        return {**shown, "State": "Active", "LastUpdateStatus": "Successful"}


def _unsettled(configuration: dict[str, Any]) -> dict[str, Any]:
    """The RevisionId while a change is under way: its end gives another one (B10)."""
    return {"RevisionId": str(uuid.uuid5(uuid.NAMESPACE_OID, configuration["RevisionId"]))}


Configuration = dict[str, Any]

_LEFT_OUT_WHEN_EMPTY = ("KMSKeyArn", "Layers", "StateReason", "LastUpdateStatusReason", "LastUpdateStatusReasonCode")
_NOT_IN_LISTS = _STATES | {"RuntimeVersionConfig"}


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
