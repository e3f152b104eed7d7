"""Execution roles: whether they let their functions write logs and traces, and whether they let them do too much."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from backendctl.aws.crew import together
from backendctl.doctor.finding import Finding, Severity
from backendctl.resources.iam import role_reads
from backendctl.resources.lambda_ import lambda_reads

if TYPE_CHECKING:
    from backendctl.doctor.case import Case

_LOGS = ("logs:CreateLogStream", "logs:PutLogEvents")
_TRACES = ("xray:PutTraceSegments", "xray:PutTelemetryRecords")  # B58


def rights(case: Case, region: str) -> Iterator[Finding]:
    """Logs of every function, traces of those that are traced; simulated by IAM."""
    found = case.live(region)
    each = together(partial(_refused, case, region, function.physical, live) for function, live in found)
    for (function, live), refused in zip(found, each, strict=True):
        role = str(live.get("Role", ""))
        if refused:
            yield Finding(
                check="roles",
                severity=Severity.BAD,
                where=f"{region}/function/{function.name}",
                what=f"its role {role.rpartition('/')[2]} does not allow {', '.join(refused)}",
                why="what the function writes is lost without a word",
                next_step=_mend(case, role, function.name),
            )


def _refused(case: Case, region: str, physical: str, live: Mapping[str, Any]) -> list[str]:
    role, group = str(live.get("Role", "")), lambda_reads.log_group(physical, live)
    arn = f"arn:{case.aws.partition}:logs:{region}:{case.aws.account}:log-group:{group}:log-stream:any"
    refused = list(role_reads.refused(case.aws, role, _LOGS, arn))
    if (live.get("TracingConfig") or {}).get("Mode") == "Active":
        refused += role_reads.refused(case.aws, role, _TRACES, "*")
    return refused


def _mend(case: Case, role: str, name: str) -> str:
    if role.endswith(f":role/{case.spec.backend}-lambda"):
        return "backendctl deploy --only role"
    return f"put what backendctl iam-policy --function {name} prints into that role"


def width(case: Case, region: str) -> Iterator[Finding]:
    """Roles that allow everything, or everything of a service on everything; the same in every region is told once."""
    for role in sorted({str(live.get("Role", "")).rpartition("/")[2] for _, live in case.live(region)}):
        wide = role_reads.wide_statements(case.aws, role)
        if wide:
            yield Finding(
                check="roles",
                severity=Severity.WARNING,
                where=f"global/role/{role}",
                what=f"it allows {', '.join(wide)} on every resource",
                why="whoever finds a hole in a handler may do the same",
                next_step="backendctl iam-policy --function NAME prints what a function needs",
            )
