"""The event of a request."""

from __future__ import annotations

from typing import Any

import pytest

from backendctl.errors import UsageError
from backendctl.invoking.event import Place, parse_request, proxy_event, require_route

DOCUMENT: dict[str, Any] = {"paths": {"/places/{id}": {"get": {}, "put": {}}}}
PLACE = Place(
    account="123456789012",
    api_id="abc",
    stage="prodv1",
    domain="abc.execute-api.us-east-1.amazonaws.com",
    variables={"placesAlias": "version1-a"},
    now=1_800_000_000.0,
)


def test_the_event_is_what_api_gateway_sends() -> None:
    request = parse_request("get /places/a%20b?q=1&q=2&empty=", headers=["X-Client: me"])
    event = proxy_event(request, require_route(DOCUMENT, request.method, request.path), PLACE)
    assert (event["httpMethod"], event["resource"], event["path"]) == ("GET", "/places/{id}", "/places/a%20b")
    assert event["pathParameters"] == {"id": "a b"}
    assert event["queryStringParameters"] == {"q": "2", "empty": ""}
    assert event["multiValueQueryStringParameters"] == {"q": ["1", "2"], "empty": [""]}
    assert event["headers"]["X-Client"] == "me"
    assert event["stageVariables"] == {"placesAlias": "version1-a"}
    assert event["requestContext"]["path"] == "/prodv1/places/a%20b"
    assert event["body"] is None


def test_what_a_request_lacks_is_null_and_a_body_has_its_type() -> None:
    request = parse_request("PUT /places/7", body='{"a": 1}')
    event = proxy_event(request, require_route(DOCUMENT, request.method, request.path), PLACE)
    assert event["queryStringParameters"] is None
    assert event["headers"]["Content-Type"] == "application/json"
    assert event["body"] == '{"a": 1}'


@pytest.mark.parametrize("text", ["", "GET", "/places", "FETCH /places", "GET places"])
def test_what_is_no_request_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="write METHOD PATH"):
        parse_request(text)


def test_a_route_that_the_definition_lacks_is_refused_with_those_it_has() -> None:
    with pytest.raises(UsageError, match="no route for GET /nope") as raised:
        require_route(DOCUMENT, "GET", "/nope")
    assert "PUT /places/{id}" in raised.value.hint
    with pytest.raises(UsageError, match="not a header"):
        parse_request("GET /", headers=["nonsense"])
