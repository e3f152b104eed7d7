from __future__ import annotations

import json
import time
import uuid
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from tests.functional.sandboxed import ACCOUNT, EAST, WEST, archive, eventually

if TYPE_CHECKING:
    from tests.functional.sandboxed import Sandbox

CODE = """
import os, time, boto3
def handler(event, context):
    print("a word for the log")
    if "sleep" in event: time.sleep(event["sleep"])
    if event.get("what") == "environment": return dict(os.environ)
    if event.get("what") == "tables": return boto3.client("dynamodb").list_tables()["TableNames"]
    return {"code": CODE, "version": context.function_version}
"""


def _code(number: int) -> str:
    return f"CODE = {number}\n{CODE}"


def _function(sandbox: Sandbox, region: str = EAST, **settings: Any) -> str:
    name = f"function-{uuid.uuid4().hex[:8]}"
    sandbox.function(name, _code(1), region=region, **settings)
    return name


def _published(sandbox: Sandbox) -> str:
    """A function with versions 1 and 2 of different code, and the alias `live` at 1."""
    name, client = _function(sandbox), sandbox.client("lambda")
    client.publish_version(FunctionName=name, Description="first")
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    client.update_function_code(FunctionName=name, ZipFile=archive(_code(2)))
    sandbox.settled(name)
    client.publish_version(FunctionName=name, Description="second")
    return name


def _call(sandbox: Sandbox, name: str, event: Any = None, *, region: str = EAST, **more: Any) -> Any:
    answer = sandbox.client("lambda", region).invoke(
        FunctionName=name, Payload=json.dumps(event or {}).encode(), **more
    )
    return json.loads(answer["Payload"].read())


