"""Files of tests: read, made from a definition, written for Postman and CI systems."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
import yaml

from backendctl.errors import AwsError, Exit, SpecError, UsageError
from backendctl.spec.callers import Smoke
from backendctl.spec.model import Api, Spec, StageSpec
from backendctl.testing.filling import NotCapturedError, filled, filled_value
from backendctl.testing.from_definition import first_file
from backendctl.testing.junit import junit
from backendctl.testing.model import RequestRow, Response, Result, TestRun, Through
from backendctl.testing.postman import collection
from backendctl.testing.reading import files_of, is_spec, read_suites

DOCUMENT: dict[str, Any] = {
    "openapi": "3.0.1",
    "paths": {
        "/places/{id}": {
            "get": {
                "summary": "One place",
                "parameters": [{"name": "id", "in": "path", "required": True, "example": "a b"}],
                "responses": {"200": {"content": {"application/json": {"schema": {"type": "object"}}}}},
            },
            "put": {
                "parameters": [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}],
                "requestBody": {
                    "required": True,
                    "content": {"application/json": {"schema": {"properties": {"lat": {"example": 53}}}}},
                },
                "responses": {"201": {}},
            },
        },
        "/any": {"x-amazon-apigateway-any-method": {}},
    },
}
SPEC = Spec(
    backend="shop",
    file=Path("shop.yaml"),
    regions=("us-east-1",),
    functions={},
    api=Api(name="shop", path=Path("api.yaml"), definition=DOCUMENT, stages=(StageSpec(name="prod"),)),
)
GOOD = """
headers: {Accept: application/json}
tests:
  - request: PUT /places/7
    body: {lat: 53}
    expect: {status: 201, headers: {Location: {exists: true}}}
    capture: {id: $.id}
  - name: read
    request: GET /places/${id}
    headers: {Authorization: '{{ env "TOKEN" }}'}
    expect: {json: {$.id: '${id}', $.lat: 53}, within: 1.5 s}
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "shop.tests.yaml"
    path.write_text(text)
    return path


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(SpecError) as raised:
        read_suites([written(folder, text)], SPEC)
    return [f"{fault.line}:{fault.column} {fault.message}" for fault in raised.value.faults]


def test_a_file_is_read_with_its_common_headers(tmp_path: Path) -> None:
    (suite,) = read_suites([written(tmp_path, GOOD)], SPEC)
    first, second = suite.cases
    assert (first.name, first.line, first.headers) == ("PUT /places/7", 4, {"Accept": "application/json"})
    assert second.expect.within_ms == 1500
    assert set(second.headers) == {"Accept", "Authorization"}


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = "tests:\n  - request: GET /x y\n    stage: pord\n  - request: GET /${id}\n    expect: {jsn: {}}\n"
    told = faults(tmp_path, text)
    assert [one.split()[0] for one in told] == ["2:14", "3:12", "4:14", "5:14"]
    assert "did you mean 'prod'" in told[1]
    assert "did you mean 'json'" in told[3]


@pytest.mark.parametrize("text", ["", "tests: []", "tests: {a: 1}", "- a", "tests:\n  - 7\n"])
def test_what_holds_no_tests_is_refused(tmp_path: Path, text: str) -> None:
    assert faults(tmp_path, text)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("through: '{{ env \"X\" }}'\ntests:\n  - request: GET /places/7\n", "1:10"),
        ("tests:\n  - request: GET /places/7\n    expect: {within: '2{{ s'}\n", "3:22"),
        ("tests:\n  - request: '{{ env \"X\" }}'\n", "2:14"),
    ],
)
def test_where_no_expression_can_stand_one_is_refused(tmp_path: Path, text: str, place: str) -> None:
    assert place in {one.split()[0] for one in faults(tmp_path, text)}


def test_a_name_is_known_only_after_the_test_that_captures_it(tmp_path: Path) -> None:
    text = "tests:\n  - request: GET /${id}\n  - request: GET /places/7\n    capture: {id: $.id}\n"
    assert faults(tmp_path, text) == ["2:14 no earlier test captures 'id'"]


