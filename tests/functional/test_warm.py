"""Warming: rules and schedules as AWS has them, and calls that hold environments."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.functional.project import Project
from tests.functional.sandboxed import EAST, WEST

QUICK = """
def handler(event, context):
    return {"done": True}
"""
HOLDING = """
import time

def handler(event, context):
    if "holdMs" in event:  # and some seconds more, for calls of a busy machine to overlap
        time.sleep(event["holdMs"] / 1000 + 3)
    return {"done": True}
"""
RAISING = """
def handler(event, context):
    raise KeyError("path")
"""
OFFICE = "Mon-Fri 07:00-20:00 Europe/Dublin"


def function(code: str, **warm: Any) -> dict[str, Any]:
    return {
        "code": f"functions/{code}",
        "runtime": "python3.13",
        "handler": "app.handler",
        "aliases": ["live"],
        "warm": warm,
    }


@pytest.fixture
def project(command_line_home: int, tmp_path: Path) -> Project:
    name = f"k{uuid.uuid4().hex[:6]}"
    made = Project(folder=tmp_path, name=name, port=command_line_home)
    for code, text in {"quick": QUICK, "holding": HOLDING, "raising": RAISING}.items():
        folder = tmp_path / "functions" / code
        folder.mkdir(parents=True)
        (folder / "app.py").write_text(text)
    made.spec = {"backend": name, "regions": [EAST, WEST], "functions": {}}
    return made


def put_east(project: Project, **functions: dict[str, Any]) -> None:
    project.spec["regions"] = [EAST]
    put(project, **functions)


def put(project: Project, **functions: dict[str, Any]) -> None:
    project.spec["functions"] = functions
    project.save()


@pytest.mark.full
def test_three_instances_are_held_by_a_handler_that_stays_and_not_by_one_that_returns(project: Project) -> None:
    put(project, holding=function("holding", instances=3), quick=function("quick", instances=3))
    project.deploy()
    project.assert_nothing_to_do()
    found = project.run("warm", "-o", "json", expect=3).json
    rows = {(row["region"], row["function"]): row for row in found["functions"]}
    assert set(rows) == {(region, name) for region in (EAST, WEST) for name in ("holding", "quick")}
    for region in (EAST, WEST):
        held, not_held = rows[region, "holding"], rows[region, "quick"]
        assert (held["requested"], held["environments"], held["proven"], held["holds"]) == (3, 3, True, True)
        assert (not_held["answered"], not_held["proven"], not_held["holds"]) == (3, False, False)
        assert "returns before the holdMs" in not_held["reason"]
    assert "✓ 3 of 3" in project.run("warm", "holding", "--region", EAST).out


def test_a_handler_that_fails_on_the_ping_is_told(project: Project) -> None:
    put_east(project, worker=function("raising"))
    project.deploy()
    found = project.run("warm", "-o", "json", expect=3).json
    (row,) = found["functions"]
    assert (row["answered"], row["proven"]) == (0, False)
    assert "KeyError" in row["errors"][0]


def test_a_rule_disabled_by_hand_stays_so_and_is_told_until_the_spec_says_otherwise(project: Project) -> None:
    put_east(project, worker=function("quick"))
    project.deploy()
    rule = f"{project.name}-warm-worker"
    events = project.client("events", EAST)
    events.disable_rule(Name=rule)
    plan = project.plan().json
    assert plan["changes"] == []
    (note,) = plan["notes"]
    assert note["address"] == f"{EAST}/warmer/worker"
    assert "disabled by hand" in note["note"]
    assert f"{EAST}/warmer/worker is disabled by hand" in project.run("status").out
    (row,) = project.run("warm-status", "-o", "json", expect=3).json["functions"]
    assert (row["verdict"], row["region"]) == ("not firing", EAST)
    assert "disabled by hand" in row["reason"]
    put_east(project, worker=function("quick", every="10 minutes"))
    project.run("sync-warmers", "-y")
    now = events.describe_rule(Name=rule)
    assert (now["State"], now["ScheduleExpression"]) == ("DISABLED", "rate(10 minutes)")
    put_east(project, worker=function("quick", every="10 minutes", enabled=True))
    assert project.run("sync-warmers", "--check", expect=2).code == 2
    project.run("sync-warmers", "-y")
    assert events.describe_rule(Name=rule)["State"] == "ENABLED"
    project.assert_nothing_to_do()


def test_office_hours_are_schedules_that_change_and_go_with_the_spec(project: Project) -> None:
    put_east(project, worker=function("quick", only=OFFICE))
    project.deploy()
    project.assert_nothing_to_do()
    scheduler, group = project.client("scheduler", EAST), f"{project.name}-warm-worker"

    def schedules() -> dict[str, str]:
        names = [one["Name"] for one in scheduler.list_schedules(GroupName=group)["Schedules"]]
        found = [scheduler.get_schedule(Name=name, GroupName=group) for name in names]
        assert {one["ScheduleExpressionTimezone"] for one in found} == {"Europe/Dublin"}
        return {one["Name"]: one["ScheduleExpression"] for one in found}

    assert schedules() == {"live-1": "cron(55 6 ? * MON-FRI *)", "live-2": "cron(0/5 7-19 ? * MON-FRI *)"}
    assert project.client("events", EAST).list_rules(NamePrefix=f"{project.name}-warm-")["Rules"] == []
    put_east(project, worker=function("quick", only=OFFICE, every="1 hour"))
    project.run("sync-warmers", "-y")
    assert schedules() == {"live-1": "cron(55 6-19 ? * MON-FRI *)"}
    project.assert_nothing_to_do()
    put_east(project, worker=function("quick"))
    project.run("sync-warmers", "-y")
    assert group not in [one["Name"] for one in scheduler.list_schedule_groups()["ScheduleGroups"]]
    assert project.client("events", EAST).describe_rule(Name=group)["State"] == "ENABLED"
    project.assert_nothing_to_do()
    put_east(project, worker=function("quick", only=OFFICE))
    project.run("sync-warmers", "-y")
    project.run("destroy", "-y")
    assert group not in [one["Name"] for one in scheduler.list_schedule_groups()["ScheduleGroups"]]
    names = [role["RoleName"] for role in project.client("iam", EAST).list_roles()["Roles"]]
    assert [name for name in names if name.startswith(f"{project.name}-")] == []


def test_bad_words_are_refused_before_anything_is_called(project: Project) -> None:
    put_east(project, worker=function("quick"))
    assert "did you mean 'worker'" in project.run("warm", "wroker", expect=64).err
    assert "--stage prod" in project.run("warm", "--stage", "prod", expect=64).err
    assert "deploy it first" in project.run("sync-warmers", "-y", expect=1).err
