"""Any AWS tool sees what was deployed, and the sandbox's state is kept, forgotten and apart as its commands say."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from backendctl.cli.main import cli, run
from backendctl.sandbox.process import default_data, start, stop
from tests.functional.project import Project, environment, make_project
from tests.functional.sandboxed import EAST, WEST, free_port

BothPorts = tuple[int, int]


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


def test_reset_forgets_everything(ports: BothPorts, tmp_path: Path) -> None:
    project = make_small(tmp_path / "project", name="gone", port=ports[0], regions=[EAST])
    project.deploy()
    sandbox_command("reset", ports[0])
    assert not default_data(ports[0]).exists()
    assert {change["action"] for change in project.plan().json["changes"]} == {"create"}
    assert project.client("lambda", EAST).list_functions()["Functions"] == []


def test_down_says_when_there_is_nothing_to_stop(ports: BothPorts) -> None:
    assert sandbox_command("down", ports[0]) == {"stopped": False, "port": ports[0]}


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
