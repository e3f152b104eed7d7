"""Every verdict of `warm-status`, in a sandbox where environments idle out and loading costs time.

One backend has a function for each situation. Rules fire for a while, users call meanwhile, and one look judges all.
"""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import urllib3

from backendctl.sandbox.process import default_data, stop
from tests.functional.project import Project, environment
from tests.functional.sandboxed import CALLS, free_port

pytestmark = pytest.mark.full  # rules fire and users call for a minute, on a machine that keeps up with them

REGION = "us-east-1"
MINUTE = 3.0
"""Seconds that a minute of a schedule takes."""
IDLE = 8.0
"""Seconds after which an unused environment is given up."""
PLAYED = 24.0
"""Seconds for which rules fire and users call."""

QUICK = """
import time
time.sleep(0.2)


def handler(event, context):
    if event.get("instruction") == "warmer":
        return {"warmed": True}
    time.sleep(0.02)
    return {"statusCode": 200, "body": "{}"}
"""
IGNORING = """
import time


def handler(event, context):
    time.sleep(0.15)
    return {"statusCode": 200, "body": "{}"}
"""
LAZY = """
import time

OPEN = []


def handler(event, context):
    if event.get("instruction") == "warmer":
        return {"warmed": True}
    if not OPEN:
        time.sleep(2)
        OPEN.append(True)
    return {"statusCode": 200, "body": "{}"}
"""
SLOW = """
import time
time.sleep(0.2)


def handler(event, context):
    if event.get("instruction") == "warmer":
        return {"warmed": True}
    time.sleep(0.5)
    return {"statusCode": 200, "body": "{}"}
"""
HOLDING = """
import time
time.sleep(0.2)


def handler(event, context):
    if event.get("instruction") == "warmer":
        time.sleep(event.get("holdMs", 0) / 1000)
        return {"warmed": True}
    return {"statusCode": 200, "body": "{}"}
"""
RAISING = """
def handler(event, context):
    if event.get("instruction") == "warmer":
        return {"warmed": True}
    return {"statusCode": 200, "body": event["path"]}
"""
EVERY = {"every": "1 minute", "input": {"instruction": "warmer"}}


@dataclass(frozen=True, kw_only=True)
class Situation:
    """A function, what is done to it by hand, who calls it, and what has to be said."""

    code: str = QUICK
    warm: Mapping[str, Any] | None = None
    users: int = 0
    """At the same time, every so many seconds."""
    every: float = 2.0
    outcome: str = "warm"
    reason: str = ""


SITUATIONS: dict[str, Situation] = {
    "right": Situation(users=1),
    "quiet": Situation(reason="no user's request"),
    "disabled": Situation(outcome="not firing", reason="disabled by hand"),
    "deleted": Situation(outcome="not firing", reason="does not exist"),
    "latest": Situation(outcome="wrong target", reason=r"\$LATEST"),
    "slot": Situation(outcome="wrong target", reason="version1-b"),
    "refused": Situation(outcome="no permission"),
    "ignores": Situation(code=IGNORING, users=1, outcome="handler ignores the warmer"),
    "lazy": Situation(code=LAZY, users=1, outcome="cold", reason="does not open the connections"),
    "seldom": Situation(warm={**EVERY, "every": "4 minutes"}, outcome="interval too long"),
    # More than are kept warm, and seldom enough for those beyond to be given up in between.
    "crowded": Situation(code=SLOW, users=6, every=IDLE + 2, outcome="too few instances", reason="busy"),
    "holds": Situation(code=HOLDING, warm={**EVERY, "instances": 3}),
    "provisioned": Situation(outcome="provisioned"),
    "raises": Situation(code=RAISING, outcome="ping fails"),
    "reserved": Situation(code=SLOW, users=4, outcome="throttled"),
    "json": Situation(users=1),
    "muted": Situation(outcome="no data", reason="WARN"),
    "unused": Situation(warm={}, outcome="no data"),
}


def _spec(name: str) -> dict[str, Any]:
    functions: dict[str, Any] = {}
    for title, one in SITUATIONS.items():
        functions[title] = {
            "code": f"functions/{title}",
            "runtime": "python3.13",
            "handler": "app.handler",
            "timeout": 10,
        }
        if one.warm != {}:
            functions[title]["warm"] = dict(one.warm or EVERY)
    form = '{"id":"$context.requestId","lambda":"$context.integration.requestId"}'
    stage = {
        "path": "v1",
        "variables": {f"{title.replace('-', '_')}Alias": "version1" for title in SITUATIONS},
        "logging": {"access": f"/aws/apigateway/{name}", "format": form},
    }
    return {
        "backend": name,
        "regions": [REGION],
        "functions": functions,
        "api": {"definition": "api.yaml", "stages": {"prodv1": stage}},
    }


