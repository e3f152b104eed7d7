"""One health check as it is configured, read from Route 53's XML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.sandbox import ministack_names
from backendctl.sandbox.corrections.records import NAMESPACE, NS, text

if TYPE_CHECKING:
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