def _refused(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    error = caught.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


def test_an_alias_runs_the_code_of_its_version(sandbox: Sandbox) -> None:
    name = _published(sandbox)
    assert _call(sandbox, name) == {"code": 2, "version": "$LATEST"}
    assert _call(sandbox, name, Qualifier="live") == {"code": 1, "version": "1"}
    sandbox.client("lambda").update_alias(FunctionName=name, Name="live", FunctionVersion="2")
    assert _call(sandbox, name, Qualifier="live") == {"code": 2, "version": "2"}


def test_weights_of_an_alias_split_calls(sandbox: Sandbox) -> None:
    name, client = _published(sandbox), sandbox.client("lambda")
    half = {"AdditionalVersionWeights": {"2": 0.5}}
    client.update_alias(FunctionName=name, Name="live", RoutingConfig=half)
    drawn = Counter(_call(sandbox, name, Qualifier="live")["version"] for _ in range(40))
    assert set(drawn) == {"1", "2"}
    client.update_alias(FunctionName=name, Name="live", RoutingConfig={"AdditionalVersionWeights": {}})
    assert {_call(sandbox, name, Qualifier="live")["version"] for _ in range(10)} == {"1"}


def test_an_unchanged_function_publishes_no_new_version(sandbox: Sandbox) -> None:
    name, client = _function(sandbox), sandbox.client("lambda")
    assert client.publish_version(FunctionName=name, Description="one")["Version"] == "1"
    assert client.publish_version(FunctionName=name, Description="two")["Version"] == "1"


def test_publishing_guards_its_code(sandbox: Sandbox) -> None:
    name, client = _function(sandbox), sandbox.client("lambda")
    refused = _refused(client.publish_version, FunctionName=name, CodeSha256="other")
    assert refused.startswith("InvalidParameterValueException")


def test_every_version_keeps_its_own_description(sandbox: Sandbox) -> None:
    name, client = _published(sandbox), sandbox.client("lambda")
    versions = client.list_versions_by_function(FunctionName=name)["Versions"]
    assert [(one["Version"], one["Description"]) for one in versions[1:]] == [("1", "first"), ("2", "second")]
    assert versions[1]["CodeSha256"] != versions[2]["CodeSha256"] == versions[0]["CodeSha256"]
    pages = client.get_paginator("list_functions").paginate(FunctionVersion="ALL")
    listed = {one["FunctionArn"].rpartition(f":{name}:")[2] for page in pages for one in page["Functions"]}
    assert {"$LATEST", "1", "2"} <= listed


def test_an_alias_stands_on_published_versions(sandbox: Sandbox) -> None:
    name, client = _published(sandbox), sandbox.client("lambda")
    nowhere = _refused(client.create_alias, FunctionName=name, Name="next", FunctionVersion="9")
    assert nowhere.startswith("ResourceNotFoundException: Function not found")
    again = _refused(client.create_alias, FunctionName=name, Name="live", FunctionVersion="1")
    assert f"Alias already exists: arn:aws:lambda:{EAST}:{ACCOUNT}:function:{name}:live" in again
    assert "at 'name'" in _refused(client.create_alias, FunctionName=name, Name="12", FunctionVersion="1")
    one = {"AdditionalVersionWeights": {"1": 0.1}}
    refused = _refused(
        client.update_alias, FunctionName=name, Name="live", FunctionVersion="$LATEST", RoutingConfig=one
    )
    assert "$LATEST is not supported" in refused


def test_a_version_in_use_stays(sandbox: Sandbox) -> None:
    name, client = _published(sandbox), sandbox.client("lambda")
    refused = _refused(client.delete_function, FunctionName=name, Qualifier="1")
    assert refused.startswith("ResourceConflictException")
    client.delete_function(FunctionName=name, Qualifier="2")


def test_a_second_update_waits_for_the_first(slow_sandbox: Sandbox) -> None:
    name, client = _function(slow_sandbox), slow_sandbox.client("lambda")
    told: list[str] = []

    def refused_meanwhile() -> bool:
        """An update, and a version asked for at once; on a busy machine the update may be through before."""
        client.update_function_code(FunctionName=name, ZipFile=archive(_code(len(told) + 3)))
        try:
            client.publish_version(FunctionName=name)
            told.append("")
        except client.exceptions.ResourceConflictException as error:
            told.append(str(error))
        slow_sandbox.settled(name)
        return bool(told[-1])

    eventually(refused_meanwhile, seconds=60)
    assert "An update is in progress" in told[-1]
    client.publish_version(FunctionName=name)


def test_a_dry_run_leaves_the_code(sandbox: Sandbox) -> None:
    name, client = _function(sandbox), sandbox.client("lambda")
    before = client.get_function_configuration(FunctionName=name)["CodeSha256"]
    judged = client.update_function_code(FunctionName=name, ZipFile=archive(_code(4)), DryRun=True)
    assert judged["CodeSha256"] != before
    assert client.get_function_configuration(FunctionName=name)["CodeSha256"] == before


def test_policies_are_of_one_qualifier(sandbox: Sandbox) -> None:
    name, client = _published(sandbox), sandbox.client("lambda")
    grant = {
        "FunctionName": name,
        "StatementId": "api",
        "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com",
    }
    client.add_permission(**grant, Qualifier="live")
    assert "ResourceNotFoundException" in _refused(client.get_policy, FunctionName=name)
    client.add_permission(**grant)  # the same id, another qualifier
    again = _refused(client.add_permission, **grant, Qualifier="live")
    assert "The statement id (api) provided already exists" in again
    policy = json.loads(client.get_policy(FunctionName=name, Qualifier="live")["Policy"])
    assert [(one["Sid"], one["Resource"].rpartition(":")[2]) for one in policy["Statement"]] == [("api", "live")]
    client.remove_permission(FunctionName=name, StatementId="api", Qualifier="live")
    assert "ResourceNotFoundException" in _refused(client.get_policy, FunctionName=name, Qualifier="live")
    assert len(json.loads(client.get_policy(FunctionName=name)["Policy"])["Statement"]) == 1


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"StatementId": "a.b"}, "at 'statementId'"),
        ({"Qualifier": "$LATEST"}, "$LATEST"),
        ({"Principal": "nobody"}, "The provided principal was invalid"),
        ({"Qualifier": "nosuch"}, "Cannot find alias arn: "),
    ],
)
def test_a_wrong_permission_is_refused(sandbox: Sandbox, change: dict[str, str], words: str) -> None:
    name = _function(sandbox)
    grant = {
        "FunctionName": name,
        "StatementId": "api",
        "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com",
    }
    assert words in _refused(sandbox.client("lambda").add_permission, **(grant | change))


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"Role": f"arn:aws:iam::{ACCOUNT}:role/nosuch"}, "cannot be assumed by Lambda"),
        ({"Environment": {"Variables": {"BIG": "x" * 5000}}}, "exceeded the 4KB limit"),
        ({"Environment": {"Variables": {"AWS_REGION": "x"}}}, "reserved keys"),
        ({"Runtime": "python2.7"}, "no longer supported"),
    ],
)
def test_wrong_settings_are_refused(sandbox: Sandbox, settings: dict[str, Any], words: str) -> None:
    name, client = _function(sandbox), sandbox.client("lambda")
    assert words in _refused(client.update_function_configuration, FunctionName=name, **settings)


def test_an_arn_of_another_region_is_refused(sandbox: Sandbox) -> None:
    arn = f"arn:aws:lambda:{WEST}:{ACCOUNT}:function:any"
    assert "are not reachable in this region" in _refused(sandbox.client("lambda").get_function, FunctionName=arn)


def test_provisioned_concurrency_takes_time_and_a_qualifier(sandbox: Sandbox) -> None:
    name, client = _published(sandbox), sandbox.client("lambda")
    put, get = client.put_provisioned_concurrency_config, client.get_provisioned_concurrency_config
    one = {"FunctionName": name, "ProvisionedConcurrentExecutions": 1}
    assert "unpublished function versions" in _refused(put, **one, Qualifier="$LATEST")
    assert put(**one, Qualifier="live")["Status"] == "IN_PROGRESS"
    eventually(lambda: get(FunctionName=name, Qualifier="live")["Status"] == "READY")
    many = {"FunctionName": name, "ReservedConcurrentExecutions": 950}
    assert "its minimum value of [100]" in _refused(client.put_function_concurrency, **many)


