"""An unattended release: judged from what users met, promoted, held or aborted by itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.functional.marked import Users, write_release
from tests.functional.project import Project, Result
from tests.functional.sandboxed import EAST, WEST, arrived

NewProject = Callable[..., Project]
BOTH = (EAST, WEST)
LENIENT = {
    "min-requests": 30,
    "max-error-increase": 25,
    "max-latency-increase": 100000,
    "quantile": 50,  # of which fewer requests tell
    "confidence": 80,
}
FAILING = """
def handler(event, context):
    if event.get("instruction") == "warmer":
        return {}
    raise RuntimeError("broken")
"""


@pytest.fixture
def live(new_project: NewProject, tmp_path: Path) -> Project:
    """Release 1 is live, release 2 is written; its steps take some seconds each."""
    project = new_project()
    hooks = {name: f"cat >> {tmp_path}/{name}" for name in ("before-promote", "after-promote", "on-abort")}
    project.spec["canary"] = {"steps": [40], "bake-time": "8 minutes", "judge": LENIENT, "hooks": hooks}
    write_release(project, 1)
    project.deploy()
    write_release(project, 2)
    return project


def promote(project: Project, *arguments: str, expect: int | None = 0) -> Result:
    result = project.run("promote-canary", "-y", "-o", "json", *arguments, expect=expect)
    arrived(project.url)
    return result


def canaries(project: Project) -> list[float | None]:
    found = []
    for region in BOTH:
        api = project.apis(region)[0]["id"]
        stage = project.client("apigateway", region).get_stage(restApiId=api, stageName="prodv1")
        found.append((stage.get("canarySettings") or {}).get("percentTraffic"))
    return found


def users_of(project: Project) -> Users:
    return Users(url=project.url, host=project.domain, each=2, pause=0.005)


@pytest.mark.full
def test_a_good_canary_is_promoted_wave_by_wave_and_the_hooks_hear_of_it(live: Project, tmp_path: Path) -> None:
    live.spec["canary"]["bake-time"] = "16 minutes"  # on a busy machine users bring too few requests in less
    live.save()
    users = users_of(live)
    with users.asking():
        live.run("start-canary", "-y")
        told = promote(live, "--auto").json
    assert told["outcome"] == "promoted"
    assert canaries(live) == [None, None]
    turned = [[c["region"] for c in plan["changes"] if c["kind"] == "stage"] for plan in told["plans"]]
    assert turned == [[WEST], [EAST]]
    assert users.complaints == []
    heard = [json.loads(line) for line in documents(tmp_path / "before-promote")]
    assert [one["percent"] for one in heard] == [100, 100]
    assert heard[0]["verdicts"][0]["outcome"] == "pass"
    assert not (tmp_path / "on-abort").exists()
    live.assert_nothing_to_do()


def documents(file: Path) -> list[str]:
    """JSON documents that were written one behind the other."""
    return file.read_text().replace("}{", "}\n{").splitlines()


@pytest.mark.full
def test_a_bad_canary_is_aborted_everywhere_with_exit_3(live: Project, tmp_path: Path) -> None:
    (live.folder / "functions" / "one" / "app.py").write_text(FAILING)
    users = users_of(live)
    with users.asking():
        assert "abort-canary" in live.run("start-canary", "-y", expect=1).err  # its smoke requests fail
        told = promote(live, "--auto", expect=3).json
    assert told["outcome"] == "aborted"
    assert told["verdicts"][0]["outcome"] == "fail"
    assert canaries(live) == [None, None]
    assert (tmp_path / "on-abort").exists()
    assert live.get("/v1/marked/x", EAST)[1]["code"] == "r1"


@pytest.mark.full
def test_no_traffic_is_not_success(live: Project) -> None:
    live.run("start-canary", "-y")
    told: Any = promote(live, "--auto", expect=4).json
    assert told["outcome"] == "held"
    assert {one["outcome"] for one in told["verdicts"]} == {"inconclusive"}
    assert canaries(live) == [40.0, 40.0]
    assert promote(live, expect=4).json["plans"] == []
    assert canaries(live) == [40.0, 40.0]
    status = live.run("canary-status", "--exit-code", "-o", "json", expect=4).json
    assert status["outcome"] == "inconclusive"
    assert [one["target_percent"] for one in status["canaries"]] == [40.0, 40.0]


@pytest.mark.full
def test_requests_of_our_own_take_the_place_of_users_where_the_spec_says_so(live: Project) -> None:
    live.spec["canary"]["on-no-data"] = "synthetic"
    live.spec["canary"]["waves"] = "together"
    live.save()
    live.run("start-canary", "-y")
    assert promote(live, "--auto").json["outcome"] == "promoted"


@pytest.mark.full
def test_a_hook_that_says_no_stops_a_promotion(live: Project) -> None:
    live.spec["canary"]["hooks"] = {"before-promote": "echo not today >&2; exit 1"}
    live.save()
    live.run("start-canary", "-y")
    result = live.run("promote-canary", "-y", "--full", "--ignore-verdict", expect=1)
    assert "not today" in result.err
    assert canaries(live) == [40.0, 40.0]
    shown = live.run("promote-canary", "--full", "--ignore-verdict", "--dry-run")
    assert "canary 40 % → off" in shown.out
    assert "not today" not in shown.err


def test_the_ways_of_promoting_exclude_each_other(live: Project) -> None:
    for line in (("--to", "50", "--full"), ("--auto", "--full"), ("--auto", "--ignore-verdict")):
        assert live.run("promote-canary", *line, expect=64).err
