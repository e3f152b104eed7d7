"""What Route 53 refuses in a health check (E16, E17, E19, E21)."""

from __future__ import annotations

import ipaddress
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections.answers import Refusal, first
from backendctl.sandbox.corrections.constraints import Judge
from backendctl.sandbox.corrections.health.check import ALARM, CALCULATED, PROBED, ROUTING_CONTROL, values_of
from backendctl.sandbox.http import BAD_REQUEST, CONFLICT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from xml.etree import ElementTree as ET

_JUDGE = Judge(service="route53")
_INTERVALS = (10, 30)
_FIXED = ("Type", "RequestInterval", "MeasureLatency")
_CHILDREN = 255  # E23


def refuse_new(asked: ET.Element, *, known: Collection[str]) -> Refusal | None:
    """The refusal of a CreateHealthCheck; None when it may be made.

    Args:
        asked: CreateHealthCheckRequest, complete with defaults.
        known: the ids of all health checks.
    """
    values = values_of(asked)
    config = values.get("HealthCheckConfig") or {}
    faults = _JUDGE.faults("CreateHealthCheck", values)
    return first([_constraints(faults), _contents(config), _children(config, known)])


def refuse_update(
    asked: ET.Element, *, identifier: str, version: int, config: Mapping[str, Any], known: Collection[str]
) -> Refusal | None:
    """The refusal of an UpdateHealthCheck; None when it may be made.

    Args:
        asked: UpdateHealthCheckRequest.
        version: the check's, as it stands. config: its members, as they stand.
        known: the ids of all health checks.
    """
    values = values_of(asked)
    expected = str(values.get("HealthCheckVersion", version))
    faults = _JUDGE.faults("UpdateHealthCheck", {**values, "HealthCheckId": identifier, "HealthCheckVersion": 1})
    mismatch = None
    if expected != str(version):
        mismatch = Refusal(
            code="HealthCheckVersionMismatch",
            message=f"The value of HealthCheckVersion {expected} does not match the current version {version} of the "
            f"health check {identifier}.",
            status=CONFLICT,
        )
    changed = {name: value for name, value in values.items() if name not in _FIXED}
    return first(
        [_constraints(faults), mismatch, _contents({**config, **changed}), _children({**config, **changed}, known)]
    )


def _constraints(faults: list[str]) -> Refusal | None:
    if not faults:
        return None
    errors = "error" if len(faults) == 1 else "errors"
    return _invalid(f"{len(faults)} validation {errors} detected: {'; '.join(faults)}")


def _contents(config: Mapping[str, Any]) -> Refusal | None:
    """What a kind of check must have, and what none may have."""
    kind = str(config.get("Type", ""))
    if kind in PROBED:
        return first([_endpoint(kind, config), _address(str(config.get("IPAddress", "")))])
    needed = {CALCULATED: "ChildHealthChecks", ALARM: "AlarmIdentifier", ROUTING_CONTROL: "RoutingControlArn"}
    missing = needed.get(kind)
    if missing and not config.get(missing):
        return _invalid(f"Invalid parameter : {missing} must be specified for a health check of type {kind}")
    return None


def _endpoint(kind: str, config: Mapping[str, Any]) -> Refusal | None:
    if not (config.get("IPAddress") or config.get("FullyQualifiedDomainName")):
        return _invalid("Invalid parameter : Either IPAddress or FullyQualifiedDomainName must be specified")
    if config.get("RequestInterval", 30) not in _INTERVALS:
        return _invalid(f"Invalid parameter : RequestInterval must be 10 or 30, not {config['RequestInterval']}")
    if kind.endswith("STR_MATCH") != bool(config.get("SearchString")):
        told = "must be specified" if kind.endswith("STR_MATCH") else "cannot be specified"
        return _invalid(f"Invalid parameter : SearchString {told} for a health check of type {kind}")
    if kind == "TCP" and config.get("ResourcePath"):
        return _invalid("Invalid parameter : ResourcePath cannot be specified for a health check of type TCP")
    return None


def _address(address: str) -> Refusal | None:
    """Checkers reach public addresses only (E19)."""
    if not address or ipaddress.ip_address(address).is_global:
        return None
    return _invalid(f"Invalid parameter : The IP address {address} is in a reserved or private range")


def _children(config: Mapping[str, Any], known: Collection[str]) -> Refusal | None:
    children = config.get("ChildHealthChecks") or [] if config.get("Type") == CALCULATED else []
    if len(children) > _CHILDREN:
        return _invalid(f"Invalid parameter : A calculated health check has at most {_CHILDREN} children")
    missing = next((child for child in children if child not in known), None)
    return missing and _invalid(f"Invalid parameter : The child health check {missing} does not exist")


def _invalid(message: str) -> Refusal:
    return Refusal(code="InvalidInput", message=message, status=BAD_REQUEST)
