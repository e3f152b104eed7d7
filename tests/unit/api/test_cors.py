"""What `api.cors` adds to a definition, and what it leaves as it is."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from backendctl.api.cors import Added, unreadable, with_cors
from backendctl.sandbox.apigateway.template import Scope, render
from backendctl.spec.callers import Cors
from tests.unit.openapi.samples import INTEGRATION

APP, SHOP = "https://app.example", "capacitor://localhost"
RESPONSES = "x-amazon-apigateway-gateway-responses"
OTHER = "Access-Control-Allow-Origin is not the origin of the request"
ANY = "x-amazon-apigateway-any-method"


def definition(**paths: Any) -> dict[str, Any]:
    return {
        "openapi": "3.0.1",
        "info": {"title": "shop", "version": "1"},
        "paths": {f"/{k}": v for k, v in paths.items()},
    }


def preflight(document: dict[str, Any], path: str = "/places") -> dict[str, str]:
    answer = document["paths"][path]["options"][INTEGRATION]["responses"]["default"]
    return {name.rsplit(".", 1)[-1]: value.strip("'") for name, value in answer["responseParameters"].items()}


def test_every_path_without_options_gets_one_that_needs_nothing() -> None:
    given = definition(places={"get": {}, "post": {"security": [{"api_key": []}]}}, raw={"options": {"mine": True}})
    before = copy.deepcopy(given)

    made, added = with_cors(given, Cors(origins=(APP,), max_age=600))

    assert given == before
    assert added.paths == ("/places",)
    assert made["paths"]["/raw"] == {"options": {"mine": True}}
    operation = made["paths"]["/places"]["options"]
    assert operation["security"] == []
    assert operation[INTEGRATION]["type"] == "mock"
    assert operation[INTEGRATION]["contentHandling"] == "CONVERT_TO_TEXT"
    assert preflight(made) == {
        "Access-Control-Allow-Origin": APP,
        "Access-Control-Allow-Headers": "Content-Type,X-Amz-Date,Authorization,X-Api-Key,X-Amz-Security-Token",
        "Access-Control-Allow-Methods": "GET,OPTIONS,POST",
        "Access-Control-Max-Age": "600",
    }


def test_without_cors_nothing_is_added() -> None:
    assert with_cors(definition(places={"get": {}}), None) == (definition(places={"get": {}}), Added())


def test_adding_again_adds_nothing() -> None:
    cors = Cors(origins=(APP, SHOP), credentials=True)
    once, _ = with_cors(definition(places={"get": {}}), cors)

    assert with_cors(once, cors)[0] == once
    assert not with_cors(once, cors)[1].anything


@pytest.mark.parametrize(("asking", "answered"), [(APP, APP), (SHOP, SHOP), ("https://evil.example", None), ("", None)])
@pytest.mark.parametrize("header", ["Origin", "origin"])
def test_of_several_origins_the_asking_one_is_answered(asking: str, answered: str | None, header: str) -> None:
    made, _ = with_cors(definition(places={"get": {}}), Cors(origins=(APP, SHOP), credentials=True))
    headers = preflight(made)
    assert headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Origin" not in headers

    answer = made["paths"]["/places"]["options"][INTEGRATION]["responses"]["default"]
    scope = Scope(context={}, variables={}, headers={header: asking} if asking else {})
    assert render(answer["responseTemplates"]["application/json"], scope).strip() == ""
    assert scope.override.get("header", {}).get("Access-Control-Allow-Origin") == answered


def test_a_path_with_any_is_told() -> None:
    made, added = with_cors(definition(places={ANY: {}}), Cors(origins=("*",)))

    assert added.before_any == ("/places",)
    assert any("ANY" in line for line in added.told())
    assert preflight(made)["Access-Control-Allow-Methods"] == "DELETE,GET,HEAD,OPTIONS,PATCH,POST,PUT"


@pytest.mark.parametrize(
    ("cors", "expected"),
    [
        (Cors(origins=("*",)), {"Allow-Origin": "'*'"}),
        (Cors(origins=(APP,), credentials=True), {"Allow-Origin": f"'{APP}'", "Allow-Credentials": "'true'"}),
        (Cors(origins=(APP, SHOP)), {"Allow-Origin": "'*'"}),
        (Cors(origins=(APP, SHOP), credentials=True), {"Allow-Origin": "'*'"}),
    ],
)
def test_errors_of_the_gateway_never_repeat_an_origin(cors: Cors, expected: dict[str, str]) -> None:
    made, added = with_cors(definition(places={"get": {}}), cors)

    wanted = {f"gatewayresponse.header.Access-Control-{name}": value for name, value in expected.items()}
    assert [made[RESPONSES][kind]["responseParameters"] for kind in ("DEFAULT_4XX", "DEFAULT_5XX")] == [wanted] * 2
    assert (
        any("cannot read" in line for line in added.told())
        == added.unread
        == (cors.credentials and len(cors.origins) > 1)
    )


def test_what_the_definition_says_of_its_errors_stays() -> None:
    own = {"responseParameters": {"gatewayresponse.header.access-control-allow-origin": "'https://own.example'"}}
    given = definition(places={"get": {}}) | {
        RESPONSES: {"DEFAULT_4XX": own, "DEFAULT_5XX": {"statusCode": "500"}, "THROTTLED": {"statusCode": "503"}}
    }

    made, added = with_cors(given, Cors(origins=(APP,), credentials=True))

    assert made[RESPONSES]["DEFAULT_4XX"] == own
    assert made[RESPONSES]["DEFAULT_5XX"]["statusCode"] == "500"
    assert (added.errors, added.silent) == (("DEFAULT_5XX",), ("THROTTLED",))


def test_swagger_declares_headers_in_its_own_way() -> None:
    made, _ = with_cors({"swagger": "2.0", "paths": {"/places": {"get": {}}}}, Cors(origins=("*",)))

    headers = made["paths"]["/places"]["options"]["responses"]["200"]["headers"]
    assert headers["Access-Control-Allow-Origin"] == {"type": "string"}


@pytest.mark.parametrize(
    ("credentials", "headers", "fault"),
    [
        (False, {}, "no Access-Control-Allow-Origin"),
        (False, {"access-control-allow-origin": "*"}, ""),
        (False, {"Access-Control-Allow-Origin": APP}, ""),
        (
            False,
            {"Access-Control-Allow-Origin": "https://other.example"},
            "Access-Control-Allow-Origin is not the origin of the request",
        ),
        (True, {"Access-Control-Allow-Origin": "*"}, "Access-Control-Allow-Origin is not the origin of the request"),
        (True, {"Access-Control-Allow-Origin": APP}, "no Access-Control-Allow-Credentials"),
        (True, {"Access-Control-Allow-Origin": APP, "Access-Control-Allow-Credentials": "true"}, ""),
    ],
)
def test_why_a_page_cannot_read_an_answer(*, credentials: bool, headers: dict[str, str], fault: str) -> None:
    assert unreadable(Cors(origins=(APP,), credentials=credentials), APP, headers) == fault
