"""Rows 12 to 17 of what emulators let through: Lambda. The sandbox refuses it as AWS does."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.refusals import active_function, function_settings, make_function, refused, unique
from tests.functional.sandboxed import ACCOUNT, EAST, TRUST, WEST, archive, eventually, when_assumable

if TYPE_CHECKING:
    from tests.functional.sandboxed import Sandbox

CODE = "def handler(event, context):\n    return {number}\n"
NOT_NOW = "ResourceConflictException 409: The operation cannot be performed at this time."
NOT_ASSUMED = "InvalidParameterValueException 400: The role defined for the function cannot be assumed by Lambda."
PUBLISHING = {"operation": "publish_version"}


def code(number: int = 1) -> bytes:
    """Code which differs with the number."""
    return archive(CODE.format(number=number))


def function(sandbox: Sandbox, *, region: str = EAST) -> str:
    """An active function."""
    return active_function(sandbox, CODE.format(number=1), region=region)


def with_two_versions(sandbox: Sandbox, **change: Any) -> str:
    """A function with the versions 1 and 2, which differ in code or in the settings given, and the alias `live`."""
    name, client = function(sandbox), sandbox.client("lambda")
    client.publish_version(FunctionName=name)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    if change:
        when_assumable(lambda: client.update_function_configuration(FunctionName=name, **change))
    else:
        client.update_function_code(FunctionName=name, ZipFile=code(2))
    sandbox.settled(name)
    assert client.publish_version(FunctionName=name)["Version"] == "2"
    sandbox.settled(name)
    return name


def statement(name: str, statement_id: str = "api", **more: Any) -> dict[str, Any]:
    """What AddPermission takes."""
    return {
        "FunctionName": name,
        "StatementId": statement_id,
        "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com",
        **more,
    }


@pytest.mark.parametrize("change", [{"operation": "update_function_configuration", "MemorySize": 256}, PUBLISHING])
def test_row_12_a_function_that_is_being_made_takes_no_change(slow_sandbox: Sandbox, change: dict[str, Any]) -> None:
    name = unique("function")
    made = make_function(slow_sandbox, name, CODE.format(number=1))
    told = refused(getattr(slow_sandbox.client("lambda"), change["operation"]), FunctionName=name, **_without(change))
    assert made["State"] == "Pending"
    assert told == f"{NOT_NOW} The function is currently in the following state: Pending"


def _without(change: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in change.items() if name != "operation"}


@pytest.mark.parametrize(
    "change",
    [
        {"operation": "update_function_configuration", "MemorySize": 256},
        {"operation": "update_function_code", "ZipFile": code(3)},
        PUBLISHING,
    ],
)
def test_row_12_an_update_is_alone_until_it_is_done(slow_sandbox: Sandbox, change: dict[str, Any]) -> None:
    name, client = function(slow_sandbox), slow_sandbox.client("lambda")
    call = getattr(client, change["operation"])
    changed = client.update_function_code(FunctionName=name, ZipFile=code(2))
    told = refused(call, FunctionName=name, **_without(change))
    assert changed["LastUpdateStatus"] == "InProgress"
    assert told == f"{NOT_NOW} An update is in progress for resource: {changed['FunctionArn']}"
    slow_sandbox.settled(name)
    call(FunctionName=name, **_without(change))


def new_role(sandbox: Sandbox, service: str = "lambda.amazonaws.com") -> str:
    """A role which was made a moment ago."""
    trust = json.dumps(TRUST).replace("lambda.amazonaws.com", service)
    made: str = sandbox.client("iam").create_role(RoleName=unique("role"), AssumeRolePolicyDocument=trust)["Role"][
        "Arn"
    ]
    return made


def test_row_13_a_new_role_cannot_be_assumed_yet(slow_sandbox: Sandbox) -> None:
    name, client = unique("function"), slow_sandbox.client("lambda")
    role = new_role(slow_sandbox)
    told = refused(client.create_function, **function_settings(slow_sandbox, name, CODE, Role=role))
    assert told == NOT_ASSUMED
    eventually(lambda: _accepted(client, function_settings(slow_sandbox, name, CODE, Role=role)))


def _accepted(client: Any, asked: dict[str, Any]) -> bool:
    try:
        client.create_function(**asked)
    except client.exceptions.InvalidParameterValueException:
        return False
    return True


def test_row_13_a_role_that_does_not_trust_lambda_never_can(sandbox: Sandbox) -> None:
    role = new_role(sandbox, "events.amazonaws.com")
    asked = function_settings(sandbox, unique("function"), CODE, Role=role)
    time.sleep(0.3)  # longer than a role travels
    assert refused(sandbox.client("lambda").create_function, **asked) == NOT_ASSUMED


def test_row_13_a_role_without_the_right_to_trace_cannot_trace(sandbox: Sandbox) -> None:
    name = function(sandbox)
    told = refused(
        sandbox.client("lambda").update_function_configuration,
        FunctionName=name,
        TracingConfig={"Mode": "Active"},
        Role=sandbox.role("traceless"),
    )
    assert told.startswith("InvalidParameterValueException 400: ")


def test_row_13_the_scheduler_wants_its_role_at_once(slow_sandbox: Sandbox) -> None:
    role = new_role(slow_sandbox, "scheduler.amazonaws.com")
    told = refused(
        slow_sandbox.client("scheduler").create_schedule,
        Name=unique("schedule"),
        ScheduleExpression="rate(5 minutes)",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={"Arn": f"arn:aws:lambda:{EAST}:{ACCOUNT}:function:any", "RoleArn": role},
    )
    assert told == (
        "ValidationException 400: The execution role you provide must allow AWS EventBridge Scheduler to assume the "
        "role."
    )


def test_row_14_code_comes_from_a_bucket_of_the_functions_region(sandbox: Sandbox) -> None:
    bucket, s3 = unique("code"), sandbox.client("s3")
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="app.zip", Body=code(2))
    there = {"S3Bucket": bucket, "S3Key": "app.zip"}
    west = sandbox.client("lambda", WEST)
    redirected = (
        "InvalidParameterValueException 400: Error occurred while GetObject. S3 Error Code: PermanentRedirect. "
        "S3 Error Message: "
    )
    name = function(sandbox, region=WEST)
    asked = function_settings(sandbox, unique("function"), CODE, Code=there)
    assert refused(west.create_function, **asked).startswith(redirected)
    assert refused(west.update_function_code, FunctionName=name, **there).startswith(redirected)
    nothing = refused(west.update_function_code, FunctionName=name, S3Bucket=bucket, S3Key="nosuch.zip")
    assert nothing.startswith("InvalidParameterValueException 400: ")


def test_row_15_a_statement_id_is_taken_once_even_by_the_same_statement(sandbox: Sandbox) -> None:
    name, client = function(sandbox), sandbox.client("lambda")
    client.add_permission(**statement(name))
    assert refused(client.add_permission, **statement(name)) == (
        "ResourceConflictException 409: The statement id (api) provided already exists. Please provide a new "
        "statement id, or remove the existing statement."
    )
    told = refused(client.remove_permission, FunctionName=name, StatementId="nosuch")
    assert told.startswith("ResourceNotFoundException 404: ")


@pytest.mark.parametrize("statement_id", ["a.b", "a/b", "$default", "x" * 101])
def test_row_15_a_statement_id_holds_few_characters(sandbox: Sandbox, statement_id: str) -> None:
    name = function(sandbox)
    told = refused(sandbox.client("lambda").add_permission, **statement(name, statement_id))
    assert told.startswith("ValidationException 400: 1 validation error detected: ")
    assert "at 'statementId' failed to satisfy constraint" in told


def test_row_15_a_policy_has_twenty_kilobytes(sandbox: Sandbox) -> None:
    name, client = function(sandbox), sandbox.client("lambda")
    source = f"arn:aws:execute-api:{EAST}:{ACCOUNT}:abcdefghij/*/GET/{'long/' * 100}"

    def fill() -> None:
        for number in range(100):
            client.add_permission(**statement(name, f"s{number}", SourceArn=source))

    told = refused(fill)
    assert told.startswith("PolicyLengthExceededException 400: The final policy size (")
    assert "is bigger than the limit (20480)" in told
    assert len(client.get_policy(FunctionName=name)["Policy"]) <= 20480


def test_row_16_publishing_what_did_not_change_makes_no_version(sandbox: Sandbox) -> None:
    name, client = function(sandbox), sandbox.client("lambda")
    assert [client.publish_version(FunctionName=name)["Version"] for _ in range(3)] == ["1", "1", "1"]
    assert len(client.list_versions_by_function(FunctionName=name)["Versions"]) == 2  # with $LATEST


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        ({"1": 0.1}, "is already included in routing configuration"),
        ({"2": 0.1, "1": 0.1}, "cannot be greater than 1"),
        ({"$LATEST": 0.1}, "Map keys must satisfy constraint: [Member must have length less than or equal to 1024"),
        ({"2": 1.5}, "Map values must satisfy constraint: [Member must have value less than or equal to 1.0"),
    ],
)
def test_row_16_weights_are_for_one_more_published_version(
    sandbox: Sandbox, weights: dict[str, float], words: str
) -> None:
    name, client = with_two_versions(sandbox), sandbox.client("lambda")
    routing = {"AdditionalVersionWeights": weights}
    told = refused(client.update_alias, FunctionName=name, Name="live", RoutingConfig=routing)
    code = "ValidationException" if "satisfy" in words else "InvalidParameterValueException"
    assert told.startswith(f"{code} 400: ")
    assert words in told


def test_row_16_an_alias_of_latest_takes_no_weights(sandbox: Sandbox) -> None:
    name, client = with_two_versions(sandbox), sandbox.client("lambda")
    routing = {"AdditionalVersionWeights": {"1": 0.1}}
    told = refused(
        client.update_alias, FunctionName=name, Name="live", FunctionVersion="$LATEST", RoutingConfig=routing
    )
    assert "$LATEST is not supported for an alias pointing to more than 1 version" in told


def test_row_16_versions_with_different_roles_or_dead_letters_do_not_share_an_alias(sandbox: Sandbox) -> None:
    client = sandbox.client("lambda")
    queue = sandbox.client("sqs").create_queue(QueueName=unique("dead"))["QueueUrl"].rpartition("/")[2]
    dead = {"TargetArn": f"arn:aws:sqs:{EAST}:{ACCOUNT}:{queue}"}
    for change in ({"Role": sandbox.role("another")}, {"DeadLetterConfig": dead}):
        name = with_two_versions(sandbox, **change)
        told = refused(
            client.update_alias,
            FunctionName=name,
            Name="live",
            RoutingConfig={"AdditionalVersionWeights": {"2": 0.1}},
        )
        assert told.startswith("InvalidParameterValueException 400: ")
        assert "different" in told


def test_row_17_provisioned_concurrency_is_for_what_is_published_and_takes_time(slow_sandbox: Sandbox) -> None:
    name, client = with_two_versions(slow_sandbox), slow_sandbox.client("lambda")
    one = {"FunctionName": name, "ProvisionedConcurrentExecutions": 1}
    told = refused(client.put_provisioned_concurrency_config, **one, Qualifier="$LATEST")
    assert told == (
        "InvalidParameterValueException 400: Provisioned Concurrency Configs cannot be applied to unpublished "
        "function versions."
    )
    put = client.put_provisioned_concurrency_config(**one, Qualifier="live")
    assert put["Status"] == "IN_PROGRESS"
    now = client.get_provisioned_concurrency_config(FunctionName=name, Qualifier="live")
    assert (now["Status"], now.get("AvailableProvisionedConcurrentExecutions")) == ("IN_PROGRESS", 0)
    none = refused(client.get_provisioned_concurrency_config, FunctionName=name, Qualifier="2")
    assert none.startswith("ProvisionedConcurrencyConfigNotFoundException 404: ")


def test_row_17_a_hundred_concurrent_executions_stay_unreserved(sandbox: Sandbox) -> None:
    name, client = with_two_versions(sandbox), sandbox.client("lambda")
    words = "account's UnreservedConcurrentExecution below its minimum value of [100]."
    limit = client.get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    told = refused(client.put_function_concurrency, FunctionName=name, ReservedConcurrentExecutions=limit - 99)
    assert told.startswith("InvalidParameterValueException 400: ")
    assert words in told
    put = {"FunctionName": name, "Qualifier": "live", "ProvisionedConcurrentExecutions": limit - 99}
    told = refused(client.put_provisioned_concurrency_config, **put)
    assert told.startswith("InvalidParameterValueException 400: ")
    assert words in told


def test_what_is_missing_is_named_in_awss_words(sandbox: Sandbox) -> None:
    client, name = sandbox.client("lambda"), unique("named")
    arn = sandbox.function(name, "def handler(event, context): pass\n")

    def words(operation: str, **asked: Any) -> str:
        with pytest.raises(client.exceptions.ResourceNotFoundException) as caught:
            getattr(client, operation)(**asked)
        message: str = caught.value.response["Error"]["Message"]
        return message

    alias = {"FunctionName": name, "Name": "nope"}
    assert words("update_alias", **alias, Description="x") == f"Alias not found: {arn}:nope"
    assert words("get_alias", **alias) == f"Cannot find alias arn: {arn}:nope"
    remove = {"FunctionName": name, "StatementId": "x"}
    assert words("remove_permission", **remove) == "No policy is associated with the given resource."
    assert words("remove_permission", **remove, Qualifier="nope") == f"Cannot find alias arn: {arn}:nope"
    assert words("remove_permission", **{**remove, "FunctionName": f"{name}x"}) == f"No policy found for: {arn}x"
    assert words("get_policy", FunctionName=f"{name}x") == "The resource you requested does not exist."
    assert words("get_function_code_signing_config", FunctionName=f"{name}x") == f"Function not found: {arn}x"


def test_tags_are_of_functions_alone_and_change_their_revision(sandbox: Sandbox) -> None:
    client, name = sandbox.client("lambda"), unique("tagged")
    arn = sandbox.function(name, "def handler(event, context): pass\n")
    invalid = client.exceptions.InvalidParameterValueException
    for qualifier in ("$LATEST", "1", "live"):
        with pytest.raises(invalid, match="Tags on function aliases and versions are not supported"):
            client.tag_resource(Resource=f"{arn}:{qualifier}", Tags={"a": "b"})
    for call, asked in ((client.tag_resource, {"Tags": {}}), (client.untag_resource, {"TagKeys": []})):
        with pytest.raises(invalid):
            call(Resource=arn, **asked)
    with pytest.raises(invalid):
        client.tag_resource(Resource=arn, Tags={f"k{number}": "v" for number in range(51)})
    before = client.get_function_configuration(FunctionName=name)["RevisionId"]
    client.tag_resource(Resource=arn, Tags={f"k{number}": "v" for number in range(50)})
    assert client.get_function_configuration(FunctionName=name)["RevisionId"] != before
    with pytest.raises(invalid):
        client.tag_resource(Resource=arn, Tags={"one": "more"})
