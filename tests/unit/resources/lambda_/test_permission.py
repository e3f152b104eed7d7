"""Who may call a function, per qualifier."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from backendctl.aws.connection import Aws
from backendctl.engine.diff import differences
from backendctl.errors import BackendctlError
from backendctl.resources.deploy_context import DeployContext, Link
from backendctl.resources.lambda_.alias import Alias
from backendctl.resources.lambda_.function import Function
from backendctl.resources.lambda_.permission import Permission
from backendctl.resources.lambda_.permission_sources import Places, is_ours, statement_id
from tests.unit.resources.api_helpers import Calls
from tests.unit.resources.lambda_helpers import (
    EAST,
    PLACES,
    PROD,
    changed,
    context_of,
    deploy,
    emulated,
    put_api,
    put_role,
    staged_context,
)

NAME = "corkhounds-places"
AUTHORIZER = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:123456789012:function:"
    "corkhounds-places:${stageVariables.placesAlias}/invocations"
)


@pytest.fixture
def aws() -> Iterator[Aws]:
    with emulated() as made:
        put_role(made)
        yield made


def by_name(context: DeployContext) -> dict[str, Permission]:
    return {permission.name: permission for permission in Permission.desired(context)}


def put(aws: Aws, context: DeployContext) -> None:
    deploy(aws, [*Function.desired(context), *Alias.desired(context), *Permission.desired(context)])


def pending(aws: Aws, context: DeployContext) -> list[str]:
    aws.forget()
    return [
        f"{wanted.name} {change.field}"
        for wanted in Permission.desired(context)
        for change in differences(wanted, Permission.read(aws, wanted))
    ]


def policy(aws: Aws, qualifier: str) -> list[dict[str, Any]]:
    text = aws.lambda_(EAST).get_policy(FunctionName=NAME, Qualifier=qualifier)["Policy"]
    found: list[dict[str, Any]] = json.loads(text)["Statement"]
    return [statement for statement in found if statement["Resource"].endswith(f":{qualifier}")]


def test_slots_are_called_by_the_stage_and_the_warmer_and_the_plain_name_beside_them_by_nobody() -> None:
    found = {name: sorted((p.statements or {}).values()) for name, p in by_name(staged_context()).items()}
    stage, rule = "execute-api:corkhounds/prodv1/*", "events:corkhounds-warm-places"
    trial = "execute-api:corkhounds/test-invoke-stage/*"
    assert found == {
        "places:version1-a": [rule, stage, trial],
        "places:version1-b": [rule, stage, trial],
    }


def test_the_plain_name_is_called_by_a_stage_that_serves_it() -> None:
    serving = {(EAST, "prodv1", "placesAlias"): "version1"}
    found = by_name(replace(staged_context(), serving=serving))
    stage, trial = "execute-api:corkhounds/prodv1/*", "execute-api:corkhounds/test-invoke-stage/*"
    assert sorted((found["places:version1"].statements or {}).values()) == [stage, trial]


def test_the_policy_of_a_slot_that_nobody_turns_to_yet_is_not_read_back(aws: Aws) -> None:
    put_api(aws)
    context = staged_context(has_stage=False)
    deploy(aws, [*Function.desired(context), *Alias.desired(context)])
    calls = Calls(aws.lambda_(EAST), "lambda")
    for one in Permission.desired(context):
        one.create(aws)
    assert [call["Qualifier"] for call in calls.of("GetPolicy")] == ["version1-a"]
    assert pending(aws, staged_context(idle_exists=True)) == []


def test_what_got_lost_of_a_slot_that_was_not_read_back_is_in_the_next_plan(aws: Aws) -> None:
    put_api(aws)
    put(aws, staged_context(has_stage=False))
    sid = statement_id("corkhounds", "api", "prodv1", "version1-b")
    aws.lambda_(EAST).remove_permission(FunctionName=NAME, Qualifier="version1-b", StatementId=sid)
    assert pending(aws, staged_context(idle_exists=True)) == [f"places:version1-b statements.{sid}"]


def test_a_definition_without_an_alias_needs_the_unqualified_permission() -> None:
    link = Link(stage=PROD, variable=None, function=PLACES, alias=None)
    found = by_name(context_of(changed(PLACES, warm=None), links=[link]))
    assert list(found) == ["places"]
    assert found["places"].qualifier is None
    assert found["places"].needs() == {f"{EAST}/function/places", f"{EAST}/rest-api/corkhounds"}


def test_a_permission_needs_its_alias_and_the_api() -> None:
    assert by_name(staged_context())["places:version1-a"].needs() == {
        f"{EAST}/alias/places:version1-a",
        f"{EAST}/rest-api/corkhounds",
    }


def test_an_authorizer_is_a_source_of_its_own() -> None:
    definition = {
        "securityDefinitions": {"door": {"x-amazon-apigateway-authorizer": {"authorizerUri": AUTHORIZER}}},
    }
    found = by_name(staged_context(definition=definition))
    assert "execute-api:corkhounds/authorizers/*" in (found["places:version1-a"].statements or {}).values()


def test_the_second_plan_is_empty(aws: Aws) -> None:
    put_api(aws)
    put(aws, staged_context())
    assert pending(aws, staged_context(idle_exists=True)) == []


def test_aws_gets_the_id_it_invented(aws: Aws) -> None:
    put_api(aws, "abc123")
    put(aws, staged_context())
    found = {(s["Principal"]["Service"], s["Condition"]["ArnLike"]["AWS:SourceArn"]) for s in policy(aws, "version1-a")}
    assert found == {
        ("apigateway.amazonaws.com", f"arn:aws:execute-api:{EAST}:123456789012:abc123/prodv1/*"),
        ("apigateway.amazonaws.com", f"arn:aws:execute-api:{EAST}:123456789012:abc123/test-invoke-stage/*"),
        ("events.amazonaws.com", f"arn:aws:events:{EAST}:123456789012:rule/corkhounds-warm-places"),
    }


def test_an_api_that_was_made_anew_is_let_in_instead_of_the_old_one(aws: Aws) -> None:
    put_api(aws, "old")
    put(aws, staged_context())
    put_api(aws, "new")
    context = staged_context(idle_exists=True)
    sid = "statements.backendctl-corkhounds-api-prodv1-version1-a"
    assert f"places:version1-a {sid}" in pending(aws, context)
    deploy(aws, list(Permission.desired(context)))
    assert pending(aws, context) == []
    assert {s["Condition"]["ArnLike"]["AWS:SourceArn"].split(":")[-1] for s in policy(aws, "version1-a")} == {
        "new/prodv1/*",
        "new/test-invoke-stage/*",
        "rule/corkhounds-warm-places",
    }


def test_statements_of_others_stay(aws: Aws) -> None:
    put_api(aws)
    put(aws, staged_context())
    aws.lambda_(EAST).add_permission(
        FunctionName=NAME,
        Qualifier="version1-a",
        StatementId="by-hand",
        Action="lambda:InvokeFunction",
        Principal="s3.amazonaws.com",
        SourceArn="arn:aws:s3:::bucket",
    )
    context = staged_context(idle_exists=True)
    assert pending(aws, context) == []
    aws.forget()
    for live in list(Permission.owned(aws, EAST)):
        live.delete(aws)
        live.delete(aws)
    assert [s["Sid"] for s in policy(aws, "version1-a")] == ["by-hand"]


def test_a_statement_that_is_not_wanted_any_more_goes(aws: Aws) -> None:
    put_api(aws)
    put(aws, staged_context())
    cold = staged_context(changed(PLACES, warm=None), idle_exists=True)
    assert "places:version1-a statements.backendctl-corkhounds-warm-corkhounds-warm-places-version1-a" in pending(
        aws, cold
    )
    deploy(aws, list(Permission.desired(cold)))
    assert pending(aws, cold) == []
    assert len(policy(aws, "version1-a")) == 2


def test_owned_finds_the_permissions_of_every_qualifier(aws: Aws) -> None:
    put_api(aws)
    put(aws, staged_context())
    aws.forget()
    assert sorted(live.name for live in Permission.owned(aws, EAST)) == [
        "places:version1-a",
        "places:version1-b",
    ]


def test_without_its_api_a_permission_says_what_is_missing(aws: Aws) -> None:
    context = staged_context()
    put_api(aws, None)
    deploy(aws, [*Function.desired(context), *Alias.desired(context)])
    with pytest.raises(BackendctlError, match="there is no API 'corkhounds'"):
        by_name(context)["places:version1-a"].create(aws)


def test_a_policy_that_would_be_too_long_is_refused_before_the_call(aws: Aws) -> None:
    put_api(aws)
    context = staged_context()
    deploy(aws, [*Function.desired(context), *Alias.desired(context)])
    many = {f"backendctl-corkhounds-api-{n}": f"execute-api:corkhounds/stage{n}/*" for n in range(80)}
    with pytest.raises(BackendctlError, match=r"allows 20480$"):
        replace(by_name(context)["places:version1-a"], statements=many).create(aws)


def test_statement_ids_fit_what_lambda_takes() -> None:
    plain = statement_id("corkhounds", "api", "prodv1", "version1-a")
    assert plain == "backendctl-corkhounds-api-prodv1-version1-a"
    long = statement_id("corkhounds", "warm", "x" * 120, "version1-a")
    assert len(long) == 100
    assert long != statement_id("corkhounds", "warm", "x" * 120, "version1-b")
    dotted = statement_id("corkhounds", "warm", "a.b", None)
    assert "." not in dotted
    assert dotted != statement_id("corkhounds", "warm", "a-b", None)


def test_the_statements_of_a_backend_with_a_longer_name_are_not_ours() -> None:
    assert is_ours("backendctl-cork-api-prodv1", "cork")
    assert not is_ours("backendctl-cork-hounds-api-prodv1", "cork")


def test_a_wider_statement_under_our_id_is_told_as_it_is() -> None:
    places = Places(partition="aws", region=EAST, account="123456789012", api="corkhounds", api_id="abc")
    statement = {
        "Effect": "Allow",
        "Action": "lambda:*",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Condition": {"ArnLike": {"AWS:SourceArn": f"arn:aws:execute-api:{EAST}:123456789012:abc/prodv1/*"}},
    }
    assert places.source(statement).startswith("Allow lambda:* apigateway.amazonaws.com arn:")
    assert places.source(statement | {"Action": "lambda:InvokeFunction"}) == "execute-api:corkhounds/prodv1/*"


def test_our_statements_on_a_function_of_others_are_found_by_a_destroy_and_theirs_stay(aws: Aws) -> None:
    put_api(aws)
    put(aws, staged_context())
    functions = aws.lambda_(EAST)
    arn = functions.get_function(FunctionName=NAME)["Configuration"]["FunctionArn"]
    functions.untag_resource(Resource=arn, TagKeys=["backendctl:backend"])
    aws.forget()
    assert list(Permission.owned(aws, EAST)) == []
    aws.granted = frozenset({NAME})
    found = list(Permission.owned(aws, EAST))
    assert f"{NAME}:version1-a" in [live.name for live in found]
    for live in found:
        live.delete(aws)
    aws.forget()
    assert list(Permission.owned(aws, EAST)) == []
