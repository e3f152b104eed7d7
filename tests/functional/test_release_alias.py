"""A canary of Lambda's own, for functions that no API stands before: the same verbs."""

from __future__ import annotations

import json
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.functional.project import Project, Result
from tests.functional.sandboxed import EAST, WEST, arrived

BOTH = (EAST, WEST)
CODE = """
def handler(event, context):
    return {{"release": "{release}", "version": context.function_version}}
"""


@pytest.fixture
def live(command_line_home: int, tmp_path: Path) -> Project:
    """Release 1 of one worker is live behind its alias, release 2 is written."""
    name = f"w{uuid.uuid4().hex[:6]}"
    project = Project(folder=tmp_path, name=name, port=command_line_home)
    project.spec = {
        "backend": name,
        "regions": list(BOTH),
        "functions": {
            "worker": {
                "code": "functions/worker",
                "runtime": "python3.13",
                "handler": "app.handler",
                "aliases": ["live"],
                "warm": False,
            }
        },
        "canary": {"strategy": "alias", "waves": "together", "steps": [20, 60]},
    }
    write(project, 1)
    project.deploy()
    write(project, 2)
    return project


def write(project: Project, release: int) -> None:
    folder = project.folder / "functions" / "worker"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "app.py").write_text(CODE.format(release=release))
    project.save()


def changed(project: Project, verb: str, *arguments: str, expect: int | None = 0) -> Result:
    result = project.run(verb, "-y", "-o", "json", *arguments, expect=expect)
    arrived(project.url)
    return result


@pytest.mark.full
@pytest.mark.parametrize("verb", ["deploy", "publish", "start-canary"])
def test_a_bucket_for_code_that_is_not_there_is_refused_before_anything_is_changed(live: Project, verb: str) -> None:
    live.spec["functions"]["worker"]["code"] = {"folder": "functions/worker", "bucket": f"{live.name}-{{region}}"}
    live.save()
    told = live.run(verb, "-y", expect=1).err
    assert "refused, nothing has been changed" in told
    for region in BOTH:
        assert f"{region}/function/worker: there is no bucket '{live.name}-{region}'" in told
        versions = live.client("lambda", region).list_versions_by_function(FunctionName=f"{live.name}-worker")
        assert [one["Version"] for one in versions["Versions"]] == ["$LATEST", "1"]


def alias(project: Project, region: str) -> dict[str, Any]:
    found: dict[str, Any] = project.client("lambda", region).get_alias(
        FunctionName=f"{project.name}-worker", Name="live"
    )
    return found


def weights(project: Project, region: str) -> dict[str, float]:
    found: dict[str, float] = (alias(project, region).get("RoutingConfig") or {}).get("AdditionalVersionWeights", {})
    return found


def called(project: Project, region: str, times: int) -> Counter[str]:
    functions = project.client("lambda", region)
    answers = (
        functions.invoke(FunctionName=f"{project.name}-worker", Qualifier="live", Payload=b"{}") for _ in range(times)
    )
    return Counter(json.loads(answer["Payload"].read())["release"] for answer in answers)


@pytest.mark.full
def test_a_share_of_the_calls_then_more_then_all(live: Project) -> None:
    started = changed(live, "start-canary").actions()
    assert started[f"{EAST}/canary/worker:live"] == started[f"{WEST}/canary/worker:live"] == "create"
    for region in BOTH:
        assert weights(live, region) == {"2": 0.2}
        assert set(called(live, region, 40)) == {"1", "2"}
    assert live.run("start-canary", "-y").out == "v2 is running as a canary, with 20 % already: nothing is left to do\n"
    assert "with 20 %, not with 50 %" in changed(live, "start-canary", "--percent", "50", expect=64).err
    changed(live, "promote-canary", "--ignore-verdict")
    assert [weights(live, region) for region in BOTH] == [{"2": 0.6}, {"2": 0.6}]
    changed(live, "promote-canary", "--full", "--ignore-verdict")
    for region in BOTH:
        assert (alias(live, region)["FunctionVersion"], weights(live, region)) == ("2", {})
        assert called(live, region, 5) == {"2": 5}
    live.assert_nothing_to_do()


def test_a_deploy_leaves_a_canary_alone_and_refuses_to_run_over_it(live: Project) -> None:
    changed(live, "start-canary")
    write(live, 1)
    assert live.plan().json["changes"] == [], "both versions are published"
    write(live, 3)
    result = live.deploy(expect=1)
    assert f"{EAST}/alias/worker:live has a canary" in result.err
    assert "a canary (v2) is on us-east-1/alias/worker:live" in changed(live, "start-canary", expect=64).err
    assert weights(live, EAST) == {"2": 0.2}


def test_an_abort_and_a_rollback_give_all_calls_back(live: Project) -> None:
    changed(live, "start-canary")
    changed(live, "abort-canary")
    for region in BOTH:
        assert (alias(live, region)["FunctionVersion"], weights(live, region)) == ("1", {})
    changed(live, "start-canary")
    changed(live, "promote-canary", "--full", "--ignore-verdict")
    changed(live, "rollback")
    for region in BOTH:
        assert called(live, region, 5) == {"1": 5}
    told = live.run("history", "-o", "json").json["releases"]
    assert [release["what"] for release in told] == [
        "rollback to v1",
        "canary, promoted",
        "canary, aborted",
        "deploy",
    ]


def test_a_release_with_another_role_cannot_share_an_alias(live: Project) -> None:
    live.spec["functions"]["worker"]["role"] = "arn:aws:iam::123456789012:role/other"
    live.save()
    result = changed(live, "start-canary", expect=1)
    assert f"{EAST}: {live.name}-worker:live cannot split its traffic" in result.err
