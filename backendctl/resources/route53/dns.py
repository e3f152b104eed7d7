"""Zones and records of Route 53, which is global: reads in bulk, changes as one batch each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.aws.wait import until
from backendctl.errors import BackendctlError
from backendctl.spec.domains import is_zone_id, normalised

if TYPE_CHECKING:
    from mypy_boto3_route53.type_defs import (
        AliasTargetTypeDef,
        ChangeTypeDef,
        HostedZoneTypeDef,
        ResourceRecordSetOutputTypeDef,
    )

    from backendctl.aws.connection import Aws

ADDRESSES = ("A", "AAAA")
ALIAS_TTL = 60
"""Seconds that resolvers keep an alias to API Gateway or CloudFront (E24)."""

_IN_SYNC = 1800  # E24; seconds
_OCTAL = re.compile(r"\\(\d{3})")


def plain_name(name: str) -> str:
    r"""As people write it: small letters, no trailing dot, `\052` as `*` (E25)."""
    return normalised(_OCTAL.sub(lambda found: chr(int(found[1], 8)), name))


def zones(aws: Aws) -> list[HostedZoneTypeDef]:
    """The public zones; a private one may have the same name (E27)."""

    def load() -> list[HostedZoneTypeDef]:
        pages = aws.route53().get_paginator("list_hosted_zones").paginate()
        found = [zone for page in pages for zone in page["HostedZones"]]
        return [zone for zone in found if not zone.get("Config", {}).get("PrivateZone")]

    return aws.shared(("zones",), load)


def id_of(zone: HostedZoneTypeDef) -> str:
    """A zone's id without what Route 53 puts before it."""
    return zone["Id"].rpartition("/")[2]


def is_within(name: str, zone: HostedZoneTypeDef) -> bool:
    """Whether a name, as people write it, belongs to a zone of that name."""
    return f".{name}".endswith(f".{plain_name(zone['Name'])}")


def belongs(aws: Aws, name: str, zone: HostedZoneTypeDef) -> bool:
    """Whether a zone is the nearest public one of a name: a parent's records are not asked for it."""
    around = [plain_name(one["Name"]) for one in zones(aws) if is_within(name, one)]
    return is_within(name, zone) and plain_name(zone["Name"]) == max(around, key=len)


def zones_named(aws: Aws, zone: str) -> list[HostedZoneTypeDef]:
    """The public zones of a name, or the one of an id; a delegated name may have several in one account."""
    if is_zone_id(zone):
        return [one for one in zones(aws) if id_of(one) == zone]
    return [one for one in zones(aws) if plain_name(one["Name"]) == plain_name(zone)]


@dataclass(frozen=True, kw_only=True, slots=True)
class ZoneFault:
    """Why a zone cannot be worked on. remedy: what to do about it."""

    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.reason}: {self.remedy}"


def zone_fault(aws: Aws, zone: str) -> ZoneFault | None:
    """Why a zone cannot be worked on; None when it can."""
    found = [id_of(one) for one in zones_named(aws, zone)]
    if not found:
        what = f"zone with the id {zone}" if is_zone_id(zone) else f"zone {zone}"
        return ZoneFault(
            reason=f"there is no public hosted {what} in this account",
            remedy="make it and point the registrar at its name servers, or leave `zone` out and keep DNS yourself",
        )
    if len(found) > 1:
        return ZoneFault(
            reason=f"there are {len(found)} public hosted zones {zone} in this account",
            remedy=f"write the id of the one that the registrar points at, zone: {' or '.join(sorted(found))}",
        )
    return None


def require_zone(aws: Aws, zone: str) -> str:
    """Id of the public zone of that name or id.

    Raises:
        BackendctlError: there is none, or more than one.
    """
    if fault := zone_fault(aws, zone):
        raise BackendctlError(fault.reason, hint=fault.remedy)
    return id_of(zones_named(aws, zone)[0])


