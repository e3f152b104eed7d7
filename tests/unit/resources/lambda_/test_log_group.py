"""Log groups of functions, among those of strangers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from backendctl.aws.connection import Aws
from backendctl.errors import BackendctlError
from backendctl.resources.lambda_.function import Function
from backendctl.resources.lambda_.log_group import LogGroup
from tests.unit.resources.lambda_helpers import EAST, PLACES, context_of, deploy, emulated, put_role

KEPT = replace(PLACES, log_retention=14)
CALLED_OTHERWISE = replace(KEPT, name="old", physical="legacy-handler")


@pytest.fixture
def aws() -> Iterator[Aws]:
    with emulated() as made:
        put_role(made)
        yield made


def asked(aws: Aws) -> list[str]:
    """The operations that CloudWatch Logs is asked for from now on."""
    seen: list[str] = []

    def note(*, model: Any, **_: Any) -> None:
        seen.append(model.name)

    aws.logs(EAST).meta.events.register("before-call.cloudwatch-logs", note)
    return seen


def test_log_groups_of_strangers_cost_no_call(aws: Aws) -> None:
    deploy(aws, list(LogGroup.desired(context_of(KEPT))))
    for number in range(60):
        aws.logs(EAST).create_log_group(logGroupName=f"/aws/lambda/stranger-{number}")
    aws.forget()
    calls = asked(aws)
    assert [group.name for group in LogGroup.owned(aws, EAST)] == ["/aws/lambda/corkhounds-places"]
    assert calls == ["DescribeLogGroups", "ListTagsForResource"]


def test_that_of_a_function_which_is_called_otherwise_is_read_and_found_again(aws: Aws) -> None:
    context = context_of(CALLED_OTHERWISE)
    wanted = list(LogGroup.desired(context))
    deploy(aws, [*wanted, *Function.desired(context)])
    aws.logs(EAST).create_log_group(logGroupName="/aws/lambda/legacy-handler-of-others")
    aws.forget()
    live = LogGroup.read(aws, wanted[0])
    assert live is not None
    assert live.retention == 14
    assert [group.name for group in LogGroup.owned(aws, EAST)] == ["/aws/lambda/legacy-handler"]


def indexed(aws: Aws, tags: dict[str, str]) -> None:
    """What the tagging service tells of the one group."""
    arn = f"arn:aws:logs:{EAST}:{aws.account}:log-group:/aws/lambda/corkhounds-places"
    aws.remember(("tag-index", EAST), {arn: tags})


def test_of_one_that_the_tagging_service_shows_as_wanted_no_tags_are_asked_for(aws: Aws) -> None:
    (wanted,) = LogGroup.desired(context_of(KEPT))
    deploy(aws, [wanted])
    aws.forget()
    indexed(aws, dict(wanted.tags or {}))
    calls = asked(aws)
    assert LogGroup.read(aws, wanted) == wanted
    assert calls == ["DescribeLogGroups"]


@pytest.mark.parametrize("told", [{}, {"backendctl:backend": "corkhounds", "team": "old"}])
def test_where_the_tagging_service_leaves_something_to_do_the_group_itself_is_asked(
    aws: Aws, told: dict[str, str]
) -> None:
    (wanted,) = LogGroup.desired(context_of(replace(KEPT, tags={"team": "places"})))
    deploy(aws, [wanted])
    aws.forget()
    indexed(aws, told)
    calls = asked(aws)
    assert LogGroup.read(aws, wanted) == wanted
    assert calls == ["DescribeLogGroups", "ListTagsForResource"]


def test_one_that_has_lost_our_mark_meanwhile_is_not_deleted(aws: Aws) -> None:
    (wanted,) = LogGroup.desired(context_of(KEPT))
    deploy(aws, [wanted])
    aws.forget()
    indexed(aws, dict(wanted.tags or {}))
    (live,) = LogGroup.owned(aws, EAST)
    arn = f"arn:aws:logs:{EAST}:{aws.account}:log-group:{live.name}"
    aws.logs(EAST).untag_resource(resourceArn=arn, tagKeys=["backendctl:backend"])
    with pytest.raises(BackendctlError, match="no longer has the tag backendctl:backend=corkhounds and is not deleted"):
        live.delete(aws)
    assert LogGroup.read(aws, wanted) is not None