@dataclass(frozen=True, kw_only=True)
class Played:
    """The backend after rules fired and users called, and what `warm-status` said of it."""

    project: Project
    document: dict[str, Any]

    def row(self, function: str) -> dict[str, Any]:
        """One function's."""
        return next(row for row in self.document["functions"] if row["function"] == function)

    def lines(self, group: str) -> list[str]:
        """What a log group holds of the time that was looked at."""
        pages = (
            self.project.client("logs", REGION)
            .get_paginator("filter_log_events")
            .paginate(
                logGroupName=group,
                startTime=_milliseconds(self.document["since"]),
                endTime=_milliseconds(self.document["until"]),
            )
        )
        return [event["message"] for page in pages for event in page["events"]]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder, home, port = tmp_path_factory.mktemp("warm"), tmp_path_factory.mktemp("home"), free_port()
    with environment(
        XDG_DATA_HOME=str(home / "data"),
        XDG_STATE_HOME=str(home / "state"),
        BACKENDCTL_SANDBOX_IDLE_MINUTES=str(IDLE / 60),
        BACKENDCTL_SANDBOX_MINUTE_SECONDS=str(MINUTE),
        **{CALLS: str(home / "calls")},
    ):
        project = _project(folder, port)
        try:
            began = time.time()
            project.deploy()
            _meddle(project)
            _play(project)
            result = project.run("warm-status", "-o", "json", "--since", f"{time.time() - began:.0f}s", expect=None)
            assert result.code == 3, result.err  # some row is proven not to be warm
            yield Played(project=project, document=result.json)
        finally:
            stop(port, default_data(port))


def _project(folder: Path, port: int) -> Project:
    project = Project(folder=folder, name="warmth", port=port)
    project.spec = _spec("warmth")
    project.routes = {f"/{title}": title for title in SITUATIONS}
    for title, one in SITUATIONS.items():
        place = folder / "functions" / title
        place.mkdir(parents=True)
        (place / "app.py").write_text(one.code)
    project.save()
    text = (folder / "api.yaml").read_text()
    (folder / "api.yaml").write_text(re.sub(r"stageVariables\.([a-z-]+)Alias", _underscored, text))
    return project


def _underscored(found: re.Match[str]) -> str:
    return f"stageVariables.{found[1].replace('-', '_')}Alias"


def _meddle(project: Project) -> None:
    """What people do by hand."""
    events, functions = project.client("events", REGION), project.client("lambda", REGION)
    rule = f"{project.name}-warm-{{}}"
    events.disable_rule(Name=rule.format("disabled"))
    ids = [target["Id"] for target in events.list_targets_by_rule(Rule=rule.format("deleted"))["Targets"]]
    events.remove_targets(Rule=rule.format("deleted"), Ids=ids)
    events.delete_rule(Name=rule.format("deleted"))
    for title, qualifier in (("latest", ""), ("slot", ":version1-b")):
        targets = events.list_targets_by_rule(Rule=rule.format(title))["Targets"]
        arn = f"arn:aws:lambda:{REGION}:123456789012:function:{project.name}-{title}{qualifier}"
        events.put_targets(Rule=rule.format(title), Targets=[{**target, "Arn": arn} for target in targets])
    targets = events.list_targets_by_rule(Rule=rule.format("raises"))["Targets"]
    events.put_targets(
        Rule=rule.format("raises"), Targets=[{**one, "Input": '{"instruction": "wake"}'} for one in targets]
    )
    policy = json.loads(functions.get_policy(FunctionName=f"{project.name}-refused", Qualifier="version1-a")["Policy"])
    for statement in policy["Statement"]:
        if "events" in str(statement["Principal"]):
            functions.remove_permission(
                FunctionName=f"{project.name}-refused", Qualifier="version1-a", StatementId=statement["Sid"]
            )
    functions.put_function_concurrency(FunctionName=f"{project.name}-reserved", ReservedConcurrentExecutions=1)
    functions.put_provisioned_concurrency_config(
        FunctionName=f"{project.name}-provisioned", Qualifier="version1-a", ProvisionedConcurrentExecutions=1
    )
    for title, level in (("json", "INFO"), ("muted", "WARN")):
        functions.update_function_configuration(
            FunctionName=f"{project.name}-{title}",
            LoggingConfig={"LogFormat": "JSON", "ApplicationLogLevel": "INFO", "SystemLogLevel": level},
        )
        project.client("lambda", REGION).get_waiter("function_updated_v2").wait(FunctionName=f"{project.name}-{title}")
        version = functions.publish_version(FunctionName=f"{project.name}-{title}")["Version"]
        functions.invoke(FunctionName=f"{project.name}-{title}", Qualifier=version, Payload='{"instruction": "warmer"}')
        for slot in ("version1-a", "version1-b"):
            functions.update_alias(FunctionName=f"{project.name}-{title}", Name=slot, FunctionVersion=version)


