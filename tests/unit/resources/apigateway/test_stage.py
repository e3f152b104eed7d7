"""Stages: what callers reach moves in one step, and never half."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from backendctl.aws.connection import Aws
from backendctl.engine.action import Action
from backendctl.engine.diff import differences
from backendctl.errors import BackendctlError
from backendctl.resources.apigateway import deployments as releases
from backendctl.resources.apigateway.api_account import ApiAccount
from backendctl.resources.apigateway.api_reads import find_api, stage_variables
from backendctl.resources.apigateway.rest_api import RestApi
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.deploy_context import SlotChoice, Stamp
from backendctl.resources.lambda_.releases import describe_deployment
from backendctl.spec import model
from backendctl.spec.build import ACCESS_FORMAT
from backendctl.spec.callers import Throttling
from tests.unit.resources.api_helpers import (
    EAST,
    PLACES,
    STAGE,
    Calls,
    carry_out,
    context,
    deploy,
    document,
    mocked,
    only,
    plan,
    spec,
)

if TYPE_CHECKING:
    from mypy_boto3_apigateway.type_defs import PatchOperationTypeDef

TWO = document("/places", "/search")
THREE = document("/places", "/search", "/owners")


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mocked() as connection:
        yield connection


def release(aws: Aws, given: Any) -> Stage:
    """API and stage as that context has them."""
    deploy(aws, only(RestApi, given))
    stage: Stage = only(Stage, given)
    deploy(aws, stage)
    return stage


def found(aws: Aws, name: str = "prodv1") -> Any:
    aws.forget()
    return aws.apigateway(EAST).get_stage(restApiId=find_api(aws, EAST, "corkhounds") or "", stageName=name)


def deployed(aws: Aws) -> list[Any]:
    aws.forget()
    api_id = find_api(aws, EAST, "corkhounds") or ""
    return list(aws.apigateway(EAST).get_deployments(restApiId=api_id, limit=500)["items"])


def with_stage(**fields: Any) -> Any:
    return context(spec(stages=(replace(STAGE, **fields),)))


def test_a_new_stage_serves_the_definition_with_the_slot_in_its_variables(aws: Aws) -> None:
    stage = release(aws, context())
    live = found(aws)
    assert live["variables"] == {"placesAlias": "version1-a", "mode": "full"}
    assert live["tracingEnabled"]
    assert live["tags"]["backendctl:backend"] == "corkhounds"
    (deployment,) = deployed(aws)
    assert deployment["description"] == (
        f"backendctl definition={stage.definition} localised={stage.localised} "
        "commit=c1 time=2026-11-23T10:00:00Z by=Ada"
    )


def test_code_and_definition_move_in_one_call(aws: Aws) -> None:
    release(aws, context())
    deploy(aws, only(RestApi, context(definition=TWO, slot="b")))
    calls = Calls(aws.apigateway(EAST), "api-gateway")
    deploy(aws, only(Stage, context(definition=TWO, slot="b")))
    (update,) = calls.of("UpdateStage")
    assert [(op["op"], op["path"]) for op in update["patchOperations"]] == [
        ("replace", "/deploymentId"),
        ("replace", "/variables/placesAlias"),
    ]
    assert calls.of("CreateDeployment")[0].keys() == {"restApiId", "description"}
    assert found(aws)["variables"]["placesAlias"] == "version1-b"


def test_going_back_makes_no_new_deployment(aws: Aws) -> None:
    release(aws, context())
    first = found(aws)["deploymentId"]
    release(aws, context(definition=TWO, slot="b"))
    release(aws, context(slot="a"))
    assert found(aws)["deploymentId"] == first
    assert len(deployed(aws)) == 2


def test_a_variable_that_left_the_spec_is_removed(aws: Aws) -> None:
    release(aws, context())
    release(aws, with_stage(variables={"placesAlias": "version1"}))
    assert found(aws)["variables"] == {"placesAlias": "version1-a"}


def test_every_setting_of_the_spec_is_made_and_the_second_plan_is_empty(aws: Aws) -> None:
    logging = model.Logging(level="INFO", data_trace=True, access="corkhounds-access", format=ACCESS_FORMAT)
    given = with_stage(
        metrics=True,
        throttling=Throttling(rate=100, burst=200),
        cache_size="0.5",
        cache_ttl=60,
        logging=logging,
        description="the live one",
        tags={"team": "maps"},
    )
    deploy(aws, only(RestApi, given))
    deploy(aws, only(ApiAccount, given))
    deploy(aws, only(Stage, given))
    live = found(aws)
    settings = live["methodSettings"]["*/*"]
    assert (settings["throttlingRateLimit"], settings["throttlingBurstLimit"]) == (100.0, 200)
    assert (settings["loggingLevel"], settings["dataTraceEnabled"]) == ("INFO", True)
    assert (live["cacheClusterSize"], settings["cachingEnabled"], settings["cacheTtlInSeconds"]) == ("0.5", True, 60)
    assert live["accessLogSettings"] == {
        "destinationArn": f"arn:aws:logs:{EAST}:123456789012:log-group:corkhounds-access",
        "format": ACCESS_FORMAT,
    }
    assert live["tags"]["team"] == "maps"
    groups = aws.logs(EAST).describe_log_groups(logGroupNamePrefix="corkhounds-access")["logGroups"]
    assert [group["logGroupName"] for group in groups] == ["corkhounds-access"]


def test_limits_of_single_methods_come_and_go_and_other_settings_stay(aws: Aws) -> None:
    general, own = Throttling(rate=100, burst=200), Throttling(rate=1.5, burst=3)
    release(aws, with_stage(throttling=general, method_throttling={"GET /places": own, "GET /": general}))
    settings = found(aws)["methodSettings"]
    assert set(settings) == {"*/*", "~1places/GET"}
    assert (settings["~1places/GET"]["throttlingRateLimit"], settings["~1places/GET"]["throttlingBurstLimit"]) == (
        1.5,
        3,
    )

    api = find_api(aws, EAST, "corkhounds") or ""
    metrics: PatchOperationTypeDef = {"op": "replace", "path": "/~1places/GET/metrics/enabled", "value": "true"}
    aws.apigateway(EAST).update_stage(restApiId=api, stageName="prodv1", patchOperations=[metrics])
    release(aws, with_stage(throttling=general))
    assert found(aws)["methodSettings"]["~1places/GET"]["throttlingRateLimit"] == 1.5
    release(aws, with_stage(throttling=general, method_throttling={}))
    left = found(aws)["methodSettings"]["~1places/GET"]
    assert (left["throttlingRateLimit"], left["throttlingBurstLimit"], left["metricsEnabled"]) == (100.0, 200, True)


def test_limits_of_a_method_go_where_the_stage_has_none(aws: Aws) -> None:
    release(aws, with_stage(method_throttling={"GET /places": Throttling(rate=1, burst=3)}))
    release(aws, with_stage(method_throttling={}))
    assert "~1places/GET" not in found(aws).get("methodSettings", {})


def test_settings_can_be_taken_back(aws: Aws) -> None:
    logging = model.Logging(level="INFO", access="corkhounds-access", format=ACCESS_FORMAT)
    given = with_stage(cache_size="0.5", logging=logging)
    deploy(aws, only(RestApi, given))
    deploy(aws, only(ApiAccount, given))
    deploy(aws, only(Stage, given))
    deploy(aws, only(Stage, with_stage(logging=model.Logging(), tracing=False)))
    live = found(aws)
    assert not live["cacheClusterEnabled"]
    assert not live["tracingEnabled"]
    assert "accessLogSettings" not in live
    assert live["methodSettings"]["*/*"]["loggingLevel"] == "OFF"


def test_overrides_of_single_methods_are_left_alone(aws: Aws) -> None:
    release(aws, context())
    patch: PatchOperationTypeDef = {"op": "replace", "path": "/~1places/GET/throttling/rateLimit", "value": "7"}
    aws.apigateway(EAST).update_stage(
        restApiId=find_api(aws, EAST, "corkhounds") or "", stageName="prodv1", patchOperations=[patch]
    )
    assert plan(aws, [only(Stage, context())], Stage).changes == ()


def test_a_stage_made_without_its_settings_is_finished(aws: Aws) -> None:
    given = with_stage(metrics=True)
    deploy(aws, only(RestApi, given))
    stage = only(Stage, given)
    api_id = find_api(aws, EAST, "corkhounds") or ""
    deployment = aws.apigateway(EAST).create_deployment(
        restApiId=api_id, description=describe_deployment(stage.definition, stage.localised, stage.stamp)
    )
    aws.apigateway(EAST).create_stage(
        restApiId=api_id, stageName="prodv1", deploymentId=deployment["id"], tags=stage.tags
    )
    (change,) = plan(aws, [stage], Stage).changes
    assert (change.action, change.foreign) == (Action.UPDATE, False)
    deploy(aws, stage)
    assert found(aws)["methodSettings"]["*/*"]["metricsEnabled"]


def test_create_when_the_stage_exists_by_now_brings_it_to_the_spec(aws: Aws) -> None:
    release(aws, context())
    aws.forget()
    deploy(aws, only(RestApi, context(definition=TWO)))
    only(Stage, context(definition=TWO)).create(aws)
    assert plan(aws, [only(Stage, context(definition=TWO))], Stage).changes == ()


def test_nothing_is_deployed_under_the_name_of_a_definition_the_api_does_not_hold(aws: Aws) -> None:
    release(aws, context())
    (change,) = plan(aws, [only(Stage, context(definition=TWO))], Stage).changes
    with pytest.raises(BackendctlError, match="holds the definition"):
        carry_out(aws, change)
    assert len(deployed(aws)) == 1


def canary(aws: Aws) -> None:
    patch: PatchOperationTypeDef = {"op": "replace", "path": "/canarySettings/percentTraffic", "value": "10.0"}
    aws.apigateway(EAST).update_stage(
        restApiId=find_api(aws, EAST, "corkhounds") or "", stageName="prodv1", patchOperations=[patch]
    )


def test_a_stage_with_a_canary_keeps_its_definition(aws: Aws) -> None:
    release(aws, context())
    canary(aws)
    deploy(aws, only(RestApi, context(definition=TWO)))
    (change,) = plan(aws, [only(Stage, context(definition=TWO))], Stage).changes
    with pytest.raises(BackendctlError, match="has a canary, and its definition would change"):
        carry_out(aws, change)


def test_a_stage_with_a_canary_may_change_its_settings(aws: Aws) -> None:
    release(aws, context())
    canary(aws)
    deploy(aws, only(Stage, with_stage(metrics=True)))
    assert found(aws)["canarySettings"]["percentTraffic"] == 10.0


def test_ten_deployments_stay_and_those_in_use(aws: Aws) -> None:
    old = context(spec(stages=(replace(STAGE, name="old", path=None),)))
    release(aws, old)
    release(aws, context())
    kept = found(aws, "old")["deploymentId"]
    api_id = find_api(aws, EAST, "corkhounds") or ""
    foreign = aws.apigateway(EAST).create_deployment(restApiId=api_id, description="by hand")["id"]
    for number in range(12):
        aws.apigateway(EAST).create_deployment(
            restApiId=api_id,
            description=describe_deployment(f"{number:012x}", "0" * 12, Stamp(commit="", author="", time="")),
        )
    release(aws, context(definition=TWO))
    left = {deployment["id"] for deployment in deployed(aws)}
    assert {kept, foreign} <= left
    assert len(left) == releases.KEPT + 2


def test_a_stage_of_ours_that_is_not_desired_goes_and_others_stay(aws: Aws) -> None:
    release(aws, context())
    api_id = find_api(aws, EAST, "corkhounds") or ""
    aws.apigateway(EAST).create_stage(restApiId=api_id, stageName="byhand", deploymentId=found(aws)["deploymentId"])
    (change,) = plan(aws, [], Stage).changes
    assert change.address == "us-east-1/stage/prodv1"
    carry_out(aws, change)
    carry_out(aws, change)
    assert [s["stageName"] for s in aws.apigateway(EAST).get_stages(restApiId=api_id)["item"]] == ["byhand"]


def test_it_needs_the_api_the_slot_it_names_and_the_permission(aws: Aws) -> None:
    del aws
    assert only(Stage, context(slot="b")).needs() == {
        "us-east-1/rest-api/corkhounds",
        "us-east-1/alias/places:version1-b",
        "us-east-1/permission/places:version1-b",
    }
    logging = only(Stage, with_stage(logging=model.Logging(level="ERROR")))
    assert "us-east-1/api-account/logging" in logging.needs()


def test_a_plain_alias_and_an_unqualified_function_are_needed_as_they_are() -> None:
    given = context()
    link = given.links[EAST][0]
    spelt = replace(given, links={EAST: (replace(link, variable=None), replace(link, variable=None, alias=None))})
    assert only(Stage, spelt).needs() == {
        "us-east-1/rest-api/corkhounds",
        "us-east-1/alias/places:version1",
        "us-east-1/permission/places:version1",
        "us-east-1/function/places",
        "us-east-1/permission/places",
    }


def test_a_variable_may_hold_function_and_alias() -> None:
    stage = replace(STAGE, variables={"placesAlias": "corkhounds-places:version1"})
    given = context(spec(stages=(stage,)), slot="b")
    assert only(Stage, given).variables == {"placesAlias": "corkhounds-places:version1-b"}


def test_one_variable_for_functions_in_different_slots_is_refused() -> None:
    given = context()
    other = model.FunctionSpec(name="search", physical="corkhounds-search", code=model.Code())
    link = given.links[EAST][0]
    split = replace(
        given,
        links={EAST: (link, replace(link, function=other))},
        slots={**given.slots, (EAST, other.physical, "version1"): SlotChoice(target="b", idle_exists=True)},
    )
    assert given.slots[EAST, PLACES.physical, "version1"].target == "a"
    with pytest.raises(BackendctlError, match="variable placesAlias serves functions"):
        only(Stage, split)


def test_stage_variables_are_read_by_api_name(aws: Aws) -> None:
    assert stage_variables(aws, EAST, "corkhounds") == {}
    release(aws, context())
    aws.forget()
    assert stage_variables(aws, EAST, "corkhounds") == {"prodv1": {"placesAlias": "version1-a", "mode": "full"}}


def test_a_plan_with_nothing_to_do_is_three_calls(aws: Aws) -> None:
    release(aws, context())
    calls = Calls(aws.apigateway(EAST), "api-gateway")
    plan(aws, [only(RestApi, context()), only(Stage, context())], RestApi, Stage)
    assert sorted(calls.names) == ["GetDeployments", "GetRestApis", "GetStages"]


def test_a_description_tells_its_definition_and_a_foreign_one_nothing() -> None:
    text = describe_deployment(
        "0123456789ab", "ba9876543210", Stamp(commit="c1+", author="Ada L.", time="2026-11-23T10:00:00Z")
    )
    assert releases.definition_of(text) == "0123456789ab"
    assert releases.definition_of("definition=0123456789ab by hand") is None
    assert releases.definition_of(None) is None


def test_a_live_variable_that_the_spec_does_not_know_is_shown_as_a_digest_and_aliases_as_they_are() -> None:
    given = with_stage(variables={"placesAlias": "version1", "mode": "full", "key": "new"})
    desired: Stage = only(Stage, given)
    live = replace(
        desired, variables={"placesAlias": "version1-b", "mode": "s3cret-1", "key": "s3cret-2", "gone": "s3cret-3"}
    )
    changes = {change.field: (change.before, change.after) for change in differences(desired, live)}
    assert changes["variables.placesAlias"] == ("version1-b", "version1-a")
    assert changes["variables.mode"][1] == "full"
    assert changes["variables.gone"][1] is None
    assert "s3cret" not in str(changes)
    assert all(str(changes[f"variables.{key}"][0]).startswith("••• (") for key in ("mode", "key", "gone"))


def test_the_log_of_a_stage_goes_before_the_stage_by_which_a_killed_deletion_is_found(aws: Aws) -> None:
    deploy(aws, *RestApi.desired(context()), *Stage.desired(context()))
    (live,) = Stage.owned(aws, EAST)
    gateway = Calls(aws.apigateway(EAST), "api-gateway")
    parameters = Calls(aws.ssm(EAST), "ssm")
    order: list[str] = []
    aws.apigateway(EAST).meta.events.register("before-call.*.*", lambda model, **_: order.append(model.name))
    aws.ssm(EAST).meta.events.register("before-call.*.*", lambda model, **_: order.append(model.name))
    live.delete(aws)
    assert (len(gateway.of("DeleteStage")), len(parameters.of("DeleteParameter"))) == (1, 1)
    assert order.index("DeleteParameter") < order.index("DeleteStage")
