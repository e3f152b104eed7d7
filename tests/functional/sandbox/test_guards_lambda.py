"""Guards and names of Lambda's control plane."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.functional.refusals import refused, unique
from tests.functional.sandboxed import ACCOUNT, EAST, Sandbox

WRONG = "The Revision Id provided does not match the latest Revision Id. Call the {} API to retrieve the latest"


def _function(sandbox: Sandbox) -> str:
    name = unique("guarded")
    sandbox.function(name, "def handler(event, context):\n    return 1\n")
    return name


def _grant(name: str, **more: Any) -> dict[str, Any]:
    return {
        "FunctionName": name,
        "StatementId": "gateway",
        "Action": "lambda:InvokeFunction",
        "Principal": "apigateway.amazonaws.com",
        **more,
    }


def test_an_alias_moves_only_from_the_revision_that_was_read(sandbox: Sandbox) -> None:
    name, client = _function(sandbox), sandbox.client("lambda")
    client.publish_version(FunctionName=name)
    first = client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")["RevisionId"]
    client.update_alias(FunctionName=name, Name="live", Description="moved", RevisionId=first)
    told = refused(client.update_alias, FunctionName=name, Name="live", Description="again", RevisionId=first)
    assert told.startswith(f"PreconditionFailedException 412: {WRONG.format('GetFunction/GetAlias')}")


def test_the_end_of_an_update_gives_another_revision_than_its_answer(sandbox: Sandbox) -> None:
    name, client = _function(sandbox), sandbox.client("lambda")
    answered = client.update_function_configuration(FunctionName=name, Description="new")["RevisionId"]
    sandbox.settled(name)
    assert client.get_function_configuration(FunctionName=name)["RevisionId"] != answered
    told = refused(client.update_function_configuration, FunctionName=name, Description="newer", RevisionId=answered)
    assert told.startswith("PreconditionFailedException 412: ")


def test_a_policy_changes_only_from_the_revision_that_was_read(sandbox: Sandbox) -> None:
    name, client = _function(sandbox), sandbox.client("lambda")
    client.add_permission(**_grant(name))
    remove = {"FunctionName": name, "StatementId": "gateway"}
    told = refused(client.remove_permission, **remove, RevisionId="wrong")
    assert told.startswith(f"PreconditionFailedException 412: {WRONG.format('GetPolicy')}")
    client.remove_permission(**remove, RevisionId=client.get_policy(FunctionName=name)["RevisionId"])
    assert refused(client.get_policy, FunctionName=name).startswith("ResourceNotFoundException 404: ")


def test_a_permission_makes_no_new_version(sandbox: Sandbox) -> None:
    name, client = _function(sandbox), sandbox.client("lambda")
    assert client.publish_version(FunctionName=name)["Version"] == "1"
    client.add_permission(**_grant(name))
    assert client.publish_version(FunctionName=name)["Version"] == "1"


def test_a_version_that_came_with_new_code_is_published_once(sandbox: Sandbox) -> None:
    name, client = unique("published"), sandbox.client("lambda")
    sandbox.function(name, "def handler(event, context):\n    return 1\n", Publish=True)
    assert client.publish_version(FunctionName=name)["Version"] == "1"
    arn = client.get_function_configuration(FunctionName=name, Qualifier="1")["FunctionArn"]
    assert arn == f"arn:aws:lambda:{EAST}:{ACCOUNT}:function:{name}:1"


@pytest.mark.parametrize("given", ["{account}:function:{name}", "arn:aws:lambda:us-east-1:{account}:function:{name}"])
def test_a_function_is_made_and_read_by_any_form_of_its_name(sandbox: Sandbox, given: str) -> None:
    name, client = unique("named"), sandbox.client("lambda")
    whole = given.format(account=ACCOUNT, name=name)
    sandbox.function(whole, "def handler(event, context):\n    return 1\n")
    assert client.get_function_configuration(FunctionName=whole)["FunctionName"] == name
    assert json.loads(client.invoke(FunctionName=whole)["Payload"].read()) == 1


def test_a_function_of_another_account_is_not_reached(sandbox: Sandbox) -> None:
    arn = f"arn:aws:lambda:{EAST}:999999999999:function:places"
    told = refused(sandbox.client("lambda").get_function, FunctionName=arn)
    assert told.startswith("AccessDeniedException 403")


def test_a_layer_is_there_and_of_the_region(sandbox: Sandbox) -> None:
    name, client = _function(sandbox), sandbox.client("lambda")
    layer = "arn:aws:lambda:{}:{}:layer:nowhere:1"
    told = refused(client.update_function_configuration, FunctionName=name, Layers=[layer.format(EAST, ACCOUNT)])
    assert told.endswith(f"Layer version {layer.format(EAST, ACCOUNT)} does not exist.")
    told = refused(client.update_function_configuration, FunctionName=name, Layers=[layer.format("eu-west-1", ACCOUNT)])
    assert told.endswith(f"Layers are expected to be in region {EAST}.")


def test_settings_of_asynchronous_calls_survive_what_does_not_name_them(sandbox: Sandbox) -> None:
    name, client = _function(sandbox), sandbox.client("lambda")
    client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1, MaximumEventAgeInSeconds=60)
    client.update_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    found = client.get_function_event_invoke_config(FunctionName=name)
    assert (found["MaximumRetryAttempts"], found["MaximumEventAgeInSeconds"]) == (0, 60)


def test_a_schedule_says_at_which_moment_or_how_often(sandbox: Sandbox) -> None:
    client = sandbox.client("scheduler")
    target = {"Arn": f"arn:aws:lambda:{EAST}:{ACCOUNT}:function:places", "RoleArn": sandbox.role()}
    for expression in ("at(2030-13-01T00:00:00)", "rate(0 minutes)", "every 5 minutes"):
        told = refused(
            client.create_schedule,
            Name=unique("schedule"),
            ScheduleExpression=expression,
            FlexibleTimeWindow={"Mode": "OFF"},
            Target=target,
        )
        assert told == f"ValidationException 400: Invalid Schedule Expression {expression}."
