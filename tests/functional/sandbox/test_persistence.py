from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from typing import TYPE_CHECKING

import pytest

from backendctl.sandbox import asgi, process, process_copy
from backendctl.sandbox.apigateway.service import ApiGateway
from backendctl.sandbox.behind import Behind
from backendctl.sandbox.inner import Inner
from backendctl.sandbox.scaling import Moto
from backendctl.sandbox.state import State
from tests.functional.sandboxed import EAST, WEST, eventually

if TYPE_CHECKING:
    from pathlib import Path

    from tests.functional.sandboxed import Sandbox

CODE = "def handler(event, context):\n    return 'still here'\n"
DEFINITION = {
    "swagger": "2.0",
    "info": {"title": "kept", "version": "1"},
    "paths": {
        "/mock": {
            "get": {
                "responses": {"200": {"description": "ok"}},
                "x-amazon-apigateway-integration": {
                    "type": "mock",
                    "requestTemplates": {"application/json": '{"statusCode": 200}'},
                    "responses": {
                        "default": {
                            "statusCode": "200",
                            "responseTemplates": {"application/json": '{"kept": true}'},
                        }
                    },
                },
            }
        }
    },
}
SCALING = {
    "ServiceNamespace": "dynamodb",
    "ResourceId": "table/kept",
    "ScalableDimension": "dynamodb:table:WriteCapacityUnits",
}


def _fill(sandbox: Sandbox) -> str:
    """Something in every part; the id of the API."""
    gateway, tables = sandbox.client("apigateway", WEST), sandbox.client("dynamodb")
    body = json.dumps(DEFINITION).encode()
    api: str = gateway.import_rest_api(body=body, parameters={"endpointConfigurationTypes": "REGIONAL"})["id"]
    gateway.create_deployment(restApiId=api, stageName="live")
    sandbox.function("kept", CODE, region=WEST)
    sandbox.client("lambda", WEST).publish_version(FunctionName="kept")
    tables.create_table(
        TableName="kept",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    eventually(lambda: tables.describe_table(TableName="kept")["Table"]["TableStatus"] == "ACTIVE")
    tables.update_table(TableName="kept", ReplicaUpdates=[{"Create": {"RegionName": WEST}}])
    tables.put_item(TableName="kept", Item={"id": {"S": "1"}})
    scaling = sandbox.client("application-autoscaling")
    scaling.register_scalable_target(**SCALING, MinCapacity=1, MaxCapacity=10)
    scaling.register_scalable_target(**SCALING, MaxCapacity=20)
    s3 = sandbox.client("s3")
    s3.create_bucket(Bucket="kept")
    s3.put_object(Bucket="kept", Key="key", Body=b"value")
    return api


def _check(sandbox: Sandbox, api: str) -> None:
    assert sandbox.get(f"/_aws/execute-api/{api}/live/mock") == (200, {"kept": True})
    functions = sandbox.client("lambda", WEST)
    answer = functions.invoke(FunctionName="kept", Qualifier="1")
    assert json.loads(answer["Payload"].read()) == "still here"
    for region in (EAST, WEST):
        found = sandbox.client("dynamodb", region).scan(TableName="kept")["Items"]
        assert found == [{"id": {"S": "1"}}]
    targets = sandbox.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="dynamodb")[
        "ScalableTargets"
    ]
    assert [(one["MinCapacity"], one["MaxCapacity"]) for one in targets] == [(1, 20)]
    assert sandbox.client("s3").get_object(Bucket="kept", Key="key")["Body"].read() == b"value"


def test_everything_outlives_down_and_up(fresh_sandbox: Sandbox) -> None:
    api = _fill(fresh_sandbox)
    fresh_sandbox.stop()
    fresh_sandbox.start()
    _check(fresh_sandbox, api)


def test_a_killed_sandbox_loses_only_the_last_seconds(fresh_sandbox: Sandbox) -> None:
    api = _fill(fresh_sandbox)
    time.sleep(5)
    pid = process.status(fresh_sandbox.port, fresh_sandbox.data).pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    fresh_sandbox.start()
    _check(fresh_sandbox, api)


def test_a_damaged_file_is_set_aside(fresh_sandbox: Sandbox) -> None:
    fresh_sandbox.stop()
    saved = fresh_sandbox.data / "state" / "sandbox-apigateway-rest.json"
    saved.write_text('{"us-east-1": {', encoding="utf-8")
    assert fresh_sandbox.start().ready
    assert saved.with_suffix(".damaged").exists()
    assert fresh_sandbox.client("apigateway").get_rest_apis()["items"] == []


@pytest.mark.full
@pytest.mark.parametrize("text", ["{", "[]", "\xff", '{"__ministack_format__": 99, "payload": {}}'])
def test_damaged_state_of_a_service_is_kept_aside_and_told(fresh_sandbox: Sandbox, text: str) -> None:
    fresh_sandbox.client("ssm").put_parameter(Name="/kept", Value="x", Type="String")
    fresh_sandbox.stop()
    saved = fresh_sandbox.data / "state" / "ssm.json"
    saved.write_bytes(text.encode("latin-1"))
    fresh_sandbox.start()
    aside = saved.with_suffix(".damaged")
    assert aside.read_bytes() == text.encode("latin-1")
    assert process.status(fresh_sandbox.port, fresh_sandbox.data).damaged == (aside,)
    assert "ssm.json is damaged" in process.log_file(fresh_sandbox.data).read_text(encoding="utf-8")


@pytest.mark.skipif(not process_copy.POSSIBLE, reason="here the sandbox saves in its own process")
def test_nobody_waits_while_the_state_is_saved(tmp_path: Path) -> None:
    def save() -> None:
        time.sleep(0.5)
        (tmp_path / "saved").touch()

    async def ticks_meanwhile() -> int:
        state = State(data=tmp_path, gateway=_gateway(), moto=Moto(), save_services=save)
        saving = asyncio.create_task(state._save())
        ticks = 0
        while not saving.done():
            await asyncio.sleep(0.01)
            ticks += 1
        assert saving.result()
        return ticks

    assert asyncio.run(ticks_meanwhile()) >= 5
    assert (tmp_path / "saved").exists()
    assert (tmp_path / "state" / "sandbox-apigateway-rest.json").exists()


def test_a_saving_that_fails_is_tried_again(tmp_path: Path) -> None:
    def save() -> None:
        raise OSError("no space left")

    async def outcome() -> bool:
        return await State(data=tmp_path, gateway=_gateway(), moto=Moto(), save_services=save)._save()

    assert asyncio.run(outcome()) is False


def _gateway() -> ApiGateway:
    return ApiGateway(Behind(inner=Inner(app=_nobody)))


async def _nobody(_scope: asgi.Scope, _receive: asgi.Receive, _send: asgi.Send) -> None:
    """Answers nothing."""
