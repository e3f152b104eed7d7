"""What stands in the way of sending a definition to a region, and where a document says it came from."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from backendctl.api.comparable import comparable, compared
from backendctl.api.faults import file_faults
from backendctl.api.origin import Origin, origin_of
from backendctl.api.source import Source
from backendctl.openapi.arns import Home
from backendctl.openapi.diff import Difference
from backendctl.spec.loader import Document, parse_json, parse_yaml
from backendctl.spec.model import Api

EAST = "us-east-1"
ACCOUNT = "123456789012"
HOME = Home(accounts=frozenset({ACCOUNT}), regions=frozenset({EAST}))
LAMBDA = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:123456789012:function:items/invocations"
)


def document(**more: Any) -> dict[str, Any]:
    integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": LAMBDA}
    operation = {"responses": {"200": {"description": "ok"}}, "x-amazon-apigateway-integration": integration}
    return {"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": {"/items": {"get": operation}}, **more}


def source(given: dict[str, Any], **more: Any) -> Source:
    return Source(told="api.yaml", document=given, stages=(), home=HOME, **more)


def test_a_file_tells_where_it_came_from_by_its_servers_and_its_own_functions() -> None:
    servers = [{"url": "https://abc123def4.execute-api.eu-west-1.amazonaws.com/prod"}]
    found = origin_of(source(document(servers=servers)))
    assert found == Origin(
        regions=frozenset({EAST, "eu-west-1"}),
        accounts=frozenset({ACCOUNT}),
        api_ids=frozenset({"abc123def4"}),
    )


def test_a_function_of_another_account_is_no_origin() -> None:
    given = document()
    given["paths"]["/items"]["get"]["x-amazon-apigateway-integration"]["uri"] = LAMBDA.replace(ACCOUNT, "9" * 12)
    assert origin_of(source(given)) == Origin()


def test_the_host_of_an_http_integration_is_nobodys_origin() -> None:
    given = document()
    given["paths"]["/items"]["get"]["x-amazon-apigateway-integration"] = {
        "type": "http_proxy",
        "httpMethod": "GET",
        "uri": "http://petstore.execute-api.us-east-1.amazonaws.com/petstore/pets",
    }
    assert origin_of(source(given)) == Origin()


def test_of_a_live_api_all_is_known() -> None:
    found = origin_of(source({}, region=EAST, stage="prod", api_id="abc"))
    assert (found.regions, found.accounts, found.api_ids) == (
        frozenset({EAST}),
        frozenset({ACCOUNT}),
        frozenset({"abc"}),
    )


API = Api(name="t", path=Path("api.yaml"), definition={})


def parsed(given: dict[str, Any], *, form: str) -> Document:
    if form == "json":
        return parse_json(json.dumps(given, indent=2), file="api.json")
    return parse_yaml(yaml.safe_dump(given, sort_keys=False), file="api.yaml")


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_faults_name_their_line_and_column(form: str) -> None:
    given = document()
    given["paths"]["/ping"] = copy.deepcopy(given["paths"]["/items"])
    given["paths"]["/items"]["get"]["x-amazon-apigateway-integration"]["timeoutInMillis"] = 30_000
    found = parsed(given, form=form)
    first, second = file_faults(found, API)
    assert (first.line, first.column) == found.place(
        ("paths", "/items", "get", "x-amazon-apigateway-integration", "timeoutInMillis")
    )
    assert second.line == found.place(("paths", "/ping"))[0]
    assert second.line > first.line > 1
    assert file_faults(parsed(document(), form=form), API) == []


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"source_account": "999999999999"}, "account 123456789012, and the spec says `source-account: 999999999999`"),
        ({"source_region": "eu-west-1"}, "region us-east-1, and the spec says `source-region: eu-west-1`"),
    ],
)
def test_a_file_for_another_account_or_region_than_the_spec_says_is_a_fault(said: Any, told: str) -> None:
    (fault,) = file_faults(parsed(document(), form="yaml"), replace(API, **said))
    assert told in fault.message
    assert fault.line > 1


def kept(given: dict[str, Any]) -> dict[str, Any]:
    return comparable(given, home=HOME, bindings={})


def told(found: tuple[Difference, ...]) -> list[str]:
    return [one.aspect for one in found]


def test_what_aws_does_not_give_back_is_no_difference() -> None:
    given = document(components={"schemas": {"Unused": {"type": "object"}}}, tags=[{"name": "x"}])
    given["info"] = {"title": "another", "version": "7", "description": "words"}
    given["paths"]["/items"]["get"] |= {"summary": "words", "description": "more words"}
    assert told(compared(kept(document()), kept(given))) == []


def test_what_is_served_is_a_difference() -> None:
    given = document()
    given["paths"]["/items"]["get"]["x-amazon-apigateway-integration"]["timeoutInMillis"] = 500
    assert told(compared(kept(document()), kept(given))) == ["integration"]
