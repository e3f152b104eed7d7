"""Application Auto Scaling without anything registered: moto, which takes two seconds to load, is not asked."""

from __future__ import annotations

import asyncio
import json

import pytest

from backendctl.sandbox.http import Request, Response
from backendctl.sandbox.scaling import Moto

EAST = "us-east-1"
WHOLE = {"ServiceNamespace": "dynamodb"}
TARGET = {**WHOLE, "ResourceId": "table/things", "ScalableDimension": "dynamodb:table:ReadCapacityUnits"}


def _asked(moto: Moto, operation: str, document: dict[str, str]) -> object:
    return json.loads(asyncio.run(moto.answer(moto.request(operation, EAST, document))).body)


@pytest.mark.parametrize(
    ("operation", "listed"),
    [("DescribeScalableTargets", "ScalableTargets"), ("DescribeScalingPolicies", "ScalingPolicies")],
)
def test_what_every_plan_asks_is_answered_without_moto(operation: str, listed: str) -> None:
    moto = Moto()
    assert _asked(moto, operation, WHOLE) == {listed: []}
    assert moto._services is None


def test_moto_is_asked_as_soon_as_something_is_registered() -> None:
    heard: list[str] = []

    def ask(request: Request) -> Response:
        heard.append(request.headers["x-amz-target"].rpartition(".")[2])
        return Response.of_json({"told": "by moto"})

    moto = Moto(_services=ask)
    _asked(moto, "RegisterScalableTarget", TARGET)
    assert _asked(moto, "DescribeScalableTargets", WHOLE) == {"told": "by moto"}
    assert heard == ["RegisterScalableTarget", "DescribeScalableTargets"]


def test_what_a_restarted_sandbox_has_saved_is_played_before_it_is_listed() -> None:
    heard: list[str] = []
    moto = Moto()
    moto.load([{"region": EAST, "operation": "RegisterScalableTarget", "document": TARGET}])

    def ask(request: Request) -> Response:
        heard.append(request.headers["x-amz-target"].rpartition(".")[2])
        return Response.of_json({})

    moto._services = ask
    _asked(moto, "DescribeScalableTargets", WHOLE)
    assert heard == ["RegisterScalableTarget", "DescribeScalableTargets"]
