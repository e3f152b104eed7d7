"""A backend is run under the very policy that is printed for it; without one of its actions exactly its verb fails."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from backendctl.sandbox.process import default_data, stop
from tests.functional.project import Project, make_project
from tests.functional.sandboxed import free_port


@pytest.fixture
def guarded(command_line_home: int, tmp_path: Path) -> Iterator[tuple[Project, Path]]:
    """A backend in a sandbox of its own that allows what a file says, which holds the printed policy."""
    del command_line_home  # its folders are used
    port, policy = free_port(), tmp_path / "policy.json"
    project = make_project(tmp_path, name="guarded", port=port, regions=["us-east-1", "us-west-2"])
    policy.write_text(json.dumps({"Statement": []}))
    project.command("sandbox", "up", "--iam", str(policy))
    policy.write_text(project.run("iam-policy").out)
    yield project, policy
    stop(port, default_data(port))


def without(policy: Path, action: str) -> str:
    """Take an action out of the policy; the text that it had."""
    before = policy.read_text()
    document = json.loads(before)
    for statement in document["Statement"]:
        statement["Action"] = [one for one in statement["Action"] if one != action]
    document["Statement"] = [one for one in document["Statement"] if one["Action"]]
    policy.write_text(json.dumps(document))
    return before


def test_the_printed_policy_runs_verbs_and_each_action_taken_away_stops_its_own(guarded: tuple[Project, Path]) -> None:
    project, policy = guarded
    project.deploy()
    project.assert_nothing_to_do()
    assert project.run("grant", "--dry-run").code == 0
    for action, stopped, going in (
        ("ssm:GetParametersByPath", "history", "traces"),
        ("lambda:GetPolicy", "grant", "history"),
    ):
        before = without(policy, action)
        refused = project.run(stopped, expect=None)
        assert refused.code != 0
        assert f"is not authorized to perform: {action} on resource" in refused.out + refused.err
        assert "not authorized" not in project.run(going, expect=None).err
        policy.write_text(before)
    sees = project.run("iam-policy", "--function", "one").out
    assert json.loads(sees)["Statement"][0]["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]
