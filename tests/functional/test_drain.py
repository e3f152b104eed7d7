"""A region is drained and restored under load: no request is lost, whoever of Route 53 and the region answers."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.functional.drained import Clients, left, with_health_path
from tests.functional.project import Project, make_project
from tests.functional.sandboxed import EAST, WEST


@pytest.fixture(scope="module")
def project(command_line_home: int, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two regions that serve."""
    folder = tmp_path_factory.mktemp("drained")
    name = f"d{uuid.uuid4().hex[:6]}"
    project = with_health_path(make_project(folder, name=name, port=command_line_home, regions=[EAST, WEST]))
    project.deploy()
    return project


@pytest.fixture
def clients(project: Project) -> Clients:
    return Clients(project=project)


@contextlib.contextmanager
def fault(project: Project, **wanted: Any) -> Iterator[None]:
    """A fault of the sandbox, until the block ends."""
    url, headers = f"{project.url}/_sandbox/faults", {"X-Sandbox-Client": "x"}
    made = urllib3.request("POST", url, body=json.dumps(wanted), headers=headers).json()
    try:
        yield
    finally:
        urllib3.request("DELETE", f"{url}/{made['id']}", headers=headers)


def marks(project: Project, region: str) -> dict[str, Any]:
    """Region → what its mark says, as it lies in one region."""
    found = project.client("ssm", region).get_parameters_by_path(Path=f"/backendctl/{project.name}/drained/")
    return {one["Name"].rpartition("/")[2]: json.loads(one["Value"]) for one in found["Parameters"]}


def test_a_drain_and_the_return_under_load_lose_no_request(project: Project, clients: Clients) -> None:
    with clients.load().running() as load:
        clients.lands(WEST, WEST)
        project.run("drain", WEST, "-y", "--reason", "a new disk")
        left(load, WEST)
        assert {clients.resolve(place).region for place in load.places} == {EAST}
        project.run("restore", WEST, "-y")
        clients.lands(WEST, WEST)
        began = load.clock()
        while not load.landed(WEST, since=began):
            pass
    assert [one for one in load.samples if one.failed] == []


def test_a_drain_works_while_the_control_plane_of_route_53_is_silent(project: Project, clients: Clients) -> None:
    with clients.load().running() as load, fault(project, effect="reset", service="route53"):
        clients.lands(WEST, WEST)
        done = project.run("drain", WEST, "-y")
        assert "drained by throttle instead" in done.err
        assert marks(project, EAST)[WEST]["means"] == ["health-check", "throttle"]
        left(load, WEST)
    with clients.load().running() as back:
        project.run("restore", WEST, "-y")
        clients.lands(WEST, WEST)
    assert [one for one in (*load.samples, *back.samples) if one.failed] == []
    project.assert_nothing_to_do()


@pytest.mark.full
def test_a_region_that_does_not_answer_is_drained_and_comes_back_when_it_does(
    project: Project, clients: Clients
) -> None:
    with fault(project, effect="reset", region=WEST):
        project.run("drain", WEST, "-y")
        clients.lands(WEST, EAST)
        assert project.run("restore", WEST, "-y", expect=None).code == 1
    assert WEST in marks(project, EAST)
    assert WEST not in marks(project, WEST) or marks(project, WEST)[WEST]["phase"] == "restored"
    project.run("restore", WEST, "-y")
    assert {marks(project, region)[WEST]["phase"] for region in (EAST, WEST)} == {"restored"}


@pytest.mark.full
def test_nothing_answering_only_the_checkers_can_act_and_the_same_command_makes_sure(project: Project) -> None:
    with fault(project, effect="reset", region=EAST), fault(project, effect="reset", service="route53"):
        stuck = project.run("drain", EAST, "-y", expect=4)
        assert "Only the checkers of Route 53 can act" in stuck.err
        assert "agree within 20 s" in stuck.err
        assert "80 s" in stuck.err
    project.run("drain", EAST, "-y")
    project.run("restore", EAST, "-y")


