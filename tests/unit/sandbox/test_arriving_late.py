"""What API Gateway sees of aliases and permissions, and services of roles, some time after the change."""

from __future__ import annotations

import asyncio
import json
import random
import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs

import pytest
from ministack.services import lambda_svc

from backendctl.sandbox import asgi
from backendctl.sandbox.behind import Behind
from backendctl.sandbox.corrections.awslambda import Lambda
from backendctl.sandbox.corrections.iam import IAM, Roles
from backendctl.sandbox.corrections.scheduler import Scheduler
from backendctl.sandbox.http import Request, Response
from backendctl.sandbox.inner import Inner
from backendctl.sandbox.timing import Pace, TimeScale
from backendctl.sandbox.world import ACCOUNT

EAST = "us-east-1"
FUNCTION = f"arn:aws:lambda:{EAST}:123456789012:function:places"
ROLE = "arn:aws:iam::123456789012:role/handlers"


@dataclass
class Clock:
    now: float = 0.0

    def __call__(self) -> float:
        return self.now


class NoMeter:
    """Nobody looks at metrics here."""

    def through(self, *, qualifier: str, weighted: bool) -> AbstractContextManager[None]:
        del qualifier, weighted
        return nullcontext()


@dataclass
class Services:
    """A Lambda with one function and its aliases, and an IAM with roles; everything holds at once.

    The function stands where the emulated Lambda keeps its own, for what serves calls looks there.
    """

    record: dict[str, Any] = field(default_factory=dict)
    trust: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.record = {
            "config": {"RevisionId": "r", "FunctionArn": FUNCTION},
            "aliases": {"live": {"Name": "live", "FunctionVersion": "1", "RevisionId": "r"}},
            "versions": {},
            "policy": {"Statement": []},
            "provisioned_concurrency": {},
        }
        lambda_svc._functions._data[ACCOUNT, EAST, "places"] = self.record

    @property
    def aliases(self) -> dict[str, Any]:
        found: dict[str, Any] = self.record["aliases"]
        return found

    @property
    def statements(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.record["policy"]["Statement"]
        return found

    async def __call__(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        request = asgi.to_request(scope, await asgi.read_body(receive), EAST)
        await asgi.respond(send, self.iam(request) if b"Action=" in request.body else self.function(request))

    def function(self, request: Request) -> Response:
        rest = request.path.partition("/functions/places")[2]
        if rest == "/invocations":
            named = request.first("Qualifier") or "$LATEST"
            return Response.of_json({"version": self.aliases.get(named, {"FunctionVersion": named})["FunctionVersion"]})
        if rest.startswith("/policy"):
            return self.policy(request)
        name = rest.removeprefix("/aliases/")
        if request.method == "PUT":
            self.aliases[name] = {**self.aliases[name], **request.json()}
        if rest == "/versions":
            return Response.of_json({"Versions": [{"Version": one, "FunctionArn": FUNCTION} for one in "12"]})
        if name not in self.aliases:
            return Response.of_json({}, status=404)
        return Response.of_json(self.aliases[name])

    def policy(self, request: Request) -> Response:
        if request.method == "POST":
            asked = request.json()
            made = {"Sid": asked["StatementId"], "Resource": f"{FUNCTION}:{request.first('Qualifier')}"}
            self.statements.append(made)
            return Response.of_json({"Statement": json.dumps(made)}, status=201)
        if request.method == "DELETE":
            gone = request.path.rpartition("/")[2]
            self.statements[:] = [one for one in self.statements if one["Sid"] != gone]
            return Response(status=204)
        return Response(status=405)

    def iam(self, request: Request) -> Response:
        asked = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        name = asked["RoleName"]
        if asked["Action"] == "CreateRole":
            self.trust[name] = asked["AssumeRolePolicyDocument"]
        if name not in self.trust:
            return Response(status=404)
        text = f"<AssumeRolePolicyDocument>{self.trust[name]}</AssumeRolePolicyDocument>"
        return Response(body=text.encode())


@dataclass
class World:
    """The corrections over those services, and API Gateway's way to them."""

    clock: Clock = field(default_factory=Clock)
    services: Services = field(default_factory=Services)
    factor: float = 1.0

    def __post_init__(self) -> None:
        chance = random.Random(5)  # noqa: S311 - it draws durations
        pace = Pace(scale=TimeScale(self.factor), clock=self.clock, chance=chance)
        inner = Inner(app=self.services)
        roles = Roles(inner=inner, pace=pace)
        self.functions = Lambda(inner, NoMeter(), roles=roles, pace=pace)
        self.iam = IAM(inner=inner, roles=roles)
        self.roles = roles
        self.scheduler = Scheduler(inner=inner, roles=roles)
        self.gateway = Behind(inner=Inner(app=self.front))

    async def front(self, scope: asgi.Scope, receive: asgi.Receive, send: asgi.Send) -> None:
        request = asgi.to_request(scope, await asgi.read_body(receive), EAST)
        corrected = self.iam if b"Action=" in request.body else self.functions
        await asgi.respond(send, await corrected.handle(request))

    def ask(self, method: str, rest: str, document: Any = None, *, qualifier: str | None = None) -> Response:
        """A client's request about the function."""
        path = f"/2015-03-31/functions/places{rest}"
        query = {} if qualifier is None else {"Qualifier": [qualifier]}
        asked = replace(_request(method, path, json.dumps(document or {}).encode()), query=query)
        return asyncio.run(self.functions.handle(asked))

    def served_by(self) -> str:
        """The version which answers a request through API Gateway."""
        outcome = asyncio.run(self.gateway.invoke(EAST, "places", "live", b"{}"))
        version: str = json.loads(outcome.payload)["version"]
        return version

    def allowed(self) -> set[str]:
        """The statements API Gateway knows of."""
        policy = asyncio.run(self.gateway.function_policy(EAST, "places", "live"))
        return {one["Sid"] for one in (policy or {}).get("Statement", [])}

    def create_role(self, service: str) -> None:
        body = f"Action=CreateRole&RoleName=handlers&AssumeRolePolicyDocument={service}".encode()
        form = {"content-type": "application/x-www-form-urlencoded"}
        asyncio.run(self.iam.handle(_request("POST", "/", body, form)))


def _request(method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None) -> Request:
    return Request(
        method=method,
        path=path,
        raw_path=path,
        query={},
        headers=headers or {},
        body=body,
        region=EAST,
        account="123456789012",
    )


@pytest.fixture
def world() -> Iterator[World]:
    yield World()
    lambda_svc._functions._data.pop((ACCOUNT, EAST, "places"))


def _seconds_until(world: World, holds: Callable[[], bool]) -> float:
    began = world.clock.now
    while not holds():
        world.clock.now += 0.1
        assert world.clock.now < began + 60, "it never came true"
    return world.clock.now - began


def test_a_moved_alias_serves_its_old_version_for_a_while(world: World) -> None:
    world.ask("PUT", "/aliases/live", {"FunctionVersion": "2"})
    direct = world.ask("POST", "/invocations", qualifier="live")
    assert json.loads(direct.body) == {"version": "2"}
    assert world.served_by() == "1"
    assert 0.5 <= _seconds_until(world, lambda: world.served_by() == "2") <= 3.1


def test_for_a_while_a_moved_alias_is_served_by_both_versions(world: World) -> None:
    world.ask("PUT", "/aliases/live", {"FunctionVersion": "2"})
    seen = []
    for _ in range(31):
        seen.append({world.served_by() for _ in range(20)})
        world.clock.now += 0.1
    assert {"1", "2"} in seen
    assert seen[-1] == {"2"}


def test_a_permission_is_written_at_once_and_known_later(world: World) -> None:
    grant = {"StatementId": "api", "Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"}
    assert world.ask("POST", "/policy", grant, qualifier="live").status == 201
    assert b"api" in world.ask("GET", "/policy", qualifier="live").body
    assert world.allowed() == set()
    assert 0.5 <= _seconds_until(world, lambda: world.allowed() == {"api"}) <= 3.1
    world.clock.now += 3
    world.ask("DELETE", "/policy/api", qualifier="live")
    assert world.ask("GET", "/policy", qualifier="live").status == 404
    assert world.allowed() == {"api"}
    _seconds_until(world, lambda: world.allowed() == set())
    world.clock.now += 3
    assert world.allowed() == set()


def test_permissions_arrive_each_by_itself(world: World) -> None:
    grant = {"Action": "lambda:InvokeFunction", "Principal": "apigateway.amazonaws.com"}
    for sid in ("a", "b", "c"):
        world.ask("POST", "/policy", {**grant, "StatementId": sid}, qualifier="live")
    sizes = set()
    for _ in range(31):
        sizes.add(len(world.allowed()))
        world.clock.now += 0.1
    assert sizes == {0, 1, 2, 3}


def test_a_new_role_cannot_be_assumed_for_seconds(world: World) -> None:
    world.create_role("lambda.amazonaws.com")
    create = {"FunctionName": "places", "Role": ROLE, "Code": {}}

    def refusal() -> str:
        asked = _request("POST", "/2015-03-31/functions", json.dumps(create).encode())
        answer = asyncio.run(world.functions.handle(asked))
        return str(json.loads(answer.body).get("message", ""))

    assert refusal() == "The role defined for the function cannot be assumed by Lambda."
    assert not asyncio.run(world.gateway.assumable(ROLE, "lambda.amazonaws.com"))
    assert 6 <= _seconds_until(world, lambda: "assumed" not in refusal()) <= 10.1
    assert asyncio.run(world.gateway.assumable(ROLE, "lambda.amazonaws.com"))
    assert not asyncio.run(world.gateway.assumable(ROLE, "apigateway.amazonaws.com"))


@pytest.mark.parametrize(("service", "refused_later"), [("scheduler", "no"), ("lambda", "yes")])
def test_a_schedule_needs_a_role_which_scheduler_may_assume_by_now(
    world: World, service: str, refused_later: str
) -> None:
    world.create_role(f"{service}.amazonaws.com")
    schedule = json.dumps({"ScheduleExpression": "rate(5 minutes)", "Target": {"RoleArn": ROLE}}).encode()

    def refused() -> bool:
        answer = asyncio.run(world.scheduler.handle(_request("POST", "/schedules/warm", schedule)))
        return bool(re.search(rb"must allow AWS EventBridge Scheduler to assume the role", answer.body))

    assert refused()
    world.clock.now += 11
    assert refused() is (refused_later == "yes")


def test_nothing_is_late_at_scale_zero() -> None:
    world = World(factor=0)
    world.ask("PUT", "/aliases/live", {"FunctionVersion": "2"})
    assert world.served_by() == "2"
    world.create_role("lambda.amazonaws.com")
    assert asyncio.run(world.gateway.assumable(ROLE, "lambda.amazonaws.com"))
