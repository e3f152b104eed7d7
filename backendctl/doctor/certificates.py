"""Certificates: issued, and not near their end without a renewal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from backendctl.doctor.finding import Finding, Severity
from backendctl.resources.acm import certificates

if TYPE_CHECKING:
    from backendctl.doctor.case import Case
    from backendctl.spec.domains import DomainSpec

_RENEWED = 45
"""Days before the end by which ACM has renewed what it can: it begins 60 days before."""
_LATE = 14


def certificate(case: Case, region: str) -> Iterator[Finding]:
    """Those that the domains have in a region."""
    for domain in case.spec.domains:
        yield from _certificate(case, region, domain)


def _certificate(case: Case, region: str, domain: DomainSpec) -> Iterator[Finding]:
    found = certificates.serving(case.aws, region, domain, now=case.now)
    where = f"{region}/certificate/{domain.name}"
    look = f"aws acm describe-certificate --region {region} --certificate-arn {found.arn}" if found else ""
    if found is None or found.status != "ISSUED":
        none = certificates.none_there(region, domain.name, zone=domain.zone)
        yield Finding(
            check="certificates",
            severity=Severity.BAD,
            where=where,
            what=f"the certificate {found.arn} is {found.status}" if found else none.message,
            why="the domain cannot be served in that region",
            next_step=certificates.NAME_ANOTHER if found and found.status == certificates.GONE else look or none.hint,
        )
    elif found.days is not None and found.days < _RENEWED:
        yield Finding(
            check="certificates",
            severity=Severity.BAD if found.days < _LATE else Severity.WARNING,
            where=where,
            what=f"the certificate ends in {found.days} days, and its renewal is {found.renewal}",
            why="after that every caller of the domain gets a TLS error",
            next_step=f"{look}; keep the DNS record that it names, or import a new certificate",
        )
