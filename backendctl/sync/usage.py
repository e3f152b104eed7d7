"""Which usage plans a stage is in; no export carries them (A23)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_apigateway.type_defs import UsagePlanTypeDef

    from backendctl.aws.connection import Aws


def usage_plans(aws: Aws, region: str) -> list[UsagePlanTypeDef]:
    """Every usage plan of the region."""

    def load() -> list[UsagePlanTypeDef]:
        pages = aws.apigateway(region).get_paginator("get_usage_plans").paginate(PaginationConfig={"PageSize": 500})
        return [plan for page in pages for plan in page["items"]]

    return aws.shared(("usage-plans", region), load)


def plans_of(aws: Aws, region: str, api_id: str, stage: str) -> list[UsagePlanTypeDef]:
    """The usage plans that a stage is in."""
    return [
        plan
        for plan in usage_plans(aws, region)
        if any(link.get("apiId") == api_id and link.get("stage") == stage for link in plan.get("apiStages", ()))
    ]
