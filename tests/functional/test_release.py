"""One release is one thing: new code and a new definition, in every region, beside what is live."""

from __future__ import annotations

import json
import math
import re
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from backendctl.resources.ssm.release_record import unpacked
from tests.functional.marked import asked, write_release
from tests.functional.project import Project, Result, environment, make_project
from tests.functional.sandboxed import EAST, WEST, arrived

NewProject = Callable[..., Project]
BOTH = (EAST, WEST)
FEW = 6
"""Requests that show which release serves when no canary has a part of them."""


@pytest.fixture
def live(new_project: NewProject) -> Project:
    """Release 1 is live in two regions, release 2 is written."""
    project = new_project()
    write_release(project, 1)
    project.deploy()
    write_release(project, 2)
    return project


@pytest.fixture(scope="module")
def canaried(command_line_home: int, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Release 1 is live and a canary of release 2 has 40 % of the requests; for tests that change nothing of it."""
    project = _released(tmp_path_factory.mktemp("canaried"), command_line_home, BOTH)
    canary(project, "--percent", "40")
    return project


@pytest.fixture(scope="module")
def refusing(command_line_home: int, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Release 1 is live in one region, release 2 is written; for tests after which it still is so."""
    return _released(tmp_path_factory.mktemp("refusing"), command_line_home, (EAST,))


def _released(folder: Path, port: int, regions: Sequence[str]) -> Project:
    project = make_project(folder, name=f"c{uuid.uuid4().hex[:6]}", port=port, regions=list(regions))
    write_release(project, 1)
    project.deploy()
    write_release(project, 2)
    return project


def canary(project: Project, *arguments: str, expect: int | None = 0) -> Result:
    return changed(project, "start-canary", *arguments, expect=expect)


def changed(project: Project, verb: str, *arguments: str, expect: int | None = 0) -> Result:
    result = project.run(verb, "-y", "-o", "json", *arguments, expect=expect)
    arrived(project.url)
    return result


def stage_of(project: Project, region: str) -> dict[str, Any]:
    api = project.apis(region)[0]["id"]
    found: dict[str, Any] = project.client("apigateway", region).get_stage(restApiId=api, stageName="prodv1")
    return found


def aliases_of(project: Project, region: str, function: str = "one") -> dict[str, str]:
    found = project.client("lambda", region).list_aliases(FunctionName=f"{project.name}-{function}")
    return {alias["Name"]: alias["FunctionVersion"] for alias in found["Aliases"]}


def shares(project: Project, region: str, requests: int) -> Counter[tuple[str, str]]:
    return Counter(asked(project, region) for _ in range(requests))


def test_a_canary_gets_its_share_and_nobody_meets_a_mix(canaried: Project) -> None:
    for region in BOTH:
        seen = shares(canaried, region, 150)
        assert set(seen) == {("r1", "r1"), ("r2", "r2")}
        assert abs(seen["r2", "r2"] - 0.4 * 150) < 4 * math.sqrt(150 * 0.4 * 0.6)


def test_everybody_elses_name_stays_on_what_is_live(canaried: Project) -> None:
    for region in BOTH:
        found = aliases_of(canaried, region)
        assert found["version1"] == "1"
        assert sorted(found.values()) == ["1", "1", "2"]


def test_a_canary_is_not_started_twice_and_the_same_operator_is_told_that_it_is_on(canaried: Project) -> None:
    result = canary(canaried, "--percent", "10", expect=64)
    assert "v2 is running as a canary, with 40 %, not with 10 %" in result.err
    assert canary(canaried).json["remarks"] == ["v2 is running as a canary, with 40 % already: nothing is left to do"]
    with environment(BACKENDCTL_OPERATOR="b@desk-b"):
        result = canary(canaried, expect=64)
    assert f"a canary (v2) is on {EAST}/stage/prodv1, with 40 %" in result.err
    assert stage_of(canaried, EAST)["canarySettings"]["percentTraffic"] == 40


def test_another_release_is_refused_while_a_canary_runs(canaried: Project, tmp_path: Path) -> None:
    other = Project(folder=tmp_path, name=canaried.name, port=canaried.port, spec=canaried.spec, domain=canaried.domain)
    other.write_function("two")
    write_release(other, 3)
    result = canary(other, expect=64)
    assert "both slots of" in result.err
    assert "end the running canary" in result.err
    assert stage_of(canaried, EAST)["canarySettings"]["percentTraffic"] == 40


def test_a_rollback_is_refused_while_a_canary_runs(canaried: Project) -> None:
    assert "abort-canary" in changed(canaried, "rollback", expect=1).err


def test_an_abort_gives_all_requests_back_and_keeps_the_failed_version_for_a_canary_that_is_promoted(
    live: Project,
) -> None:
    started = canary(live, "--percent", "50").actions()
    assert started[f"{EAST}/canary/prodv1"] == started[f"{WEST}/canary/prodv1"] == "create"
    assert not [address for address in started if "/stage/" in address or "two" in address]
    told = changed(live, "abort-canary").err
    assert f"--region {WEST} --log-group-name /aws/lambda/{live.name}-one --log-stream-name-prefix '" in told
    assert "/[2]'" in told
    for region in BOTH:
        assert set(shares(live, region, FEW)) == {("r1", "r1")}
        assert "canarySettings" not in stage_of(live, region)
        assert "2" in aliases_of(live, region).values()
    assert changed(live, "abort-canary").json["changes"] == []
    again = canary(live, "--percent", "5").actions()
    assert {address.split("/", 1)[1] for address in again} == {"canary/prodv1", "release/v3"}

    shifted = changed(live, "promote-canary", "--to", "60", "--ignore-verdict").json
    assert shifted["outcome"] == "shifted"
    fields = [change["fields"] for change in shifted["plans"][0]["changes"] if change["kind"] == "canary"]
    assert fields == [[{"field": "percent", "before": 5.0, "after": 60.0}]] * 2
    changed(live, "promote-canary", "--full", "--ignore-verdict")
    for region in BOTH:
        assert set(shares(live, region, FEW)) == {("r2", "r2")}
        assert "canarySettings" not in stage_of(live, region)
        assert aliases_of(live, region)["version1"] == "2"
    live.assert_nothing_to_do()


@pytest.mark.full
@pytest.mark.parametrize(("code", "definition"), [(True, False), (False, True)])
def test_code_alone_or_a_definition_alone_is_a_release_too(
    new_project: NewProject, *, code: bool, definition: bool
) -> None:
    project = new_project(regions=[EAST])
    write_release(project, 1)
    project.deploy()
    write_release(project, 2, code=code, definition=definition)
    canary(project, "--percent", "50")
    new = ("r2" if code else "r1", "r2" if definition else "r1")
    assert set(shares(project, EAST, 40)) == {("r1", "r1"), new}
    changed(project, "promote-canary", "--full", "--ignore-verdict")
    assert set(shares(project, EAST, 10)) == {new}
    project.assert_nothing_to_do()


def test_without_anything_new_there_is_no_canary(refusing: Project) -> None:
    write_release(refusing, 1)
    assert canary(refusing).json["changes"] == []
    write_release(refusing, 2)


def test_a_canary_needs_a_stage_beside_it(new_project: NewProject) -> None:
    result = canary(new_project(regions=[EAST]), expect=1)
    assert "there is no stage prodv1 in us-east-1" in result.err
    assert re.search(r"backendctl .*\bdeploy\b", result.err)


@pytest.mark.full
def test_what_else_a_deploy_would_change_is_told_and_left(live: Project) -> None:
    live.spec["tables"]["things"]["indexes"]["by-place"] = {"hash": "place S"}
    live.save()
    result = canary(live)
    assert f"{EAST}/table/things" in result.err
    assert f"{EAST}/table/things" not in result.actions()


def test_weights_on_an_alias_forbid_a_canary(refusing: Project) -> None:
    functions, name = refusing.client("lambda", EAST), f"{refusing.name}-one"
    functions.update_function_configuration(FunctionName=name, Description="other")
    functions.get_waiter("function_updated_v2").wait(FunctionName=name)
    version = functions.publish_version(FunctionName=name)["Version"]
    weights = {"AdditionalVersionWeights": {version: 0.1}}
    functions.update_alias(FunctionName=name, Name="version1-a", RoutingConfig=weights)
    result = canary(refusing, expect=1)
    functions.update_alias(FunctionName=name, Name="version1-a", RoutingConfig={"AdditionalVersionWeights": {}})
    assert f"{EAST}: alias {name}:version1-a splits its traffic itself" in result.err


@pytest.mark.full
def test_capacity_kept_for_the_serving_alias_only_forbids_a_canary(live: Project) -> None:
    functions = live.client("lambda", WEST)
    functions.put_provisioned_concurrency_config(
        FunctionName=f"{live.name}-one", Qualifier="version1-a", ProvisionedConcurrentExecutions=1
    )
    result = canary(live, expect=1)
    assert f"{WEST}: {live.name}-one:version1-a has provisioned concurrency" in result.err


def test_a_rollback_brings_code_and_definition_back_everywhere_and_again_changes_nothing(live: Project) -> None:
    live.deploy()
    write_release(live, 3)
    live.deploy()
    changed(live, "rollback")
    for region in BOTH:
        assert set(shares(live, region, FEW)) == {("r2", "r2")}
        assert aliases_of(live, region)["version1"] == "2"
    again = live.run("rollback", "-y").out
    told = r"prodv1: v4, a rollback to v2, serves already; backendctl .*--to v1 goes further back\n"
    assert re.fullmatch(told, again)
    for region in BOTH:
        assert set(shares(live, region, FEW)) == {("r2", "r2")}
    changed(live, "rollback", "--to", "v1")
    for region in BOTH:
        assert set(shares(live, region, FEW)) == {("r1", "r1")}
    assert "a rollback to v1, serves already; there is no release before that" in live.run("rollback", "-y").out
    assert live.run("rollback", "-y", "--to", "v1").out == "Nothing to do: that release serves already.\n"
    changed(live, "rollback", "--to", "one:3")
    assert set(shares(live, WEST, FEW)) == {("r3", "r3")}
    live.assert_nothing_to_do()


def test_a_rollback_gives_the_stage_exactly_the_variables_of_its_release(new_project: NewProject) -> None:
    def variables() -> list[dict[str, str]]:
        ours = {"backendctlRelease", "oneAlias", "twoAlias"}
        found = [stage_of(project, region)["variables"] for region in BOTH]
        return [{name: value for name, value in one.items() if name not in ours} for one in found]

    project = new_project()
    given = project.spec["api"]["stages"]["prodv1"]["variables"]
    given |= {"kept": "same", "changed": "before", "gone": "there", "key": '{{ must_env "STAGE_KEY" }}'}
    write_release(project, 1)
    with environment(STAGE_KEY="a-secret-of-the-environment"):
        project.deploy()
        (first, *_) = variables()
        given |= {"changed": "after", "added": "new"}
        del given["gone"]
        write_release(project, 2)
        project.deploy()
        told = changed(project, "rollback")
        assert variables() == [first, first]
        assert "a-secret" not in told.out + told.err + project.run("history", "-o", "json").out
        changed(project, "rollback", "--to", "v2")
        second = {**first, "changed": "after", "added": "new"}
        del second["gone"]
        assert variables() == [second, second]
    for region in BOTH:
        for page in (
            project.client("ssm", region)
            .get_paginator("get_parameters_by_path")
            .paginate(Path=f"/backendctl/{project.name}", Recursive=True)
        ):
            assert not [one for one in page["Parameters"] if "a-secret" in unpacked(one["Value"])]


@pytest.mark.full
def test_the_history_tells_what_each_stage_served_and_serves(live: Project) -> None:
    canary(live, "--percent", "20")
    changed(live, "promote-canary", "--full", "--ignore-verdict")
    changed(live, "rollback")
    told = live.run("history", "-o", "json").json["releases"]
    assert [(release["release"], release["what"]) for release in told] == [
        (3, "rollback to v1"),
        (2, "canary, promoted"),
        (1, "deploy"),
    ]
    assert [sorted(release["regions"]) for release in told] == [sorted(BOTH)] * 3
    function = f"{live.name}-one:version1"
    for region in BOTH:
        assert [release["regions"][region]["versions"][function] for release in told] == ["1", "2", "1"]
        assert [release["regions"][region]["live"] for release in told] == [True, False, False]
        assert stage_of(live, region)["variables"]["backendctlRelease"].startswith("3-")
    assert [release["release"] for release in live.run("history", "-o", "json", "-n", "1").json["releases"]] == [3]
    assert "rollback to v1" in live.run("history").out


def test_bad_input_of_a_rollback_is_one_sentence_and_touches_nothing(refusing: Project) -> None:
    before = stage_of(refusing, EAST)
    for to, told in (
        ("v9", "there is no v9; the newest release is v1"),
        ("feedbee", "no release of prodv1 is that"),
        ("three:1", "the spec has no function 'three'"),
    ):
        assert told in changed(refusing, "rollback", "--to", to, expect=64).err
    assert "no release of somebody else is in progress" in changed(refusing, "rollback", "--take-over", expect=64).err
    assert "--stage dev" in changed(refusing, "rollback", "--stage", "dev", expect=64).err
    assert changed(refusing, "rollback", "--to", "v1").json["changes"] == []
    assert stage_of(refusing, EAST) == before


@pytest.mark.full
def test_pruning_leaves_what_serves_and_the_way_back(live: Project) -> None:
    live.deploy()
    for number in (3, 4, 5):
        write_release(live, number)
        live.deploy()
    planned = changed(live, "prune", "--keep", "1").actions()
    assert {f"{region}/version/one:{number}" for region in BOTH for number in (1, 2, 3)} <= set(planned)
    for region in BOTH:
        found = live.client("lambda", region).list_versions_by_function(FunctionName=f"{live.name}-one")
        assert [version["Version"] for version in found["Versions"]] == ["$LATEST", "4", "5"]
    changed(live, "rollback")
    assert set(shares(live, EAST, 10)) == {("r4", "r4")}
    assert changed(live, "prune", "--keep", "2").json["changes"] == []


@pytest.mark.full
def test_publishing_makes_a_version_only_of_what_changed_with_the_same_bits_everywhere(live: Project) -> None:
    first = live.run("publish", "-y", "-o", "json").json
    assert first["same_bits"] is True
    assert {(one["function"], one["version"]) for one in first["versions"]} == {("one", "2"), ("two", "1")}
    assert live.run("publish", "one", "-y", "-o", "json").json["versions"] == [
        one for one in first["versions"] if one["function"] == "one"
    ]
    assert "The same code in every region." in live.run("publish", "-y", "-o", "markdown").out
    assert aliases_of(live, EAST)["version1"] == "1"
    assert set(shares(live, EAST, 10)) == {("r1", "r1")}


def test_publishing_with_an_alias_moves_it_at_once(live: Project) -> None:
    write_release(live, 1, code=False)
    assert live.run("publish", "one", "--alias", "version1", "--dry-run", "-o", "json").json["changes"]
    live.run("publish", "one", "-y", "--alias", "version1")
    arrived(live.url)
    for region in BOTH:
        assert aliases_of(live, region)["version1"] == "2"
        assert live.get("/v1/marked/x", region)[1]["code"] == "r2"
    live.assert_nothing_to_do()


@pytest.mark.full
def test_names_that_do_not_exist_are_said_with_those_that_do(live: Project) -> None:
    assert "function three: the spec names one, two" in live.run("publish", "three", expect=64).err
    assert "the aliases are version1" in live.run("publish", "one", "--alias", "beta", expect=64).err
    assert "prodv1" in live.run("start-canary", "--stage", "dev", expect=64).err


@pytest.mark.full
def test_a_canary_can_be_planned_reviewed_and_expected(live: Project) -> None:
    planned = live.run("start-canary", "--dry-run", "-o", "json", "--percent", "30").json
    assert json.dumps(planned)
    assert canary(live, "--percent", "30", "--plan-digest", "000000000000", expect=1).err
    assert canary(live, "--percent", "30", "--plan-digest", planned["digest"]).json["digest"] == planned["digest"]


@pytest.mark.full
def test_two_releases_are_held_against_each_other(live: Project) -> None:
    live.spec["functions"]["one"]["memory"] = 256
    live.save()
    live.deploy()
    told = live.command("diff", str(live.folder / "spec.yaml"), "v1", "v2", "-o", "json").json
    found = {(one["what"], one["field"]): (one["before"], one["after"]) for one in told["differences"]}
    assert found["one", "memory"] == (1024, 256)
    assert {("definition", ""), ("one", "code"), ("one", "version")} <= set(found)
    assert found["definition", "GET /marked/{r1}"] == ("open", None)
    assert found["definition", "GET /marked/{r2}"] == (None, "open")
    assert ("definition", "GET /one") not in found
    assert any("AWS tells only the routes" in line for line in told["gone"])
    assert not [what for what, _ in found if what == "two"]
    assert "no release 'v7'" in live.command("diff", str(live.folder / "spec.yaml"), "v1", "v7", expect=64).err
