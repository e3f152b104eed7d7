"""What tells a canary's answers: the access log; and that where nothing does, none passes.

The sandbox of this file counts no metrics of a canary of its own, as AWS may well do.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from backendctl.sandbox.process import default_data, stop
from tests.functional.canaries import BAD, CHECK, Users, play, prepare, write
from tests.functional.project import Project, environment, make_project
from tests.functional.sandboxed import EAST, WEST, arrived, eventually, free_port

KINDS = {kind.name: kind for kind in BAD}


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    """The base is live in two regions, and its stage has no access log."""
    home = tmp_path_factory.mktemp("home")
    with environment(
        XDG_DATA_HOME=str(home / "data"),
        XDG_STATE_HOME=str(home / "state"),
        BACKENDCTL_SANDBOX_CANARY_METRICS="off",
    ):
        project = make_project(
            tmp_path_factory.mktemp("project"), name="judged", port=free_port(), regions=[EAST, WEST]
        )
        try:
            prepare(project, logged=False, bake_time="10 minutes")
            yield project
        finally:
            stop(project.port, default_data(project.port))


def _canaries(project: Project) -> list[float | None]:
    found = []
    for region in (EAST, WEST):
        api = project.apis(region)[0]["id"]
        stage = project.client("apigateway", region).get_stage(restApiId=api, stageName="prodv1")
        found.append((stage.get("canarySettings") or {}).get("percentTraffic"))
    return found


def undecided(project: Project) -> Any:
    """How `--auto` ends once users have called often enough; until then it holds, and the same command goes on."""
    for _ in range(10):
        told = project.run("promote-canary", "--auto", "-y", "-o", "json", expect=4).json
        if told["outcome"] != "held":
            break
    return told


def _log_access(project: Project) -> None:
    """The stage has an access log from the next command on."""
    project.spec["api"]["stages"]["prodv1"]["logging"] = {"access": "/aws/apigateway/judged"}
    project.save()


@pytest.mark.full
def test_a_canary_whose_answers_nothing_tells_steps_down_and_is_given_its_step_again(live: Project) -> None:
    write(live, "blind", KINDS["handled-500"])
    with Users(project=live, each=2).asking():
        started = live.run("start-canary", "-y", expect=None)
        told = undecided(live)
    assert "note: stage prodv1 has no access log that shows the canary's responses" in started.err
    assert "'logging: {access: /aws/apigateway/judged-prodv1}'" in started.err
    assert (told["outcome"], told["percent"]) == ("stepped-down", 0)
    assert all(one["reasons"][0].startswith("blind: a 5xx that a handler returns") for one in told["verdicts"])
    assert _canaries(live) == [0.0, 0.0]
    again = live.run("promote-canary", "-y")
    assert "Shifted" in again.out
    assert _canaries(live) == [10.0, 10.0]
    live.spec["canary"]["on-inconclusive"] = "abort"
    live.save()
    with Users(project=live, each=2).asking():
        ended = undecided(live)
    assert ended["outcome"] == "aborted-inconclusive"
    assert _canaries(live) == [None, None]
    arrived(live.url)


@pytest.mark.full
def test_the_access_log_of_the_spec_comes_with_the_canary_and_tells_its_answers(live: Project) -> None:
    _log_access(live)
    write(live, "logged", KINDS["handled-500"])
    plan: Any = live.run("start-canary", "--dry-run", "-o", "json").json
    logs = [one for one in plan["changes"] if one["kind"] == "stage"]
    assert [one["address"] for one in logs] == [f"{EAST}/stage/prodv1", f"{WEST}/stage/prodv1"]
    assert {name.partition(".")[0] for one in logs for name in (f["field"] for f in one["fields"])} == {"logging"}
    played = play(live, KINDS["handled-500"], each=2)
    assert (played.outcome, played.exit) == ("aborted", 3)
    assert played.requests <= KINDS["handled-500"].within


@pytest.mark.full
def test_a_wrong_body_with_200_is_stopped_by_a_check_of_answers(live: Project) -> None:
    _log_access(live)
    for through in ("alias", "stage"):
        live.spec["canary"]["analysis"] = [{**CHECK, "through": through}]
        live.save()
        write(live, f"wrong-{through}", KINDS["wrong-body"])
        with Users(project=live, each=1).asking():
            live.run("start-canary", "-y", expect=None)
            told = live.run("promote-canary", "--auto", "-y", "-o", "json", expect=3).json
        reasons = [reason for one in told["verdicts"] for reason in one["reasons"]]
        assert any('$.places is ["Oak"], the base\'s ["Oak", "Elm"]' in reason for reason in reasons), reasons
        arrived(live.url)


@pytest.mark.full
def test_the_access_log_says_of_each_request_whether_the_canary_answered(live: Project) -> None:
    live.spec["canary"]["analysis"] = []
    _log_access(live)
    write(live, "seen", KINDS["wrong-body"])
    live.run("start-canary", "-y", "--percent", "50")
    arrived(live.url)
    answers = [json.loads(json.dumps(live.get("/v1/one", EAST)[1])) for _ in range(40)]
    canary = sum(answer["places"] == ["Oak"] for answer in answers)
    logs = live.client("logs", EAST)

    def lines(group: str, since: int = 0) -> list[dict[str, str]]:
        pages = logs.get_paginator("filter_log_events").paginate(logGroupName=group, startTime=since)
        return [json.loads(event["message"]) for page in pages for event in page["events"]]

    eventually(lambda: len(lines("/aws/apigateway/judged/Canary")) >= canary)
    assert {one["canary"] for one in lines("/aws/apigateway/judged/Canary")} == {"true"}
    assert "true" not in {one["canary"] for one in lines("/aws/apigateway/judged")}
    status: Any = live.run("canary-status", "-o", "json").json
    assert status["canaries"][0]["bake_until"] > status["canaries"][0]["since"]
    live.run("abort-canary", "-y")
