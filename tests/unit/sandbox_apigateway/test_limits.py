"""Throttles, quotas, remembered authorizers and access logs of deployed stages."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backendctl.sandbox.apigateway.live import Live
from backendctl.sandbox.apigateway.served import Served
from backendctl.sandbox.apigateway.service import ApiGateway
from tests.unit.sandbox_apigateway.conftest import NOW, Aws, SmallBackplane

TOO_MANY = (429, {"message": "Too Many Requests"})
ANSWER = {
    "type": "mock",
    "requestTemplates": {"application/json": '{"statusCode": 200}'},
    "responses": {"default": {"statusCode": "200"}},
}


def make(aws: Any, *, key: bool = False) -> str:
    """An API with GET / and GET /places, deployed as `dev`."""
    method: dict[str, Any] = {"x-amazon-apigateway-integration": ANSWER, "responses": {}}
    document: dict[str, Any] = {"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": {}}
    if key:
        method["security"] = [{"key": []}]
        schemes = {"key": {"type": "apiKey", "name": "x-api-key", "in": "header"}}
        document["components"] = {"securitySchemes": schemes}
    document["paths"] = {"/": {"get": method}, "/places": {"get": method}}
    client = aws.client()
    api = client.import_rest_api(body=json.dumps(document))
    client.create_deployment(restApiId=api["id"], stageName="dev")
    return str(api["id"])


def told(response: Any) -> tuple[int, Any]:
    return response.status, json.loads(response.body)


def settings(aws: Any, api: str, **values: str) -> None:
    """Patch the stage; the names are paths with `__` for `/`."""
    operations = [
        {"op": "replace", "path": path, "value": value}
        for path, value in ((f"/{name}", value) for name, value in values.items())
    ]
    aws.client().update_stage(restApiId=api, stageName="dev", patchOperations=operations)


def limit(aws: Any, api: str, method: str, burst: int) -> None:
    settings(aws, api, **{f"{method}/throttling/burstLimit": str(burst), f"{method}/throttling/rateLimit": "1"})


def key_of(aws: Any, api: str, **plan: Any) -> tuple[dict[str, str], str]:
    """Headers with a key of a new usage plan, and the plan's id."""
    client = aws.client()
    key = client.create_api_key(name="k", enabled=True)
    made = client.create_usage_plan(name="p", apiStages=[{"apiId": api, "stage": "dev"}], **plan)
    client.create_usage_plan_key(usagePlanId=made["id"], keyId=key["id"], keyType="API_KEY")
    return {"x-api-key": key["value"]}, made["id"]


def test_a_stage_lets_its_burst_pass_and_no_more(aws: Any) -> None:
    api = make(aws)
    limit(aws, api, "*/*", 2)
    assert [aws.call(api, "dev", "/").status for _ in range(2)] == [200, 200]
    assert told(aws.call(api, "dev", "/")) == TOO_MANY


def test_the_limit_of_one_method_leaves_the_others_alone(aws: Any) -> None:
    api = make(aws)
    limit(aws, api, "~1places/GET", 0)
    assert told(aws.call(api, "dev", "/places")) == TOO_MANY
    assert aws.call(api, "dev", "/").status == 200


def test_a_throttled_answer_can_be_customised(aws: Any) -> None:
    api = make(aws)
    aws.client().put_gateway_response(restApiId=api, responseType="THROTTLED", statusCode="503")
    aws.client().create_deployment(restApiId=api, stageName="dev")
    limit(aws, api, "*/*", 0)
    assert aws.call(api, "dev", "/").status == 503


def test_a_bucket_fills_with_time() -> None:
    live = Live()
    taken = [live.take("k", rate=2, burst=1, now=now) for now in (0.0, 0.1, 0.5, 0.6, 10.0, 10.0)]
    assert taken == [True, False, True, False, True, False]


