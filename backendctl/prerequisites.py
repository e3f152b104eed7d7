"""What a user has in a real account before backendctl comes: a hosted zone and certificates. Made in a sandbox only."""

from __future__ import annotations

import uuid
from functools import partial
from typing import TYPE_CHECKING

from backendctl.aws.crew import together
from backendctl.spec.model import Domain, Spec

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws


def furnish(spec: Spec, aws: Aws) -> list[str]:
    """Make the hosted zone and, in every region, the certificate that the spec takes for granted.

    Returns:
        One line for each thing made.
    """
    domain = spec.domain
    if domain is None:
        return []
    regions = [region for region in spec.regions if region not in domain.certificates]
    each = together(
        [partial(_make_zone, domain, aws), *(partial(_make_certificate, domain, region, aws) for region in regions)]
    )
    return [line for line in each if line]


def _make_zone(domain: Domain, aws: Aws) -> str:
    if not domain.zone or _zone_exists(domain.zone, aws):
        return ""
    aws.route53().create_hosted_zone(Name=domain.zone, CallerReference=str(uuid.uuid4()))
    aws.forget("zones")
    return f"hosted zone {domain.zone}"


def _make_certificate(domain: Domain, region: str, aws: Aws) -> str:
    if _certificate_exists(domain, region, aws):
        return ""
    aws.acm(region).request_certificate(DomainName=domain.name, ValidationMethod="EMAIL")
    return f"certificate for {domain.name} in {region}"


def _zone_exists(zone: str, aws: Aws) -> bool:
    found = aws.route53().list_hosted_zones_by_name(DNSName=zone)["HostedZones"]
    return any(item["Name"] == f"{zone}." for item in found)  # the call is a sorted start-at, not a filter (E27)


def _certificate_exists(domain: Domain, region: str, aws: Aws) -> bool:
    pages = aws.acm(region).get_paginator("list_certificates").paginate()
    return any(item["DomainName"] == domain.name for page in pages for item in page["CertificateSummaryList"])
