"""sync-api on a backend that a deploy made: the same definition, the same slots, nothing left for the next deploy."""

from __future__ import annotations

import contextlib
import io
import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from backendctl.cli.main import cli, run
from tests.functional.project import Project, make_project
from tests.functional.sandboxed import EAST, WEST

New = Callable[..., Project]


@pytest.fixture
def deployed(new_project: New) -> Project:
    """Two functions in two regions, without what an API does not need."""
    return _deployed(new_project())


@pytest.fixture(scope="module")
def shared(command_line_home: int, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The same, for tests one after the other: each leaves nothing to deploy and nothing to sync."""
    folder, name = tmp_path_factory.mktemp("shared"), f"s{uuid.uuid4().hex[:6]}"
    return _deployed(make_project(folder, name=name, port=command_line_home, regions=[EAST, WEST]))


def _deployed(project: Project) -> Project:
    del project.spec["domain"]
    project.save()
    project.deploy()
    return project


def variables(project: Project, region: str) -> dict[str, str]:
    """Of the stage, as they are, without the number of its release."""
    (api,) = project.apis(region)
    found = project.client("apigateway", region).get_stage(restApiId=api["id"], stageName="prodv1")
    return {name: value for name, value in found["variables"].items() if name != "backendctlRelease"}


def sync(project: Project, *arguments: str, expect: int | None = 0) -> Any:
    return project.run("sync-api", "-y", "-o", "json", *arguments, expect=expect).json


def test_after_a_deploy_there_is_nothing_to_sync(shared: Project) -> None:
    found = shared.run("sync-api", "--check", "-o", "json").json
    assert (found["in_sync"], found["changes"]) == (True, [])


def test_a_new_route_is_synced_on_the_slots_that_serve_and_nothing_is_left_to_deploy(shared: Project) -> None:
    shared.write_function("one", release="2")
    shared.deploy()  # now one function serves from its second slot
    before = {region: variables(shared, region) for region in (EAST, WEST)}
    assert {value[-2:] for value in before[EAST].values()} == {"-a", "-b"}
    shared.routes["/more"] = "one"
    shared.save()
    done = sync(shared)
    assert {change["kind"] for change in done["changes"]} == {"rest-api", "stage", "release"}
    assert done["smoke_test"]["passed"] is True
    assert {region: variables(shared, region) for region in (EAST, WEST)} == before
    shared.assert_nothing_to_do()


def test_a_region_is_brought_back_from_another(shared: Project) -> None:
    (api,) = shared.apis(WEST)
    gateway = shared.client("apigateway", WEST)
    resources = {one["path"]: one["id"] for one in gateway.get_resources(restApiId=api["id"])["items"]}
    gateway.delete_resource(restApiId=api["id"], resourceId=resources["/two"])
    gateway.create_deployment(restApiId=api["id"], stageName="prodv1")
    done = sync(shared, "--from", f"{EAST}/prodv1")
    assert set(done["regions"]) == {WEST}
    assert done["source"] == f"{EAST}/prodv1"
    shared.assert_nothing_to_do()


@pytest.mark.full
def test_another_stage_that_the_spec_gains_is_made_alone(deployed: Project) -> None:
    stages = deployed.spec["api"]["stages"]
    stages["beta"] = {"variables": dict(stages["prodv1"]["variables"])}
    deployed.save()
    done = sync(deployed, "--stage", "beta")
    assert {change["name"] for change in done["changes"] if change["kind"] == "stage"} == {"beta"}
    assert deployed.run("sync-api", "--stage", "gamma", "--check", expect=64).err.count("gamma") == 1


@pytest.mark.full
def test_the_policies_sizes_are_told_and_granting_again_grants_nothing(deployed: Project) -> None:
    name = f"{deployed.name}-one"
    deployed.client("lambda", WEST).remove_permission(
        FunctionName=name,
        Qualifier="version1",
        StatementId=f"backendctl-{deployed.name}-api-prodv1-version1",
    )
    first = deployed.run("grant", "-y", "-o", "json").json
    assert [change["address"] for change in first["changes"]] == [f"{WEST}/permission/one:version1"]
    again = deployed.run("grant", "-y", "-o", "json").json
    assert again["changes"] == []
    sizes = {policy["address"]: policy["bytes"] for policy in again["policies"]}
    assert all(200 < size < again["limit"] == 20480 for size in sizes.values())
    assert f"{EAST}/permission/two:version1-b" in sizes
    assert "of 20,480 bytes" in deployed.run("grant", "-y").out


def test_an_exported_definition_is_the_one_that_is_deployed(shared: Project, tmp_path: Path) -> None:
    file = tmp_path / "adopted.yaml"
    line = ["--from", EAST, "--api", shared.name, "-o", "json"]
    said = _without_spec(shared, "export-api", str(file), *line)
    assert said["calls"] == sorted(
        f"{shared.name}-{key.removesuffix('Alias')}:{value}" for key, value in variables(shared, EAST).items()
    )
    assert set(yaml.safe_load(file.read_text())["paths"]) == set(shared.routes)
    text = file.read_text()
    assert EAST not in text
    assert "123456789012" not in text
    (shared.folder / "api.yaml").write_text(text)
    found = shared.run("sync-api", "--check", "-o", "json", expect=None).json
    assert [stage["differences"] for one in found["regions"].values() for stage in one["stages"].values()] == [[], []]
    shared.save()


@pytest.mark.full
def test_a_library_is_written_with_its_checksum_once_the_regions_are_the_same(
    deployed: Project, tmp_path: Path
) -> None:
    file = tmp_path / "client.zip"
    said = deployed.run("sdk", "--type", "javascript", "--file", str(file), "-o", "json").json
    assert file.with_name("client.zip.sha256").read_text() == f"{said['sha256']}  client.zip\n"
    assert set(said["regions"]) == {EAST, WEST}
    assert len(set(said["regions"].values())) == 1
    assert "java needs 'serviceName'" in deployed.run("sdk", "--type", "java", expect=64).err
    (api,) = deployed.apis(WEST)
    gateway = deployed.client("apigateway", WEST)
    resources = {one["path"]: one["id"] for one in gateway.get_resources(restApiId=api["id"])["items"]}
    gateway.delete_resource(restApiId=api["id"], resourceId=resources["/two"])
    gateway.create_deployment(restApiId=api["id"], stageName="prodv1")
    file.unlink()
    refused = deployed.run("sdk", "--type", "javascript", "--file", str(file), expect=1)
    assert f"{WEST} serves" in refused.err
    assert not file.exists()


def _without_spec(project: Project, *arguments: str) -> Any:
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        line = [*arguments, "--sandbox", "--port", str(project.port)]
        assert run(lambda: cli.main(args=line, prog_name="backendctl", standalone_mode=False)) == 0
    return json.loads(out.getvalue())


def test_what_aws_does_not_keep_of_a_definition_is_no_difference(shared: Project) -> None:
    """The type of a parameter, whether a body is required, examples: an export says nothing of them (A15)."""
    path = shared.folder / "api.yaml"
    document = yaml.safe_load(path.read_text())
    get, put = (document["paths"]["/one"][method] for method in ("get", "put"))
    get["parameters"] = [
        {"name": "limit", "in": "query", "required": False, "schema": {"type": "integer", "default": 20}, "example": 5}
    ]
    get["deprecated"] = True
    put["requestBody"] = {
        "required": True,
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Thing"}}},
    }
    document["components"] = {
        "schemas": {"Thing": {"type": "object", "properties": {"id": {"type": "string", "example": "a"}}}}
    }
    path.write_text(yaml.safe_dump(document, sort_keys=False))
    shared.deploy()
    (api,) = shared.apis(WEST)
    shared.client("apigateway", WEST).create_deployment(restApiId=api["id"], stageName="prodv1", description="mine")
    found = shared.run("sync-api", "--check", "-o", "json", expect=None).json
    assert '"path": "/one"' not in json.dumps(found)
    sync(shared)
    assert shared.run("sync-api", "--check", "-o", "json").json["in_sync"] is True
