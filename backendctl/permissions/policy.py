"""The policy document of some commands in one backend."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from backendctl.permissions.arns import RESOURCES, Scope
from backendctl.permissions.on_behalf import ON_BEHALF
from backendctl.permissions.row import Right
from backendctl.permissions.table import ROWS

MANAGED_LIMIT = 6_144
"""Characters of a managed policy that IAM takes, white space not counted."""


CI = (
    *("plan", "deploy", "status", "sync-api", "grant", "publish", "sync-dns", "sync-warmers", "warm"),
    *("start-canary", "canary-status", "promote-canary", "abort-canary", "rollback", "history", "diff", "test"),
)
"""What a pipeline runs: everything up to a release and back, nothing that only removes, reads logs or measures."""


def rows_of(commands: Iterable[str]) -> list[Right]:
    """The rights that these commands need, by action."""
    wanted = frozenset(commands)
    found = [replace(row, commands=row.commands & wanted) for row in (*ROWS, *ON_BEHALF) if row.commands & wanted]
    return sorted(found, key=lambda row: (row.action, row.on, row.service or ""))


def document(commands: Iterable[str], scope: Scope) -> dict[str, Any]:
    """What these commands need in this backend, and nothing more.

    Actions on the same resources are one statement. Regional resources are bound to the backend's regions by the
    condition aws:RequestedRegion, so that many regions do not make the policy longer.
    """
    actions: dict[tuple[str, str | None], set[str]] = {}
    for row in rows_of(commands):
        actions.setdefault((row.on, row.service), set()).add(row.action)
    found = [_statement(on, service, names, scope) for (on, service), names in actions.items()]
    return {"Version": "2012-10-17", "Statement": [one for one in found if one is not None]}


def size(policy: dict[str, Any]) -> int:
    """Characters as IAM counts them."""
    return len(json.dumps(policy, separators=(",", ":")))


def _statement(on: str, service: str | None, actions: set[str], scope: Scope) -> dict[str, Any] | None:
    resource = RESOURCES[on]
    arns = sorted(set(resource.find(scope)))
    if not arns:
        return None
    made: dict[str, Any] = {
        "Sid": "".join(word[:1].upper() + word[1:] for word in re.findall(r"[A-Za-z]+", f"{on} {service or ''}")),
        "Effect": "Allow",
        "Action": sorted(actions),
        "Resource": arns,
    }
    if resource.regional:
        made["Condition"] = {"StringEquals": {"aws:RequestedRegion": sorted(scope.regions)}}
    elif service is not None:
        key = "iam:PassedToService" if actions == {"iam:PassRole"} else "iam:AWSServiceName"
        made["Condition"] = {"StringEquals": {key: service}}
    return made
