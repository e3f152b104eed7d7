"""What stands in the way of sending a definition to a region, and where a document says it came from."""

from __future__ import annotations

from typing import Any

from backendctl.openapi.diff import Difference
from backendctl.sync.comparable import comparable, compared
from backendctl.sync.origin import Origin, origin_of
from backendctl.sync.refusals import definition_faults

EAST = "us-east-1"
LAMBDA = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:123456789012:function:items/invocations"
)


def document(**more: Any) -> dict[str, Any]:
    integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": LAMBDA}
    operation = {"responses": {"200": {"description": "ok"}}, "x-amazon-apigateway-integration": integration}
    return {"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": {"/items": {"get": operation}}, **more}


def test_a_file_tells_where_it_came_from_by_its_servers_and_its_functions() -> None:
    servers = [{"url": "https://abc123def4.execute-api.eu-west-1.amazonaws.com/prod"}]
    found = origin_of(document(servers=servers), region=None, account="999999999999", api_id=None)
    assert found == Origin(
        regions=frozenset({EAST, "eu-west-1"}),
        accounts=frozenset({"123456789012"}),
        api_ids=frozenset({"abc123def4"}),
    )


def test_the_host_of_an_http_integration_is_nobodys_origin() -> None:
    given = document()
    given["paths"]["/items"]["get"]["x-amazon-apigateway-integration"] = {
        "type": "http_proxy",
        "httpMethod": "GET",
        "uri": "http://petstore.execute-api.us-east-1.amazonaws.com/petstore/pets",
    }
    assert origin_of(given, region=None, account="1", api_id=None) == Origin()


def test_of_a_live_api_all_is_known() -> None:
    found = origin_of({}, region=EAST, account="123456789012", api_id="abc")
    assert (found.regions, found.accounts, found.api_ids) == (
        frozenset({EAST}),
        frozenset({"123456789012"}),
        frozenset({"abc"}),
    )


def test_faults_name_their_place() -> None:
    given = document()
    given["paths"]["/ping"] = given["paths"]["/items"]
    (fault,) = definition_faults(given)
    assert fault.startswith("/paths/~1ping: ")
    assert list(definition_faults(document())) == []


def told(found: tuple[Difference, ...]) -> list[str]:
    return [one.aspect for one in found]


def test_what_aws_does_not_give_back_is_no_difference() -> None:
    given = document(components={"schemas": {"Unused": {"type": "object"}}}, tags=[{"name": "x"}])
    given["info"] = {"title": "another", "version": "7", "description": "words"}
    given["paths"]["/items"]["get"] |= {"summary": "words", "description": "more words"}
    assert told(compared(comparable(document(), bindings={}), comparable(given, bindings={}))) == []


def test_what_is_served_is_a_difference() -> None:
    given = document()
    given["paths"]["/items"]["get"]["x-amazon-apigateway-integration"]["timeoutInMillis"] = 500
    assert told(compared(comparable(document(), bindings={}), comparable(given, bindings={}))) == ["integration"]
