"""Faults on demand: what a caller meets, and that backendctl lives with it."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import urllib3
from botocore.exceptions import ClientError, ConnectionClosedError
from click.testing import CliRunner

from backendctl.cli.main import cli
from backendctl.sandbox import process
from tests.functional.copied import copied
from tests.functional.project import Project, environment, make_project
from tests.functional.sandboxed import EAST, WEST, Sandbox, eventually, free_port

Add = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A sandbox with quotas, where the command line looks for it."""
    home, free = tmp_path_factory.mktemp("faulty"), free_port()
    with environment(XDG_DATA_HOME=str(home / "data"), XDG_STATE_HOME=str(home / "state")):
        process.start(free, process.default_data(free), quotas=True, popen=copied)
        yield free
        process.stop(free, process.default_data(free))


@pytest.fixture
def faulty(port: int) -> Iterator[Sandbox]:
    """The sandbox; no fault outlives a test."""
    running = Sandbox(port=port, data=process.default_data(port))
    yield running
    process.clear_faults(port, running.data)


@pytest.fixture
def add(faulty: Sandbox) -> Add:
    """Turns a fault on."""
    return lambda effect, **given: process.add_fault(faulty.port, faulty.data, {"effect": effect, **given})


def _struck(sandbox: Sandbox) -> list[int]:
    return [fault["struck"] for fault in process.faults(sandbox.port, sandbox.data)]


def _code(call: Callable[[], Any]) -> str:
    with pytest.raises(ClientError) as caught:
        call()
    return str(caught.value.response["Error"]["Code"])


def test_an_operation_fails_so_many_times_and_then_works(faulty: Sandbox, add: Add) -> None:
    add("error", service="ssm", operation="PutParameter", times=2)
    put = partial(faulty.client("ssm").put_parameter, Name="/n", Value="1", Type="String", Overwrite=True)
    assert [_code(put), _code(put)] == ["InternalFailure", "InternalFailure"]
    assert put()["ResponseMetadata"]["HTTPStatusCode"] == 200


def test_before_means_undone_and_after_means_done(faulty: Sandbox, add: Add) -> None:
    logs = faulty.client("logs")
    for number, after in enumerate((False, True)):
        add("error", operation="CreateLogGroup", times=1, after=after)
        assert _code(partial(logs.create_log_group, logGroupName=f"/lost/{number}")) == "InternalFailure"
    there = [group["logGroupName"] for group in logs.describe_log_groups(logGroupNamePrefix="/lost/")["logGroups"]]
    assert there == ["/lost/1"]


def test_a_reset_is_one_and_no_answer(faulty: Sandbox, add: Add) -> None:
    add("reset", service="sts", times=1)
    with pytest.raises(ConnectionClosedError):
        faulty.client("sts").get_caller_identity()
    add("reset", service="sts", times=1)
    scope = b"Authorization: AWS4-HMAC-SHA256 Credential=k/20200101/us-east-1/sts/aws4_request, Signature=0\r\n"
    with socket.create_connection(("127.0.0.1", faulty.port)) as raw:
        raw.sendall(b"GET /?Action=GetCallerIdentity HTTP/1.1\r\nHost: localhost\r\n" + scope + b"\r\n")
        with pytest.raises(ConnectionResetError):
            raw.recv(1)


def test_a_region_is_down_and_the_others_are_not(faulty: Sandbox, add: Add) -> None:
    add("unavailable", region=WEST)
    assert _code(faulty.client("dynamodb", WEST).list_tables) == "ServiceUnavailable"
    faulty.client("dynamodb", EAST).list_tables()
    faulty.client("iam", WEST).list_roles()
    faulty.client("route53", WEST).list_health_checks()


def test_a_call_is_late_by_what_was_asked(faulty: Sandbox, add: Add) -> None:
    add("slow", seconds=3, service="ssm", times=1)
    parameters, began = faulty.client("ssm"), time.monotonic()
    parameters.describe_parameters()
    late = time.monotonic() - began
    parameters.describe_parameters()
    assert late >= 3
    assert time.monotonic() - began - late < 3


def test_faults_end_with_the_sandbox(fresh_sandbox: Sandbox) -> None:
    process.add_fault(fresh_sandbox.port, fresh_sandbox.data, {"effect": "error"})
    fresh_sandbox.stop()
    assert fresh_sandbox.start().faults == 0


