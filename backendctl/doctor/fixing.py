"""What `--fix` does: only what no request can notice, and what takes nothing away."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from backendctl.aws.errors import explain
from backendctl.engine.plan import Action, Change, Plan

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.doctor.finding import Diagnosis

_SAFE = frozenset({"log-group", "permission", "warmer", "schedule"})
"""Kinds whose creation and correction only adds: a retention as the spec says it, a right that is missing, a ping."""


def is_safe(change: Change) -> bool:
    """Whether a change of a plan is made without being asked about."""
    return change.kind in _SAFE and change.action in {Action.CREATE, Action.UPDATE}


def safe_part(plan: Plan) -> Plan:
    """The plan with nothing else, and without what it says of the rest."""
    return replace(plan.restricted(is_safe), refusals=(), breaking=(), remarks=())


def keep_for(aws: Aws, diagnosis: Diagnosis, *, days: int) -> list[str]:
    """Give log groups that keep everything a retention, where no plan does. Tells which, one sentence each.

    Raises:
        BackendctlError: CloudWatch Logs refuses.
    """
    done = []
    planned = {one.where for one in diagnosis.findings if one.check == "drift"}
    for one in diagnosis.findings:
        if one.check != "log-retention" or not one.fixable or one.where in planned:
            continue
        region, _, name = one.where.split("/", 2)
        try:
            aws.logs(region).put_retention_policy(logGroupName=name, retentionInDays=days)
        except Exception as error:
            raise explain(error, doing=f"update {one.where}") from error
        done.append(f"{one.where} keeps its lines for {days} days from now on")
    return done
