"""One health check as it is configured, read from Route 53's XML; and what is refused of it (E16, E17, E19, E21)."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.sandbox import ministack_names
from backendctl.sandbox.corrections.answers import Refusal, first
from backendctl.sandbox.corrections.constraints import Judge
from backendctl.sandbox.corrections.records import NAMESPACE, NS, text
from backendctl.sandbox.http import BAD_REQUEST, CONFLICT

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from xml.etree import ElementTree as ET

CALCULATED, ALARM, ROUTING_CONTROL = "CALCULATED", "CLOUDWATCH_METRIC", "RECOVERY_CONTROL"
PROBED = ("HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP")
DEFAULT_PORTS = {"HTTP": 80, "HTTP_STR_MATCH": 80, "HTTPS": 443, "HTTPS_STR_MATCH": 443}
CHECKERS = (
    "us-east-1",
    "us-west-1",
    "us-west-2",
    "eu-west-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ap-northeast-1",
    "sa-east-1",
)
_NUMBERS = frozenset({"Port", "RequestInterval", "FailureThreshold", "HealthThreshold"})
_FLAGS = frozenset({"MeasureLatency", "EnableSNI", "Inverted", "Disabled"})
_LISTS = {"ChildHealthChecks": "ChildHealthCheck", "Regions": "Region"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Check:
    """A health check.

    Attributes:
        host: what the probe's Host header says; "" without a domain name.
        address: IP address that is asked; "" when the host is looked up.
        interval: AWS's seconds between two probes. threshold: probes in a row that change the status.
        children, health_threshold: of a calculated check, and how many of them must be healthy.
        insufficient: what an alarm without data counts as: Healthy, Unhealthy or LastKnownStatus.
        regions: of the checkers.
    """

    id: str
    type: str
    host: str = ""
    address: str = ""
    port: int = 80
    path: str = "/"
    search: str = ""
    interval: int = 30
    threshold: int = 3
    inverted: bool = False
    disabled: bool = False
    children: tuple[str, ...] = ()
    health_threshold: int = 0
    insufficient: str = "LastKnownStatus"
    regions: tuple[str, ...] = CHECKERS

    @property
    def is_probed(self) -> bool:
        """Whether checkers ask its endpoint."""
        return self.type in PROBED and not self.disabled


def check_of(node: ET.Element) -> Check:
    """A HealthCheck element as a value."""
    config = node.find("r:HealthCheckConfig", NS)
    told = {} if config is None else values_of(config)
    path = str(told.get("ResourcePath") or "/")
    return Check(
        id=text(node, "r:Id"),
        type=str(told.get("Type", "")),
        host=str(told.get("FullyQualifiedDomainName", "")).rstrip(".").lower(),
        address=str(told.get("IPAddress", "")),
        port=told.get("Port", DEFAULT_PORTS.get(str(told.get("Type")), 80)),
        path=path if path.startswith("/") else f"/{path}",
        search=str(told.get("SearchString", "")),
        interval=told.get("RequestInterval", 30),
        threshold=told.get("FailureThreshold", 3),
        inverted=bool(told.get("Inverted")),
        disabled=bool(told.get("Disabled")),
        children=tuple(told.get("ChildHealthChecks", ())),
        health_threshold=told.get("HealthThreshold", 0),
        insufficient=str(told.get("InsufficientDataHealthStatus", "LastKnownStatus")),
        regions=tuple(told.get("Regions") or CHECKERS),
    )


def values_of(node: ET.Element) -> dict[str, Any]:
    """The members of an element by their names in the API's model, with the model's types where the text has them."""
    return {child.tag.removeprefix(f"{{{NAMESPACE}}}"): _value(child) for child in node}


def take_over_lists(route53: Any) -> None:
    """Make the emulated Route 53 read lists of texts, in which it looks for elements instead."""
    read = ministack_names.read(route53, "_parse_health_check_config")

    def completely(node: ET.Element) -> dict[str, Any]:
        values = values_of(node)
        return {**read(node), **{name: values[name] for name in ("ChildHealthChecks", "Regions") if name in values}}

    ministack_names.replace(route53, "_parse_health_check_config", completely)


def _value(node: ET.Element) -> Any:
    name = node.tag.removeprefix(f"{{{NAMESPACE}}}")
    if name in _LISTS:
        return [(item.text or "").strip() for item in node.iterfind(f"r:{_LISTS[name]}", NS)]
    if len(node):
        return values_of(node)
    written = (node.text or "").strip()
    if name in _NUMBERS and written.lstrip("-").isdigit():
        return int(written)
    return written.lower() == "true" if name in _FLAGS else written


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
