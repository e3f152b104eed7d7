"""Figures that DynamoDB gives CloudWatch."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backendctl.sandbox.inner import Inner


async def measured(
    inner: Inner, region: str, metric: str, dimensions: Mapping[str, str], *, value: float, unit: str
) -> None:
    """Put one figure of AWS/DynamoDB into the emulated CloudWatch of a region."""
    datum = {
        "MetricName": metric,
        "Dimensions": [{"Name": name, "Value": one} for name, one in dimensions.items()],
        "Value": value,
        "Unit": unit,
    }
    await inner.ask_json(
        service="monitoring",
        region=region,
        target="GraniteServiceVersion20100801.PutMetricData",
        document={"Namespace": "AWS/DynamoDB", "MetricData": [datum]},
    )