def _play(project: Project, *, seconds: float = PLAYED) -> None:
    """Rules fire by themselves; users call every two seconds, some at the same time."""
    api = project.apis(REGION)[0]["id"]
    over = time.monotonic() + seconds
    threads: list[threading.Thread] = []
    due = dict.fromkeys(SITUATIONS, time.monotonic() + 2)
    while time.monotonic() < over:
        time.sleep(0.2)
        for title, one in SITUATIONS.items():
            if time.monotonic() < due[title]:
                continue
            due[title] += one.every
            for _ in range(one.users):
                call = threading.Thread(target=_call, args=(f"{project.url}/_aws/execute-api/{api}/prodv1/{title}",))
                call.start()
                threads.append(call)
    for thread in threads:
        thread.join()
    time.sleep(2)  # what AWS counts by itself comes a second later


def _call(url: str) -> None:
    urllib3.request("GET", url, timeout=20, retries=False)


@pytest.mark.parametrize("function", SITUATIONS)
def test_each_situation_has_its_own_verdict_and_reason(played: Played, function: str) -> None:
    row, wanted = played.row(function), SITUATIONS[function]
    if function == "crowded" and row["verdict"] == "cold":
        # Which of several simultaneous calls found a free environment is reckoned from reports, and those of a machine
        # that is short of processors are too late to tell.
        assert "users' requests met a cold start" in row["reason"]
        return
    assert (row["verdict"], row["reason"]) == (wanted.outcome, row["reason"])
    assert re.search(wanted.reason, row["reason"]), row["reason"]
    if wanted.outcome not in {"warm", "provisioned", "no data"}:
        assert row["next"]


@pytest.mark.parametrize("function", [title for title in SITUATIONS if title not in {"muted", "unused"}])
def test_the_numbers_are_those_of_the_raw_log(played: Played, function: str) -> None:
    row, project = played.row(function), played.project
    name = f"{project.name}-{function}"
    reports = [text for text in played.lines(f"/aws/lambda/{name}") if _is_report(text)]
    cold = [text for text in reports if "Init Duration" in text or "initDurationMs" in text]
    users = {json.loads(text)["lambda"] for text in played.lines(f"/aws/apigateway/{project.name}")}
    of_users = [text for text in reports if _id(text) in users]
    assert row["invocations"]["all"] == len(reports)
    assert row["invocations"]["users"] == len(of_users)
    assert row["cold_starts"]["users"] == len([text for text in cold if _id(text) in users])
    assert row["estimated"] is False


def _milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def _is_report(text: str) -> bool:
    return text.startswith("REPORT ") or '"platform.report"' in text


def _id(text: str) -> str:
    found = re.search(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", text)
    assert found is not None
    return found[0]


def test_held_environments_are_as_many_as_the_spec_wants(played: Played) -> None:
    row = played.row("holds")
    assert row["overlapping_pings"] >= 3
    assert row["alive"] >= 3


def test_metrics_alone_tell_of_rules_and_not_of_cold_starts(played: Played) -> None:
    result = played.project.run(
        "warm-status", "right", "disabled", "--metrics-only", "--since", "2m", "-o", "json", expect=3
    )
    right, disabled = result.json["functions"]
    assert (right["verdict"], right["cold_starts"]) == ("no data", None)
    assert "--metrics-only" in right["reason"]
    assert disabled["verdict"] == "not firing"


def test_a_function_is_looked_at_without_a_spec(played: Played) -> None:
    project = played.project
    line = [
        "warm-status",
        "--function",
        f"{project.name}-right:version1-a",
        "-r",
        REGION,
        "--since",
        "1m",
        "-o",
        "json",
    ]
    result = project.command(*line, expect=None)
    row = result.json["functions"][0]
    assert (row["function"], row["alias"], row["rule"]["rules"][0]["name"]) == (
        f"{project.name}-right",
        "version1-a",
        f"{project.name}-warm-right",
    )
    assert row["invocations"]["pings"] > 0


def test_a_silent_region_is_told_and_the_others_are_judged(played: Played) -> None:
    project = played.project
    project.command("sandbox", "fault", "region", REGION)
    try:
        result = project.run("warm-status", "right", "-o", "json", expect=None)
    finally:
        project.command("sandbox", "fault", "clear")
    assert result.code != 0
    assert REGION in result.err + result.out


def test_the_picture_of_a_function_is_written(played: Played, tmp_path: Path) -> None:
    chart = tmp_path / "right.svg"
    played.project.run("warm-status", "right", "--since", "2m", "--chart", str(chart), expect=None)
    assert "right · us-east-1" in chart.read_text()


def test_after_a_release_the_row_follows_what_users_hit(played: Played) -> None:
    project = played.project
    (project.folder / "functions" / "right" / "app.py").write_text(f"{QUICK}\n# release 2\n")
    project.deploy()
    _play(project, seconds=8)
    row = project.run("warm-status", "right", "--since", "3m", "-o", "json", expect=None).json["functions"][0]
    assert (row["version"], row["alias"]) == ("2", "version1-b")
    assert row["verdict"] == "warm", row["reason"]
