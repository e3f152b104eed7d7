"""What an invocation is called by, and what its log says, wherever it is looked at."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.sandboxed import eventually

if TYPE_CHECKING:
    from tests.functional.sandboxed import Sandbox

CODE = """
import logging
logger = logging.getLogger("app")
def handler(event, context):
    logger.info("seen", extra={"size": 3})
    logger.debug("hidden")
    if "raise" in event: raise ValueError(event["raise"])
    return {"id": context.aws_request_id}
"""


def _function(sandbox: Sandbox, **settings: Any) -> str:
    name = f"invoked-{uuid.uuid4().hex[:8]}"
    sandbox.function(name, CODE, **settings)
    return name


def _texts(sandbox: Sandbox, group: str, *, having: str, count: int = 1) -> list[str]:
    logs, texts = sandbox.client("logs"), list[str]()

    def there() -> bool:
        try:
            pages = list(logs.get_paginator("filter_log_events").paginate(logGroupName=group))
        except logs.exceptions.ResourceNotFoundException:
            return False
        texts[:] = [event["message"] for page in pages for event in page["events"]]
        return sum(having in text for text in texts) >= count

    eventually(there)
    return texts


def test_the_answer_the_handler_and_the_log_have_one_request_id(sandbox: Sandbox) -> None:
    name, client = _function(sandbox), sandbox.client("lambda")
    answer = client.invoke(FunctionName=name)
    request_id = answer["ResponseMetadata"]["RequestId"]
    assert json.loads(answer["Payload"].read()) == {"id": request_id}
    told = _texts(sandbox, f"/aws/lambda/{name}", having="REPORT")
    assert [text.split()[2] for text in told if text.startswith(("START", "END", "REPORT"))] == [request_id] * 3


def test_an_event_has_one_request_id_over_all_its_attempts(sandbox: Sandbox) -> None:
    name, client = _function(sandbox), sandbox.client("lambda")
    client.put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=1)
    answer = client.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"raise": "x"}')
    assert "ExecutedVersion" not in answer
    told = _texts(sandbox, f"/aws/lambda/{name}", having="REPORT", count=2)
    ids = {text.split()[2] for text in told if text.startswith("REPORT")}
    assert ids == {answer["ResponseMetadata"]["RequestId"]}


def test_json_logs_hold_platform_events_and_the_handlers_own_records(sandbox: Sandbox) -> None:
    group = f"own-{uuid.uuid4().hex[:8]}"
    name = _function(sandbox, LoggingConfig={"LogFormat": "JSON", "LogGroup": group})
    answer = sandbox.client("lambda").invoke(FunctionName=name)
    request_id = answer["ResponseMetadata"]["RequestId"]
    events = [json.loads(text) for text in _texts(sandbox, group, having="platform.report")]
    kinds = [event["type"] for event in events if "type" in event]
    assert kinds == ["platform.initStart", "platform.start", "platform.report"]
    assert {event["record"].get("requestId", request_id) for event in events if "record" in event} == {request_id}
    own = [event for event in events if "type" not in event]
    assert [(one["level"], one["logger"], one["message"], one["size"], one["requestId"]) for one in own] == [
        ("INFO", "app", "seen", 3, request_id)
    ]


def test_levels_hide_what_is_below_them(sandbox: Sandbox) -> None:
    levels = {"LogFormat": "JSON", "SystemLogLevel": "WARN", "ApplicationLogLevel": "DEBUG"}
    name = _function(sandbox, LoggingConfig=levels)
    sandbox.client("lambda").invoke(FunctionName=name)
    events = [json.loads(text) for text in _texts(sandbox, f"/aws/lambda/{name}", having="hidden")]
    assert [(event["level"], event["message"]) for event in events] == [("INFO", "seen"), ("DEBUG", "hidden")]


def test_a_function_the_sandbox_cannot_run_fails_with_a_clear_line_in_its_log(sandbox: Sandbox) -> None:
    name, client = _function(sandbox, Runtime="ruby3.3"), sandbox.client("lambda")
    answer = client.invoke(FunctionName=name)
    assert answer["FunctionError"] == "Unhandled"
    told = _texts(sandbox, f"/aws/lambda/{name}", having="REPORT")
    words = "the sandbox does not run ruby3.3"
    told_before = client.get_function_configuration(FunctionName=name)["RuntimeVersionConfig"]["Error"]
    assert told_before == {"ErrorCode": "Runtime.NotSupported", "Message": words}
    assert [text for text in told if text.startswith("[ERROR]")] == [f"[ERROR] Runtime.NotSupported: {words}"]
    assert "Status: error\tError Type: Runtime.NotSupported" in told[-1]


def test_an_event_for_a_function_with_nothing_reserved_goes_to_its_destination_untried(sandbox: Sandbox) -> None:
    name, client = _function(sandbox, Role=sandbox.role("sender")), sandbox.client("lambda")
    sqs = sandbox.client("sqs")
    queue = sqs.create_queue(QueueName=name)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=queue, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    client.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    on_failure = {"OnFailure": {"Destination": arn}}
    with pytest.raises(client.exceptions.InvalidParameterValueException, match=r"to call SendMessage on arn:aws:sqs"):
        client.put_function_event_invoke_config(FunctionName=name, DestinationConfig=on_failure)
    statement = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": arn}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    sandbox.client("iam").put_role_policy(RoleName="sender", PolicyName="send", PolicyDocument=policy)
    client.put_function_event_invoke_config(FunctionName=name, DestinationConfig=on_failure)
    answer = client.invoke(FunctionName=name, InvocationType="Event", Payload=b'{"a": 1}')
    assert answer["StatusCode"] == 202
    bodies: list[dict[str, Any]] = []

    def sent() -> bool:
        messages = sqs.receive_message(QueueUrl=queue).get("Messages", [])
        bodies.extend(json.loads(message["Body"]) for message in messages)
        return bool(bodies)

    eventually(sent)
    assert bodies[0]["requestPayload"] == {"a": 1}
    assert bodies[0]["requestContext"] == {
        "requestId": answer["ResponseMetadata"]["RequestId"],
        "functionArn": f"{client.get_function_configuration(FunctionName=name)['FunctionArn']}:$LATEST",
        "condition": "ZeroReservedConcurrency",
        "approximateInvokeCount": 0,
    }