def test_the_files_meant_are_those_named_those_in_folders_or_the_spec_s_own(tmp_path: Path) -> None:
    spec = tmp_path / "shop.yaml"
    with pytest.raises(UsageError, match="no file in"):
        files_of([tmp_path], spec=spec)
    with pytest.raises(UsageError, match=r"shop\.tests\.yaml") as raised:
        files_of([], spec=spec)
    assert "--from-definition" in raised.value.hint
    own = written(tmp_path, GOOD)
    assert files_of([], spec=spec) == files_of([tmp_path], spec=spec) == [own]
    spec.write_text("backend: shop\n")
    assert (is_spec(spec), is_spec(own)) == (True, False)


def test_captured_values_keep_their_type_where_they_are_the_whole_value() -> None:
    known = {"id": 7, "name": "a b"}
    assert filled_value({"id": "${id}", "text": "no ${id}"}, known) == {"id": 7, "text": "no 7"}
    assert filled("/places/${name}", known, in_url=True) == "/places/a%20b"
    with pytest.raises(NotCapturedError):
        filled("${other}", known)


def test_a_first_file_has_what_has_examples_and_names_what_has_none(tmp_path: Path) -> None:
    text, count = first_file(DOCUMENT, ())
    (test,) = yaml.safe_load(text)["tests"]
    assert count == 1
    assert test == {"name": "One place", "request": "GET /places/a%20b", "expect": {"status": 200, "schema": True}}
    assert "# PUT /places/{id}: no example of id (path)" in text
    assert "# /any: any method" in text
    read_suites([written(tmp_path, text)], SPEC)


def test_smoke_requests_of_the_spec_stand_for_examples() -> None:
    smoke = Smoke(method="PUT", path="/places/{id}", parameters={"id": "7"})
    text, count = first_file(DOCUMENT, (smoke,))
    assert count == 2
    assert yaml.safe_load(text)["tests"][1] == {
        "request": "PUT /places/7",
        "body": {"lat": 53},
        "expect": {"status": 201},
    }


def test_a_postman_collection_has_variables_in_the_place_of_captures_and_secrets(tmp_path: Path) -> None:
    made = collection("shop", read_suites([written(tmp_path, GOOD)], SPEC), base_url="https://api.shop.example/v1")
    put, get = made["item"]
    assert get["request"]["url"]["raw"] == "{{baseUrl}}/places/{{id}}"
    assert get["request"]["header"][-1] == {"key": "Authorization", "value": "{{TOKEN}}"}
    assert [one["key"] for one in made["variable"]] == ["baseUrl", "TOKEN"]
    script = "\n".join(put["event"][0]["script"]["exec"])
    assert 'pm.collectionVariables.set("id", pm.response.json()["id"])' in script
    assert "oneOf([201])" in script


def run_of(*rows: RequestRow, failed: tuple[str, ...] = ()) -> TestRun:
    silent = {region: AwsError("no answer", doing="test", code="NoAnswer") for region in failed}
    return TestRun(backend="shop", through=Through.REGION, regions=("a", "b"), rows=rows, unreachable=silent)


def test_proven_bad_comes_before_a_silent_region(tmp_path: Path) -> None:
    (suite,) = read_suites([written(tmp_path, GOOD)], SPEC)
    response = Response(status=200, headers={}, body="", latency_ms=5.0)
    good = RequestRow(case=suite.cases[0], results={"a": Result(response=response)})
    bad = RequestRow(case=suite.cases[0], results={"a": Result(response=response, failures=("status < \x1b 500",))})
    assert run_of(good).exit_code is Exit.OK
    assert run_of(good, failed=("b",)).exit_code is Exit.PARTIAL
    assert run_of(bad, failed=("b",)).exit_code is Exit.FAILED_VERDICT
    assert run_of(failed=("a", "b")).exit_code is Exit.ERROR
    root = ET.fromstring(junit(run_of(bad, failed=("b",))))  # noqa: S314  # ours
    assert {suite.get("name"): (suite.get("failures"), suite.get("errors")) for suite in root} == {
        "a": ("1", "0"),
        "b": ("0", "1"),
    }
    assert root.findtext(".//failure") == "status < \\x1b 500"
