"""The part of a spec's schema that is about the API, its stages, callers and domains."""

from __future__ import annotations

from backendctl.spec.callers import ApiKey, Cors, Quota, Smoke, Throttling, UsagePlan
from backendctl.spec.domains import DomainSpec, HealthCheck, MutualTls
from backendctl.spec.function import RETENTION
from backendctl.spec.model import Api, LiveApi, Logging, StageSpec
from backendctl.spec.rows import Schema, block, mapping, named, ref, text, whole, words


def of_stages() -> dict[str, Schema]:
    """By name."""
    cache = {
        "size": words("0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237", description="GB."),
        "ttl": whole(0, 3600, unit="seconds", description="Seconds; 0 keeps nothing.", default=300),
    }
    return {
        "logging": block(
            Logging,
            "logging",
            also={
                "retention": {
                    **RETENTION,
                    "description": "How long the stage's logs are kept; without it, or with 'never', they are left "
                    "alone.",
                }
            },
        ),
        "stage": block(
            StageSpec,
            "a stage",
            also={
                "cache": mapping(
                    "the cache",
                    cache,
                    required=("size",),
                    description="Response cache; billed by the hour even when idle.",
                )
            },
        ),
    }


def of_api() -> dict[str, Schema]:
    """By name."""
    smoke = block(
        Smoke, "a smoke request", description="One request through API Gateway's own test call; false makes none."
    )
    return {
        "smoke": {**smoke, "type": ["object", "boolean"]},
        "api-key": block(ApiKey, "an API key", description="An API key of callers."),
        "throttling": block(Throttling, "throttling"),
        "method-throttling": named(
            "method throttling", ref("throttling"), description="Limits of single methods by route: 'GET /places'."
        ),
        "quota": block(Quota, "the quota"),
        "usage-plan": block(UsagePlan, "a usage plan", description="A usage plan."),
        "cors": block(Cors, "cors"),
        "api": block(
            Api,
            "the api",
            also={
                "name": text(least=1, most=1024, description="Its name in AWS, by default the backend's."),
                "definition": {
                    **block(LiveApi, "the definition"),
                    "description": "Path of the OpenAPI 3 or Swagger 2 file, relative to this file; or a live API, "
                    "which `sync-api` reads and leaves as it is.",
                    "type": ["string", "object"],
                    "minLength": 1,
                },
            },
            required=["definition"],
            description="The REST API.",
        ),
    }


def of_domains() -> dict[str, Schema]:
    """By name."""
    return {
        "certificate-arn": text(
            r"^(arn:aws[a-z-]*:acm:[a-z0-9-]+:[0-9]{12}:certificate/.+|.*\{\{.*)$",
            "the ARN of a certificate, arn:aws:acm:region:123456789012:certificate/id",
            description="ARN of an ACM certificate.",
        ),
        "web-acl-arn": text(
            r"^(arn:aws[a-z-]*:wafv2:[a-z0-9-]+:[0-9]{12}:(regional|global)/webacl/[^/]+/[^/]+|.*\{\{.*)$",
            "the ARN of a regional web ACL, arn:aws:wafv2:region:123456789012:regional/webacl/name/id",
            description="ARN of a regional web ACL.",
        ),
        "mutual-tls": block(MutualTls, "mutual-tls"),
        "health-check": block(HealthCheck, "the health check"),
        "domain": block(DomainSpec, "the domain", description="A custom domain in front of every region."),
        "further-domain": block(
            DomainSpec,
            "the domain",
            without=("health-check",),
            description="A further custom domain in front of every region, with the health check of `domain`.",
        ),
    }
