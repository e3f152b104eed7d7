"""The usage plans of a live source: without them a caller's key opens one region only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backendctl.errors import BackendctlError
from backendctl.resources.apigateway.usage_plan import LivePlan, keys_of, usage_plans

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws


def plans_of(aws: Aws, region: str, api_id: str, stage: str) -> tuple[LivePlan, ...]:
    """The usage plans that a stage is in.

    Raises:
        BackendctlError: two of them share a name, by which the other regions know them.
    """
    found = [
        plan
        for plan in usage_plans(aws, region)
        if any(link.get("apiId") == api_id and link.get("stage") == stage for link in plan.get("apiStages", ()))
    ]
    names = [plan.get("name", "") for plan in found]
    if len(set(names)) < len(names):
        raise BackendctlError(
            f"two usage plans of {region}/stage/{stage} have one name: {', '.join(sorted(names))}",
            hint="give each a name of its own: other regions know them by it",
        )
    return tuple(
        LivePlan(
            region=region,
            id=plan["id"],
            name=plan.get("name", ""),
            limits={name: plan[name] for name in ("throttle", "quota", "description") if plan.get(name)},
            keys=tuple(keys_of(aws, region, plan["id"])),
        )
        for plan in found
    )
