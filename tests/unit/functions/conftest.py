"""The handlers of the example, loaded as Lambda loads them: `shared` on the path, app.py by its file."""

import importlib.util
import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

FUNCTIONS = Path(__file__).parents[3] / "functions"
SURROUNDINGS = {
    "AWS_REGION": "us-west-2",
    "AWS_LAMBDA_FUNCTION_VERSION": "7",
    "TABLE": "corkhounds-places",
    "CHECKINS_TABLE": "corkhounds-checkins",
}

sys.path.insert(0, str(FUNCTIONS))

# Found by the line above.
from shared.store import Item, Store  # noqa: E402
from shared.web import Handler  # noqa: E402


@dataclass(frozen=True, slots=True)
class Context:
    aws_request_id: str = "4f7c-11"
    invoked_function_arn: str = "arn:aws:lambda:us-west-2:111122223333:function:corkhounds-places:version1"


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    status: int
    headers: dict[str, str]
    body: Any


@dataclass(kw_only=True, slots=True)
class FakeTable:
    """Keeps items as DynamoDB does, in pages of two; `failure` is raised by every call when set."""

    key: tuple[str, str]
    ranges: dict[str | None, str]
    items: list[Item] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    failure: Exception | None = None

    def get_item(self, *, Key: Item) -> dict[str, Any]:  # noqa: N803
        self._note("get_item")
        assert Key.keys() == set(self.key)
        found = [item for item in self.items if self._is(item, Key)]
        return {"Item": found[0]} if found else {}

    def put_item(self, *, Item: Item) -> None:  # noqa: N803
        self._note("put_item")
        self.items = [item for item in self.items if not self._is(item, Item)] + [dict(Item)]

    def delete_item(self, *, Key: Item) -> None:  # noqa: N803
        self._note("delete_item")
        self.items = [item for item in self.items if not self._is(item, Key)]

    def query(self, **arguments: Any) -> dict[str, Any]:
        self._note("query")
        attribute, value = arguments["KeyConditionExpression"].get_expression()["values"]
        order = self.ranges[arguments.get("IndexName")]
        found = [item for item in self.items if item.get(attribute.name) == value and order in item]
        found.sort(key=lambda item: item[order], reverse=not arguments["ScanIndexForward"])
        start = arguments.get("ExclusiveStartKey", 0)
        rest = {"LastEvaluatedKey": start + 2} if len(found) > start + 2 else {}
        return {"Items": found[start : start + 2], **rest}

    def _note(self, call: str) -> None:
        self.calls.append(call)
        if self.failure is not None:
            raise self.failure

    def _is(self, item: Item, key: Item) -> bool:
        return all(item[name] == key[name] for name in self.key)


@dataclass(frozen=True, kw_only=True, slots=True)
class Backend:
    """The four functions over the same two tables."""

    places: FakeTable
    checkins: FakeTable

    def handler(self, function: str) -> Handler:
        """A function as after a cold start."""
        stores = {"places": Store(table=self.places, key=self.places.key)}
        if function == "checkins":
            stores["checkins"] = Store(table=self.checkins, key=self.checkins.key)
        handler: Handler = load(function).app.handler(**stores)
        return handler

    def call(self, function: str, route: str, **facts: Any) -> Reply:
        """Call a route; `facts` are those of `event`."""
        return reply(self.handler(function)(event(route, **facts), Context()))


@cache
def load(function: str) -> ModuleType:
    """The module of a handler; all of them are called app.py."""
    spec = importlib.util.spec_from_file_location(f"{function}_app", FUNCTIONS / function / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def event(
    route: str,
    *,
    path: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    body: Any = None,
    at: int = 1_800_000_000_000,
) -> dict[str, Any]:
    """What API Gateway sends for a call; a body that is no text is sent as JSON; `at` in milliseconds."""
    method, _, resource = route.partition(" ")
    return {
        "httpMethod": method,
        "resource": resource,
        "pathParameters": path,
        "queryStringParameters": query,
        "body": body if body is None or isinstance(body, str) else json.dumps(body),
        "isBase64Encoded": False,
        "requestContext": {"requestTimeEpoch": at},
    }


def reply(answer: dict[str, Any]) -> Reply:
    return Reply(status=answer["statusCode"], headers=answer["headers"], body=json.loads(answer["body"]))


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SURROUNDINGS.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def backend() -> Backend:
    return Backend(
        places=FakeTable(key=("cell", "id"), ranges={None: "id", "by-id": "id", "by-owner": "created"}),
        checkins=FakeTable(key=("place", "at"), ranges={None: "at"}),
    )


@pytest.fixture
def app() -> Callable[[str], ModuleType]:
    return load
