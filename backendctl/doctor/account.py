"""The account in one region: whether it lets us in, and how near its quotas are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from backendctl.aws.errors import explain
from backendctl.aws.metrics import Series, fetch
from backendctl.doctor.finding import Finding, Severity
from backendctl.resources.apigateway.api_reads import apis
from backendctl.resources.events.rule_reads import count_rules

if TYPE_CHECKING:
    from backendctl.doctor.case import Case

NEAR = 0.8
_APIS = 600  # A40: regional APIs of an account and region
_RULES = 300  # of the default event bus
_SPARE = 100  # B46: what Lambda keeps for functions without a reservation
_DAY = 86_400
QUOTAS = "https://console.aws.amazon.com/servicequotas"


def regions(case: Case, region: str) -> Sequence[Finding]:
    """Whether the region is enabled, which only its own STS can tell (F12, F13)."""
    try:
        case.aws.sts(region).get_caller_identity()
    except Exception as error:
        raise explain(error, doing=f"sign in to {region}") from error
    return ()


def quotas(case: Case, region: str) -> Iterator[Finding]:
    """Concurrency and code storage of Lambda, APIs, rules."""
    settings = case.aws.lambda_(region).get_account_settings()
    limits, usage = settings["AccountLimit"], settings["AccountUsage"]
    concurrency = limits.get("ConcurrentExecutions", 0)
    used = (
        ("concurrent executions", _busiest(case, region), concurrency, f"raise it: {QUOTAS}"),
        ("bytes of code", usage.get("TotalCodeSize", 0), limits.get("TotalCodeSize", 0), "backendctl prune"),
        ("regional APIs", len(apis(case.aws, region)), _APIS, f"raise it, or remove APIs: {QUOTAS}"),
        ("rules of the default event bus", count_rules(case.aws, region), _RULES, f"raise it: {QUOTAS}"),
    )
    for what, now, most, next_step in used:
        if most and now >= NEAR * most:
            yield Finding(
                check="quotas",
                severity=Severity.BAD if now >= most else Severity.WARNING,
                where=f"{region}/quota/{what}",
                what=f"{now:,.0f} of {most:,} {what} are in use",
                why="at the quota AWS refuses what comes next, and raising it takes hours",
                next_step=next_step,
            )
    unreserved = limits.get("UnreservedConcurrentExecutions", concurrency)
    if unreserved <= _SPARE:
        yield Finding(
            check="quotas",
            severity=Severity.WARNING,
            where=f"{region}/quota/concurrent executions",
            what=f"{unreserved} concurrent executions are left for functions without a reservation",
            why="more requests at once than that are throttled, and no reservation can be added",
            next_step=f"raise it: {QUOTAS}",
        )


def _busiest(case: Case, region: str) -> float:
    """The most executions at once within a day, of the whole account."""
    series = Series(namespace="AWS/Lambda", metric="ConcurrentExecutions", dimensions=(), stat="Maximum", period=3600)
    until = int(case.now)
    found = fetch(case.aws, region, [series], since=until - _DAY, until=until).get(series, {})
    return max(found.values(), default=0.0)
