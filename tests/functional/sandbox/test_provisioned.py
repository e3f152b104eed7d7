"""Provisioned concurrency: environments which are there before the first call."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from backendctl.sandbox.environment import Outcome
from backendctl.sandbox.environments import READY, Environments, Place
from backendctl.sandbox.talk import Asked
from backendctl.sandbox.world import environment, handler_environment
from tests.functional.refusals import unique
from tests.functional.sandboxed import archive, eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.functional.sandboxed import Sandbox

CODE = """
import os
def handler(event, context):
    return {"kind": os.environ["AWS_LAMBDA_INITIALIZATION_TYPE"], "pid": os.getpid()}
"""
BROKEN = "raise RuntimeError('not today')\n"
CONFIG = {
    "FunctionName": "f",
    "Version": "1",
    "Handler": "app.handler",
    "Runtime": "python3.13",
    "MemorySize": 1769,
    "Timeout": 20,
    "CodeSha256": "a",
}
PLACE = Place.of(CONFIG, region="us-east-1")


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Environments]:
    """Environments without a server; what they start is ended."""
    server = environment(port=1, data=tmp_path, host={"PATH": os.environ["PATH"]})
    (tmp_path / "tmp").mkdir()
    running = Environments(folder=tmp_path / "code", base=handler_environment(server), idle_minutes=0)
    yield running
    running.end()


def _call(kept: Environments) -> Outcome:
    with kept.lease(PLACE, CONFIG, archive(CODE)) as leased:
        return leased.call(Asked(request_id=str(uuid.uuid4()), event={}, arn="arn:of:f"))


def _result(outcome: Outcome) -> dict[str, Any]:
    assert outcome.error is None
    found: dict[str, Any] = json.loads(outcome.result or "null")
    return found


def test_the_first_call_of_what_is_ready_is_not_cold(kept: Environments) -> None:
    assert kept.provision(PLACE, CONFIG, archive(CODE), 1) is None
    first = _call(kept)
    assert (first.init_seconds, _result(first)["kind"]) == (None, "provisioned-concurrency")


def test_what_is_ready_does_not_expire_and_is_used_again(kept: Environments) -> None:
    kept.provision(PLACE, CONFIG, archive(CODE), 1)
    pid = _result(_call(kept))["pid"]
    kept.expire()
    assert _result(_call(kept))["pid"] == pid


def test_what_is_released_is_not_used_again(kept: Environments) -> None:
    kept.provision(PLACE, CONFIG, archive(CODE), 1)
    kept.release(region="us-east-1", function="f", version="1")
    after = _call(kept)
    assert after.init_seconds is not None
    assert _result(after)["kind"] == "on-demand"


def test_calls_beyond_what_is_ready_are_served_on_demand(kept: Environments) -> None:
    kept.provision(PLACE, CONFIG, archive(CODE), 1)
    with kept.lease(PLACE, CONFIG, archive(CODE)):
        assert _result(_call(kept))["kind"] == "on-demand"


def test_so_many_processes_are_kept_and_no_more(kept: Environments) -> None:
    kept.provision(PLACE, CONFIG, archive(CODE), READY + 10)
    leased = [kept.lease(PLACE, CONFIG, archive(CODE)) for _ in range(READY + 1)]
    ready = [lease.__enter__().pid is not None for lease in leased]
    for lease in leased:
        lease.__exit__(None, None, None)
    assert ready == [*[True] * READY, False]


def test_what_cannot_be_loaded_is_told(kept: Environments) -> None:
    failure = kept.provision(PLACE, CONFIG, archive(BROKEN), 2)
    assert failure is not None
    assert failure.outcome.error is not None
    assert failure.outcome.error["errorType"] == "RuntimeError"


def test_an_alias_with_provisioned_concurrency_is_never_cold(sandbox: Sandbox) -> None:
    name, client = unique("ready"), sandbox.client("lambda")
    sandbox.function(name, CODE)
    client.publish_version(FunctionName=name)
    client.create_alias(FunctionName=name, Name="live", FunctionVersion="1")
    which = {"FunctionName": name, "Qualifier": "live"}
    client.put_provisioned_concurrency_config(**which, ProvisionedConcurrentExecutions=1)
    eventually(lambda: client.get_provisioned_concurrency_config(**which)["Status"] == "READY")

    def kind(qualifier: str) -> str:
        answer = client.invoke(FunctionName=name, Qualifier=qualifier)
        found: str = json.loads(answer["Payload"].read())["kind"]
        return found

    assert (kind("live"), kind("$LATEST")) == ("provisioned-concurrency", "on-demand")
    client.delete_alias(FunctionName=name, Name="live")
    assert kind("1") == "on-demand"


def test_a_handler_that_cannot_be_loaded_fails_its_provisioned_concurrency(sandbox: Sandbox) -> None:
    name, client = unique("broken"), sandbox.client("lambda")
    sandbox.function(name, BROKEN)
    version = client.publish_version(FunctionName=name)["Version"]
    which = {"FunctionName": name, "Qualifier": version}
    client.put_provisioned_concurrency_config(**which, ProvisionedConcurrentExecutions=1)
    eventually(lambda: client.get_provisioned_concurrency_config(**which)["Status"] == "FAILED")
    found = client.get_provisioned_concurrency_config(**which)
    assert found["StatusReason"] == "FUNCTION_ERROR_INIT_FAILURE"
    assert found["AvailableProvisionedConcurrentExecutions"] == 0

    def logged() -> bool:
        events = sandbox.client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
        return any("INIT_REPORT" in event["message"] for event in events)

    eventually(logged)
