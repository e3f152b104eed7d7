"""What a user has in a real account before backendctl comes: a hosted zone and certificates. Made in a sandbox only."""

from __future__ import annotations

import uuid
from functools import partial
from typing import TYPE_CHECKING

from backendctl.aws.crew import together
from backendctl.spec.domains import DomainSpec, is_zone_id
from backendctl.spec.model import Spec

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws


def furnish(spec: Spec, aws: Aws) -> list[str]:
    """Make the hosted zone and, in every region, the certificate that the spec takes for granted.

    Returns:
        One line for each thing made.
    """
    each = together([partial(_make_zone, zone, aws) for zone in _zones(spec)])
    each += together(
        [
            partial(_make_certificate, domain, region, aws)
            for domain in spec.domains
            for region in spec.regions
            if domain.zone is None and region not in domain.certificates  # with a zone it is requested
        ]
    )
    return [line for line in each if line]


def _zones(spec: Spec) -> list[str]:
    """The zones that are named; one given by its id is somewhere already."""
    return list(dict.fromkeys(domain.zone for domain in spec.domains if domain.zone and not is_zone_id(domain.zone)))


def _make_zone(zone: str, aws: Aws) -> str:
    if _zone_exists(zone, aws):
        return ""
    aws.route53().create_hosted_zone(Name=zone, CallerReference=str(uuid.uuid4()))
    aws.forget("zones")
    return f"hosted zone {zone}"


def _make_certificate(domain: DomainSpec, region: str, aws: Aws) -> str:
    if _certificate_exists(domain, region, aws):
        return ""
    aws.acm(region).request_certificate(DomainName=domain.name, ValidationMethod="EMAIL")
    return f"certificate for {domain.name} in {region}"


def _zone_exists(zone: str, aws: Aws) -> bool:
    found = aws.route53().list_hosted_zones_by_name(DNSName=zone)["HostedZones"]
    return any(item["Name"] == f"{zone}." for item in found)  # the call is a sorted start-at, not a filter (E27)


def _certificate_exists(domain: DomainSpec, region: str, aws: Aws) -> bool:
    pages = aws.acm(region).get_paginator("list_certificates").paginate()
    return any(item["DomainName"] == domain.name for page in pages for item in page["CertificateSummaryList"])
