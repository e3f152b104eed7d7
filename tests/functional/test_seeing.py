"""A wrong answer in one region of two: found by `test`, seen in `logs --request`, called by `invoke`."""

from __future__ import annotations

import contextlib
import json
import re
import uuid
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.functional.project import Project, environment, make_project
from tests.functional.sandboxed import EAST, WEST, eventually

TOKEN = "tok-4f9c2a77d1"
CODE = """
import json
import re
import os


def handler(event, context):
    if event.get("instruction") == "warmer":
        return {"warmed": True}
    if event.get("fail"):
        raise KeyError("path")
    print("asked \\x1b[2J with", os.environ["TOKEN"])
    query = event.get("queryStringParameters") or {}
    body = {"region": os.environ["AWS_REGION"], "price": float(os.environ["PRICE"]), "id": query.get("id", "7")}
    return {"statusCode": 200, "headers": {"Content-Type": "application/json"}, "body": json.dumps(body)}
"""
TESTS = """
ignore: [$.region]
tests:
  - name: an item
    request: GET /one
    headers: {Authorization: '{{ must_env "SEEING_TOKEN" }}'}
    expect: {status: 200, json: {$.price: {at-least: 1}, $.region: '{{ region }}'}, within: 60 s}
    capture: {id: $.id}
  - name: the same item
    request: GET /one?id=${id}
    expect: {json: {$.id: '${id}'}}
"""


@pytest.fixture(scope="module")
def project(command_line_home: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Project]:
    folder = tmp_path_factory.mktemp("seeing")
    made = make_project(folder, name=f"s{uuid.uuid4().hex[:6]}", port=command_line_home, regions=[EAST, WEST])
    (folder / "functions" / "one" / "app.py").write_text(CODE)
    del made.spec["functions"]["two"], made.spec["tables"], made.routes["/two"]
    made.spec["functions"]["one"] |= {
        "environment": {"TOKEN": '{{ env "SEEING_TOKEN" }}', "PRICE": "2.5"},
        "regions": {WEST: {"environment": {"TOKEN": '{{ env "SEEING_TOKEN" }}', "PRICE": "2.4"}}},
    }
    stage = made.spec["api"]["stages"]["prodv1"]
    stage["variables"] = {"oneAlias": "version1"}
    stage["logging"] = {"level": "info", "access": f"/aws/apigateway/{made.name}"}
    made.save()
    (folder / "spec.tests.yaml").write_text(TESTS)
    with environment(SEEING_TOKEN=TOKEN):
        made.deploy()
        yield made


def lines(out: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.splitlines()]


@pytest.mark.parametrize("through", ["method", "region"])
def test_an_answer_that_differs_in_one_region_is_found(project: Project, through: str) -> None:
    report = project.folder / "report.xml"
    found = project.run("test", "--through", through, "-o", "json", "--junit", str(report), expect=3)
    first, second = found.json["tests"]
    assert [(row["region"], row["status"], row["failures"]) for row in first["results"]] == [
        (EAST, 200, []),
        (WEST, 200, []),
    ]
    assert first["differences"] == [{"path": "$.price", "values": {EAST: 2.5, WEST: 2.4}}]
    assert second["differences"] == first["differences"]
    assert TOKEN not in found.out + found.err + report.read_text()
    suites = {suite.get("name"): suite.get("failures") for suite in ET.parse(report).getroot()}  # noqa: S314  # ours
    assert suites == {EAST: "0", WEST: "0", "between regions": "2"}


def test_the_public_name_answers_as_expected_once(project: Project) -> None:
    found = project.run("test", "--through", "public", "-o", "markdown")
    assert "2 of 2 tests passed" in found.out


def test_a_file_of_faults_is_refused_with_their_places(project: Project) -> None:
    bad = project.folder / "bad.tests.yaml"
    bad.write_text(
        "tests:\n  - request: GET /one\n    expect: {statsu: 200, json: {x: 1}}\n  - request: GET /${nope}\n"
    )
    told = project.run("test", str(bad), expect=64).err
    assert "bad.tests.yaml:3:14: 'statsu'" in told
    assert "'x' is not a JSON path" in told
    assert "bad.tests.yaml:4:14: no earlier test captures 'nope'" in told


def test_a_silent_region_is_told_and_the_other_is_tested_read_and_called(project: Project) -> None:
    project.command("sandbox", "fault", "region", WEST)
    try:
        assert list(project.run("test", "-o", "json", expect=5).json["unreachable"]) == [WEST]
        *logged, last = lines(project.run("logs", "-o", "json", expect=5).out)
        assert {line["region"] for line in logged} == {EAST}
        assert list(last) == ["unreachable"]
        assert list(last["unreachable"]) == [WEST]
        found = project.run("invoke", "one", "--all-regions", "-o", "json", expect=5).json
        assert [row["region"] for row in found["answers"]] == [EAST]
        assert list(found["unreachable"]) == [WEST]
        assert list(project.run("history", "-o", "json", expect=5).json["unreachable"]) == [WEST]
        assert f"not known of {WEST}" in project.run("abort-canary", expect=5).out
    finally:
        project.command("sandbox", "fault", "clear")


