"""What a look back costs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from backendctl.aws.connection import Access, Aws
from backendctl.logs.sources import Kind, Source
from backendctl.logs.volume import reading_cost
from backendctl.warmth.cost.prices import load_prices
from tests.unit.warmth.logs_service import REGION

T = 1_800_000_000.0
SOURCES = [Source(region=REGION, group=name, kind=Kind.FUNCTION, name="x") for name in ("/a", "/b")]


def connection(gigabytes: float, asked: list[Any]) -> Aws:
    """A CloudWatch that counted so much in each group."""
    aws = Aws(Access(keys=("testing", "testing"), time_scale=0.0), backend="shop", sleep=lambda _: None)

    def give(*, params: Any, **_: Any) -> tuple[AWSResponse, dict[str, Any]]:
        asked.append(params)
        at = [datetime.fromtimestamp(T - 3600, UTC)]
        results = [{"Id": f"q{n}", "Timestamps": at, "Values": [gigabytes * 1e9]} for n in range(len(SOURCES))]
        headers: Any = {}
        return AWSResponse("", 200, headers, None), {"MetricDataResults": results}

    events: Any = aws.cloudwatch(REGION).meta.events
    events.register("before-call.cloudwatch.GetMetricData", give)
    return aws


@pytest.mark.parametrize(
    ("gigabytes", "told"), [(1.0, "reading 2.0 GB of log: up to $0.18 of data transfer out of AWS"), (0.01, "")]
)
def test_more_than_a_cent_is_told(gigabytes: float, told: str) -> None:
    aws = connection(gigabytes, [])
    assert reading_cost(aws, SOURCES, load_prices(), since=T - 86_400, until=T) == told


def test_a_short_look_back_asks_nothing() -> None:
    asked: list[Any] = []
    assert reading_cost(connection(9.0, asked), SOURCES, load_prices(), since=T - 900, until=T) == ""
    assert asked == []
