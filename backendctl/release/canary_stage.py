"""Under what name a stage's canary has metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backendctl.aws.errors import BotoCoreError, ClientError, explain

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws


def canary_stage(aws: Aws, region: str, *, api: str, stage: str) -> str | None:
    """The name under which a stage's canary has metrics, if it has (A76: no page says which, so it is looked for)."""
    api_name: Any = [{"Name": "ApiName", "Value": api}]
    try:
        pages = (
            aws.cloudwatch(region)
            .get_paginator("list_metrics")
            .paginate(Namespace="AWS/ApiGateway", MetricName="Count", Dimensions=api_name)
        )
        metrics = [metric for page in pages for metric in page["Metrics"]]
    except (ClientError, BotoCoreError) as error:
        raise explain(error, doing=f"list {region}/metrics") from error
    for metric in metrics:
        named = {dimension["Name"]: dimension["Value"] for dimension in metric.get("Dimensions", ())}
        if set(named) == {"ApiName", "Stage"} and named["Stage"].lower() == f"{stage}/canary".lower():
            return named["Stage"]
    return None
