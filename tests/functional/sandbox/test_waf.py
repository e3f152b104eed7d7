"""WAFv2 in front of stages: refused where AWS refuses, told by the stage, gone with it."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.sandboxed import ACCOUNT, EAST, WEST, Sandbox, eventually


@pytest.fixture
def stage(sandbox: Sandbox) -> Iterator[dict[str, str]]:
    """Api, name and ARN of a stage."""
    api = sandbox.client("apigateway")
    made = api.create_rest_api(name=uuid.uuid4().hex)["id"]
    root = api.get_resources(restApiId=made)["items"][0]["id"]
    api.put_method(restApiId=made, resourceId=root, httpMethod="GET", authorizationType="NONE")
    api.put_integration(restApiId=made, resourceId=root, httpMethod="GET", type="MOCK")
    api.create_deployment(restApiId=made, stageName="v1")
    yield {"api": made, "arn": f"arn:aws:apigateway:{EAST}::/restapis/{made}/stages/v1"}
    api.delete_rest_api(restApiId=made)


def web_acl(sandbox: Sandbox, region: str = EAST, scope: str = "REGIONAL") -> dict[str, Any]:
    visibility = {"SampledRequestsEnabled": False, "CloudWatchMetricsEnabled": False, "MetricName": "m"}
    made = sandbox.client("wafv2", region).create_web_acl(
        Name=uuid.uuid4().hex, Scope=scope, DefaultAction={"Allow": {}}, VisibilityConfig=visibility
    )
    found: dict[str, Any] = made["Summary"]
    return found


def refusal(call: Any, **asked: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**asked)
    return str(refused.value.response["Error"]["Code"])


def put(sandbox: Sandbox, arn: str, stage: str) -> None:
    waf = sandbox.client("wafv2")

    def done() -> bool:
        try:
            waf.associate_web_acl(WebACLArn=arn, ResourceArn=stage)
        except waf.exceptions.WAFUnavailableEntityException:
            return False
        return True

    eventually(done)


def test_a_stage_has_one_web_acl_and_tells_it(sandbox: Sandbox, stage: dict[str, str]) -> None:
    waf, api = sandbox.client("wafv2"), sandbox.client("apigateway")
    first, second = web_acl(sandbox), web_acl(sandbox)
    assert "WebACL" not in waf.get_web_acl_for_resource(ResourceArn=stage["arn"])
    put(sandbox, first["ARN"], stage["arn"])
    put(sandbox, second["ARN"], stage["arn"])
    assert api.get_stage(restApiId=stage["api"], stageName="v1")["webAclArn"] == second["ARN"]
    assert waf.get_web_acl_for_resource(ResourceArn=stage["arn"])["WebACL"]["Id"] == second["Id"]
    assert waf.list_resources_for_web_acl(WebACLArn=second["ARN"])["ResourceArns"] == [stage["arn"]]
    assert waf.list_resources_for_web_acl(WebACLArn=first["ARN"])["ResourceArns"] == []
    waf.disassociate_web_acl(ResourceArn=stage["arn"])
    assert "webAclArn" not in api.get_stage(restApiId=stage["api"], stageName="v1")


def test_a_web_acl_stays_while_a_stage_has_it_and_goes_with_the_stage(sandbox: Sandbox, stage: dict[str, str]) -> None:
    waf, api = sandbox.client("wafv2"), sandbox.client("apigateway")
    made = web_acl(sandbox)
    put(sandbox, made["ARN"], stage["arn"])
    naming = {"Name": made["Name"], "Id": made["Id"], "Scope": "REGIONAL", "LockToken": made["LockToken"]}
    assert refusal(waf.delete_web_acl, **naming) == "WAFAssociatedItemException"
    api.update_stage(
        restApiId=stage["api"],
        stageName="v1",
        patchOperations=[{"op": "replace", "path": "/description", "value": "d"}],
    )
    assert api.get_stage(restApiId=stage["api"], stageName="v1")["webAclArn"] == made["ARN"]
    api.delete_stage(restApiId=stage["api"], stageName="v1")
    waf.delete_web_acl(**naming)


def test_what_is_not_there_or_lies_elsewhere_is_refused(sandbox: Sandbox, stage: dict[str, str]) -> None:
    waf = sandbox.client("wafv2")
    made, far = web_acl(sandbox), web_acl(sandbox, WEST)
    none = f"arn:aws:wafv2:{EAST}:{ACCOUNT}:regional/webacl/none/11111111-2222-3333-4444-555555555555"
    for arn in (none, far["ARN"]):
        found = refusal(waf.associate_web_acl, WebACLArn=arn, ResourceArn=stage["arn"])
        assert found == "WAFNonexistentItemException"
    cloudfront = web_acl(sandbox, scope="CLOUDFRONT")["ARN"]
    assert (
        refusal(waf.associate_web_acl, WebACLArn=cloudfront, ResourceArn=stage["arn"]) == "WAFInvalidParameterException"
    )
    nowhere = stage["arn"].replace("/stages/v1", "/stages/v2")
    for call in (waf.disassociate_web_acl, waf.get_web_acl_for_resource):
        assert refusal(call, ResourceArn=nowhere) == "WAFNonexistentItemException"
    assert refusal(waf.associate_web_acl, WebACLArn=made["ARN"], ResourceArn=nowhere) == "WAFNonexistentItemException"
    table = f"arn:aws:dynamodb:{EAST}:{ACCOUNT}:table/t"
    assert refusal(waf.disassociate_web_acl, ResourceArn=table) == "WAFInvalidParameterException"
