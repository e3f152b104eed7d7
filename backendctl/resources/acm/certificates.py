"""Certificates a regional domain can have: ISSUED, in the same region and account (A79, A80)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from backendctl.aws.errors import ClientError, is_missing
from backendctl.errors import BackendctlError
from backendctl.resources.apigateway.api_reads import domain_names
from backendctl.resources.route53 import dns

if TYPE_CHECKING:
    from mypy_boto3_acm.literals import CertificateStatusType, KeyAlgorithmType
    from mypy_boto3_acm.type_defs import CertificateSummaryTypeDef

    from backendctl.aws.connection import Aws
    from backendctl.spec.domains import DomainSpec

# ListCertificates leaves out all but RSA_1024 and RSA_2048 unless asked.
_KEYS: list[KeyAlgorithmType] = ["RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1"]

ENDED: tuple[CertificateStatusType, ...] = ("FAILED", "VALIDATION_TIMED_OUT")
"""Statuses out of which no certificate ever comes."""

GONE = "no longer there"
NAME_ANOTHER = "name another in the spec (`certificate`), or none"


def listed(aws: Aws, region: str, status: CertificateStatusType) -> list[CertificateSummaryTypeDef]:
    """The certificates of a region with that status, shared within a plan."""

    def load() -> list[CertificateSummaryTypeDef]:
        pages = aws.acm(region).get_paginator("list_certificates")
        found = pages.paginate(CertificateStatuses=[status], Includes={"keyTypes": _KEYS})
        return [item for page in found for item in page["CertificateSummaryList"]]

    return aws.shared(("certificates", region, status), load)


def find(aws: Aws, region: str, domain: str, *, zone: str | None) -> str:
    """ARN of an issued certificate that covers the domain, the one with that very name first.

    Args:
        zone: of the domain in the spec.

    Raises:
        BackendctlError: there is none.
    """
    found = best(listed(aws, region, "ISSUED"), domain)
    if found is None:
        raise none_there(region, domain, zone=zone)
    return found


def none_there(region: str, domain: str, *, zone: str | None) -> BackendctlError:
    """That a domain has no certificate in a region, and how it gets one."""
    if zone is not None:
        hint = f"have one requested: backendctl deploy --only certificate/{domain}"
    else:
        hint = (
            "name the domain's `zone` in the spec, and backendctl requests one; or request one there, and add the DNS "
            f"record it asks for: aws acm request-certificate --region {region} --domain-name {domain} "
            "--validation-method DNS"
        )
    return BackendctlError(f"{region} has no issued certificate for {domain}", hint=hint)


@dataclass(frozen=True, kw_only=True, slots=True)
class Serving:
    """The certificate that a domain has in a region, or would get.

    Attributes:
        status: as ACM has it, or GONE. days: until it ends; None where ACM does not say. renewal: its RenewalStatus.
    """

    arn: str
    status: str
    days: int | None
    renewal: str


def serving(aws: Aws, region: str, domain: DomainSpec, *, now: float) -> Serving | None:
    """The one that the live domain uses; without one the spec's, or the issued one that fits best. None: there is none.

    Args:
        now: seconds since the epoch.
    """
    live = domain_names(aws, region).get(domain.name, {})
    arn = live.get("regionalCertificateArn") or domain.certificates.get(region)
    arn = arn or best(listed(aws, region, "ISSUED"), domain.name)
    if arn is None:
        return None
    try:
        found: Any = aws.acm(region).describe_certificate(CertificateArn=arn)["Certificate"]
    except ClientError as error:
        if not is_missing(error):
            raise
        found = {"Status": GONE}
    end = found.get("NotAfter")
    return Serving(
        arn=arn,
        status=found.get("Status", "ISSUED"),
        days=(end - datetime.fromtimestamp(now, UTC)).days if isinstance(end, datetime) else None,
        renewal=(found.get("RenewalSummary") or {}).get("RenewalStatus", "not begun"),
    )


def check_certificate(aws: Aws, region: str, arn: str) -> None:
    """Refuse a certificate that API Gateway would refuse in words of its own.

    Raises:
        BackendctlError: another region or account, or not ISSUED.
    """
    parts = arn.split(":")
    if parts[3:5] != [region, aws.account]:
        raise BackendctlError(
            f"{arn} cannot serve {region}: a regional domain needs a certificate of its own region and account",
            hint="name one per region in the spec (`certificate`), or none to have it looked up",
        )
    try:
        status = aws.acm(region).describe_certificate(CertificateArn=arn)["Certificate"].get("Status", "unknown")
    except ClientError as error:
        if not is_missing(error):
            raise
        raise BackendctlError(f"the certificate {arn} is {GONE}", hint=NAME_ANOTHER) from error
    if status != "ISSUED":
        raise BackendctlError(
            f"the certificate {arn} is {status}, not ISSUED",
            hint=f"add the DNS record it waits for: aws acm describe-certificate --region {region} "
            f"--certificate-arn {arn}",
        )


def best(found: Iterable[CertificateSummaryTypeDef], domain: str) -> str | None:
    """ARN of the best fit: the exact name before a wildcard, then the one that lasts longest."""
    fitting = []
    for item in found:
        names = _names(item)
        if any(covers(name, domain) for name in names):
            fitting.append((domain in names, str(item.get("NotAfter", "")), item["CertificateArn"]))
    return max(fitting)[2] if fitting else None


def covers(name: str, domain: str) -> bool:
    """Whether a certificate's name is that of the domain; a star stands for one label."""
    if name.startswith("*."):
        return name[2:] == domain.partition(".")[2]
    return name == domain


def _names(item: CertificateSummaryTypeDef) -> set[str]:
    return {dns.plain_name(name) for name in (item["DomainName"], *item.get("SubjectAlternativeNameSummaries", ()))}
