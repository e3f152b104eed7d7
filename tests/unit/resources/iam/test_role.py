"""The execution role."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import boto3
import pytest
from botocore.exceptions import ClientError

from backendctl.aws.connection import Aws
from backendctl.engine.diff import differences
from backendctl.resources.deploy_context import DeployContext
from backendctl.resources.iam.role import Role
from backendctl.resources.iam.role_policy import normalised, statements_of
from backendctl.spec.model import Attribute, FunctionSpec, Index, Key, TableSpec, Vpc
from tests.unit.resources.lambda_helpers import (
    EAST,
    PLACES,
    WEST,
    changed,
    context_of,
    deploy,
    emulated,
    staged_context,
)

KEY = Key(hash=Attribute(name="id", type="S"))
INDEX = Index(name="by-owner", key=KEY)
TABLE = TableSpec(name="places", physical="corkhounds-places", key=KEY, regions=(EAST, WEST), indexes=(INDEX,))


@pytest.fixture
def aws() -> Iterator[Aws]:
    with emulated() as made:
        yield made


def wanted(context: DeployContext) -> Role:
    return next(iter(Role.desired(context)))


def pending(aws: Aws, context: DeployContext) -> list[str]:
    aws.forget()
    return [change.field for change in differences(wanted(context), Role.read(aws, wanted(context)))]


def statements(*functions: FunctionSpec, **spec: Any) -> dict[str, Any]:
    return normalised({"Statement": statements_of(context_of(*functions, regions=[EAST, WEST], **spec))})


def test_functions_may_write_their_logs_in_every_region_and_nothing_else() -> None:
    assert statements(PLACES) == {
        "Logs": {
            "Effect": "Allow",
            "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
            "Resource": "arn:aws:logs:*:123456789012:log-group:/aws/lambda/corkhounds-*:*",
        }
    }


def test_a_log_group_that_is_left_alone_may_be_made_by_the_first_call() -> None:
    found = statements(changed(PLACES, log_retention=None, physical="old"))
    assert found["LogGroups"]["Action"] == "logs:CreateLogGroup"
    assert found["LogGroups"]["Resource"] == "arn:aws:logs:*:123456789012:log-group:/aws/lambda/old:*"


def test_tables_and_their_indexes_are_reached_wherever_they_are() -> None:
    found = statements(PLACES, tables=(TABLE,))["Tables"]
    arn = "arn:aws:dynamodb:*:123456789012:table/corkhounds-places"
    assert found["Resource"] == [arn, f"{arn}/index/*"]
    assert "dynamodb:Query" in found["Action"]
    assert not any(
        action.startswith("dynamodb:Delete") and action != "dynamodb:DeleteItem" for action in found["Action"]
    )


def test_a_region_more_or_less_changes_nothing() -> None:
    both, one = (context_of(PLACES, regions=regions, tables=(TABLE,)) for regions in ([EAST, WEST], [WEST]))
    assert statements_of(both) == statements_of(one)


def test_tracing_and_networks_are_allowed_only_where_used() -> None:
    assert "Tracing" in statements(changed(PLACES, tracing="Active"))
    assert "Network" in statements(changed(PLACES, vpc=Vpc(subnets=("s",), security_groups=("g",))))
    assert not {"Tracing", "Network"} & statements(PLACES).keys()


def test_a_spec_that_gives_every_function_a_role_has_none_of_ours() -> None:
    given = "arn:aws:iam::123456789012:role/given"
    assert list(Role.desired(context_of(PLACES, role=given))) == []
    assert list(Role.desired(context_of(changed(PLACES, role=given)))) == []


def test_the_second_plan_is_empty(aws: Aws) -> None:
    context = staged_context(tables=(TABLE,))
    deploy(aws, [wanted(context)])
    assert pending(aws, context) == []


def test_a_policy_that_somebody_widened_is_put_back(aws: Aws) -> None:
    deploy(aws, [wanted(staged_context())])
    wide = {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}
    aws.iam().put_role_policy(RoleName="corkhounds-lambda", PolicyName="backendctl", PolicyDocument=json.dumps(wide))
    assert pending(aws, staged_context()) == ["policy.Logs", "policy.statement0"]
    deploy(aws, [wanted(staged_context())])
    assert pending(aws, staged_context()) == []


def test_a_kill_between_role_and_policy_is_repaired(aws: Aws) -> None:
    aws.iam().create_role(
        RoleName="corkhounds-lambda",
        AssumeRolePolicyDocument=json.dumps({"Statement": []}),
        Tags=[{"Key": "backendctl:backend", "Value": "corkhounds"}],
    )
    assert pending(aws, staged_context()) == ["trust.Lambda", "policy.Logs"]
    wanted(staged_context()).create(aws)
    assert pending(aws, staged_context()) == []


def test_a_role_of_somebody_else_is_not_taken(aws: Aws) -> None:
    aws.iam().create_role(RoleName="corkhounds-lambda", AssumeRolePolicyDocument="{}")
    live = Role.read(aws, wanted(staged_context()))
    assert live is not None
    assert live.owner is None
    with pytest.raises(ClientError, match="EntityAlreadyExists"):
        wanted(staged_context()).create(aws)
    assert list(Role.owned(aws, "global")) == []


def test_delete_takes_the_policies_too_and_may_be_repeated(aws: Aws) -> None:
    deploy(aws, [wanted(staged_context())])
    more = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}]}
    attached = aws.iam().create_policy(PolicyName="more", PolicyDocument=json.dumps(more))["Policy"]["Arn"]
    aws.iam().attach_role_policy(RoleName="corkhounds-lambda", PolicyArn=attached)
    live = next(iter(Role.owned(aws, "global")))
    live.delete(aws)
    live.delete(aws)
    aws.forget()
    assert list(Role.owned(aws, "global")) == []


def test_documents_are_equal_however_they_are_written() -> None:
    first = {"Statement": [{"Sid": "A", "Action": ["b", "a"], "Resource": ["*"]}]}
    second = {"Statement": {"Sid": "A", "Action": ["a", "b"], "Resource": "*"}}
    assert normalised(first) == normalised(quote(json.dumps(second)))


def test_a_policy_that_goes_meanwhile_does_not_stand_for_the_role(aws: Aws) -> None:
    deploy(aws, [wanted(staged_context())])
    live = next(iter(Role.owned(aws, "global")))
    rival = boto3.client("iam", region_name="us-east-1")

    def first(**_: Any) -> None:
        rival.delete_role_policy(RoleName="corkhounds-lambda", PolicyName="backendctl")

    aws.iam().meta.events.register("before-call.iam.DeleteRolePolicy", first)
    live.delete(aws)
    with pytest.raises(ClientError, match="NoSuchEntity"):
        rival.get_role(RoleName="corkhounds-lambda")


def test_what_the_spec_adds_stands_beside_the_rest_each_statement_once() -> None:
    mine = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::pictures/*"}
    other = {"Effect": "Allow", "Sid": "Mail", "Action": "ses:SendEmail", "Resource": "*"}
    found = statements(changed(PLACES, statements=(mine, other)), statements=(mine,))
    assert found["Spec1"] == mine
    assert found["Spec2Mail"]["Action"] == "ses:SendEmail"
    assert set(found) == {"Logs", "Spec1", "Spec2Mail"}


def test_a_changed_statement_shows_in_the_plan(aws: Aws) -> None:
    first = {"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "arn:aws:s3:::pictures/*"}
    before = context_of(changed(PLACES, statements=(first,)))
    wanted(before).create(aws)
    assert pending(aws, before) == []
    after = context_of(changed(PLACES, statements=({**first, "Action": "s3:GetObject"},)))
    assert [field.split(".")[0] for field in pending(aws, after)] == ["policy"]
