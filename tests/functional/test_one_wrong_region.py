"""A wrong answer in one region of three: found by `test`, seen in `logs`, explained by `traces`, named by `doctor`."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from backendctl.app import open_api
from backendctl.aws.connection import Access, Aws
from backendctl.backend import Settings
from backendctl.release.access_counts import Span
from backendctl.release.access_log import AccessLog
from backendctl.release.access_query import query_counts
from backendctl.release.asking import Place
from backendctl.release.outcome import Outcome
from backendctl.release.tests_check import ask_tests
from backendctl.release.thresholds import Thresholds
from backendctl.spec.analysis import TestsCheck
from backendctl.spec.build import ACCESS_FORMAT
from backendctl.warmth import insights
from tests.functional.project import Project, make_project
from tests.functional.sandboxed import EAST, WEST, eventually

EUROPE = "eu-west-1"
CODE = """
import json
import os


def handler(event, context):
    if event.get("instruction") == "warmer":
        return {"warmed": True}
    print("the rate is", os.environ["RATE"])
    return {"statusCode": 200, "body": json.dumps({"price": 2 * float(os.environ["RATE"])})}
"""


@pytest.fixture(scope="module")
def project(command_line_home: int, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Deployed to three regions; in one of them somebody has changed the function and what its aliases lead to."""
    folder = tmp_path_factory.mktemp("three")
    made = make_project(folder, name=f"w{uuid.uuid4().hex[:6]}", port=command_line_home, regions=[EAST, WEST, EUROPE])
    (folder / "functions" / "one" / "app.py").write_text(CODE)
    del made.spec["functions"]["two"], made.spec["tables"], made.routes["/two"], made.spec["domain"]
    made.spec["functions"]["one"] |= {"environment": {"RATE": "1.5"}, "tracing": True, "memory": 1024}
    made.spec["api"]["stages"]["prodv1"] |= {
        "variables": {"oneAlias": "version1"},
        "tracing": True,
        "logging": {"level": "info", "access": f"/aws/apigateway/{made.name}", "retention": "14 days"},
    }
    made.save()
    (folder / "spec.tests.yaml").write_text("tests:\n  - request: GET /one\n    expect: {json: {$.price: 3}}\n")
    made.deploy()
    made.assert_nothing_to_do()
    made.run("test")
    _meddle(made, EUROPE)
    return made


def _meddle(project: Project, region: str) -> None:
    functions, name = project.client("lambda", region), f"{project.name}-one"
    version = _version(project, region, rate="1,5")
    for alias in functions.list_aliases(FunctionName=name)["Aliases"]:
        functions.update_alias(FunctionName=name, Name=alias["Name"], FunctionVersion=version)


def _version(project: Project, region: str, *, rate: str) -> str:
    """The number of a new version with another rate."""
    functions, name = project.client("lambda", region), f"{project.name}-one"
    functions.update_function_configuration(FunctionName=name, Environment={"Variables": {"RATE": rate}})

    def settled() -> bool:
        return bool(functions.get_function_configuration(FunctionName=name)["LastUpdateStatus"] == "Successful")

    eventually(settled)
    return str(functions.publish_version(FunctionName=name)["Version"])


def _soon(look: Callable[[], list[Any]]) -> list[Any]:
    """What is there some time after its request."""
    found: list[Any] = []

    def there() -> bool:
        found.extend(look())
        return bool(found)

    eventually(there, seconds=60)
    return found


