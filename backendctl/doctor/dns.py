"""Health checks: of a region's own address, never of the name that all regions share."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from backendctl.doctor.account import NEAR, QUOTAS
from backendctl.doctor.finding import Finding, Severity
from backendctl.resources.route53 import dns, health_check
from backendctl.spec.domains import SIMPLE

if TYPE_CHECKING:
    from backendctl.doctor.case import Case


def quota(case: Case) -> Iterator[Finding]:
    """The health checks of the whole account (E23)."""
    if all(domain.health_check is None for domain in case.spec.domains):
        return
    count, most = len(health_check.checks(case.aws)), health_check.QUOTA
    if count >= NEAR * most:
        yield Finding(
            check="quotas",
            severity=Severity.WARNING,
            where="global/quota/health checks",
            what=f"{count} of {most} health checks are in use, unless AWS has raised the quota of this account",
            why="at the quota Route 53 makes no more, and a new region gets no users",
            next_step=f"raise it, or remove health checks: {QUOTAS}",
        )


def shared_name(case: Case) -> Iterator[Finding]:
    """Checks of anybody in the account that ask the shared name (E13)."""
    shared = {one.name for one in case.spec.domains}
    for check in health_check.checks(case.aws) if shared else ():
        asked = dns.plain_name(check["HealthCheckConfig"].get("FullyQualifiedDomainName", ""))
        if asked in shared:
            yield Finding(
                check="health-checks",
                severity=Severity.BAD,
                where=f"global/health-check/{check['Id']}",
                what=f"it asks {asked}, which all regions share",
                why="Route 53 answers it from a healthy region, so that the one that is down never looks so",
                next_step="let it ask the region's own execute-api address, as domain.health-check in the spec does",
            )
    for domain in case.spec.domains if len(case.spec.all_regions) > 1 else ():
        if domain.zone is not None and domain.health_check is None and domain.routing != SIMPLE:
            yield Finding(
                check="health-checks",
                severity=Severity.WARNING,
                where=f"global/domain/{domain.name}",
                what="its records have no health check of a path of yours",
                why="a region whose functions fail goes on getting callers",
                next_step="domain.health-check: {path: …} in the spec, then backendctl deploy",
            )
