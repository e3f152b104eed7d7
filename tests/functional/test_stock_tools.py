"""Any AWS tool sees what was deployed, and the sandbox's state is kept, forgotten and apart as its commands say."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from backendctl.cli.main import cli, run
from backendctl.sandbox.process import default_data, start, stop
from tests.functional.project import Project, environment, make_project
from tests.functional.sandboxed import EAST, WEST, free_port

BothPorts = tuple[int, int]
WHO = "import boto3; print(boto3.client('sts').get_caller_identity()['Account'])"


def sandbox_command(verb: str, port: int, *, expect: int = 0) -> Any:
    """`backendctl sandbox VERB --port PORT -o json`; what it says."""
    out = io.StringIO()
    line = ["sandbox", verb, "--port", f"{port}", "-o", "json"]
    with contextlib.redirect_stdout(out):
        assert run(lambda: cli.main(args=line, prog_name="backendctl", standalone_mode=False)) == expect
    return json.loads(out.getvalue())


def make_small(folder: Path, *, name: str, port: int, regions: list[str]) -> Project:
    """One function, one table and an API without a domain."""
    folder.mkdir()
    project = make_project(folder, name=name, port=port, regions=regions)
    del project.spec["domain"], project.spec["functions"]["two"]
    project.routes = {"/one": "one"}
    project.spec["api"]["stages"] = {"prodv1": {"variables": {"oneAlias": "version1"}}}
    project.save()
    return project


@pytest.fixture(scope="module")
def deployed(command_line_home: int, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """In two regions, for tests that only look."""
    folder = tmp_path_factory.mktemp("stock") / "project"
    project = make_small(folder, name="stock", port=command_line_home, regions=[EAST, WEST])
    project.deploy()
    return project


@pytest.fixture
def ports(tmp_path: Path) -> Iterator[BothPorts]:
    """Two free ports whose sandboxes keep their state in folders of the test."""
    two = (free_port(), free_port())
    with environment(XDG_DATA_HOME=str(tmp_path / "data"), XDG_STATE_HOME=str(tmp_path / "state")):
        yield two
        for port in two:
            stop(port, default_data(port))


@pytest.mark.parametrize("region", [EAST, WEST])
def test_get_rest_apis_shows_the_api_as_ours(region: str, deployed: Project) -> None:
    found = deployed.client("apigateway", region).get_rest_apis(limit=500)["items"]
    (api,) = [api for api in found if api["name"] == deployed.name]
    assert api["tags"]["backendctl:backend"] == deployed.name
    assert api["endpointConfiguration"]["types"] == ["REGIONAL"]


@pytest.mark.parametrize("region", [EAST, WEST])
def test_list_functions_shows_the_function_as_specified(region: str, deployed: Project) -> None:
    found = deployed.client("lambda", region).list_functions()["Functions"]
    (function,) = [one for one in found if one["FunctionName"] == f"{deployed.name}-one"]
    assert (function["Runtime"], function["Handler"], function["Timeout"]) == ("python3.13", "app.handler", 20)
    assert function["Environment"]["Variables"] == {"TABLE": f"{deployed.name}-things"}
    assert f":lambda:{region}:" in function["FunctionArn"]


def test_describe_table_shows_a_global_table_with_its_index_in_every_region(deployed: Project) -> None:
    for region in (EAST, WEST):
        table = deployed.client("dynamodb", region).describe_table(TableName=f"{deployed.name}-things")["Table"]
        assert table["TableStatus"] == "ACTIVE"
        assert table["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
        assert [index["IndexName"] for index in table["GlobalSecondaryIndexes"]] == ["by-owner"]
        assert {replica["RegionName"] for replica in table["Replicas"]} >= {EAST, WEST} - {region}


def test_a_stock_invoke_of_the_alias_runs_the_handler(deployed: Project) -> None:
    event = {"httpMethod": "GET", "queryStringParameters": None}
    answer = deployed.client("lambda", WEST).invoke(
        FunctionName=f"{deployed.name}-one", Qualifier="version1", Payload=json.dumps(event)
    )
    body = json.loads(json.load(answer["Payload"])["body"])
    assert (body["function"], body["region"]) == ("one", WEST)


def test_an_item_put_by_a_stock_tool_is_served_by_the_api(deployed: Project) -> None:
    table = f"{deployed.name}-things"
    deployed.client("dynamodb", EAST).put_item(TableName=table, Item={"id": {"S": "stock"}, "owner": {"S": "me"}})
    (api,) = [
        one["id"]
        for one in deployed.client("apigateway", WEST).get_rest_apis(limit=500)["items"]
        if one["name"] == deployed.name
    ]
    status, body = deployed.get("/prodv1/one?id=stock", WEST, host=f"{api}.execute-api.{WEST}.localhost")
    assert (status, body["item"]) == (200, {"id": "stock", "owner": "me"})


@pytest.mark.full
def test_down_keeps_the_state(ports: BothPorts, tmp_path: Path) -> None:
    project = make_small(tmp_path / "project", name="kept", port=ports[0], regions=[EAST, WEST])
    project.deploy()
    project.client("dynamodb", EAST).put_item(
        TableName="kept-things", Item={"id": {"S": "before"}, "owner": {"S": "me"}}
    )
    assert sandbox_command("down", ports[0]) == {"stopped": True, "port": ports[0]}
    assert sandbox_command("status", ports[0], expect=1)["running"] is False
    project.assert_nothing_to_do()  # starts it again
    found = project.client("dynamodb", WEST).get_item(TableName="kept-things", Key={"id": {"S": "before"}})
    assert found["Item"]["owner"] == {"S": "me"}


@pytest.mark.full
def test_reset_forgets_everything(ports: BothPorts, tmp_path: Path) -> None:
    project = make_small(tmp_path / "project", name="gone", port=ports[0], regions=[EAST])
    project.deploy()
    sandbox_command("reset", ports[0])
    assert not default_data(ports[0]).exists()
    assert {c["action"] for c in project.plan().json["changes"] if c["kind"] != "release"} == {"create"}
    assert project.client("lambda", EAST).list_functions()["Functions"] == []


def test_down_says_when_there_is_nothing_to_stop(ports: BothPorts) -> None:
    assert sandbox_command("down", ports[0]) == {"stopped": False, "port": ports[0]}


@pytest.mark.full
def test_two_sandboxes_side_by_side_know_nothing_of_each_other(ports: BothPorts, tmp_path: Path) -> None:
    first, second = (make_small(tmp_path / f"{port}", name="twin", port=port, regions=[EAST]) for port in ports)
    first.deploy()
    start(ports[1], default_data(ports[1]))
    assert second.client("lambda", EAST).list_functions()["Functions"] == []
    second.write_function("one", release="other")
    second.deploy()
    sandbox_command("reset", ports[1])
    first.assert_nothing_to_do()
    assert sandbox_command("status", ports[0])["ready"] is True


def test_env_makes_any_tool_use_the_sandbox(ports: BothPorts, tmp_path: Path) -> None:
    variables = sandbox_command("env", ports[0])
    assert variables["AWS_ENDPOINT_URL"] == f"http://127.0.0.1:{ports[0]}"
    start(ports[0], default_data(ports[0]), require_token=True)
    guarded = sandbox_command("env", ports[0])
    assert guarded["AWS_ACCESS_KEY_ID"] != variables["AWS_ACCESS_KEY_ID"]
    line = ["bash", "-c", 'eval "$1" && "$2" -c "$3"', "bash", env_text(ports[0]), sys.executable, WHO]
    broken = tmp_path / "config"
    broken.write_text("broken [[[", encoding="utf-8")
    hostile = {
        "AWS_CONFIG_FILE": str(broken),
        "AWS_PROFILE": "nosuch",
        "AWS_SESSION_TOKEN": "old",
        "http_proxy": "http://127.0.0.1:9",
    }
    done = subprocess.run(line, capture_output=True, text=True, check=False, env={**os.environ, **hostile})
    assert (done.stdout.strip(), done.returncode) == ("123456789012", 0), done.stderr


@pytest.mark.full
def test_the_command_line_finds_the_key_of_a_sandbox_that_requires_one(ports: BothPorts, tmp_path: Path) -> None:
    start(ports[0], default_data(ports[0]), require_token=True)
    project = make_small(tmp_path / "project", name="guarded", port=ports[0], regions=[EAST])
    project.deploy()
    project.assert_nothing_to_do()
    sandbox_command("down", ports[0])
    assert sandbox_command("up", ports[0])["token"] is True  # as last time
    status = project.get("/prodv1/one", EAST, host=f"{_api_id(project)}.execute-api.{EAST}.localhost")[0]
    assert status == 200  # callers of an API need no key


def env_text(port: int) -> str:
    """What `backendctl sandbox env` prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        run(lambda: cli.main(args=["sandbox", "env", "--port", f"{port}"], standalone_mode=False))
    return out.getvalue()


def _api_id(project: Project) -> str:
    key = sandbox_command("env", project.port)["AWS_ACCESS_KEY_ID"]
    client = boto3.client(
        "apigateway",
        region_name=EAST,
        endpoint_url=project.url,
        aws_access_key_id=key,
        aws_secret_access_key="sandbox",
    )
    found: str = client.get_rest_apis()["items"][0]["id"]
    return found