def test_a_wrong_answer_in_one_region_of_three_is_found_seen_explained_and_named(project: Project) -> None:
    def wrong() -> list[Any]:  # an alias that has moved is on all hosts some time later (A51)
        (row,) = project.run("test", "-o", "json", expect=None).json["tests"]
        return [] if row["passed"] else [row]

    (row,) = _soon(wrong)
    assert [(one["region"], one["passed"]) for one in row["results"]] == [(EAST, True), (WEST, True), (EUROPE, False)]
    assert row["differences"] == [{"path": "status", "values": {EAST: 200, WEST: 200, EUROPE: 502}}]
    told = project.run("test", expect=3).out
    asked = re.findall(r"next: backendctl .*logs .*--request (\S+) -r (\S+)", told)
    assert [region for _, region in asked] == [EUROPE]

    def lines() -> list[Any]:
        seen = project.run("logs", "--request", asked[0][0], "-r", EUROPE, "-o", "json", expect=None)
        found = [json.loads(line) for line in seen.out.splitlines()]
        return found if {line["source"] for line in found} == {"access", "execution", "function"} else []

    found = _soon(lines)
    assert any("the rate is 1,5" in line["message"] for line in found)
    (trace,) = {line["trace_id"] for line in found if line["trace_id"]}

    traces = project.run("traces", "-o", "json").json
    (failing,) = [one for one in traces["failing"] if one["trace_id"] == trace]
    assert failing["region"] == EUROPE
    assert failing["reason"] == "ValueError: could not convert string to float: '1,5'"
    one = project.run("traces", trace).out
    assert f"{trace} in {EUROPE}" in one
    assert "ValueError: could not convert string to float: '1,5'" in one

    named = project.run("doctor", "-o", "json", expect=3).json["findings"]
    bad = [each["where"] for each in named if each["severity"] == "bad"]
    assert bad
    assert all(where.startswith(f"{EUROPE}/") for where in bad)
    assert f"{EUROPE}/alias/one:version1" in bad
    assert project.run("status", "-o", "json").json["telemetry"][EUROPE] == {
        "functions": {"one": {"tracing": True, "log_retention_days": 30}},
        "stages": {
            "prodv1": {
                "tracing": True,
                "metrics": False,
                "execution_log": "INFO",
                "access_log": f"/aws/apigateway/{project.name}",
                "access_log_tells_canary": True,
                "log_retention_days": {"access": 14, "execution": 14},
            }
        },
    }
    assert project.run("traces", "1-65000000-aaaaaaaaaaaaaaaaaaaaaaaa", expect=4).out.startswith(
        "no region has a trace"
    )


def test_what_is_too_much_to_read_line_by_line_is_counted_by_logs_insights(project: Project) -> None:
    def aws(command: str) -> Aws:
        return Aws(Access(endpoint_url=project.url, keys=("x", "y"), command=command), backend=project.name)

    project.run("test", "-r", EAST)
    now, group = time.time(), f"/aws/lambda/{project.name}-one"
    scope = insights.Scope(region=EAST, groups=(group,), since=now - 3600, until=now + 60)
    assert insights.reports(aws("warm-status"), scope, count=1, most=insights.ROWS)[group].events

    (api,) = project.apis(EAST)
    log = AccessLog(group=f"/aws/apigateway/{project.name}", format=ACCESS_FORMAT, stage="prodv1", api_id=api["id"])
    begin = int(now) - 3600
    span = Span(region=EAST, begin=begin, settled=begin, end=int(now) + 60, resolution=60)

    def counted() -> list[Any]:
        found = query_counts(aws("canary-status"), log, span, Thresholds(), among=1)
        return [] if found is None or not found[0].requests else [found]

    ((base, canary),) = _soon(counted)
    assert (base.errors, canary.requests) == (0, 0)


def test_a_canary_has_to_pass_a_file_of_tests_that_the_base_passes(project: Project) -> None:
    access = Access(endpoint_url=project.url, keys=("x", "y"), command="promote-canary")
    backend = open_api(Settings(spec=project.folder / "spec.yaml", access=access))
    (api,), worse = project.apis(EAST), {"oneAlias": _version(project, EAST, rate="9")}
    check = TestsCheck(name="smoke", file=str(project.folder / "spec.tests.yaml"))
    good = {"oneAlias": "version1"}

    def found(*, base: dict[str, str], canary: dict[str, str]) -> tuple[Any, str]:
        place = Place(
            region=EAST,
            stage="prodv1",
            api_id=api["id"],
            url="",
            definition=project.definition(),
            base=base,
            canary=canary,
            target_percent=10.0,
            access="not read",
        )
        told = ask_tests(backend, place, check)
        return told.outcome, told.told

    assert found(base=good, canary=good) == (Outcome.PASS, "smoke: 1 test passed")
    assert found(base=good, canary=worse) == (Outcome.FAIL, "smoke: GET /one: $.price is 18.0, not 3")
    assert found(base=worse, canary=worse)[0] is Outcome.INCONCLUSIVE
