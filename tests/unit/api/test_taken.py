"""What the way back takes from callers is told, and never stops anybody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from backendctl.api.taken import Move, taken
from backendctl.aws.connection import Aws
from tests.unit.openapi.samples import INTEGRATION
from tests.unit.resources.api_helpers import EAST, mocked


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mocked() as made:
        yield made


def put(aws: Aws, api: str | None, *paths: str, key: bool = False) -> tuple[str, str]:
    """(API, deployment)."""
    mock = {"type": "mock", "requestTemplates": {"application/json": "{}"}}
    operation: dict[str, Any] = {"responses": {"200": {"description": "ok"}}, INTEGRATION: mock}
    if key:
        operation["security"] = [{"api_key": []}]
    body = json.dumps(
        {
            "openapi": "3.0.1",
            "info": {"title": "t", "version": "1"},
            "paths": {path: {"get": operation} for path in paths},
            "components": {"securitySchemes": {"api_key": {"type": "apiKey", "name": "x-api-key", "in": "header"}}},
        }
    ).encode()
    client = aws.apigateway(EAST)
    if api is None:
        api = client.import_rest_api(body=body)["id"]
    else:
        client.put_rest_api(restApiId=api, mode="overwrite", body=body)
    return api, client.create_deployment(restApiId=api)["id"]


def test_routes_that_go_and_keys_that_are_asked_for_are_told(aws: Aws) -> None:
    api, new = put(aws, None, "/a", "/b")
    _, old = put(aws, api, "/a", key=True)
    move = Move(region=EAST, stage="prod", api_id=api, before=new, after=old)
    assert taken(aws, [move]) == (
        "callers of GET /a must pass an API key then (prod in us-east-1)",
        "this takes GET /b from callers (prod in us-east-1)",
    )
    back = Move(region=EAST, stage="prod", api_id=api, before=old, after=new)
    assert taken(aws, [back]) == ()


def test_a_deployment_that_is_gone_stops_nobody(aws: Aws) -> None:
    api, new = put(aws, None, "/a")
    assert taken(aws, [Move(region=EAST, stage="prod", api_id=api, before=new, after="gone")]) == ()
