"""Certificates: issued, and not near their end without a renewal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from backendctl.doctor.finding import Finding, Severity
from backendctl.resources import certificates

if TYPE_CHECKING:
    from backendctl.doctor.case import Case
    from backendctl.spec.domains import Domain

_RENEWED = 45
"""Days before the end by which ACM has renewed what it can: it begins 60 days before."""
_LATE = 14


def certificate(case: Case, region: str) -> Iterator[Finding]:
    """Those that the domains have in a region."""
    for domain in case.spec.domains:
        yield from _certificate(case, region, domain)


def _certificate(case: Case, region: str, domain: Domain) -> Iterator[Finding]:
    arn = domain.certificates.get(region) or certificates.find(case.aws, region, domain.name)
    found: Any = case.aws.acm(region).describe_certificate(CertificateArn=arn)["Certificate"]
    where = f"{region}/certificate/{domain.name}"
    look = f"aws acm describe-certificate --region {region} --certificate-arn {arn}"
    if found.get("Status", "ISSUED") != "ISSUED":
        yield Finding(
            check="certificates",
            severity=Severity.BAD,
            where=where,
            what=f"the certificate is {found['Status']}",
            why="the domain cannot be served in that region",
            next_step=look,
        )
    end = found.get("NotAfter")
    if not isinstance(end, datetime):
        return
    days = (end - datetime.fromtimestamp(case.now, UTC)).days
    if days < _RENEWED:
        renewal = (found.get("RenewalSummary") or {}).get("RenewalStatus", "not begun")
        yield Finding(
            check="certificates",
            severity=Severity.BAD if days < _LATE else Severity.WARNING,
            where=where,
            what=f"the certificate ends in {days} days, and its renewal is {renewal}",
            why="after that every caller of the domain gets a TLS error",
            next_step=f"{look}; keep the DNS record that it names, or import a new certificate",
        )
