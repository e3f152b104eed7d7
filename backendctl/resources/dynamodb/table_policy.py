"""The resource policy of a table in one region, in a form in which two alike are equal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from backendctl.aws.errors import code_of, is_missing
from backendctl.resources.dynamodb import table_reads

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

_ONE_OR_MANY = ("Action", "NotAction", "Resource", "NotResource")
Policy = dict[str, Any]


def wanted(policies: Mapping[str, Policy | None], region: str) -> Policy | None:
    """What the spec wants of a region: a policy, {} for none, None where it does not say."""
    return canonical(policies[region] or {}) if region in policies else None


def canonical(policy: Mapping[str, Any]) -> Policy:
    """Lists of one as their item, others sorted, statements in a fixed order; an account is named by its root."""
    if not policy:
        return {}
    statements = policy.get("Statement", [])
    statements = [statements] if isinstance(statements, Mapping) else statements
    made = sorted((_statement(one) for one in statements), key=lambda one: json.dumps(one, sort_keys=True))
    return {**policy, "Statement": made}


def in_region(policy: Mapping[str, Any], *, of: str, region: str) -> Policy:
    """A policy of one region's table as that of another: ARNs of DynamoDB name the other region."""
    text = json.dumps(policy).replace(f":dynamodb:{of}:", f":dynamodb:{region}:")
    return canonical(json.loads(text))


def live(aws: Aws, region: str, physical: str) -> Policy:
    """The policy of a table there, {} when it has none, or there is no table."""

    def load() -> Policy:
        found = table_reads.describe(aws, region, physical)
        if found is None:
            return {}
        try:
            told = aws.dynamodb(region).get_resource_policy(ResourceArn=found["TableArn"])
        except aws.dynamodb(region).exceptions.ClientError as error:
            if code_of(error) == "PolicyNotFoundException" or is_missing(error):
                return {}
            raise
        return canonical(json.loads(told["Policy"]))

    return aws.shared(("table", region, physical, "policy"), load)


def put(aws: Aws, *, region: str, physical: str, policy: Policy) -> None:
    """Set the policy; {} removes it. One writer at a time: AWS wants a pause between two (C56)."""
    found = table_reads.describe(aws, region, physical)
    if found is None:
        return
    with aws.exclusive("table-policy", region, physical):
        client = aws.dynamodb(region)
        if policy:
            client.put_resource_policy(ResourceArn=found["TableArn"], Policy=json.dumps(policy))
        else:
            client.delete_resource_policy(ResourceArn=found["TableArn"])
    table_reads.forget(aws, region, physical)


def _statement(statement: Mapping[str, Any]) -> dict[str, Any]:
    made = {key: _one_or_many(value) if key in _ONE_OR_MANY else value for key, value in statement.items()}
    principal = statement.get("Principal")
    if isinstance(principal, Mapping):
        made["Principal"] = {kind: _one_or_many(_accounts(ids)) for kind, ids in principal.items()}
    return made


def _one_or_many(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    items = sorted(map(str, value))
    return items[0] if len(items) == 1 else items


def _accounts(ids: Any) -> Any:
    """An account's number means its root, and AWS tells the latter."""
    if isinstance(ids, list):
        return [_accounts(one) for one in ids]
    return f"arn:aws:iam::{ids}:root" if isinstance(ids, str) and ids.isdigit() else ids
