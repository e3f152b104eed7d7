from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from backendctl.sandbox import stage_logs
from backendctl.sandbox.apigateway.served import Served
from backendctl.sandbox.http import Response
from backendctl.sandbox.telemetry import Telemetry


@dataclass
class Gateway:
    """One with an execution log."""

    log: list[str]

    def execution_log(self, region: str, api_id: str, stage: str) -> list[str]:
        del region, api_id, stage
        return self.log

    async def control(self, _request: Any) -> Response:
        """A stage without method settings."""
        return Response.of_json({})


@dataclass
class CloudWatch:
    """Keeps what is written to it."""

    written: list[dict[str, Any]] = field(default_factory=list)

    async def ask_json(self, *, document: dict[str, Any], **_where: str) -> Response:
        self.written += document.get("MetricData", ())
        return Response.of_json({})


SERVED = Served(
    at=1_000_000.9,
    region="us-east-1",
    api_id="a",
    api_name="a",
    stage="dev",
    canary=False,
    method="GET",
    resource="/",
    status=200,
    seconds=0.1,
    integration_seconds=None,
    request_id="r",
)


def test_a_request_is_counted_when_it_came_however_late_it_is_written() -> None:
    inner: Any = CloudWatch()
    gateway: Any = Gateway(log=[])
    telemetry = Telemetry(inner=inner, gateway=gateway)
    telemetry.served(SERVED)
    asyncio.run(telemetry.stop())
    counted = [one for one in inner.written if one["MetricName"] == "Count"]
    assert counted
    assert {one["Timestamp"] for one in counted} == {1_000_000}


def test_a_line_of_the_execution_log_is_cut_at_1024_bytes() -> None:
    gateway: Any = Gateway(log=["(r) " + "ü" * 2000, "(other) x", "(r) short"])
    lines = [text for _, text in stage_logs.lines(gateway, [SERVED], {"*/*": {"loggingLevel": "INFO"}})]
    assert [len(text.encode()) for text in lines] == [1024, len("(r) short")]
