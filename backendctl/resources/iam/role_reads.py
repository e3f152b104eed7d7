"""What IAM says of a role: what it would refuse, and what it allows more than anybody needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from backendctl.resources.iam.policy_text import statements

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

_EVERYTHING = ("AdministratorAccess", "PowerUserAccess")


def refused(aws: Aws, role: str, actions: Sequence[str], resource: str) -> list[str]:
    """Which of these actions the role (ARN) may not do, as IAM simulates it; asked once for each question."""

    def load() -> list[str]:
        answer = aws.iam().simulate_principal_policy(
            PolicySourceArn=role, ActionNames=list(actions), ResourceArns=[resource]
        )
        results = answer["EvaluationResults"]
        return [one["EvalActionName"] for one in results if one["EvalDecision"] != "allowed"]

    return aws.shared(("role-simulated", role, tuple(actions), resource), load)


def wide_statements(aws: Aws, name: str) -> list[str]:
    """What a role (its name) allows on every resource: `*`, `service:*`, or a managed policy of everything."""
    return aws.shared(("role-width", name), lambda: _wide_statements(aws, name))


def _wide_statements(aws: Aws, name: str) -> list[str]:
    client = aws.iam()
    found: list[str] = []
    for page in client.get_paginator("list_attached_role_policies").paginate(RoleName=name):
        attached = [one.get("PolicyName", "") for one in page["AttachedPolicies"]]
        found += [policy for policy in attached if policy in _EVERYTHING or policy.endswith("FullAccess")]
    for inline in client.get_paginator("list_role_policies").paginate(RoleName=name):
        for policy in inline["PolicyNames"]:
            document: Any = client.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"]
            found += _wide(statements(document, of=f"the role {name}"))
    return list(dict.fromkeys(found))


def _wide(found: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    for statement in found:
        if statement.get("Effect") == "Allow" and "*" in _listed(statement.get("Resource")):
            yield from (action for action in _listed(statement.get("Action")) if action == "*" or action.endswith(":*"))


def _listed(value: Any) -> list[str]:
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]
