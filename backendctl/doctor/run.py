"""Every check in every region at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from backendctl.aws.errors import is_silent
from backendctl.aws.regions import each
from backendctl.doctor import account, api, certificates, dns, drift, functions, logs, roles, versions, warmers
from backendctl.doctor.finding import Diagnosis, Finding, Severity
from backendctl.engine.resource import GLOBAL
from backendctl.errors import BackendctlError

if TYPE_CHECKING:
    from backendctl.doctor.case import Case, Regional, Whole

REGIONAL: Mapping[str, Regional] = {
    "regions": account.regions,
    "quotas": account.quotas,
    "certificates": certificates.certificate,
    "runtimes": functions.runtime,
    "memory": functions.memory,
    "network": functions.network,
    "role rights": roles.rights,
    "role width": roles.width,
    "undeployed edits": api.undeployed,
    "open functions": api.open_functions,
    "log retention": logs.retention,
    "warmers": warmers.warmers,
    "versions": versions.unused,
}
WHOLE: Mapping[str, Whole] = {
    "health checks": dns.shared_name,
    "quota of health checks": dns.quota,
    "drift": drift.drift,
    "DynamoDB clients": functions.clients,
}
"""By the name under which a check that cannot be made is told."""


def diagnose(case: Case) -> Diagnosis:
    """Make every check; one that fails is a finding, unless its region is silent altogether."""
    silent = dict(case.changes.plan.unreachable)
    regions = [region for region in case.spec.regions if region not in silent]
    keys = [(name, region) for name in REGIONAL for region in regions] + [(name, GLOBAL) for name in WHOLE]
    found, failed = each(
        keys,
        lambda key: tuple(WHOLE[key[0]](case) if key[1] == GLOBAL else REGIONAL[key[0]](case, key[1])),
        workers=case.backend.settings.workers,
        doing=lambda key: f"check {key[0]} of {key[1]}",
    )
    silent |= {region: error for (_, region), error in failed.items() if region != GLOBAL and is_silent(error)}
    unknown = [_unknown(name, region, error) for (name, region), error in failed.items() if region not in silent]
    findings = dict.fromkeys([*(one for many in found.values() for one in many), *unknown])
    order = list(Severity)
    return Diagnosis(
        backend=case.spec.backend,
        regions=case.spec.regions,
        findings=tuple(sorted(findings, key=lambda one: (order.index(one.severity), one.check, one.where))),
        looked=(*REGIONAL, *WHOLE),
        unreachable=silent,
    )


def _unknown(name: str, region: str, error: BackendctlError) -> Finding:
    return Finding(
        check=name.replace(" ", "-"),
        severity=Severity.UNKNOWN,
        where=region,
        what=error.message,
        why="what could not be looked at may be wrong",
        next_step=error.hint or "backendctl iam-policy --for doctor",
    )
