"""How long a stage's logs are kept, whoever makes the log groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from backendctl.aws.connection import Aws
from backendctl.resources.apigateway.rest_api import RestApi
from backendctl.resources.apigateway.stage_log import StageLog
from backendctl.spec.model import Logging
from tests.unit.resources.api_helpers import EAST, STAGE, context, deploy, mocked, only, plan, spec

LOGGED = replace(STAGE, logging=Logging(level="INFO", access="/shop/access"), log_retention=14)


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mocked() as connection:
        yield connection


def wanted(stage: object) -> list[StageLog]:
    return list(StageLog.desired(context(spec(stages=(stage,)))))  # type: ignore[arg-type]  # a stage of the helpers


def kept(aws: Aws) -> dict[str, int | None]:
    groups = aws.logs(EAST).describe_log_groups()["logGroups"]
    return {one["logGroupName"]: one.get("retentionInDays") for one in groups}


def test_a_stage_that_does_not_log_or_says_nothing_has_none() -> None:
    assert wanted(replace(LOGGED, log_retention=None)) == []
    assert wanted(replace(LOGGED, logging=None)) == []
    assert wanted(replace(LOGGED, logging=Logging())) == []
    assert [one.name.partition("/")[2] for one in wanted(LOGGED)] == ["access", "execution"]


def test_both_are_made_with_their_retention_and_then_there_is_nothing_to_do(aws: Aws) -> None:
    deploy(aws, only(RestApi, context(spec(stages=(LOGGED,)))))
    deploy(aws, *wanted(LOGGED))
    assert sorted(kept(aws).values(), key=str) == [14, 14]
    aws.forget()
    assert plan(aws, wanted(LOGGED), StageLog).changes == ()


def test_one_that_api_gateway_has_made_is_kept_and_gets_its_retention(aws: Aws) -> None:
    aws.logs(EAST).create_log_group(logGroupName="/shop/access")
    access = wanted(LOGGED)[0]
    live = StageLog.read(aws, access)
    assert live is not None
    assert live.retention is None
    access.update(aws, live)
    access.create(aws)  # and somebody may have been faster
    assert kept(aws) == {"/shop/access": 14}


def test_stages_that_share_a_group_set_it_once() -> None:
    other = replace(LOGGED, name="other", logging=Logging(access="/shop/access"))
    assert [one.group for one in StageLog.desired(context(spec(stages=(LOGGED, other))))] == ["/shop/access", ""]


def test_none_goes_with_its_stage(aws: Aws) -> None:
    aws.logs(EAST).create_log_group(logGroupName="/shop/access")
    assert list(StageLog.owned(aws, EAST)) == []
