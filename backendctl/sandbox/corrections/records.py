"""Route 53's rules for a batch of record changes, judged on the zone as it is."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from backendctl.sandbox.corrections.answers import Refusal
from backendctl.sandbox.http import NOT_FOUND, Response
from backendctl.sandbox.service_models import known_regions

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

BATCH_RECORDS = 1000  # E8
NAMESPACE = "https://route53.amazonaws.com/doc/2013-04-01/"
NS = {"r": NAMESPACE}
_POLICIES = {
    "Weight": "weighted",
    "Region": "latency",
    "Failover": "failover",
    "GeoLocation": "geolocation",
    "MultiValueAnswer": "multivalue",
    "CidrRoutingConfig": "cidr",
    "GeoProximityLocation": "geoproximity",
}
_OCTAL = re.compile(r"\\(\d{3})")


@dataclass(frozen=True, kw_only=True, slots=True)
class Record:
    """One resource record set, normalised (E25)."""

    name: str
    type: str
    identifier: str
    policies: tuple[tuple[str, str], ...]
    ttl: str
    values: tuple[str, ...]
    alias: tuple[str, str, str] | None
    health_check: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes it the same record (E4)."""
        return self.name, self.type, self.identifier

    @property
    def policy(self) -> str:
        """Its routing policy; "" for a simple record."""
        return _POLICIES[self.policies[0][0]] if self.policies else ""

    def __str__(self) -> str:
        """As Route 53 names it in its refusals."""
        identifier = f", set identifier='{self.identifier}'" if self.identifier else ""
        return f"[name='{self.name}', type='{self.type}'{identifier}]"


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """One element of a batch."""

    action: str
    record: Record


def record_of(node: ET.Element) -> Record:
    """A ResourceRecordSet element as a value."""
    alias = node.find("r:AliasTarget", NS)
    return Record(
        name=normal(text(node, "r:Name")),
        type=text(node, "r:Type"),
        identifier=text(node, "r:SetIdentifier"),
        policies=tuple(
            (tag, "".join(part.strip() for part in found.itertext()))
            for tag in _POLICIES
            if (found := node.find(f"r:{tag}", NS)) is not None
        ),
        ttl=text(node, "r:TTL"),
        values=tuple(sorted((value.text or "").strip() for value in node.iterfind(".//r:ResourceRecord/r:Value", NS))),
        alias=None
        if alias is None
        else (
            text(alias, "r:HostedZoneId"),
            normal(text(alias, "r:DNSName")),
            text(alias, "r:EvaluateTargetHealth").lower(),
        ),
        health_check=text(node, "r:HealthCheckId"),
    )


def text(node: ET.Element, path: str) -> str:
    """The text of a descendant, "" when there is none."""
    return (node.findtext(path, default="", namespaces=NS) or "").strip()


def parsed(body: bytes) -> ET.Element | None:
    """A body as XML; None when it is none."""
    try:
        return ET.fromstring(body)  # noqa: S314 - a local client's own request
    except ET.ParseError:
        return None


def xml(tag: str, inside: str) -> Response:
    """An answer of Route 53."""
    body = f'<?xml version="1.0"?>\n<{tag} xmlns="{NAMESPACE}">{inside}</{tag}>'
    return Response(headers={"Content-Type": "text/xml"}, body=body.encode())


def judge(*, zone: str, current: Iterable[Record], changes: Sequence[Change], checks: set[str]) -> Refusal | None:
    """The refusal of a batch, or None when it may be applied.

    Args:
        zone: the zone's name with its trailing dot.
        current: all records of the zone.
        changes: the batch, in order.
        checks: the ids of all health checks.
    """
    for change in changes:
        refusal = _form(change, checks)
        if refusal is not None:
            return refusal
    if sum(len(change.record.values) * (2 if change.action == "UPSERT" else 1) for change in changes) > BATCH_RECORDS:
        return _batch([f"Number of records limit of {BATCH_RECORDS} exceeded."])
    records = {record.key: record for record in current}
    faults = [fault for change in changes for fault in _apply(zone, records, change)]
    touched = {change.record.name for change in changes if change.action != "DELETE"}
    return _batch(faults or _conflicts(zone, records.values(), touched))