def test_a_usage_plan_throttles_its_keys(aws: Any) -> None:
    api = make(aws, key=True)
    headers, _ = key_of(aws, api, throttle={"burstLimit": 1, "rateLimit": 1.0})
    assert aws.call(api, "dev", "/", headers=headers).status == 200
    assert told(aws.call(api, "dev", "/", headers=headers)) == TOO_MANY


def test_a_usage_plan_throttles_one_method(aws: Any) -> None:
    api = make(aws, key=True)
    headers, plan = key_of(aws, api)
    aws.client().update_usage_plan(
        usagePlanId=plan, patchOperations=[{"op": "remove", "path": "/apiStages", "value": f"{api}:dev"}]
    )
    stage = {"apiId": api, "stage": "dev", "throttle": {"/places/GET": {"burstLimit": 0, "rateLimit": 0.0}}}
    client = aws.client()
    other = client.create_usage_plan(name="q", apiStages=[stage])
    key = client.get_usage_plan_keys(usagePlanId=plan)["items"][0]["id"]
    client.create_usage_plan_key(usagePlanId=other["id"], keyId=key, keyType="API_KEY")
    assert aws.call(api, "dev", "/", headers=headers).status == 200
    assert told(aws.call(api, "dev", "/places", headers=headers)) == TOO_MANY


@pytest.mark.parametrize("period", ["DAY", "WEEK", "MONTH"])
def test_a_quota_ends(aws: Any, period: str) -> None:
    api = make(aws, key=True)
    headers, plan = key_of(aws, api, quota={"limit": 2, "period": period})
    assert [aws.call(api, "dev", "/", headers=headers).status for _ in range(2)] == [200, 200]
    assert told(aws.call(api, "dev", "/", headers=headers)) == (429, {"message": "Limit Exceeded"})
    usage = aws.client().get_usage(usagePlanId=plan, startDate="2023-11-13", endDate="2023-11-14")
    assert list(usage["items"].values()) == [[[0, 2], [2, 0]]]


def test_a_quota_without_a_known_period_is_refused(aws: Any) -> None:
    client = aws.client()
    with pytest.raises(client.exceptions.BadRequestException):
        client.create_usage_plan(name="p", quota={"limit": 1, "period": "YEAR"})


def test_usage_survives_a_restart(aws: Any) -> None:
    api = make(aws, key=True)
    headers, _ = key_of(aws, api, quota={"limit": 1, "period": "DAY"})
    aws.call(api, "dev", "/", headers=headers)
    aws.gateway.load(json.loads(json.dumps(aws.gateway.dump())))
    assert aws.call(api, "dev", "/", headers=headers).status == 429


def test_the_access_log_gets_its_line() -> None:
    heard: list[Served] = []
    gateway = ApiGateway(SmallBackplane(), clock=lambda: NOW, on_served=heard.append)
    aws = Aws(gateway=gateway, backplane=SmallBackplane(), draws=[])
    api = make(aws)
    role = {"op": "replace", "path": "/cloudwatchRoleArn", "value": "arn:aws:iam::111111111111:role/logs"}
    aws.client().update_account(patchOperations=[role])
    destination = "arn:aws:logs:us-east-1:111111111111:log-group:access"
    line = "$context.requestId $context.httpMethod $context.resourcePath $context.status $context.authorizer.x"
    settings(aws, api, **{"accessLogSettings/destinationArn": destination, "accessLogSettings/format": line})
    aws.call(api, "dev", "/places")
    aws.call(api, "dev", "/nowhere")
    logged = [served.access_log for served in heard]
    assert [entry.destination for entry in logged if entry] == [destination, destination]
    expected = [f"{heard[0].request_id} GET /places 200 -", f"{heard[1].request_id} GET - 403 -"]
    assert [entry.text for entry in logged if entry] == expected


def test_a_stage_without_access_log_writes_none() -> None:
    heard: list[Served] = []
    gateway = ApiGateway(SmallBackplane(), clock=lambda: NOW, on_served=heard.append)
    aws = Aws(gateway=gateway, backplane=SmallBackplane(), draws=[])
    aws.call(make(aws), "dev", "/")
    assert [served.access_log for served in heard] == [None]
