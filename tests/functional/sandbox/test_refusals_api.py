"""Rows 1 to 11 of what emulators let through: API Gateway. The sandbox refuses it as AWS does."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.refusals import active_function, certificate, definition, refused, served, through_alias, unique
from tests.functional.sandboxed import ACCOUNT, EAST, WEST, eventually

if TYPE_CHECKING:
    from tests.functional.sandboxed import Sandbox

PUSH_TO_LOGS = "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"
OPEN_TO_ALL = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "*"}],
}
LOGGING = ("replace", "/*/*/logging/loglevel", "INFO")


def issued(sandbox: Sandbox, name: str, region: str = EAST) -> str:
    """A certificate that may be used."""
    arn, acm = certificate(sandbox, name, region), sandbox.client("acm", region)
    eventually(lambda: acm.describe_certificate(CertificateArn=arn)["Certificate"]["Status"] == "ISSUED")
    return arn


def domain(sandbox: Sandbox, region: str = EAST, name: str | None = None) -> str:
    """A regional domain name."""
    name = name or f"{unique('api')}.example"
    sandbox.client("apigateway", region).create_domain_name(
        domainName=name,
        regionalCertificateArn=issued(sandbox, name, region),
        endpointConfiguration={"types": ["REGIONAL"]},
    )
    return name


def test_row_01_imports_deployments_deletions_and_domains_have_rates(metered_sandbox: Sandbox) -> None:
    too_many = "TooManyRequestsException 429: Too Many Requests"
    client, regional = metered_sandbox.client("apigateway"), {"endpointConfigurationTypes": "REGIONAL"}
    imported = client.import_rest_api(body=definition("/a"), parameters=regional)["id"]
    assert refused(client.import_rest_api, body=definition("/a"), parameters=regional) == too_many
    client.create_deployment(restApiId=imported, stageName="live")
    assert refused(client.create_deployment, restApiId=imported, stageName="live") == too_many
    client.delete_rest_api(restApiId=imported)
    assert refused(client.delete_rest_api, restApiId="nosuch") == too_many
    missing = refused(client.delete_domain_name, domainName="nosuch.example")
    assert missing.startswith("NotFoundException 404: ")
    assert refused(client.delete_domain_name, domainName="nosuch.example") == too_many
    assert "NotFoundException" in refused(
        metered_sandbox.client("apigateway", WEST).delete_domain_name, domainName="nosuch.example"
    )


def test_row_02_a_full_quota_is_a_429_too(sandbox: Sandbox) -> None:
    api = served(sandbox)
    deployment = api.deploy()
    for number in range(9):
        api.client.create_stage(restApiId=api.id, stageName=f"s{number}", deploymentId=deployment)
    told = refused(api.client.create_stage, restApiId=api.id, stageName="one-more", deploymentId=deployment)
    assert told.startswith("LimitExceededException 429: ")


def test_row_03_an_import_that_does_not_say_is_for_edge_locations(sandbox: Sandbox) -> None:
    client = sandbox.client("apigateway", WEST)
    made = client.import_rest_api(body=definition("/a"))
    assert made["endpointConfiguration"]["types"] == ["EDGE"]
    put = client.put_rest_api(
        restApiId=made["id"], body=definition("/a"), parameters={"endpointConfigurationTypes": "REGIONAL"}
    )
    assert put["endpointConfiguration"]["types"] == ["EDGE"]


def test_row_03_an_edge_domain_is_one_in_the_world_with_a_certificate_of_virginia(sandbox: Sandbox) -> None:
    name = f"{unique('edge')}.example"
    edge: dict[str, Any] = {"domainName": name, "endpointConfiguration": {"types": ["EDGE"]}}
    east, west = sandbox.client("apigateway", EAST), sandbox.client("apigateway", WEST)
    told = refused(west.create_domain_name, **edge, certificateArn=issued(sandbox, name, WEST))
    assert told.startswith("BadRequestException 400: ")
    assert f"Certificate must be in '{EAST}'." in told
    east.create_domain_name(**edge, certificateArn=issued(sandbox, name))
    told = refused(west.create_domain_name, **edge, certificateArn=issued(sandbox, name))
    assert told == "BadRequestException 400: The domain name you provided already exists."


def test_row_04_a_put_that_does_not_say_merges(sandbox: Sandbox) -> None:
    api = served(sandbox, body=definition("/old"))
    api.client.put_rest_api(restApiId=api.id, body=definition("/new"))
    api.deploy()
    api.answers(old=200, new=200)
    api.client.put_rest_api(restApiId=api.id, body=definition("/new"), mode="overwrite")
    api.deploy()
    api.answers(old=403, new=200)


def test_row_04_an_overwrite_drops_policy_binary_types_and_settings(sandbox: Sandbox) -> None:
    api = served(sandbox)
    settings = {"/policy": json.dumps(OPEN_TO_ALL), "/minimumCompressionSize": "100", "/apiKeySource": "AUTHORIZER"}
    changes = [{"op": "replace", "path": path, "value": value} for path, value in settings.items()]
    changes.append({"op": "add", "path": "/binaryMediaTypes/image~1png"})
    api.client.update_rest_api(restApiId=api.id, patchOperations=changes)
    kept = api.client.put_rest_api(restApiId=api.id, body=definition("/a"), mode="merge")
    assert {"policy", "binaryMediaTypes", "minimumCompressionSize"} <= kept.keys()
    left = api.client.put_rest_api(restApiId=api.id, body=definition("/a"), mode="overwrite")
    assert not {"policy", "binaryMediaTypes", "minimumCompressionSize"} & left.keys()
    assert left["apiKeySource"] == "HEADER"


def test_row_05_a_put_is_not_live_until_it_is_deployed(sandbox: Sandbox) -> None:
    api = served(sandbox)
    api.answers(a=200)
    api.client.put_rest_api(restApiId=api.id, body=definition("/b"), mode="overwrite")
    api.answers(a=200, b=403)
    api.deploy()
    api.answers(a=403, b=200)


def test_row_05_a_deployment_in_use_is_not_deleted(sandbox: Sandbox) -> None:
    api = served(sandbox)
    deployment = api.deploy()
    told = refused(api.client.delete_deployment, restApiId=api.id, deploymentId=deployment)
    assert told == ("BadRequestException 400: Active stages pointing to this deployment must be moved or deleted")


def test_row_06_logging_needs_the_account_role_of_its_own_region(sandbox: Sandbox) -> None:
    # Regions no other test sets the role in: it is one setting of the whole account there.
    with_role, without = (served(sandbox, region=region) for region in ("eu-north-1", "ap-south-1"))
    group = f"arn:aws:logs:eu-north-1:{ACCOUNT}:log-group:access"
    refusal = "BadRequestException 400: CloudWatch Logs role ARN must be set in account settings to enable logging"
    for operation in (LOGGING, ("replace", "/accessLogSettings/destinationArn", group)):
        assert refused(lambda one=operation: with_role.patch(one)) == refusal
    role = {"op": "replace", "path": "/cloudwatchRoleArn", "value": logs_role(sandbox)}
    eventually(lambda: taken(with_role.client, role))
    with_role.patch(LOGGING)
    assert refused(lambda: without.patch(LOGGING)) == refusal


@pytest.mark.parametrize("weakness", ["no such role", "trusts Lambda only", "no policy"])
def test_row_06_a_role_that_cannot_write_logs_is_refused(sandbox: Sandbox, weakness: str) -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:role/{unique('nosuch')}"
    if weakness == "trusts Lambda only":
        arn = sandbox.role()
    elif weakness == "no policy":
        arn = logs_role(sandbox)
        sandbox.client("iam").detach_role_policy(RoleName=arn.rpartition("/")[2], PolicyArn=PUSH_TO_LOGS)
    time.sleep(0.2)  # a role that is new is refused for a while anyway
    role = {"op": "replace", "path": "/cloudwatchRoleArn", "value": arn}
    told = refused(sandbox.client("apigateway", "eu-west-2").update_account, patchOperations=[role])
    assert "The role ARN does not have required permissions configured" in told


def taken(client: Any, role: dict[str, str]) -> bool:
    """Whether the account takes a role; a new one it does not know yet (row 13)."""
    try:
        client.update_account(patchOperations=[role])
    except client.exceptions.BadRequestException:
        return False
    return True


def logs_role(sandbox: Sandbox) -> str:
    """A role which API Gateway may assume to write logs."""
    iam, name = sandbox.client("iam"), unique("logs")
    allow = {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}
    trust = {"Version": "2012-10-17", "Statement": [allow]}
    arn: str = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    iam.attach_role_policy(RoleName=name, PolicyArn=PUSH_TO_LOGS)
    return arn


def test_row_07_a_canary_needs_a_stage_and_refuses_plain_deployments(sandbox: Sandbox) -> None:
    api = served(sandbox)
    canary = {"percentTraffic": 10}
    deploy = api.client.create_deployment
    told = refused(deploy, restApiId=api.id, stageName="nosuch", canarySettings=canary)
    assert told.startswith("BadRequestException 400: Invalid deployment content specified.")
    assert "Stage nosuch must already be created before making a canary release deployment" in told
    assert "Non null and non empty stageName" in refused(deploy, restApiId=api.id, canarySettings=canary)
    api.deploy(canarySettings=canary)
    told = refused(deploy, restApiId=api.id, stageName="live")
    assert "Non canary deployment not supported on stage live because Canary is enabled" in told


def test_row_07_a_canary_takes_only_replace(sandbox: Sandbox) -> None:
    api = served(sandbox)
    add = ("add", "/canarySettings/percentTraffic", "10")
    told = refused(lambda: api.patch(add))
    assert told == "BadRequestException 400: Invalid add operation with path: /canarySettings/percentTraffic"
    whole = ("replace", "/canarySettings", "{}")
    assert refused(lambda: api.patch(whole)).startswith("BadRequestException 400: ")
    promote = ("copy", "/deploymentId", "/canarySettings/deploymentId")
    assert "Promotion not available. Canary does not exist." in refused(lambda: api.patch(promote))


def test_row_07_promotion_merges_variables_and_leaves_the_canary_on(sandbox: Sandbox) -> None:
    api = served(sandbox, variables={"alias": "a", "other": "kept"})
    new = api.deploy(canarySettings={"percentTraffic": 10, "stageVariableOverrides": {"alias": "b"}})
    promoted = api.patch(
        ("replace", "/canarySettings/percentTraffic", "0.0"),
        ("copy", "/variables", "/canarySettings/stageVariableOverrides"),
        ("copy", "/deploymentId", "/canarySettings/deploymentId"),
    )
    assert (promoted["deploymentId"], promoted["variables"]) == (new, {"alias": "b", "other": "kept"})
    told = refused(api.client.create_deployment, restApiId=api.id, stageName="live")
    assert "because Canary is enabled" in told
    api.patch(("remove", "/canarySettings", None))
    api.deploy()


@pytest.mark.parametrize("value", ['{"a":1}', "a+b", "${x}", "a b", "", "caf\u00e9", "me@x", "50%"])
def test_row_08_a_stage_variable_holds_few_characters(sandbox: Sandbox, value: str) -> None:
    api = served(sandbox)
    told = refused(lambda: api.patch(("replace", "/variables/setting", value)))
    assert told.startswith("BadRequestException 400: Invalid stage variable value")


def test_row_09_a_certificate_is_of_its_region(sandbox: Sandbox) -> None:
    name = f"{unique('api')}.example"
    create = sandbox.client("apigateway", WEST).create_domain_name
    asked: dict[str, Any] = {"domainName": name, "endpointConfiguration": {"types": ["REGIONAL"]}}
    elsewhere = issued(sandbox, name)
    told = refused(create, **asked, regionalCertificateArn=elsewhere)
    wanted = f"Invalid certificate ARN: {elsewhere}. Certificate must be in '{WEST}'."
    assert told == f"BadRequestException 400: {wanted}"
    strange = f"arn:aws:acm:{WEST}:999999999999:certificate/0"
    assert "must be owned by the account" in refused(create, **asked, regionalCertificateArn=strange)


def test_row_09_a_domain_that_exists_is_a_bad_request(sandbox: Sandbox) -> None:
    name = domain(sandbox)
    told = refused(lambda: domain(sandbox, name=name))
    assert told == "BadRequestException 400: The domain name you provided already exists."
    domain(sandbox, WEST, name)


def test_row_10_what_is_mapped_is_not_deleted(sandbox: Sandbox) -> None:
    api, name = served(sandbox), domain(sandbox)
    client = api.client
    client.create_base_path_mapping(domainName=name, restApiId=api.id, stage="live", basePath="v1")
    told = refused(client.delete_rest_api, restApiId=api.id)
    assert told.startswith("BadRequestException 400: Deleting RestApi failed. Please remove all base path mappings")
    told = refused(client.delete_stage, restApiId=api.id, stageName="live")
    assert told.startswith("BadRequestException 400: Deleting stage live failed. Please remove all base path mappings")
    client.delete_base_path_mapping(domainName=name, basePath="v1")
    client.delete_rest_api(restApiId=api.id)


def test_row_11_an_import_gives_no_permission_and_each_alias_needs_its_own(sandbox: Sandbox) -> None:
    name = active_function(sandbox, "def handler(event, context):\n    return {'statusCode': 200}\n")
    functions = sandbox.client("lambda")
    functions.publish_version(FunctionName=name)
    functions.create_alias(FunctionName=name, Name="version1", FunctionVersion="1")
    body = definition("/a", operation=through_alias(EAST, name, "alias"))
    api = served(sandbox, body=body, variables={"alias": "version1"})
    api.answers(a=500)
    grant = {
        "FunctionName": name,
        "StatementId": "api",
        "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com",
        "SourceArn": f"arn:aws:execute-api:{EAST}:{ACCOUNT}:{api.id}/*/*",
    }
    functions.add_permission(**grant)
    api.answers(a=500)
    functions.add_permission(**grant, Qualifier="version1")
    api.answers(a=200)
