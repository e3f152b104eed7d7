"""Why the endpoint of a custom domain cannot become regional now; a plan and a deploy say it in the same sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backendctl.errors import BackendctlError
from backendctl.resources.route53 import dns

if TYPE_CHECKING:
    from mypy_boto3_apigateway.type_defs import DomainNameTypeDef

    from backendctl.aws.connection import Aws

EDGE, REGIONAL = "EDGE", "REGIONAL"
BOTH = f"{EDGE}, {REGIONAL}"
"""As a live domain has it while it moves."""


def described(aws: Aws, region: str, name: str) -> DomainNameTypeDef:
    """The domain as API Gateway has it now."""
    found: Any = aws.apigateway(region).get_domain_name(domainName=name)
    answer: DomainNameTypeDef = found
    return answer


def obstacle(aws: Aws, region: str, name: str, *, endpoint: str, zone: str | None) -> BackendctlError | None:
    """What stands against a regional endpoint alone; None when nothing does, or when this run begins the move.

    Args:
        endpoint: the live domain's types, sorted and joined. zone: as in `Domain`.

    Raises:
        ClientError: API Gateway or Route 53 refused to tell.
    """
    if endpoint in {EDGE, REGIONAL}:
        return None
    if endpoint != BOTH:
        return BackendctlError(
            f"{name} in {region} is a {endpoint} domain, which AWS never turns into a regional one",
            hint="give the domain another name in the spec",
        )
    if zone is not None:
        return None
    found = described(aws, region, name)
    edge = found.get("distributionDomainName", "")
    leads = dns.leads_to(aws, name, edge, zone=None)
    return None if leads is False else _held(region, name, found, known=leads is not None)


def _held(region: str, name: str, found: DomainNameTypeDef, *, known: bool) -> BackendctlError:
    """Why the edge endpoint of a name without `zone` stays. known: whether its record was seen."""
    edge, regional = found.get("distributionDomainName", ""), found.get("regionalDomainName", "")
    zone = found.get("regionalHostedZoneId", "")
    # E10
    point = (
        f"point {name} at {regional} where you keep its DNS, in Route 53 by an alias with the hosted zone id {zone} "
        "(that of API Gateway, not of your zone; an alias has no TTL)"
    )
    if known:
        return BackendctlError(
            f"{name} still leads to its edge-optimised endpoint {edge}",
            hint=f"{point}, and run this again; or name its zone in the spec, and backendctl sync-dns --adopt does",
        )
    remove = f"op=remove,path=/endpointConfiguration/types,value={EDGE}"
    return BackendctlError(
        f"no zone of this account has a record of {name}: whether it still leads to its edge-optimised endpoint "
        f"{edge} cannot be seen here, and then taking that away would be an outage",
        hint=f"{point}; once that is so: aws apigateway update-domain-name --region {region} "
        f"--domain-name {name} --patch-operations {remove}",
    )
