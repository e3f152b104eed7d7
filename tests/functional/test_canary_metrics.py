"""What a canary really did in the sandbox, read back from its CloudWatch and judged."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from backendctl.aws.connection import Access, Aws
from backendctl.release.metrics import Scope, Watched, read
from backendctl.release.observed import Observed
from backendctl.release.verdict import Outcome, judge
from tests.functional.sandboxed import ACCOUNT, EAST, Sandbox, eventually

CODE = """
def handler(event, context):
    canary = context.invoked_function_arn.endswith("version1-b")
    if "raise" in event: raise ValueError("boom")
    bad = canary and event.get("path", "").endswith("/fail")
    return {"statusCode": 500 if bad else 200, "body": "b" if canary else "a"}
"""


def _function(sandbox: Sandbox) -> Watched:
    """A function whose two slots exist."""
    name, client = f"function-{uuid.uuid4().hex[:8]}", sandbox.client("lambda")
    sandbox.function(name, CODE)
    client.publish_version(FunctionName=name)
    for alias in ("version1-a", "version1-b"):
        client.create_alias(FunctionName=name, Name=alias, FunctionVersion="1")
    return Watched(name="places", physical=name, base="version1-a", canary="version1-b")


def _api(sandbox: Sandbox, watched: Watched) -> str:
    """An API whose stage `live` reaches version1-a, and whose canary, half of it, reaches version1-b; its id."""
    gateway, name = sandbox.client("apigateway"), watched.physical
    arn = f"arn:aws:lambda:{EAST}:{ACCOUNT}:function:{name}:${{stageVariables.alias}}"
    integration = {
        "type": "aws_proxy",
        "httpMethod": "POST",
        "uri": f"arn:aws:apigateway:{EAST}:lambda:path/2015-03-31/functions/{arn}/invocations",
    }
    get = {
        "parameters": [{"name": "word", "in": "path", "required": True, "type": "string"}],
        "responses": {"200": {"description": "ok"}},
        "x-amazon-apigateway-integration": integration,
    }
    definition = {"swagger": "2.0", "info": {"title": name, "version": "1"}, "paths": {"/{word}": {"get": get}}}
    api: str = gateway.import_rest_api(
        body=json.dumps(definition).encode(), parameters={"endpointConfigurationTypes": "REGIONAL"}
    )["id"]
    gateway.create_deployment(restApiId=api, stageName="live", variables={"alias": "version1-a"})
    for alias in (watched.base, watched.canary):
        sandbox.client("lambda").add_permission(
            FunctionName=name,
            Qualifier=alias,
            StatementId="api",
            Action="lambda:InvokeFunction",
            Principal="apigateway.amazonaws.com",
            SourceArn=f"arn:aws:execute-api:{EAST}:{ACCOUNT}:{api}/*/*/*",
        )
    overrides = {"alias": "version1-b"}
    gateway.create_deployment(
        restApiId=api, stageName="live", canarySettings={"percentTraffic": 50, "stageVariableOverrides": overrides}
    )
    bodies: set[Any] = set()

    def serving() -> bool:
        status, body = sandbox.get(f"/_aws/execute-api/{api}/live/ready")
        bodies.add(body if status == 200 else status)
        return {"a", "b"} <= bodies and status == 200

    eventually(serving)
    return api


def _read(sandbox: Sandbox, scope: Callable[[float], Scope]) -> tuple[Observed, Observed]:
    """Read until now, by the second."""
    access = Access(keys=("testing", "testing"), endpoint_url=sandbox.url, time_scale=0.0)
    return read(Aws(access, backend="b"), scope(time.time()))


def test_calls_through_the_aliases_are_read_back_as_base_and_canary(sandbox: Sandbox) -> None:
    watched, client = _function(sandbox), sandbox.client("lambda")
    since = time.time()
    time.sleep(1)
    calls: list[tuple[str, dict[str, int]]] = [(watched.base, {})] * 20
    calls += [(watched.canary, {})] * 5 + [(watched.canary, {"raise": 1})] * 5
    for alias, event in calls:
        client.invoke(FunctionName=watched.physical, Qualifier=alias, Payload=json.dumps(event).encode())
    seen: list[tuple[Observed, Observed]] = []

    def whole() -> bool:
        seen.append(
            _read(
                sandbox,
                lambda now: Scope(region=EAST, functions=(watched,), since=since, until=now, lag=1, resolution=1),
            )
        )
        return seen[-1][0].requests + seen[-1][1].requests == 30

    eventually(whole)
    base, canary = seen[-1]
    assert (base.requests, base.errors, canary.requests, canary.errors) == (20, 0, 10, 5)
    assert (base.sampled, canary.sampled) == (20, 10)
    assert not canary.is_rough
    assert (canary.at_level(0.95) or 0) >= (canary.at_level(0.5) or 0) > 0


def test_a_canary_that_answers_500_by_itself_is_seen_through_the_api_and_fails(sandbox: Sandbox) -> None:
    watched = _function(sandbox)
    api = _api(sandbox, watched)
    since = time.time()
    time.sleep(1)
    with ThreadPoolExecutor(4) as pool:
        paths = [f"/_aws/execute-api/{api}/live/{'fail' if n % 4 == 0 else 'well'}" for n in range(240)]
        statuses = [status for status, _ in pool.map(sandbox.get, paths)]
    seen: list[tuple[Observed, Observed]] = []

    def whole() -> bool:
        seen.append(
            _read(
                sandbox,
                lambda now: Scope(
                    region=EAST,
                    functions=(watched,),
                    api=watched.physical,
                    stage="live",
                    since=since,
                    until=now,
                    lag=1,
                    resolution=1,
                ),
            )
        )
        return seen[-1][0].requests + seen[-1][1].requests == 240

    eventually(whole)
    base, canary = seen[-1]
    assert canary.source == "AWS/ApiGateway"
    assert (base.errors, canary.errors) == (0, statuses.count(500))
    assert canary.parts[0].errors == 0
    assert canary.requests == canary.parts[0].requests
    assert judge(base, canary).outcome is Outcome.FAIL
