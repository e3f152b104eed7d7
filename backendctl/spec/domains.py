"""Custom domains, as the spec says them; see `model` for the whole."""

from __future__ import annotations

from dataclasses import dataclass, field

LATENCY, FAILOVER, SIMPLE = "latency", "failover", "simple"
"""How users find a region."""


def normalised(name: str) -> str:
    """A domain's or zone's name as everything behind the loader has it: small letters, no trailing dot."""
    return name.rstrip(".").lower()


def is_zone_id(zone: str) -> bool:
    """Whether a zone is given by its id, which has no dots; what it stands for only AWS knows."""
    return "." not in zone.rstrip(".")


@dataclass(frozen=True, kw_only=True, slots=True)
class HealthCheck:
    """A Route 53 check of each region's own endpoint (E13).

    Attributes:
        path: as the custom domain serves it, e.g. /v1/healthz.
        interval: seconds, 10 or 30. failures: 1 to 10.
    """

    path: str
    interval: int = 30
    failures: int = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class MutualTls:
    """Which callers' certificates a domain takes (A86).

    Attributes:
        truststore: s3://bucket/key of a PEM file. version: of that object; None for the present one.
    """

    truststore: str
    version: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Domain:
    """A custom domain in front of every region.

    Attributes:
        name: normalised. zone: name of the public hosted zone, no trailing dot, or its id; None leaves DNS alone.
        routing: LATENCY, FAILOVER or SIMPLE.
        certificates: ACM certificate ARN per region; a region not named looks one up (A79), or requests it.
        mutual_tls: None leaves it alone.
        health_check: the backend's, which has one per region for all its domains.
        ipv6: whether AAAA records are kept beside the A records.
    """

    name: str
    zone: str | None = None
    routing: str = LATENCY
    certificates: dict[str, str] = field(default_factory=dict)
    security_policy: str = "TLS_1_2"
    mutual_tls: MutualTls | None = None
    health_check: HealthCheck | None = None
    evaluate_target_health: bool = True
    ipv6: bool = True
    tags: dict[str, str] = field(default_factory=dict)
