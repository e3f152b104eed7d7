from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from backendctl.cli.catalogue import entries
from backendctl.permissions.arns import RESOURCES, Scope
from backendctl.permissions.on_behalf import ON_BEHALF
from backendctl.permissions.policy import CI, document, rows_of
from backendctl.permissions.table import ROWS
from backendctl.spec.domains import DomainSpec
from backendctl.spec.model import Code, FunctionSpec, Spec

FUNCTION = FunctionSpec(name="orders", physical="shop-orders", code=Code())


def scope(**more: object) -> Scope:
    spec = Spec(
        backend="shop",
        file=Path("shop.yaml"),
        regions=("us-east-1", "eu-west-1"),
        functions=dict.fromkeys(("us-east-1", "eu-west-1"), (FUNCTION,)),
        **more,  # type: ignore[arg-type]  # of the model
    )
    return Scope(spec=spec, account="123456789012", partition="aws", regions=frozenset(spec.regions))


def test_every_row_names_commands_and_resources_that_there_are() -> None:
    for row in (*ROWS, *ON_BEHALF):
        assert row.on in RESOURCES, row
        assert row.commands, row
        assert row.commands <= entries().keys(), row
    assert len({(row.action, row.on) for row in ROWS}) == len(ROWS)
    assert all(row.reason for row in ON_BEHALF)
    assert set(CI) <= entries().keys()


def test_every_command_that_asks_aws_has_rights() -> None:
    without = entries().keys() - {name for row in ROWS for name in row.commands}
    assert without == {"validate", "render", "sandbox"}  # which ask for what expressions name, at most


def test_a_command_gets_what_it_needs_and_nothing_else() -> None:
    found = document(["traces"], scope())
    actions = {action for statement in found["Statement"] for action in statement["Action"]}
    assert {"xray:GetTraceSummaries", "xray:BatchGetTraces", "lambda:ListFunctions"} <= actions
    assert not [action for action in actions if action.split(":")[1].startswith(("Create", "Update", "Delete", "Put"))]


def test_statements_are_bound_to_the_backend_and_its_regions() -> None:
    found = document(["deploy"], scope())
    by_sid = {statement["Sid"]: statement for statement in found["Statement"]}
    assert by_sid["Functions"]["Resource"] == ["arn:aws:lambda:*:123456789012:function:shop-*"]
    assert by_sid["Functions"]["Condition"] == {"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]}}
    assert "Condition" not in by_sid["Roles"]  # IAM's calls are us-east-1's, wherever the backend is
    assert len(by_sid) == len(found["Statement"])


def test_without_a_domain_no_zone_is_named() -> None:
    assert "Zone" not in {one["Sid"] for one in document(["deploy"], scope())["Statement"]}
    with_domain = replace(scope(domain=DomainSpec(name="api.shop.example", zone="shop.example")), zones=("Z1",))
    by_sid = {one["Sid"]: one for one in document(["deploy"], with_domain)["Statement"]}
    assert by_sid["Zone"]["Resource"] == ["arn:aws:route53:::hostedzone/Z1"]


def test_a_function_with_a_name_of_its_own_is_named_with_its_qualifiers() -> None:
    named = scope()
    spec = replace(named.spec, functions=dict.fromkeys(named.spec.regions, (replace(FUNCTION, physical="legacy"),)))
    arns = set(RESOURCES["functions"].find(replace(named, spec=spec)))
    assert arns == {f"arn:aws:lambda:*:123456789012:function:{name}" for name in ("shop-*", "legacy", "legacy:*")}


def test_a_role_is_passed_only_to_the_service_it_is_for() -> None:
    passes = [row for row in rows_of(["deploy"]) if row.action == "iam:PassRole"]
    assert {row.service for row in passes} == {
        "lambda.amazonaws.com",
        "scheduler.amazonaws.com",
        "apigateway.amazonaws.com",
    }
    found = document(["deploy"], scope())["Statement"]
    conditions = [one["Condition"] for one in found if one["Action"] == ["iam:PassRole"]]
    assert {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}} in conditions


@pytest.mark.parametrize("command", ["status", "plan", "history", "canary-status", "warm-status"])
def test_what_only_looks_may_change_nothing(command: str) -> None:
    changing = ("Create", "Update", "Delete", "Put", "Remove", "Add", "Tag", "POST", "PATCH", "DELETE", "PUT")
    assert [row for row in rows_of([command]) if row.action.split(":")[1].startswith(changing)] == []