def test_the_command_line_turns_them_on_lists_and_clears_them(faulty: Sandbox) -> None:
    def said(*line: str, code: int = 0) -> Any:
        done = CliRunner().invoke(cli, ["sandbox", *line, "--port", str(faulty.port), "-o", "json"])
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)

    assert said("fault", "region", WEST)["effect"] == "reset"
    failing = said("fault", "fail", "--percent", "5", "--with", "throttled", "--operation", "Create*", "--seed", "7")
    assert (failing["percent"], failing["operation"], failing["seed"]) == (5, "Create*", 7)
    assert said("fault", "slow", "0.5", "--service", "lambda", "--times", "3")["seconds"] == 0.5
    assert [one["effect"] for one in said("fault", "list")["faults"]] == ["reset", "throttled", "slow"]
    assert {"faults": 3, "quotas": True, "time_scale": 0.01}.items() <= said("status").items()
    assert [one["id"] for one in said("fault", "clear", failing["id"])["cleared"]] == [failing["id"]]
    assert len(said("fault", "clear")["cleared"]) == 2
    assert said("fault", "list")["faults"] == []


@pytest.fixture(scope="module")
def served(port: int, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Deployed for the first time while one call in ten fails, and while answers of calls that make things get lost."""
    project = make_project(tmp_path_factory.mktemp("served"), name="faulted", port=port, regions=[EAST, WEST])
    for function in project.spec["functions"].values():
        function["log-retention"] = "14 days"
    project.save()
    data = process.default_data(port)
    for seed, effect in ((11, "error"), (12, "throttled")):
        process.add_fault(port, data, {"effect": effect, "percent": 5, "seed": seed})
    making = ("CreateFunction", "AddPermission", "CreateLogGroup", "CreateRestApi", "CreateStage")
    for operation in (*making, "ChangeResourceRecordSets"):
        process.add_fault(port, data, {"effect": "error", "operation": operation, "times": 1, "after": True})
    try:
        project.deploy()
    finally:
        lost = process.clear_faults(port, data)
    assert all(fault["struck"] for fault in lost)
    return project


def test_a_first_deploy_with_one_call_in_ten_failing_is_complete_and_nothing_is_there_twice(served: Project) -> None:
    served.assert_nothing_to_do()
    for region in (EAST, WEST):
        gateway = served.client("apigateway", region)
        apis = [api["id"] for api in gateway.get_rest_apis(limit=500)["items"] if api["name"] == served.name]
        assert len(apis) == 1
        assert len(gateway.get_deployments(restApiId=apis[0])["items"]) == 1
        versions = served.client("lambda", region).list_versions_by_function(FunctionName=f"{served.name}-one")
        assert [version["Version"] for version in versions["Versions"]] == ["$LATEST", "1"]


@pytest.mark.full
def test_while_a_region_is_down_the_other_is_served_and_the_same_command_finishes(
    served: Project, faulty: Sandbox, add: Add
) -> None:
    served.write_function("one", release="2")
    add("reset", region=WEST)
    assert WEST in served.run("deploy", "-y", expect=5).err
    eventually(lambda: bool(served.get("/v1/one", EAST)[1]["release"] == "2"))  # it travels to the hosts (A51)
    assert served.get("/v1/one", WEST)[1]["release"] == "1"
    process.clear_faults(faulty.port, faulty.data)
    served.deploy()
    eventually(lambda: bool(served.get("/v1/one", WEST)[1]["release"] == "2"))
    served.assert_nothing_to_do()


def test_traffic_is_spared_unless_asked(served: Project, faulty: Sandbox, add: Add) -> None:
    add("error", region=WEST)
    assert served.get("/v1/one?id=x", WEST)[0] == 200  # its handler's call of DynamoDB is traffic too
    add("throttled", region=WEST, service="execute-api", traffic=True)
    assert served.get("/v1/one", WEST) == (429, '{"message": "Too Many Requests"}')
    assert served.get("/v1/one", EAST)[0] == 200
    process.clear_faults(faulty.port, faulty.data)
    add("limit", region=WEST, service="dynamodb", traffic=True)
    assert served.get("/v1/one?id=x", WEST)[0] == 502
    process.clear_faults(faulty.port, faulty.data)
    add("reset", region=WEST, traffic=True)
    with pytest.raises(urllib3.exceptions.ProtocolError):
        urllib3.request(
            "GET",
            f"{served.url}/v1/one",
            headers={"Host": served.domain, "X-Sandbox-Region": WEST},
            retries=False,
        )
