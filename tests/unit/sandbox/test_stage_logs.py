from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backendctl.sandbox import stage_logs
from backendctl.sandbox.apigateway.service import Served


@dataclass
class Gateway:
    """One with an execution log."""

    log: list[str]

    def execution_log(self, region: str, api_id: str, stage: str) -> list[str]:
        del region, api_id, stage
        return self.log


def test_a_line_of_the_execution_log_is_cut_at_1024_bytes() -> None:
    served = Served(
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
    gateway: Any = Gateway(log=["(r) " + "ü" * 2000, "(other) x", "(r) short"])
    lines = [text for _, text in stage_logs.lines(gateway, [served], {"*/*": {"loggingLevel": "INFO"}})]
    assert [len(text.encode()) for text in lines] == [1024, len("(r) short")]
