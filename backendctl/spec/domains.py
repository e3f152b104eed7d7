"""Custom domains, as the spec says them; see `model` for the whole."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial

from backendctl.spec.rows import build, by_region, flag, ref, row, some, text, whole, words

LATENCY, FAILOVER, SIMPLE = "latency", "failover", "simple"
"""How users find a region."""
_POLICIES = (
    "TLS13_1_2_2021_06",
    "TLS13_1_2_PQ_2025_09",
    "TLS13_1_2_PFS_PQ_2025_09",
    "TLS13_1_2_FIPS_PQ_2025_09",
    "TLS13_1_2_FIPS_PFS_PQ_2025_09",
    "TLS13_1_2_Ext2_PQ_2025_09",
    "TLS13_1_2_Ext2_FIPS_PQ_2025_09",
    "TLS13_1_3_2025_09",
    "TLS13_1_3_FIPS_2025_09",
)


def normalised(name: str) -> str:
    """A domain's or zone's name as everything behind the loader has it: small letters, no trailing dot."""
    return name.rstrip(".").lower()


def is_zone_id(zone: str) -> bool:
    """Whether a zone is given by its id, which has no dots; what it stands for only AWS knows."""
    return "." not in zone.rstrip(".")


def _zone(given: str) -> str:
    """A name in small letters without the last dot; an id as it is."""
    return given if is_zone_id(given) else normalised(given)


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthCheck:
    """A Route 53 check of each region's own endpoint (E13).

    Attributes:
        path: as the custom domain serves it, e.g. /v1/healthz.
        interval: seconds, 10 or 30. failures: 1 to 10.
    """

    path: str = field(
        metadata=row(
            text(r"^/\S*$|\{\{", "a path that begins with '/'"), "Path as the domain serves it, e.g. /v1/healthz."
        )
    )
    interval: int = field(default=30, metadata=row({"type": "integer", "enum": [10, 30]}, "Seconds between checks."))
    failures: int = field(default=3, metadata=row(whole(1, 10), "Failures in a row that make a region unhealthy."))


@dataclass(frozen=True, kw_only=True, slots=True)
class MutualTls:
    """Which callers' certificates a domain takes (A86).

    Attributes:
        truststore: s3://bucket/key of a PEM file. version: of that object; None for the present one.
    """

    truststore: str = field(
        metadata=row(
            text(r"^s3://[a-z0-9][a-z0-9.-]+/.+|\{\{", "a file in S3, s3://bucket/key"),
            "PEM file with the authorities, s3://bucket/key.",
        )
    )
    version: str | None = field(default=None, metadata=row(some(), "Version of that object, in a versioned bucket."))


@dataclass(frozen=True, kw_only=True, slots=True)
class DomainSpec:
    """A custom domain in front of every region.

    Attributes:
        name: normalised. zone: name of the public hosted zone, no trailing dot, or its id; None leaves DNS alone.
        routing: LATENCY, FAILOVER or SIMPLE.
        certificates: ACM certificate ARN per region; a region not named looks one up (A79), or requests it.
        mutual_tls: None leaves it alone.
        health_check: the backend's, which has one per region for all its domains.
        ipv6: whether AAAA records are kept beside the A records.
    """

    name: str = field(
        metadata=row(
            text(
                r"^(([a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?\.)+[a-zA-Z][a-zA-Z0-9-]*|.*\{\{.*)$",
                "a domain name without 'https://' and without a final dot",
            ),
            "The custom domain, e.g. api.example.com.",
            read=normalised,
        )
    )
    zone: str | None = field(
        default=None,
        metadata=row(
            text(
                r"^(([a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?\.)+[a-zA-Z][a-zA-Z0-9-]*\.?|Z[A-Z0-9]{1,31}|.*\{\{.*)$",
                "the name or the id of a hosted zone",
            ),
            "The public hosted zone that holds it, by name or id; without one DNS is left alone.",
            read=_zone,
        ),
    )
    routing: str = field(
        default=LATENCY,
        metadata=row(
            words(LATENCY, FAILOVER, SIMPLE),
            "How users find a region: latency, each the nearest; failover, the second region only when the primary's "
            "health check fails; simple, the primary always.",
        ),
    )
    certificates: dict[str, str] = field(
        default_factory=dict,
        metadata=row(
            by_region("certificate-arn", "certificate"),
            "ACM certificate: an ARN, or one per region; left out it is looked up, and with a zone requested.",
            key="certificate",
        ),
    )
    security_policy: str = field(
        default="TLS_1_2",
        metadata=row(words("TLS_1_2", "TLS_1_0", *(f"SecurityPolicy_{one}" for one in _POLICIES)), "TLS."),
    )
    mutual_tls: MutualTls | None = field(
        default=None,
        metadata=row(
            ref("mutual-tls"),
            "Only callers with a certificate that the truststore knows get in.",
            read=partial(build, MutualTls),
        ),
    )
    health_check: HealthCheck | None = field(
        default=None,
        metadata=row(
            ref("health-check"), "Route 53 asks each region's own endpoint.", read=partial(build, HealthCheck)
        ),
    )
    evaluate_target_health: bool = field(
        default=True, metadata=row(flag(), "Route 53 leaves out a region whose API Gateway fails.")
    )
    ipv6: bool = field(default=True, metadata=row(flag(), "AAAA records beside the A records."))
    tags: dict[str, str] = field(default_factory=dict, metadata=row(ref("tags")))
