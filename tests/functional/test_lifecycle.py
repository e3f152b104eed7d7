"""One backend through its life: first deploy, changes, another region, and the end."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from tests.functional.project import Project, Result, make_project

EAST, WEST, EUROPE = "us-east-1", "us-west-2", "eu-west-1"
STATEFUL = ("table", "replica", "domain")

NewProject = Callable[..., Project]


@pytest.fixture
def deployed(new_project: NewProject) -> Project:
    """A backend deployed to two regions."""
    project = new_project()
    project.deploy()
    return project


@pytest.fixture(scope="module")
def first(command_line_home: int, tmp_path_factory: pytest.TempPathFactory) -> tuple[Project, Result]:
    """A backend of two regions, and what its first deploy said."""
    folder, name = tmp_path_factory.mktemp("first"), f"u{uuid.uuid4().hex[:6]}"
    project = make_project(folder, name=name, port=command_line_home, regions=[EAST, WEST])
    return project, project.deploy()


@pytest.fixture(scope="module")
def untouched(first: tuple[Project, Result]) -> Project:
    """The same backend, for tests that change nothing of it."""
    return first[0]


@pytest.fixture(scope="module")
def edited(untouched: Project) -> Project:
    """The same for edits one after the other: each leaves nothing to do."""
    return untouched


def everything_stateful(project: Project) -> list[str]:
    """The flags that let everything go."""
    plan = project.run("destroy", "--dry-run", "-o", "json").json
    named = [change["address"] for change in plan["changes"] if change["kind"] in STATEFUL]
    return [part for address in named for part in ("--allow-delete", address)]


def test_first_deploy_creates_everything_and_the_second_plan_is_empty(first: tuple[Project, Result]) -> None:
    project, said = first
    changes = said.json["changes"]
    assert {change["action"] for change in changes if change["kind"] != "release"} == {"create"}
    assert {change["status"] for change in changes} == {"done"}
    project.assert_nothing_to_do()


def test_deploying_again_does_nothing(untouched: Project) -> None:
    again = untouched.deploy().json
    assert again["changes"] == []
    assert again["summary"]["unchanged"] > 0


def test_the_domain_answers_in_each_region_with_its_own_function(untouched: Project) -> None:
    for region in (EAST, WEST):
        status, body = untouched.get("/v1/one", region)
        assert (status, body["function"], body["region"]) == (200, "one", region)


def test_an_item_written_through_one_region_is_read_through_the_other(untouched: Project) -> None:
    status, _ = untouched.request("PUT", "/v1/one", EAST, body={"id": "a", "owner": "me"})
    assert status == 201
    _, body = untouched.get("/v1/one?id=a", WEST)
    assert body["item"] == {"id": "a", "owner": "me"}


def test_editing_a_handler_plans_that_function_only_in_both_regions(edited: Project) -> None:
    edited.write_function("two", release="2")
    changed = [change for change in edited.plan().json["changes"] if change["kind"] != "release"]
    assert "code of two: " in edited.run("plan").err
    assert {change["region"] for change in changed} == {EAST, WEST}
    assert {(c["kind"], c["name"].partition(":")[0]) for c in changed} == {
        ("function", "two"),
        ("alias", "two"),
        ("stage", "prodv1"),
    }
    fields = {f["field"] for change in changed if change["kind"] == "stage" for f in change["fields"]}
    assert fields == {"variables.twoAlias", "release"}
    edited.write_function("two")


def test_a_deployed_edit_answers_and_the_old_version_is_still_there(edited: Project) -> None:
    edited.write_function("one", release="2")
    edited.deploy()
    for region in (EAST, WEST):
        assert edited.get("/v1/one", region)[1]["release"] == "2"
        assert edited.get("/v1/two", region)[1]["release"] == "1"
        client = edited.client("lambda", region)
        versions = client.list_versions_by_function(FunctionName=f"{edited.name}-one")["Versions"]
        assert [version["Version"] for version in versions] == ["$LATEST", "1", "2"]
    edited.assert_nothing_to_do()


@pytest.mark.full
def test_going_back_to_the_old_code_publishes_nothing(deployed: Project) -> None:
    deployed.write_function("one", release="2")
    deployed.deploy()
    deployed.write_function("one", release="1")
    deployed.deploy()
    client = deployed.client("lambda", EAST)
    versions = client.list_versions_by_function(FunctionName=f"{deployed.name}-one")["Versions"]
    assert [version["Version"] for version in versions] == ["$LATEST", "1", "2"]
    assert deployed.get("/v1/one", EAST)[1]["release"] == "1"
    deployed.assert_nothing_to_do()


@pytest.mark.full
def test_changing_only_configuration_publishes_a_version_too(deployed: Project) -> None:
    deployed.spec["functions"]["one"]["environment"]["GREETING"] = "hello"
    deployed.save()
    result = deployed.deploy()
    assert "hello" not in result.out + result.err
    assert deployed.get("/v1/one", WEST)[1]["greeting"] == "hello"
    deployed.assert_nothing_to_do()


def test_changing_only_the_definition_touches_no_function(edited: Project) -> None:
    edited.routes["/three"] = "two"
    edited.save()
    kinds = {change["kind"] for change in edited.deploy().json["changes"]}
    assert kinds == {"rest-api", "stage", "release"}
    assert edited.get("/v1/three", EAST)[1]["function"] == "two"
    edited.assert_nothing_to_do()


@pytest.mark.full
def test_an_alias_can_be_added(deployed: Project) -> None:
    deployed.spec["functions"]["one"]["aliases"] = ["version1", "beta"]
    deployed.save()
    assert f"{EAST}/alias/one:beta" in deployed.deploy().actions()
    deployed.assert_nothing_to_do()


@pytest.mark.full
def test_an_index_can_be_added_in_every_region(deployed: Project) -> None:
    deployed.spec["tables"]["things"]["indexes"]["by-place"] = {"hash": "place S"}
    deployed.save()
    deployed.deploy()
    for region in (EAST, WEST):
        table = deployed.client("dynamodb", region).describe_table(TableName=f"{deployed.name}-things")["Table"]
        assert {index["IndexName"] for index in table["GlobalSecondaryIndexes"]} == {"by-owner", "by-place"}
    deployed.assert_nothing_to_do()


@pytest.mark.full
def test_a_second_stage_has_its_own_path(deployed: Project) -> None:
    deployed.spec["api"]["stages"]["prodv2"] = {
        "path": "v2",
        "variables": {"oneAlias": "version2", "twoAlias": "version1"},
    }
    deployed.save()
    deployed.deploy()
    assert deployed.get("/v2/one", WEST)[0] == 200
    deployed.assert_nothing_to_do()


@pytest.mark.full
def test_a_region_can_be_added_and_taken_away_again(deployed: Project) -> None:
    deployed.request("PUT", "/v1/one", EAST, body={"id": "a", "owner": "me"})
    deployed.spec["regions"].append(EUROPE)
    deployed.save()
    added = deployed.deploy().json["changes"]
    assert {change["region"] for change in added} <= {EUROPE, EAST, "global"}
    assert deployed.get("/v1/one?id=a", EUROPE)[1]["item"]["owner"] == "me"
    deployed.assert_nothing_to_do()

    deployed.spec["regions"].remove(EUROPE)
    deployed.save()
    refused = deployed.deploy(expect=1)
    assert f"--allow-delete {EUROPE}/replica/things" in refused.err
    deployed.deploy(
        "--allow-delete", f"{EUROPE}/replica/things", "--allow-delete", f"{EUROPE}/domain/{deployed.domain}"
    )
    deployed.assert_nothing_to_do()
    assert deployed.functions(EUROPE) == []
    assert deployed.get("/v1/one?id=a", WEST)[1]["item"]["owner"] == "me"


@pytest.mark.full
def test_a_function_that_is_renamed_is_made_anew_and_the_old_one_goes(deployed: Project) -> None:
    functions = deployed.spec["functions"]
    functions["uno"] = functions.pop("one") | {"code": "functions/one"}
    deployed.routes["/one"] = "uno"
    deployed.spec["api"]["stages"]["prodv1"]["variables"] = {"unoAlias": "version1", "twoAlias": "version1"}
    deployed.save()
    actions = deployed.deploy().actions()
    assert actions[f"{EAST}/function/uno"] == "create"
    assert actions[f"{EAST}/function/one"] == "delete"
    assert deployed.get("/v1/one", WEST)[1]["function"] == "one"
    deployed.assert_nothing_to_do()


def _left_in_regions(document: Any) -> list[Any]:
    """What a destroy left, without the role for API Gateway's logs: that is the account's, and other tests make it."""
    return [one for one in document["left"] if one["region"] != "global"]


def test_destroy_refuses_what_holds_data_until_it_is_named_and_then_leaves_nothing(deployed: Project) -> None:
    refused = deployed.run("destroy", "-y", expect=1)
    assert f"--allow-delete {EAST}/table/things" in refused.err
    assert deployed.get("/v1/one", EAST)[0] == 200
    deployed.run("destroy", "-y", *everything_stateful(deployed))
    for region in (EAST, WEST):
        assert deployed.functions(region) == []
        dynamodb = deployed.client("dynamodb", region)
        with pytest.raises(dynamodb.exceptions.ResourceNotFoundException):
            dynamodb.describe_table(TableName=f"{deployed.name}-things")
        assert deployed.apis(region) == []
        rules = deployed.client("events", region).list_rules(NamePrefix=deployed.name)["Rules"]
        assert rules == []
    again = deployed.run("destroy", "-y", "-o", "json").json
    assert again["changes"] == []
    logs = {f"log-group//aws/lambda/{deployed.name}-{name}" for name in ("one", "two")}
    left = _left_in_regions(again)
    assert {(one["region"], one["what"], one["failed"]) for one in left} == {
        (region, what, False) for region in (EAST, WEST) for what in logs
    }
    named = [part for what in logs for part in ("--allow-delete", what)]
    assert _left_in_regions(deployed.run("destroy", "-y", "-o", "json", *named).json) == []


@pytest.mark.full
def test_after_a_destroy_whatever_is_left_is_told_with_its_reason(deployed: Project) -> None:
    parameters, path = deployed.client("ssm", WEST), f"/backendctl/{deployed.name}"
    for name in ("releases/a-stage-that-went/7", "odd"):
        parameters.put_parameter(Name=f"{path}/{name}", Value="{}", Type="String")
    made_by_lambda = f"/aws/lambda/{deployed.name}-three"
    deployed.client("logs", EAST).create_log_group(logGroupName=made_by_lambda)
    old = f"old-{deployed.name}"
    deployed.client("dynamodb", WEST).create_table(
        TableName=old,
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=[{"Key": "backendctl:backend", "Value": deployed.name}],
    )
    done = deployed.run("destroy", "-y", "-o", "json", *everything_stateful(deployed), expect=5)
    assert set(done.actions()) > {f"{WEST}/release-log/{deployed.name}"}
    left = {(one["region"], one["what"]): one for one in done.json["left"]}
    assert {place: one["failed"] for place, one in left.items() if place[0] != "global"} == {
        (WEST, f"{path}/odd"): True,
        (WEST, f"arn:aws:dynamodb:{WEST}:123456789012:table/{old}"): True,
        (EAST, f"log-group/{made_by_lambda}"): False,
        **{
            (region, f"log-group//aws/lambda/{deployed.name}-{name}"): False
            for region in (EAST, WEST)
            for name in ("one", "two")
        },
    }
    assert "Lambda made it" in left[EAST, f"log-group/{made_by_lambda}"]["why"]
    parameters.delete_parameter(Name=f"{path}/odd")
    deployed.client("dynamodb", WEST).delete_table(TableName=old)
    assert f"log-group/{made_by_lambda}: not marked" in deployed.run("destroy", "-y").out


@pytest.mark.full
def test_what_the_user_skips_is_told_as_left_and_stays_to_be_found(deployed: Project) -> None:
    done = deployed.run("destroy", "-y", "-o", "json", "--skip", "table", "--skip", "replica", "--skip", "domain")
    left = {f"{one['region']}/{one['what']}" for one in done.json["left"] if one["region"] != "global"}
    assert left >= {f"{EAST}/table/things", f"{WEST}/replica/things", f"{EAST}/domain/{deployed.domain}"}
    assert {f"{EAST}/region-index/{WEST}", f"{WEST}/region-index/{EAST}"} <= left
    assert not any(one["failed"] for one in done.json["left"])


@pytest.mark.full
def test_what_was_destroyed_can_be_deployed_again(deployed: Project) -> None:
    deployed.run("destroy", "-y", *everything_stateful(deployed))
    deployed.deploy()
    assert deployed.get("/v1/one", WEST)[0] == 200
    deployed.assert_nothing_to_do()


def test_status_says_that_all_regions_are_equal(untouched: Project) -> None:
    status = untouched.run("status", "-o", "json").json
    assert status["in_sync"] is True
    assert {EAST, WEST} <= set(status["regions"])


def test_status_shows_what_somebody_changed_by_hand(edited: Project) -> None:
    functions = edited.client("lambda", WEST)
    functions.update_function_configuration(FunctionName=f"{edited.name}-two", MemorySize=256)
    edited.assert_nothing_to_do()  # nobody is served by $LATEST
    edited.client("logs", WEST).put_retention_policy(logGroupName=f"/aws/lambda/{edited.name}-two", retentionInDays=1)
    status = edited.run("status", "-o", "json", "--exit-code", expect=2).json
    assert status["regions"][EAST]["in_sync"] is True
    assert status["regions"][WEST]["resources"][f"log-group//aws/lambda/{edited.name}-two"]["state"] == "differs"
    edited.deploy()
    edited.assert_nothing_to_do()


@pytest.mark.full
def test_three_regions_at_once(new_project: NewProject) -> None:
    project = new_project(regions=[EAST, WEST, EUROPE])
    project.deploy()
    project.assert_nothing_to_do()
    for region in (EAST, WEST, EUROPE):
        assert project.get("/v1/two", region)[1]["region"] == region