def test_an_alias_and_its_version_do_not_both_hold_provisioned_concurrency(sandbox: Sandbox) -> None:
    name, client = _published(sandbox), sandbox.client("lambda")
    put = client.put_provisioned_concurrency_config
    one = {"FunctionName": name, "ProvisionedConcurrentExecutions": 1}
    put(**one, Qualifier="live")
    assert "Version is pointed by a Provisioned Concurrency alias" in _refused(put, **one, Qualifier="1")
    client.delete_provisioned_concurrency_config(FunctionName=name, Qualifier="live")
    put(**one, Qualifier="1")
    assert "on an already Provisioned version" in _refused(put, **one, Qualifier="live")


def test_active_tracing_needs_a_role_which_may_write_traces(sandbox: Sandbox) -> None:
    name, client, iam = _function(sandbox), sandbox.client("lambda"), sandbox.client("iam")
    role = f"traced-{uuid.uuid4().hex[:8]}"
    arn = sandbox.role(role)

    def traced() -> str:
        try:
            client.update_function_configuration(FunctionName=name, Role=arn, TracingConfig={"Mode": "Active"})
        except ClientError as problem:
            return str(problem.response["Error"]["Message"])
        return ""

    eventually(lambda: "cannot be assumed" not in traced())
    refusal = "The provided execution role does not have permissions to call PutTraceSegments on XRAY"
    assert traced() == refusal
    managed = "arn:aws:iam::aws:policy/AWSXRayDaemonWriteAccess"
    iam.attach_role_policy(RoleName=role, PolicyArn=managed)
    eventually(lambda: traced() == "")
    sandbox.settled(name)
    iam.detach_role_policy(RoleName=role, PolicyArn=managed)
    eventually(lambda: traced() == refusal)
    actions = ["xray:PutTraceSegments", "xray:PutTelemetryRecords"]
    statement = {"Effect": "Allow", "Action": actions, "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_role_policy(RoleName=role, PolicyName="traces", PolicyDocument=document)
    eventually(lambda: traced() == "")


def test_a_handler_sees_its_region_and_nothing_of_the_host(sandbox: Sandbox) -> None:
    name = _function(sandbox, WEST, Environment={"Variables": {"TABLE": "places"}})
    seen = _call(sandbox, name, {"what": "environment"}, region=WEST)
    assert (seen["AWS_REGION"], seen["AWS_ENDPOINT_URL"], seen["TABLE"]) == (WEST, sandbox.url, "places")
    assert seen["HOME"].startswith(str(sandbox.data))
    assert "PYTHONPATH" not in seen
    assert not [variable for variable in seen if variable.startswith("PYTEST")]


def test_a_handler_reaches_the_tables_of_its_region(sandbox: Sandbox) -> None:
    name = _function(sandbox, WEST, Timeout=30)
    table = f"of-west-{uuid.uuid4().hex[:8]}"
    sandbox.client("dynamodb", WEST).create_table(
        TableName=table,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert table in _call(sandbox, name, {"what": "tables"}, region=WEST)


def test_a_handler_dies_at_its_timeout(sandbox: Sandbox) -> None:
    name = _function(sandbox, Timeout=1)
    began = time.monotonic()
    answer = _call(sandbox, name, {"sleep": 30})
    assert "Task timed out after 1.00 seconds" in answer["errorMessage"]
    assert time.monotonic() - began < 10
    assert _call(sandbox, name)["code"] == 1


def test_what_a_handler_prints_is_in_its_log_group(sandbox: Sandbox) -> None:
    name, logs = _function(sandbox), sandbox.client("logs")
    _call(sandbox, name)
    group = f"/aws/lambda/{name}"
    eventually(
        lambda: any(
            event["message"].strip() == "a word for the log"
            for event in logs.filter_log_events(logGroupName=group)["events"]
        )
    )


def test_calls_through_an_alias_are_metered_by_resource(sandbox: Sandbox) -> None:
    name, metrics = _published(sandbox), sandbox.client("cloudwatch")
    _call(sandbox, name, Qualifier="live")
    wanted = [{"Name": "FunctionName", "Value": name}, {"Name": "Resource", "Value": f"{name}:live"}]
    eventually(lambda: bool(metrics.list_metrics(Namespace="AWS/Lambda", Dimensions=wanted)["Metrics"]))


def test_code_comes_from_a_bucket_of_the_region(sandbox: Sandbox) -> None:
    s3 = sandbox.client("s3")
    bucket = f"code-{uuid.uuid4().hex[:8]}"
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="app.zip", Body=archive(_code(7)))
    create = {
        "FunctionName": bucket,
        "Runtime": "python3.13",
        "Handler": "app.handler",
        "Role": sandbox.role(),
    }
    here, there = sandbox.client("lambda", EAST), sandbox.client("lambda", WEST)
    code = {"S3Bucket": bucket, "S3Key": "app.zip"}
    assert "PermanentRedirect" in _refused(there.create_function, **create, Code=code)
    assert "NoSuchKey" in _refused(here.create_function, **create, Code={**code, "S3Key": "nosuch"})
    here.create_function(**create, Code=code)
    sandbox.settled(bucket)
    assert _call(sandbox, bucket)["code"] == 7