def test_all_lines_of_a_request_are_gathered_from_the_id_that_a_caller_saw(project: Project) -> None:
    project.get("/v1/one", WEST)
    access: list[dict[str, Any]] = []
    while not access:  # a line is there some time after its request
        told = lines(project.run("logs", "--api", "--since", "5m", "-r", WEST, "-o", "json").out)
        access = [line for line in told if line["source"] == "access"]
    shown = project.run("logs", "--request", access[-1]["request_id"], "-o", "json")
    found = lines(shown.out)
    assert {line["source"] for line in found} == {"access", "execution", "function"}
    assert {line["region"] for line in found} == {WEST}
    (own,) = [line for line in found if line["source"] == "function" and line["report"] is None]
    (report,) = [line for line in found if line["report"] is not None]
    assert own["request_id"] == report["request_id"]
    assert "\\u001b" in shown.out
    assert own["message"].startswith("asked \x1b[2J with •••")
    text = project.run("logs", "one", "--since", "5m")
    assert "\x1b" not in text.out
    assert "\\x1b[2J" in text.out
    assert TOKEN not in text.out + shown.out


def test_a_handler_s_error_is_told_with_its_stack(project: Project) -> None:
    found = project.run("invoke", "one", "--event", '{"fail": true}', "-o", "json", expect=1).json
    (row,) = found["answers"]
    assert (row["ok"], row["error"]["type"], row["answer"]) == (False, "KeyError", None)
    assert any("app.py" in line for line in row["error"]["stack"])
    assert row["report"]["billed_ms"] >= 1
    assert "KeyError" in project.run("invoke", "one", "--event", '{"fail": true}', expect=1).out


def test_answers_of_regions_are_compared_through_what_users_hit(project: Project) -> None:
    asked = ("invoke", "one", "--all-regions", "--api-event", "GET /one?id=9", "--ignore", "$.body.region")
    found = project.run(*asked, "-o", "json").json
    assert [(row["region"], row["alias"]) for row in found["answers"]] == [
        (EAST, "version1-a"),
        (WEST, "version1-a"),
    ]
    assert json.loads(found["answers"][0]["answer"]["body"])["id"] == "9"
    assert found["differences"] == [{"path": "$.body.price", "values": {EAST: 2.5, WEST: 2.4}}]


def test_what_cannot_be_meant_is_refused_in_a_sentence(project: Project) -> None:
    assert "is in the future" in project.run("logs", "--since", "2999-01-01", expect=64).err
    assert "--filter" in project.run("logs", "--filter", "{ $.x", expect=64).err
    assert "--event:1:7" in project.run("invoke", "one", "--event", '{"a": }', expect=64).err
    assert "did you mean 'one'" in project.run("invoke", "ome", expect=64).err
    assert "its aliases are" in project.run("invoke", "one:nope", expect=1).err
    assert "no canary is running" in project.run("logs", "--canary", expect=1).err
    assert "no line of these logs contains" in project.run("logs", "--request", "not-there-at-all", expect=1).err


def test_a_missing_log_group_is_told_and_the_rest_is_read(project: Project) -> None:
    client, seen = project.client("logs", WEST), []

    def told() -> bool:
        """A call of a test before may write its last lines yet, which makes the group again."""
        with contextlib.suppress(client.exceptions.ResourceNotFoundException):
            client.delete_log_group(logGroupName=f"/aws/lambda/{project.name}-one")
        seen.append(project.run("logs", "--since", "1h", "-o", "json", expect=None))
        return bool(seen[-1].code == 5)

    eventually(told)
    found = seen[-1]
    assert f"there is no log group /aws/lambda/{project.name}-one in {WEST}" in found.err
    assert {line["region"] for line in lines(found.out)} == {EAST}


CALL = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.]{12}Z ([\w-]+) ([\w-]+) \w+: \d{3}( \w+)?, [\d,]+ ms(, \d+ retr\w+)?(, request \S+)?"
)


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "-o", "json"),
        ("deploy", "--yes", "--adopt", "-o", "json"),
        ("invoke", "one", "-o", "json"),
        ("test", "--through", "method", "-o", "json"),
        ("doctor", "-o", "json"),
    ],
    ids=lambda words: words[0],
)
def test_the_log_of_calls_tells_each_of_them_and_no_secret(project: Project, words: tuple[str, ...]) -> None:
    quiet, told = project.run(*words, expect=None), project.run(*words, "-vv", expect=None)
    assert told.code == quiet.code
    assert told.json.keys() == quiet.json.keys()  # the result is still one document, on stdout alone
    calls = [found for line in told.err.splitlines() if (found := CALL.fullmatch(line))]
    assert ("sts", EAST) in {(call[2], call[1]) for call in calls}
    assert len(calls) > 3
    assert f"{len(calls)} calls to AWS (" in told.err
    assert f", spec {project.folder}/spec.yaml, sandbox {project.url}\n" in told.err
    assert TOKEN not in told.out + told.err


def test_one_v_counts_the_calls_and_tells_none_of_them(project: Project) -> None:
    told = project.run("status", "-v", "-o", "json").err
    assert re.search(r"^\d+ calls to AWS \(", told, re.MULTILINE)
    assert CALL.search(told) is None
    assert "0 calls to AWS; " in project.run("validate", "-v").err
