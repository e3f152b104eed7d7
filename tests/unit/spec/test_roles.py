"""`role` of a spec: an ARN, or what the role that is kept shall allow besides."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backendctl.spec import Draft, Offline

HEAD = "backend: shop\nregions: [us-east-1]\n"
FUNCTION = "functions:\n  items: {{code: ../items, runtime: python3.13, handler: a.b{more}}}\n"
ARN = "arn:aws:iam::123456789012:role/mine"


def test_statements_are_taken_as_iam_writes_them_and_allow_by_default(draft_of: Callable[..., Draft]) -> None:
    role = "role: {statements: [{Action: 's3:GetObject', Resource: ['*']}]}\n"
    more = (
        ", role: {statements: [{Sid: Mail, Effect: Deny, Action: ['ses:*'], Resource: '*', Condition: {Bool: {a: b}}}]}"
    )
    spec = draft_of(HEAD + role + FUNCTION.format(more=more)).expand(Offline())
    (function,) = spec.functions_in("us-east-1")
    assert (spec.role, function.role) == (None, None)
    assert spec.statements == ({"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["*"]},)
    wanted: dict[str, Any] = {"Sid": "Mail", "Effect": "Deny", "Action": ["ses:*"], "Resource": "*"}
    assert function.statements == ({**wanted, "Condition": {"Bool": {"a": "b"}}},)


def test_a_role_that_exists_is_named_by_its_arn(draft_of: Callable[..., Draft]) -> None:
    spec = draft_of(HEAD + f"role: {ARN}\n" + FUNCTION.format(more="")).expand(Offline())
    assert (spec.role, spec.statements) == (ARN, ())


def test_every_fault_of_a_statement_is_told_with_its_place(faults_of: Callable[..., list[str]]) -> None:
    text = HEAD + "role: {statements: [{Action: GetObject, Resource: '*'}, {Actions: 's3:Get*', Resource: '*'}]}\n"
    told = faults_of(text + FUNCTION.format(more=""))
    assert any(line.startswith("3:") and "an action of a service, s3:GetObject" in line for line in told)
    assert any("did you mean 'Action'" in line for line in told)


def test_statements_beside_a_role_of_somebody_else_are_a_fault(faults_of: Callable[..., list[str]]) -> None:
    more = ", role: {statements: [{Action: 's3:*', Resource: '*'}]}"
    (told,) = faults_of(HEAD + f"role: {ARN}\n" + FUNCTION.format(more=more))
    assert "statements go into the role that backendctl keeps, but 'role' names another" in told
