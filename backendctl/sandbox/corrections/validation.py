"""How ACM validates by DNS: a certificate waits until the records it asks for stand in a public zone (F29, F33)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

from backendctl.sandbox import ministack_names
from backendctl.sandbox.corrections.records import NS, record_of, text
from backendctl.sandbox.http import OK
from backendctl.sandbox.timing import Deadlines
from backendctl.sandbox.world import ACCOUNT, DEFAULT_REGION

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backendctl.sandbox.inner import Inner
    from backendctl.sandbox.timing import Pace

PENDING, ISSUED = "PENDING_VALIDATION", "ISSUED"
DESCRIBING = (2.0, 10.0)
"""AWS's seconds until DescribeCertificate tells the record (F29)."""

VALIDATING = (60.0, 300.0)
"""AWS's seconds from the moment the record stands until the certificate is ISSUED (F33)."""

_STORE = "_certificates"
Certificate = dict[str, Any]


@dataclass(kw_only=True, slots=True)
class Validation:
    """Certificates on their way; the emulated ACM keeps them, so that they are still pending after a restart."""

    inner: Inner
    pace: Pace
    _untold: Deadlines[str] = field(init=False)
    _seen: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._untold = Deadlines(pace=self.pace)

    def begin(self, region: str, arn: str) -> None:
        """A certificate has been requested: it waits for one record per name, the same in all regions (F31)."""
        certificate = ministack_names.kept("acm", _STORE, region, arn)
        certificate["Status"] = PENDING
        certificate["DomainValidationOptions"] = [_option(name) for name in certificate["SubjectAlternativeNames"]]
        self._untold.begin(arn, *DESCRIBING)

    def shown(self, certificate: Certificate) -> list[dict[str, Any]]:
        """DomainValidationOptions, which for some seconds have no record yet."""
        told = certificate.get("DomainValidationOptions", [])
        if not self._untold.lasts(certificate["CertificateArn"]):
            return list(told)
        return [{name: value for name, value in option.items() if name != "ResourceRecord"} for option in told]

    async def settle(self, region: str) -> None:
        """Issue the region's certificates whose records have stood for long enough."""
        waiting = list(_pending(region))
        records = await self._records() if waiting else set()
        for certificate in waiting:
            arn, options = certificate["CertificateArn"], certificate["DomainValidationOptions"]
            if not all(_record(option) in records for option in options):
                self._seen.pop(arn, None)
                continue
            if self.pace.is_past(self._seen.setdefault(arn, self.pace.due(*VALIDATING))):
                certificate["Status"] = ISSUED
                for option in options:
                    option["ValidationStatus"] = "SUCCESS"

    async def _records(self) -> set[tuple[str, str]]:
        """Names and values of the CNAMEs in every public zone."""
        found: set[tuple[str, str]] = set()
        listed = await self._ask("/hostedzone")
        for zone in [] if listed is None else listed.iterfind(".//r:HostedZone", NS):
            if text(zone, "r:Config/r:PrivateZone").lower() == "true":
                continue
            page = await self._ask(f"/hostedzone/{re.sub('.*/', '', text(zone, 'r:Id'))}/rrset")
            for node in [] if page is None else page.iterfind(".//r:ResourceRecordSet", NS):
                record = record_of(node)
                if record.type == "CNAME":
                    found |= {(record.name.rstrip("."), value.rstrip(".").lower()) for value in record.values}
        return found

    async def _ask(self, path: str) -> ET.Element | None:
        answer = await self.inner.ask(
            service="route53",
            region=DEFAULT_REGION,
            method="GET",
            path=f"/2013-04-01{path}",
            query={"maxitems": ["1000"]},
        )
        return answer.xml() if answer.status == OK else None


def _pending(region: str) -> Iterator[Certificate]:
    acm = ministack_names.module("services.acm")
    for (account, place, _), certificate in ministack_names.every(acm, _STORE).items():
        if (account, place) == (ACCOUNT, region) and certificate["Status"] == PENDING:
            yield certificate


def _option(name: str) -> dict[str, Any]:
    base = name.removeprefix("*.")
    digest = hashlib.sha256(f"{ACCOUNT} {base}".encode()).hexdigest()
    record = {
        "Name": f"_{digest[:32]}.{base}.",
        "Type": "CNAME",
        "Value": f"_{digest[32:]}.sandbox.acm-validations.aws.",
    }
    return {
        "DomainName": name,
        "ValidationDomain": name,
        "ValidationMethod": "DNS",
        "ValidationStatus": PENDING,
        "ResourceRecord": record,
    }


def _record(option: dict[str, Any]) -> tuple[str, str]:
    record = option["ResourceRecord"]
    return record["Name"].rstrip("."), record["Value"].rstrip(".")
