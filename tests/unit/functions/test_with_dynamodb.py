"""The handlers as they come out of a cold start, on tables made as the spec says; moto stands in for DynamoDB."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
import yaml
from moto import mock_aws

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[3]
CAFE = {"name": "Café Odeon", "lat": 47.3676, "lon": 8.5454, "owner": "ann"}


class Context:
    aws_request_id = "4f7c-11"
    invoked_function_arn = "arn:aws:lambda:us-west-2:111122223333:function:corkhounds-places:version1"


def make_table(name: str, spec: dict[str, Any]) -> None:
    indexes = spec.get("indexes", {})
    keys = [spec["key"], *indexes.values()]
    types = dict(part.split() for key in keys for part in key.values())
    extra = {"GlobalSecondaryIndexes": [_index(*index) for index in indexes.items()]} if indexes else {}
    client: Any = boto3.client("dynamodb", region_name="us-west-2")
    client.create_table(
        TableName=f"corkhounds-{name}",
        KeySchema=_schema(spec["key"]),
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": kind} for name, kind in types.items()],
        BillingMode="PAY_PER_REQUEST",
        **extra,
    )


def _index(name: str, key: dict[str, str]) -> dict[str, Any]:
    return {"IndexName": name, "KeySchema": _schema(key), "Projection": {"ProjectionType": "ALL"}}


def _schema(key: dict[str, str]) -> list[dict[str, str]]:
    return [{"AttributeName": part.split()[0], "KeyType": kind.upper()} for kind, part in key.items()]


def cold_start(function: str) -> Any:
    spec = importlib.util.spec_from_file_location("app", ROOT / "functions" / function / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.handler


@pytest.fixture
def tables(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        for name, spec in yaml.safe_load((ROOT / "specs/corkhounds.yaml").read_text())["tables"].items():
            make_table(name, spec)
        yield


def call(handler: Any, route: str, **facts: Any) -> tuple[int, Any]:
    method, _, resource = route.partition(" ")
    answer = handler({"httpMethod": method, "resource": resource, **facts}, Context())
    return answer["statusCode"], json.loads(answer["body"])


@pytest.mark.usefixtures("tables")
def test_a_place_is_written_read_found_and_visited() -> None:
    places, search, checkins = (cold_start(name) for name in ("places", "search", "checkins"))
    odeon = {"pathParameters": {"id": "odeon"}}

    status, written = call(places, "PUT /places/{id}", **odeon, body=json.dumps(CAFE))
    assert status == 201
    assert call(places, "PUT /places/{id}", **odeon, body=json.dumps(CAFE))[0] == 200
    status, read = call(places, "GET /places/{id}", **odeon)
    assert status == 200
    assert read == {**written, "updated": read["updated"]}

    status, owned = call(places, "GET /owners/{owner}/places", pathParameters={"owner": "ann"})
    assert (status, owned) == (200, {"places": [read]})

    near = {"lat": "47.3677", "lon": "8.5454"}
    status, found = call(search, "GET /places", queryStringParameters=near)
    assert (status, found) == (200, {"places": [{**read, "distance": 11.1}]})

    status, noted = call(checkins, "POST /places/{id}/checkins", **odeon, body='{"by": "bob"}')
    assert status == 201
    assert call(checkins, "GET /places/{id}/checkins", **odeon) == (200, {"checkins": [noted]})


@pytest.mark.usefixtures("tables")
def test_a_place_that_moves_leaves_nothing_behind() -> None:
    places, search = cold_start("places"), cold_start("search")
    van = {"pathParameters": {"id": "van"}}
    call(places, "PUT /places/{id}", **van, body=json.dumps(CAFE))
    call(places, "PUT /places/{id}", **van, body=json.dumps({**CAFE, "lat": 46.2}))
    here = {"lat": str(CAFE["lat"]), "lon": str(CAFE["lon"])}
    assert call(search, "GET /places", queryStringParameters=here) == (200, {"places": []})
    status, found = call(search, "GET /places", queryStringParameters={**here, "lat": "46.2"})
    assert (status, [place["id"] for place in found["places"]]) == (200, ["van"])


@pytest.mark.usefixtures("tables")
@pytest.mark.parametrize("function", ["search", "places", "checkins", "health"])
def test_the_warmer_finds_its_tables(function: str) -> None:
    assert cold_start(function)({"instruction": "warmer"}, Context())["warmed"] is True


@pytest.mark.usefixtures("tables")
def test_health_is_ok_while_the_table_is_there() -> None:
    status, body = call(cold_start("health"), "GET /healthz")
    assert (status, body["status"], body["region"]) == (200, "ok", "us-west-2")


def test_health_is_failing_where_the_table_is_not() -> None:
    with mock_aws():
        status, body = call(cold_start("health"), "GET /healthz")
    assert (status, body["status"]) == (503, "failing")