def records(aws: Aws, zone_id: str) -> list[ResourceRecordSetOutputTypeDef]:
    """Every record of a zone, 300 a call, shared by all regions."""

    def load() -> list[ResourceRecordSetOutputTypeDef]:
        pages = aws.route53().get_paginator("list_resource_record_sets").paginate(HostedZoneId=zone_id)
        return [record for page in pages for record in page["ResourceRecordSets"]]

    return aws.shared(("records", zone_id), load)


def records_at(aws: Aws, zone_id: str, name: str) -> list[ResourceRecordSetOutputTypeDef]:
    """Every record of exactly that name."""
    return [record for record in records(aws, zone_id) if plain_name(record["Name"]) == name]


def list_records_at(aws: Aws, zone_id: str, name: str) -> list[ResourceRecordSetOutputTypeDef]:
    """The same, asked now; stops at the first other name (E26)."""
    found: list[ResourceRecordSetOutputTypeDef] = []
    start: Any = {"StartRecordName": name}
    while True:
        page = aws.route53().list_resource_record_sets(HostedZoneId=zone_id, **start)
        here = [record for record in page["ResourceRecordSets"] if plain_name(record["Name"]) == name]
        found += here
        if len(here) < len(page["ResourceRecordSets"]) or not page["IsTruncated"]:
            return found
        following = ("NextRecordName", "NextRecordType", "NextRecordIdentifier")
        start = {key.replace("Next", "Start"): page.get(key) for key in following if page.get(key)}


def leads_to(aws: Aws, name: str, host: str, *, zone: str | None) -> bool | None:
    """Whether a record of that name answers with a host; asked now. None where there is no such record to be seen.

    Args:
        zone: where it is; None looks in every public zone that may hold it.
    """
    holding = [one for one in zones(aws) if is_within(name, one)]
    asked = holding if zone is None else zones_named(aws, zone)
    found = [record for one in asked for record in list_records_at(aws, id_of(one), name)]
    leading = [points_at(record) == plain_name(host) for record in found if record["Type"] in {*ADDRESSES, "CNAME"}]
    return any(leading) if leading else None


def submit(aws: Aws, zone_id: str, changes: Sequence[ChangeTypeDef]) -> str:
    """One batch, all or nothing (E8). Returns the change's id."""
    batch = {"Comment": f"backendctl {aws.backend}", "Changes": list(changes)}
    answer = aws.route53().change_resource_record_sets(HostedZoneId=zone_id, ChangeBatch=batch)  # type: ignore[arg-type]
    return answer["ChangeInfo"]["Id"].rpartition("/")[2]


def await_sync(aws: Aws, change_id: str, what: str) -> None:
    """Until every name server answers with the change (E24)."""

    def probe() -> bool | None:
        return True if aws.route53().get_change(Id=change_id)["ChangeInfo"]["Status"] == "INSYNC" else None

    until(aws, f"{what} to be INSYNC", probe, limit=_IN_SYNC, step=5)


def routing_of(record: ResourceRecordSetOutputTypeDef) -> str:
    """The policy a record is chosen by."""
    keys = {
        "Region": "latency",
        "Weight": "weighted",
        "Failover": "failover",
        "GeoLocation": "geolocation",
        "GeoProximityLocation": "geoproximity",
        "CidrRoutingConfig": "cidr",
        "MultiValueAnswer": "multivalue",
    }
    return next((policy for key, policy in keys.items() if key in record), "simple")


def points_at(record: ResourceRecordSetOutputTypeDef) -> str:
    """What a record answers with, for people."""
    if "AliasTarget" in record:
        return plain_name(record["AliasTarget"]["DNSName"])
    return ", ".join(value["Value"] for value in record.get("ResourceRecords", ()))


def same_target(record: ResourceRecordSetOutputTypeDef, target: AliasTargetTypeDef) -> bool:
    """Whether an alias leads there; health evaluation aside."""
    found = record.get("AliasTarget")
    return found is not None and (found["HostedZoneId"], plain_name(found["DNSName"])) == (
        target["HostedZoneId"],
        plain_name(target["DNSName"]),
    )
