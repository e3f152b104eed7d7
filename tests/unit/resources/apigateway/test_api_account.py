"""The account's log role: made when a stage logs, left alone when there is one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote

import pytest

from backendctl.aws.connection import Aws
from backendctl.resources.apigateway.api_account import ROLE, ApiAccount
from backendctl.spec.model import Logging
from tests.unit.resources.api_helpers import EAST, STAGE, WEST, context, deploy, mocked, only, plan, spec

if TYPE_CHECKING:
    from mypy_boto3_apigateway.type_defs import PatchOperationTypeDef

LOGS = spec(regions=(EAST, WEST), stages=(replace(STAGE, logging=Logging(level="ERROR")),))


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mocked() as connection:
        yield connection


def test_without_a_stage_that_logs_nothing_is_wanted() -> None:
    silent = spec(stages=(replace(STAGE, logging=Logging()),))
    assert list(ApiAccount.desired(context(silent))) == []
    assert list(ApiAccount.desired(context())) == []


def test_an_access_log_needs_the_role_too() -> None:
    given = spec(stages=(replace(STAGE, logging=Logging(access="group")),))
    assert only(ApiAccount, context(given)).name == "logging"


def test_every_region_gets_the_one_role(aws: Aws) -> None:
    for region in (EAST, WEST):
        deploy(aws, only(ApiAccount, context(LOGS), region))
        assert aws.apigateway(region).get_account()["cloudwatchRoleArn"].endswith(f":role/{ROLE}")
    role = aws.iam().get_role(RoleName=ROLE)["Role"]
    assert "apigateway.amazonaws.com" in unquote(json.dumps(role["AssumeRolePolicyDocument"]))
    assert aws.iam().list_role_policies(RoleName=ROLE)["PolicyNames"] == ["logs"]


def test_a_role_that_is_set_stays(aws: Aws) -> None:
    patch: PatchOperationTypeDef = {
        "op": "replace",
        "path": "/cloudwatchRoleArn",
        "value": "arn:aws:iam::123456789012:role/other",
    }
    aws.apigateway(EAST).update_account(patchOperations=[patch])
    assert plan(aws, [only(ApiAccount, context(LOGS))], ApiAccount).changes == ()
    only(ApiAccount, context(LOGS)).create(aws)
    assert aws.apigateway(EAST).get_account()["cloudwatchRoleArn"].endswith(":role/other")


def test_it_is_never_offered_for_deletion(aws: Aws) -> None:
    deploy(aws, only(ApiAccount, context(LOGS)))
    assert plan(aws, [], ApiAccount).changes == ()