@pytest.mark.full
def test_a_deploy_does_not_undo_a_drain_and_status_and_plan_show_it(project: Project, clients: Clients) -> None:
    project.run("drain", WEST, "-y", "--reason", "a new disk")
    project.spec["domain"]["health-check"]["failures"] = 3
    project.save()
    try:
        assert "is drained" in project.run("plan").out
        project.deploy()
        clients.lands(WEST, EAST)
        told = project.run("status", "-o", "json").json["drained"]
        assert told[WEST]["reason"] == "a new disk"
        project.run("restore", WEST, "-y")
        assert project.deploy().actions() == {f"{WEST}/health-check/{project.name}": "update"}
    finally:
        project.spec["domain"]["health-check"]["failures"] = 2
        project.save()
        project.deploy()


def test_what_makes_no_sense_is_one_sentence_and_touches_nothing(project: Project) -> None:
    def said(code: int, *arguments: str) -> str:
        result = project.run(*arguments, expect=code)
        return result.err.splitlines()[0]

    assert "did you mean 'us-west-2'?" in said(64, "drain", "us-west-9", "-y")
    assert "name one region" in said(64, "drain", "-y")
    assert "is not drained" in said(64, "restore", WEST, "-y")
    assert "characters" in said(64, "drain", WEST, "-y", "--reason", "x" * 501)
    project.run("drain", WEST, "-y")
    assert "is drained already" in said(64, "drain", WEST, "-y")
    refused = project.run("drain", EAST, "-y", expect=1).err
    assert f"{EAST} is the last healthy region: {WEST} is drained" in refused
    project.run("restore", WEST, "-y")


def test_a_region_whose_own_health_url_fails_is_nobody_s_refuge(project: Project) -> None:
    with fault(project, effect="unavailable", region=EAST, traffic=True, operation="GET /prod*"):
        refused = project.run("drain", WEST, "-y", expect=1).err
    assert f"{WEST} is the last healthy region" in refused
    assert "answers 503" in refused


def test_a_dry_run_says_what_clients_see_and_changes_nothing(project: Project) -> None:
    before = marks(project, EAST)
    told = project.run("drain", WEST, "--dry-run").out
    assert "the last one leaves within 80 s (20 s until the checkers agree + 60 s that resolvers remember" in told
    assert marks(project, EAST) == before


def test_check_regions_says_which_drain_would_work(project: Project) -> None:
    found = project.run("check-regions", "-o", "json").json
    assert {region: one["drainable"] for region, one in found["regions"].items()} == {EAST: True, WEST: True}
    project.run("drain", WEST, "-y")
    drained = project.run("check-regions", "-o", "json", expect=3).json["regions"]
    assert drained[EAST]["checks"]["refuge"]["outcome"] == "bad"
    assert {one["outcome"] for one in drained[WEST]["checks"].values()} == {"skipped"}
    project.run("restore", WEST, "-y")


@pytest.mark.full
def test_check_regions_tells_a_region_that_does_not_answer_from_one_that_cannot_be_left(project: Project) -> None:
    with fault(project, effect="reset", region=WEST, traffic=True, times=4000):
        silent = project.run("check-regions", expect=3)
    assert f"a drain of {EAST} would not" in silent.out.lower()
    with fault(project, effect="reset", service="route53"):
        assert "no answer from Route 53" in project.run("check-regions", "-o", "markdown", expect=5).out


@pytest.mark.full
def test_a_game_day_reports_the_loss_of_a_region_and_a_drain_that_loses_nothing(
    project: Project, tmp_path: Path
) -> None:
    report = tmp_path / "report.md"
    found = project.run("game-day", WEST, "-o", "json", "--report", str(report)).json
    broken, drained = found["acts"]
    assert (broken["act"], drained["act"]) == ("break", "drain")
    assert broken["failed_until_left"] > 0
    assert (drained["failed_until_left"], drained["failed_later"]) == (0, 0)
    assert "the drain lost no request" in report.read_text(encoding="utf-8")
    project.assert_nothing_to_do()
