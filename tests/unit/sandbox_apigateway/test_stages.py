"""Deployments, stages and canaries."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

MOCK = {
    "x-amazon-apigateway-integration": {
        "type": "mock",
        "requestTemplates": {"application/json": '{"statusCode": 200}'},
        "responses": {"default": {"statusCode": "200"}},
    }
}


@pytest.fixture
def client(aws: Any) -> Any:
    return aws.client()


@pytest.fixture
def api_id(client: Any) -> str:
    document = {"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": {"/a": {"get": MOCK}}}
    return str(client.import_rest_api(body=json.dumps(document))["id"])


def deploy(client: Any, api_id: str, **options: Any) -> str:
    return str(client.create_deployment(restApiId=api_id, **options)["id"])


def patch(client: Any, api_id: str, *operations: tuple[str, ...], stage: str = "dev") -> dict[str, Any]:
    listed = []
    for op, path, *rest in operations:
        key = "from" if op == "copy" else "value"
        listed.append({"op": op, "path": path, **({key: rest[0]} if rest else {})})
    answer = client.update_stage(restApiId=api_id, stageName=stage, patchOperations=listed)
    assert isinstance(answer, dict)
    return answer


def stage(client: Any, api_id: str) -> dict[str, Any]:
    answer = client.get_stage(restApiId=api_id, stageName="dev")
    answer.pop("ResponseMetadata")
    assert isinstance(answer, dict)
    return answer


def test_an_api_without_methods_cannot_be_deployed(client: Any) -> None:
    api = client.create_rest_api(name="empty")
    with pytest.raises(ClientError, match="The REST API doesn't contain any methods"):
        deploy(client, api["id"])


def test_a_method_without_integration_cannot_be_deployed(client: Any) -> None:
    api = client.create_rest_api(name="half")
    client.put_method(restApiId=api["id"], resourceId=api["rootResourceId"], httpMethod="GET", authorizationType="NONE")
    with pytest.raises(ClientError, match="No integration defined for method"):
        deploy(client, api["id"])


def test_a_deployment_is_a_snapshot(client: Any, api_id: str) -> None:
    deployment = deploy(client, api_id)
    resource = client.get_resources(restApiId=api_id)["items"][1]
    client.delete_resource(restApiId=api_id, resourceId=resource["id"])
    shown = client.get_deployment(restApiId=api_id, deploymentId=deployment, embed=["apisummary"])
    assert shown["apiSummary"] == {"/a": {"GET": {"authorizationType": "NONE", "apiKeyRequired": False}}}


def test_a_deployment_in_use_by_a_canary_cannot_be_deleted(client: Any, api_id: str) -> None:
    deploy(client, api_id, stageName="dev")
    canary = deploy(client, api_id, stageName="dev", canarySettings={"percentTraffic": 10})
    with pytest.raises(ClientError, match="Active stages pointing to this deployment must be moved or deleted"):
        client.delete_deployment(restApiId=api_id, deploymentId=canary)
    patch(client, api_id, ("remove", "/canarySettings"))
    client.delete_deployment(restApiId=api_id, deploymentId=canary)
    assert len(client.get_deployments(restApiId=api_id)["items"]) == 1


def test_a_plain_deployment_is_refused_while_a_canary_is_on(client: Any, api_id: str) -> None:
    deploy(client, api_id, stageName="dev")
    deploy(client, api_id, stageName="dev", canarySettings={"percentTraffic": 10})
    with pytest.raises(ClientError, match="Non canary deployment not supported on stage dev"):
        deploy(client, api_id, stageName="dev")


def test_promotion_copies_deployment_and_merges_overrides(client: Any, api_id: str) -> None:
    deploy(client, api_id, stageName="dev", variables={"alias": "a", "kept": "yes"})
    overrides = {"alias": "b"}
    new = deploy(
        client, api_id, stageName="dev", canarySettings={"percentTraffic": 10, "stageVariableOverrides": overrides}
    )
    answer = patch(
        client,
        api_id,
        ("replace", "/canarySettings/percentTraffic", "0.0"),
        ("copy", "/variables", "/canarySettings/stageVariableOverrides"),
        ("copy", "/deploymentId", "/canarySettings/deploymentId"),
    )
    assert answer["deploymentId"] == new
    assert answer["variables"] == {"alias": "b", "kept": "yes"}
    assert answer["canarySettings"]["percentTraffic"] == 0.0
    assert "canarySettings" not in patch(client, api_id, ("remove", "/canarySettings"))


def test_replacing_percent_makes_a_canary_of_the_present_deployment(client: Any, api_id: str) -> None:
    deployment = deploy(client, api_id, stageName="dev")
    answer = patch(client, api_id, ("replace", "/canarySettings/percentTraffic", "25"))
    assert answer["canarySettings"] == {"deploymentId": deployment, "percentTraffic": 25.0, "useStageCache": False}


def test_a_refused_patch_changes_nothing(client: Any, api_id: str) -> None:
    deploy(client, api_id, stageName="dev")
    before = stage(client, api_id)
    with pytest.raises(ClientError, match="Invalid method setting path: /nothing"):
        patch(client, api_id, ("replace", "/description", "new"), ("replace", "/nothing", "x"))
    assert stage(client, api_id) == before


@pytest.mark.parametrize("value", ["a b", "", "a+b", "${x}", "a@b", '"', "a%20"])
def test_stage_variable_values_have_few_characters(client: Any, api_id: str, value: str) -> None:
    deploy(client, api_id, stageName="dev")
    with pytest.raises(ClientError, match="Invalid stage variable value"):
        patch(client, api_id, ("replace", "/variables/x", value))
    with pytest.raises(ClientError, match="Invalid stage variable value"):
        deploy(client, api_id, stageName="dev", variables={"x": value})


def test_variables_are_replaced_and_removed_but_not_added(client: Any, api_id: str) -> None:
    deploy(client, api_id, stageName="dev")
    assert patch(client, api_id, ("replace", "/variables/x", "1"))["variables"] == {"x": "1"}
    assert "variables" not in patch(client, api_id, ("remove", "/variables/x"))
    with pytest.raises(ClientError, match="Invalid add operation with path: /variables/x"):
        patch(client, api_id, ("add", "/variables/x", "1"))


def test_a_stage_has_a_hundred_variables_at_most_however_they_come(client: Any, api_id: str) -> None:
    hundred = {f"v{number}": "1" for number in range(100)}
    deployment = deploy(client, api_id, stageName="dev", variables=hundred)
    too_many = "Stage variables exceed the maximum of 100"
    with pytest.raises(ClientError, match=too_many):
        client.create_stage(
            restApiId=api_id, stageName="new", deploymentId=deployment, variables={**hundred, "more": "1"}
        )
    with pytest.raises(ClientError, match=too_many):
        patch(client, api_id, ("replace", "/variables/more", "1"))
    with pytest.raises(ClientError, match=too_many):
        deploy(client, api_id, stageName="dev", variables={"more": "1"})
    overridden = ("replace", "/canarySettings/stageVariableOverrides/more", "1")
    with pytest.raises(ClientError, match=too_many):
        patch(client, api_id, overridden, ("copy", "/variables", "/canarySettings/stageVariableOverrides"))
    assert stage(client, api_id)["variables"] == hundred
    assert patch(client, api_id, ("replace", "/variables/v1", "2"))["variables"]["v1"] == "2"


def test_logging_needs_the_account_role_of_that_region(aws: Any, client: Any, api_id: str) -> None:
    deploy(client, api_id, stageName="dev")
    refusal = "CloudWatch Logs role ARN must be set in account settings to enable logging"
    with pytest.raises(ClientError, match=refusal):
        patch(client, api_id, ("replace", "/*/*/logging/loglevel", "INFO"))
    role = {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::111111111111:role/logs"}
    aws.client("eu-west-1").update_account(patchOperations=[role])
    with pytest.raises(ClientError, match=refusal):
        patch(client, api_id, ("replace", "/accessLogSettings/destinationArn", "arn:aws:logs:x:1:log-group:g"))
    client.update_account(patchOperations=[role])
    answer = patch(client, api_id, ("replace", "/*/*/logging/loglevel", "INFO"))
    assert answer["methodSettings"]["*/*"]["loggingLevel"] == "INFO"


def test_a_role_that_api_gateway_cannot_use_is_refused(aws: Any) -> None:
    useless = "arn:aws:iam::111111111111:role/useless"
    aws.backplane.useless_roles.add(useless)
    role = {"op": "replace", "path": "/cloudwatchRoleArn", "value": useless}
    with pytest.raises(ClientError, match="does not have required permissions configured"):
        aws.client().update_account(patchOperations=[role])
    assert "cloudwatchRoleArn" not in aws.client().get_account()


def test_access_logs_need_a_request_id_and_cannot_be_emptied(client: Any, api_id: str) -> None:
    deploy(client, api_id, stageName="dev")
    role = {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::111111111111:role/logs"}
    client.update_account(patchOperations=[role])
    arn = "arn:aws:logs:us-east-1:111111111111:log-group:g"
    with pytest.raises(ClientError, match="requestId"):
        patch(client, api_id, ("replace", "/accessLogSettings/format", "$context.status"))
    answer = patch(
        client,
        api_id,
        ("replace", "/accessLogSettings/destinationArn", arn + ":*"),
        ("replace", "/accessLogSettings/format", "$context.requestId"),
    )
    assert answer["accessLogSettings"] == {"destinationArn": arn, "format": "$context.requestId"}
    with pytest.raises(ClientError, match="Access Log value must not be empty"):
        patch(client, api_id, ("replace", "/accessLogSettings/destinationArn", ""))
    assert "accessLogSettings" not in patch(client, api_id, ("remove", "/accessLogSettings"))


def test_method_settings_inherit_from_all_methods(client: Any, api_id: str) -> None:
    deploy(client, api_id, stageName="dev")
    answer = patch(
        client,
        api_id,
        ("replace", "/*/*/metrics/enabled", "true"),
        ("replace", "/~1a/GET/throttling/burstLimit", "7"),
    )
    settings = answer["methodSettings"]
    assert settings["~1a/GET"]["throttlingBurstLimit"] == 7
    assert settings["~1a/GET"]["metricsEnabled"] is True
    assert settings["*/*"]["throttlingBurstLimit"] == 5000
    assert list(patch(client, api_id, ("remove", "/*/*"))["methodSettings"]) == ["~1a/GET"]


def test_create_stage_takes_tags_variables_and_a_canary(client: Any, api_id: str) -> None:
    first, second = deploy(client, api_id), deploy(client, api_id)
    client.create_stage(
        restApiId=api_id,
        stageName="dev",
        deploymentId=first,
        tags={"a": "1"},
        variables={"x": "1"},
        tracingEnabled=True,
        canarySettings={"deploymentId": second, "percentTraffic": 5},
    )
    shown = stage(client, api_id)
    assert (shown["tags"], shown["variables"], shown["tracingEnabled"]) == ({"a": "1"}, {"x": "1"}, True)
    assert shown["canarySettings"] == {"deploymentId": second, "percentTraffic": 5.0, "useStageCache": False}
    with pytest.raises(ClientError, match="Stage already exists"):
        client.create_stage(restApiId=api_id, stageName="dev", deploymentId=first)
    with pytest.raises(ClientError, match="Stage name only allows"):
        client.create_stage(restApiId=api_id, stageName="a b", deploymentId=first)


def test_tags_use_an_arn_without_account(client: Any, api_id: str) -> None:
    deploy(client, api_id, stageName="dev")
    arn = f"arn:aws:apigateway:us-east-1::/restapis/{api_id}/stages/dev"
    client.tag_resource(resourceArn=arn, tags={"a": "1", "b": "2"})
    client.untag_resource(resourceArn=arn, tagKeys=["a"])
    assert client.get_tags(resourceArn=arn)["tags"] == {"b": "2"}
    assert stage(client, api_id)["tags"] == {"b": "2"}
    with pytest.raises(ClientError, match="Invalid ARN"):
        client.get_tags(resourceArn=f"arn:aws:apigateway:us-east-1:111111111111:/restapis/{api_id}")


def test_lists_come_in_pages(client: Any) -> None:
    for number in range(30):
        client.create_rest_api(name=f"api-{number}")
    first = client.get_rest_apis()
    assert (len(first["items"]), first["position"]) == (25, "25")
    names = [each["name"] for page in client.get_paginator("get_rest_apis").paginate() for each in page["items"]]
    assert names == [f"api-{number}" for number in range(30)]


def test_state_survives_dump_and_load(aws: Any, client: Any, api_id: str) -> None:
    deploy(client, api_id, stageName="dev", variables={"x": "1"})
    deploy(client, api_id, stageName="dev", canarySettings={"percentTraffic": 10})
    before = stage(client, api_id)
    state = json.loads(json.dumps(aws.gateway.dump()))
    client.delete_rest_api(restApiId=api_id)
    aws.gateway.load(state)
    assert stage(client, api_id) == before
    assert aws.call(api_id, "dev", "/a").status == 200


def test_the_cache_cluster_follows_its_switch(client: Any, api_id: str) -> None:
    deploy(client, api_id, stageName="dev")
    on = patch(client, api_id, ("replace", "/cacheClusterEnabled", "true"))
    assert (on["cacheClusterStatus"], on["cacheClusterSize"]) == ("AVAILABLE", "0.5")
    off = patch(client, api_id, ("replace", "/cacheClusterEnabled", "false"))
    assert off["cacheClusterStatus"] == "NOT_AVAILABLE"


@pytest.mark.parametrize(
    ("path", "value"),
    [("/cacheClusterSize", "7"), ("/*/*/caching/ttlInSeconds", "3601"), ("/*/*/caching/ttlInSeconds", "-1")],
)
def test_a_cache_has_known_sizes_and_an_hour_at_most(client: Any, api_id: str, path: str, value: str) -> None:
    deploy(client, api_id, stageName="dev")
    with pytest.raises(ClientError, match=r"Invalid cache (cluster size|TTL)"):
        patch(client, api_id, ("replace", path, value))
