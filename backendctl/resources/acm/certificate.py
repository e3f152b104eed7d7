"""A certificate for a custom domain, requested where nobody gave one, and validated by a record in the domain's zone.

It is never deleted: it costs nothing, and the record that validates it also renews those of other regions (F31).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.aws import tags as tagging
from backendctl.aws.wait import until
from backendctl.engine.traits import MatrixRow, Traits, base
from backendctl.errors import BackendctlError
from backendctl.resources.acm import certificates
from backendctl.resources.apigateway.api_reads import domain_names
from backendctl.resources.route53 import dns
from backendctl.resources.route53.dns_batch import change_together
from backendctl.resources.route53.record_changes import change

if TYPE_CHECKING:
    from mypy_boto3_acm.literals import CertificateStatusType
    from mypy_boto3_acm.type_defs import ResourceRecordTypeDef
    from mypy_boto3_route53.type_defs import ChangeTypeDef, ResourceRecordSetOutputTypeDef

    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext

ISSUED: CertificateStatusType = "ISSUED"
PENDING: CertificateStatusType = "PENDING_VALIDATION"
_TTL = 300
_VALIDATION = 90 * 60
"""Seconds: mostly minutes, but more than an hour has been seen (F33)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Certificate:
    """One region's certificate for a domain whose spec has a zone and names none.

    Attributes:
        name: the domain's. zone: name or id of the zone that gets the record. status: ISSUED once it can serve.
        tags: of a new one.
    """

    kind: ClassVar[str] = "certificate"
    stateful: ClassVar[bool] = True
    scope: ClassVar[str] = "region"
    traits: ClassVar[Traits] = Traits(lasts=5, row=MatrixRow("domain", base))

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    zone: str = field(compare=False)
    tags: dict[str, str] = field(default_factory=dict, compare=False)
    status: str = ISSUED

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """One per region and domain."""
        for domain in context.spec.domains:
            for region in context.spec.regions if domain.zone is not None else ():
                if region not in domain.certificates:
                    yield cls(
                        region=region,
                        name=domain.name,
                        owner=context.backend,
                        zone=domain.zone or "",
                        tags=tagging.marked(context.backend, domain.tags),
                    )

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """What the domain has already; else an issued one of anybody's that covers it; else one that is on its way."""
        place: Any = {"region": desired.region, "name": desired.name, "owner": aws.backend, "zone": desired.zone}
        if domain_names(aws, desired.region).get(desired.name, {}).get("regionalCertificateArn"):
            return cls(**place)
        if certificates.best(certificates.listed(aws, desired.region, ISSUED), desired.name) is not None:
            return cls(**place)
        return cls(**place, status=PENDING) if _pending(aws, desired.region, desired.name) else None

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """None: none is ever deleted."""
        del aws, region
        return ()

    def needs(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def create(self, aws: Aws) -> None:
        """Requested, the record written, and waited for; a run that was killed is gone on with."""
        arn = _pending(aws, self.region, self.name) or self._requested(aws)
        record = until(
            aws,
            f"ACM to tell the record that validates {self.name} in {self.region}",
            lambda: _record(self._described(aws, arn), self.name),
            limit=300,
            step=2,
        )
        self._write(aws, record)
        until(
            aws,
            f"ACM to find the record of {self.name} and issue its certificate in {self.region}, minutes as a rule",
            lambda: self._issued(aws, arn),
            limit=_VALIDATION,
            step=10,
        )
        aws.forget("certificates", self.region)

    def update(self, aws: Aws, live: Self) -> None:
        """The same, from where it is."""
        del live
        self.create(aws)

    def delete(self, aws: Aws) -> None:
        """Never called: none is ours to delete."""

    def _requested(self, aws: Aws) -> str:
        failed = sum(len(certificates.listed(aws, self.region, status)) for status in certificates.ENDED)
        token = hashlib.sha256(f"{aws.account}/{self.region}/{self.name}/{failed}".encode()).hexdigest()[:32]
        asked = aws.acm(self.region).request_certificate(
            DomainName=self.name,
            ValidationMethod="DNS",
            IdempotencyToken=token,  # F30: an answer that was lost makes no second certificate
            Tags=[{"Key": key, "Value": value} for key, value in self.tags.items()],
        )
        aws.forget("certificates", self.region)
        return asked["CertificateArn"]

    def _described(self, aws: Aws, arn: str) -> Any:
        return aws.acm(self.region).describe_certificate(CertificateArn=arn)["Certificate"]

    def _issued(self, aws: Aws, arn: str) -> bool | None:
        found = self._described(aws, arn)
        if found.get("Status") in certificates.ENDED:
            reason = found.get("FailureReason", "")
            raise BackendctlError(
                f"the certificate {arn} is {found['Status']}{reason and f': {reason}'}",
                hint=f"{self._remedy(arn, found['Status'], reason)}; the same command requests another",
            )
        return True if found.get("Status") == ISSUED else None

    def _remedy(self, arn: str, status: str, reason: str) -> str:
        if status == "VALIDATION_TIMED_OUT":
            return f"see that the name servers that the registrar names are those of the zone {self.zone}"
        if reason == "CAA_ERROR":
            return f'let a CAA record of {self.name}, or of a domain above it, allow Amazon: 0 issue "amazon.com"'
        return f"see what ACM tells of it: aws acm describe-certificate --region {self.region} --certificate-arn {arn}"

    def _write(self, aws: Aws, record: ResourceRecordTypeDef) -> None:
        """The record, which is the same for all regions of an account (F31); it stays when a region goes."""
        name = dns.plain_name(record["Name"])

        def changes(found: Sequence[ResourceRecordSetOutputTypeDef]) -> list[ChangeTypeDef]:
            known = [dns.plain_name(dns.points_at(one)) for one in found if one["Type"] == record["Type"]]
            if dns.plain_name(record["Value"]) in known:
                return []
            if found:  # E6, E7
                told = ", ".join(f"{one['Type']} → {dns.points_at(one)}" for one in found)
                raise BackendctlError(
                    f"{name} has a record already, {told}, and ACM wants {record['Type']} → {record['Value']} there to "
                    f"validate {self.name}",
                    hint="remove it from the zone first, when nobody needs it",
                )
            wanted: ResourceRecordSetOutputTypeDef = {
                "Name": name,
                "Type": record["Type"],
                "TTL": _TTL,
                "ResourceRecords": [{"Value": record["Value"]}],
            }
            return [change("CREATE", wanted)]

        change_together(
            aws, dns.require_zone(aws, self.zone), name, changes, what=f"the record that validates {self.name}"
        )


def _pending(aws: Aws, region: str, name: str) -> str | None:
    """ARN of a certificate of that name alone which waits for its record in DNS, whoever requested it.

    One of further names, or validated by mail, waits for what is not written here.
    """
    for found in certificates.listed(aws, region, PENDING):
        if dns.plain_name(found["DomainName"]) == name:
            arn = found["CertificateArn"]
            told = aws.acm(region).describe_certificate(CertificateArn=arn)["Certificate"]
            options = told.get("DomainValidationOptions", [])
            names = [*told.get("SubjectAlternativeNames", ()), *(option["DomainName"] for option in options)]
            by_dns = all(option.get("ValidationMethod", "DNS") == "DNS" for option in options)
            if by_dns and all(dns.plain_name(one) == name for one in names):
                return arn
    return None


def _record(certificate: Any, name: str) -> ResourceRecordTypeDef | None:
    """The record that the name asks for; absent for some seconds (F29)."""
    options = certificate.get("DomainValidationOptions", [])
    own = [one for one in options if dns.plain_name(one["DomainName"]) == name]
    found = [one["ResourceRecord"] for one in own if "ResourceRecord" in one]
    return found[0] if found else None
