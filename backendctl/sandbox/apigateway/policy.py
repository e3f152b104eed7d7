"""Evaluating policies: of a Lambda function (B31, B41), of an API, and those authorizers give."""

from __future__ import annotations

import ipaddress
import re
from typing import Any

from backendctl.sandbox.apigateway.exchange import NotEmulatedError
from backendctl.sandbox.apigateway.model import Doc

SERVICE = "apigateway.amazonaws.com"
IMPLICIT, ALLOW, DENY = "implicit", "allow", "deny"


def matches(pattern: str, value: str) -> bool:
    """Whether a pattern with `*` and `?` covers the value."""
    expression = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(expression, value, re.DOTALL) is not None


def listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def evaluate(policy: Doc, *, resource: str, source_ip: str, with_principal: bool) -> str:
    """`allow`, `deny` or `implicit` for execute-api:Invoke on a resource ARN.

    Raises:
        NotEmulatedError: for a matching statement with a principal or a condition that is not understood.
    """
    verdict = IMPLICIT
    for statement in listed(policy.get("Statement")):
        if not _covers(statement, resource):
            continue
        if with_principal and statement.get("Principal") not in ("*", {"AWS": "*"}, {"AWS": ["*"]}):
            raise NotEmulatedError("resource policies for single principals are not emulated")
        if not _conditions_hold(statement.get("Condition") or {}, source_ip):
            continue
        if statement.get("Effect") == "Deny":
            return DENY
        verdict = ALLOW
    return verdict


def _covers(statement: Doc, resource: str) -> bool:
    if "NotAction" in statement or "NotResource" in statement:
        raise NotEmulatedError("NotAction and NotResource in a policy are not emulated")
    actions = [str(each).lower() for each in listed(statement.get("Action"))]
    action = any(matches(each, "execute-api:invoke") for each in actions)
    return action and any(matches(str(each), resource) for each in listed(statement.get("Resource")))


def _conditions_hold(conditions: Doc, source_ip: str) -> bool:
    for operator, tests in conditions.items():
        for key, wanted in tests.items():
            if operator not in {"IpAddress", "NotIpAddress"} or key.lower() != "aws:sourceip":
                raise NotEmulatedError(f"the policy condition {operator} {key} is not emulated")
            address = ipaddress.ip_address(source_ip)
            inside = any(address in ipaddress.ip_network(each, strict=False) for each in listed(wanted))
            if inside != (operator == "IpAddress"):
                return False
    return True


def may_invoke(policy: Doc | None, *, source_arn: str, account: str) -> bool:
    """Whether a function's policy lets API Gateway call it for this `execute-api` ARN (B31, B41)."""
    verdict = False
    for statement in listed((policy or {}).get("Statement")):
        if not _is_for_gateway(statement) or not _source_holds(statement, source_arn, account):
            continue
        if statement.get("Effect") == "Deny":
            return False
        verdict = True
    return verdict


def _is_for_gateway(statement: Doc) -> bool:
    principal = statement.get("Principal")
    services = listed(principal.get("Service")) if isinstance(principal, dict) else []
    named = principal in ("*", {"AWS": "*"}) or SERVICE in services
    actions = [str(each).lower() for each in listed(statement.get("Action"))]
    return named and any(matches(each, "lambda:invokefunction") for each in actions)


def _source_holds(statement: Doc, source_arn: str, account: str) -> bool:
    facts = {"aws:sourcearn": source_arn, "aws:sourceaccount": account}
    for operator, tests in (statement.get("Condition") or {}).items():
        for key, wanted in tests.items():
            value = facts.get(key.lower())
            if value is None or not any(_compares(operator, str(each), value) for each in listed(wanted)):
                return False
    return True


def _compares(operator: str, wanted: str, value: str) -> bool:
    if operator in {"ArnLike", "ArnEquals", "StringLike"}:
        return matches(wanted, value)
    return operator == "StringEquals" and wanted == value