def _apply(zone: str, records: dict[tuple[str, str, str], Record], change: Change) -> list[str]:
    record = change.record
    present = records.get(record.key)
    if record.name != zone and not record.name.endswith(f".{zone}"):
        return [f"RRSet with DNS name {record.name} is not permitted in zone {zone}"]  # E27
    if change.action == "CREATE" and present is not None:
        return [f"Tried to create resource record set {record} but it already exists"]  # E6
    if change.action == "DELETE" and present is None:
        return [f"Tried to delete resource record set {record} but it was not found"]  # E5
    if change.action == "DELETE" and present != record:
        return [f"Tried to delete resource record set {record} but the values provided do not match the current values"]
    if change.action == "DELETE":
        del records[record.key]
    else:
        records[record.key] = record
    return []


def _conflicts(zone: str, records: Iterable[Record], touched: set[str]) -> list[str]:
    """What may not stand side by side, once the whole batch is applied (E1, E2, E7)."""
    by_name: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        if record.name in touched:
            by_name[record.name].append(record)
    faults: list[str] = []
    for name, group in by_name.items():
        kinds = {record.type for record in group}
        if "CNAME" in kinds and name == zone:
            faults.append(f"RRSet of type CNAME with DNS name {name} is not permitted at apex in zone {zone}")
        elif "CNAME" in kinds and len(kinds) > 1:
            faults.append(
                f"RRSet of type CNAME with DNS name {name} is not permitted as it conflicts with other records with "
                f"the same DNS name in zone {zone}"
            )
        for kind in sorted(kinds):
            faults += _set_faults([record for record in group if record.type == kind])
    return faults


def _set_faults(group: list[Record]) -> list[str]:
    """The faults among records of one name and type."""
    policies = {record.policy for record in group}
    last = group[-1]
    what = f"RRSet with DNS name {last.name}, type {last.type}, SetIdentifier {last.identifier or 'null'}"
    if len(policies) > 1:
        kind = "non-weighted" if "weighted" in {last.policy, ""} or "" in policies else next(iter(policies))
        return [f"{what} cannot be created as a {kind} set exists with the same name and type."]  # E2
    if policies == {"latency"}:
        places = [value for record in group for tag, value in record.policies if tag == "Region"]
        if len(set(places)) < len(places):
            return [f"{what} cannot be created as a latency set with the same name, type and region exists."]  # E4
    if policies == {"weighted"} and len({record.ttl for record in group if record.alias is None}) > 1:
        return [f"{what} cannot be created as its TTL differs from the other weighted sets of the name and type."]
    return []


def _form(change: Change, checks: set[str]) -> Refusal | None:
    """Faults of one element, whatever the zone holds."""
    record = change.record
    where = (
        f"in Change with [Action={change.action}, Name={record.name}, Type={record.type}, "
        f"SetIdentifier={record.identifier or 'null'}]"
    )
    fault = _content_fault(record) or _routing_fault(record)
    if fault is not None:
        return Refusal(code="InvalidInput", message=f"Invalid request: {fault} {where}")
    if record.health_check and record.health_check not in checks and change.action != "DELETE":
        return Refusal(
            code="NoSuchHealthCheck",
            message=f"No health check exists with the ID {record.health_check}",
            status=NOT_FOUND,
        )
    return None


def _content_fault(record: Record) -> str | None:
    """Either an alias or a TTL with values (E10)."""
    kinds = int(record.alias is not None) + int(bool(record.ttl or record.values))
    complete = record.alias is not None or bool(record.ttl and record.values)
    if kinds == 1 and complete:
        return None
    count = "more than one" if kinds > 1 else "none"
    return f"Expected exactly one of [AliasTarget, all of [TTL, and ResourceRecords]], but found {count}"


def _routing_fault(record: Record) -> str | None:
    """A routing policy has an identifier and the other way round (E1); the region must be one (E29)."""
    if record.policies and not record.identifier:
        return "Missing field 'SetIdentifier'"
    if record.identifier and len(record.policies) != 1:
        count = "more than one" if record.policies else "none"
        return f"Expected exactly one of [{', '.join(_POLICIES)}], but found {count}"
    place = dict(record.policies).get("Region")
    if place is not None and place not in known_regions():
        return f"Value '{place}' at 'region' failed to satisfy constraint: not a region of Route 53"
    return None


def _batch(faults: list[str]) -> Refusal | None:
    """All faults in one bracketed message (E9)."""
    return Refusal(code="InvalidChangeBatch", message=f"[{', '.join(faults)}]") if faults else None


def normal(name: str) -> str:
    r"""A name as Route 53 keeps it: in small letters, with the last dot, `\052` as `*` (E25)."""
    written = _OCTAL.sub(lambda code: chr(int(code[1], 8)), name.strip().lower())
    return written if written.endswith(".") else f"{written}."
