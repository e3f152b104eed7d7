"""Which requests prove a definition, and what their answers say."""

from __future__ import annotations

from typing import Any

import pytest

from backendctl.api.smoke_requests import SmokeRequest, smoke_requests
from backendctl.api.smoke_test import Answer, SmokeRow, SmokeTest
from backendctl.errors import UsageError
from backendctl.spec.callers import Smoke
from backendctl.spec.model import LiveApi
from backendctl.sync.request import place
from backendctl.sync.sdk import check_parameters

EAST, WEST = "us-east-1", "us-west-2"


def operation(*parameters: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"parameters": list(parameters), "x-amazon-apigateway-integration": {"type": "mock"}, **more}


DOCUMENT = {
    "paths": {
        "/plain": {"get": operation(), "post": operation()},
        "/optional": {"get": operation({"name": "q", "in": "query"})},
        "/required": {"get": operation({"name": "q", "in": "query", "required": True})},
        "/one/{id}": {"get": operation({"name": "id", "in": "path", "required": True})},
        "/body": {"get": operation(requestBody={"content": {}})},
        "/any": {"x-amazon-apigateway-any-method": operation()},
        "/all/{rest+}": {"get": operation()},
    }
}


def test_every_get_that_asks_for_nothing_is_asked() -> None:
    assert [request.route for request in smoke_requests(DOCUMENT, ())] == ["GET /plain", "GET /optional"]


def test_a_declared_request_is_asked_as_it_says() -> None:
    smoke = (
        Smoke(method="GET", path="/one/{id}", parameters={"id": "a/b"}, query={"x": "1 2"}, expect=404),
        Smoke(method="GET", path="/all/{rest+}", parameters={"rest": "a/b"}),
        Smoke(method="POST", path="/plain", body="{}", headers={"X-A": "1"}),
        Smoke(method="GET", path="/plain", skip=True),
        Smoke(method="ANY", path="/any"),
    )
    found = {request.route: request for request in smoke_requests(DOCUMENT, smoke)}
    assert list(found) == ["POST /plain", "GET /optional", "GET /one/{id}", "ANY /any", "GET /all/{rest+}"]
    assert found["GET /one/{id}"].asked == "/one/a%2Fb?x=1+2"
    assert found["GET /one/{id}"].expect == 404
    assert found["GET /all/{rest+}"].asked == "/all/a/b"
    assert (found["POST /plain"].body, found["POST /plain"].headers) == ("{}", {"X-A": "1"})


def row(east: int | None, west: int | None, expect: int | None = None) -> SmokeRow:
    request = SmokeRequest(method="GET", path="/", asked="/", expect=expect)
    return SmokeRow(stage="prod", request=request, answers={EAST: Answer(status=east), WEST: Answer(status=west)})


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        (row(200, 200), ""),
        (row(404, 404), ""),
        (row(200, 404), "the regions differ"),
        (row(200, 502), f"fails in {WEST}"),
        (row(None, 200), f"fails in {EAST}"),
        (row(500, 500, 500), ""),
        (row(200, 201, 200), f"not 200 in {WEST}"),
    ],
)
def test_answers_are_held_against_each_other(found: SmokeRow, verdict: str) -> None:
    assert found.verdict == verdict


def test_it_fails_in_part_when_some_region_is_well() -> None:
    regions = (EAST, WEST)
    assert SmokeTest(regions=regions, rows=(row(200, 200),)).passed
    one = SmokeTest(regions=regions, rows=(row(200, 200), row(200, 500)))
    assert (one.passed, one.partly) == (False, True)
    both = SmokeTest(regions=regions, rows=(row(500, 200), row(200, 500)))
    assert (both.passed, both.partly) == (False, False)
    assert not SmokeTest(regions=regions, rows=(row(200, 404),)).partly


@pytest.mark.parametrize("text", ["", "/prod", "us-east-1/", "us-east-1/a/b"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        place(text)


def test_a_place_is_a_region_with_or_without_a_stage() -> None:
    assert place("us-east-1") == LiveApi(region="us-east-1", stage="")
    assert place("us-east-1/prod") == LiveApi(region="us-east-1", stage="prod")


@pytest.mark.parametrize(
    ("kind", "given", "told"),
    [
        ("java", {"serviceName": "x"}, "java needs 'javaPackageName'"),
        ("swift", {}, "swift needs 'classPrefix'"),
        ("ruby", {"servceName": "x"}, "ruby has no parameter 'servceName'; it has none"),
        ("java", {"servceName": "x"}, "java has no parameter 'servceName'; did you mean 'serviceName'?"),
    ],
)
def test_the_parameters_of_a_library_are_checked_before_aws_is_asked(
    kind: str, given: dict[str, str], told: str
) -> None:
    with pytest.raises(UsageError, match=told.replace("?", r"\?")):
        check_parameters(kind, given)


def test_a_library_with_all_its_parameters_is_fine() -> None:
    check_parameters("javascript", {})
    check_parameters("java", {"serviceName": "x", "javaPackageName": "y"})
