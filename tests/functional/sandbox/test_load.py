"""Thousands of requests over several connections to both regions, while the API changes under them."""

from __future__ import annotations

import collections
import http.client
import json
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.sandboxed import ACCOUNT, EAST, WEST, Sandbox, eventually

if TYPE_CHECKING:
    from collections.abc import Callable

REQUESTS = 2000
CONNECTIONS = 4
SHARE = 10.0
SIGMAS = 5
HANDLER = """
import json

def handler(event, context):
    context = event["requestContext"]
    return {"statusCode": 200, "body": json.dumps({"stage": context["stage"], "v": event["stageVariables"]["v"]})}
"""


@dataclass(kw_only=True)
class Load:
    """What callers were answered: status and body, with how often."""

    sandbox: Sandbox
    seen: collections.Counter[tuple[int, str]] = field(default_factory=collections.Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def run(self, paths: list[str], *, requests: int = REQUESTS, beside: Callable[[], None] = lambda: None) -> None:
        """Send so many requests, each path in turn, on all connections, and more until what is beside it is done."""
        done = threading.Event()
        each = requests // CONNECTIONS
        callers = [threading.Thread(target=self._call, args=(paths, each, done)) for _ in range(CONNECTIONS)]
        for caller in callers:
            caller.start()
        try:
            beside()
        finally:
            done.set()
        for caller in callers:
            caller.join()

    def _call(self, paths: list[str], requests: int, done: threading.Event) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self.sandbox.port, timeout=60)
        mine: collections.Counter[tuple[int, str]] = collections.Counter()
        while mine.total() < requests or not done.is_set():
            connection.request("GET", paths[mine.total() % len(paths)])
            answer = connection.getresponse()
            mine[answer.status, answer.read().decode()] += 1
        connection.close()
        with self._lock:
            self.seen += mine


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A deployed stage `live` with the routes /mock and /function."""

    sandbox: Sandbox
    region: str
    id: str
    name: str

    @property
    def client(self) -> Any:
        return self.sandbox.client("apigateway", self.region)

    def url(self, path: str) -> str:
        return f"/_aws/execute-api/{self.id}/live{path}"

    def redefine(self, release: str) -> str:
        """Put a definition and freeze it; the deployment."""
        self.client.put_rest_api(restApiId=self.id, mode="overwrite", body=_definition(self.region, self.name, release))
        made: str = self.client.create_deployment(restApiId=self.id)["id"]
        return made

    def update(self, **values: str) -> None:
        patches = [{"op": "replace", "path": f"/{path}", "value": value} for path, value in values.items()]
        self.client.update_stage(restApiId=self.id, stageName="live", patchOperations=patches)


def _definition(region: str, name: str, release: str) -> str:
    template = json.dumps({"release": release, "v": "$stageVariables.v", "canary": "$context.isCanaryRequest"})
    mock = {
        "type": "mock",
        "requestTemplates": {"application/json": '{"statusCode": 200}'},
        "responses": {"default": {"statusCode": "200", "responseTemplates": {"application/json": template}}},
    }
    function = f"arn:aws:lambda:{region}:{ACCOUNT}:function:{name}"
    proxy = {
        "type": "aws_proxy",
        "httpMethod": "POST",
        "uri": f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function}/invocations",
    }
    paths = {
        path: {"get": {"x-amazon-apigateway-integration": integration}}
        for path, integration in {"/mock": mock, "/function": proxy}.items()
    }
    return json.dumps({"openapi": "3.0.1", "info": {"title": name, "version": "1"}, "paths": paths})


@pytest.fixture(scope="module")
def stages(sandbox: Sandbox) -> list[Stage]:
    name = f"load-{uuid.uuid4().hex[:6]}"
    made = []
    for region in (EAST, WEST):
        sandbox.function(name, HANDLER, region=region)
        client = sandbox.client("apigateway", region)
        api = client.import_rest_api(body=_definition(region, name, "1"))["id"]
        client.create_deployment(restApiId=api, stageName="live", variables={"v": "1"})
        sandbox.client("lambda", region).add_permission(
            FunctionName=name,
            StatementId="api",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:{region}:{ACCOUNT}:{api}/*/*/*",
        )
        made.append(Stage(sandbox=sandbox, region=region, id=api, name=name))
    sandbox.arrived()
    return made


def test_no_request_fails_and_none_sees_a_mix_while_the_api_is_updated(sandbox: Sandbox, stages: list[Stage]) -> None:
    load = Load(sandbox=sandbox)

    def releases() -> None:
        for release in ("2", "3", "4"):
            for stage in stages:
                stage.update(**{"deploymentId": stage.redefine(release), "variables/v": release})

    load.run([stage.url("/mock") for stage in stages], beside=releases)
    assert {status for status, _ in load.seen} == {200}
    told = [json.loads(body) for _, body in load.seen]
    assert [one for one in told if one["release"] != one["v"]] == []
    assert len({one["release"] for one in told}) > 1


def test_a_function_answers_many_callers_at_once(sandbox: Sandbox, stages: list[Stage]) -> None:
    load = Load(sandbox=sandbox)
    load.run([stage.url("/function") for stage in stages], requests=REQUESTS // 10)
    assert {status for status, _ in load.seen} == {200}


def test_a_canary_gets_its_share_with_its_own_variables_and_metrics(sandbox: Sandbox, stages: list[Stage]) -> None:
    stage = stages[0]
    stage.client.create_deployment(
        restApiId=stage.id,
        stageName="live",
        canarySettings={"percentTraffic": SHARE, "stageVariableOverrides": {"v": "canary"}},
    )
    sandbox.arrived()
    load = Load(sandbox=sandbox)
    load.run([stage.url("/mock")])
    stage.client.update_stage(
        restApiId=stage.id, stageName="live", patchOperations=[{"op": "remove", "path": "/canarySettings"}]
    )
    counted: collections.Counter[str] = collections.Counter()
    for (status, body), times in load.seen.items():
        told = json.loads(body)
        assert (status, told["canary"]) == (200, "true" if told["v"] == "canary" else "false")
        counted[told["canary"]] += times
    expected = counted.total() * SHARE / 100
    allowed = SIGMAS * (expected * (1 - SHARE / 100)) ** 0.5
    assert abs(counted["true"] - expected) < allowed
    eventually(lambda: _count(stage, "live/Canary") == counted["true"])


def _count(stage: Stage, name: str) -> float:
    """Requests that AWS/ApiGateway has counted for a stage."""
    metrics = stage.sandbox.client("cloudwatch", stage.region)
    found = metrics.get_metric_statistics(
        Namespace="AWS/ApiGateway",
        MetricName="Count",
        Dimensions=[{"Name": "ApiName", "Value": stage.name}, {"Name": "Stage", "Value": name}],
        StartTime=time.time() - 86400,
        EndTime=time.time() + 60,
        Period=86400,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in found["Datapoints"]))
