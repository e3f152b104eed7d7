"""What Application Auto Scaling refuses of targets and policies of DynamoDB, judged from the request alone."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections.answers import Refusal, invalid

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_TRACKING = "TargetTrackingScaling"
_NAME = r"[A-Za-z0-9_.-]{3,255}"
_PLACE = re.compile(rf"table/{_NAME}(?P<index>/index/{_NAME})?")
_DIMENSION = re.compile(r"dynamodb:(?P<level>table|index):(?P<unit>Read|Write)CapacityUnits")
_LEAST, _MOST = 20, 90
"""% of utilisation that a policy of DynamoDB may aim at."""


def place(asked: Mapping[str, Any]) -> Refusal | None:
    """A table, or an index of one, with a dimension of its own kind."""
    resource = _PLACE.fullmatch(str(asked.get("ResourceId", "")))
    dimension = _DIMENSION.fullmatch(str(asked.get("ScalableDimension", "")))
    if resource and dimension and bool(resource["index"]) is (dimension["level"] == "index"):
        return None
    return invalid("Unsupported service namespace, resource type or scalable dimension")


def bounds(asked: Mapping[str, Any], before: Mapping[str, Any]) -> Refusal | None:
    """Both bounds when a target is new, and the least not above the most. before: the target as it is, {} for none."""
    both = {**before, **asked}
    missing = [name for name in ("minimum", "maximum") if f"{name[:3].title()}Capacity" not in both]
    if missing:
        return invalid(f"ScalableTarget {missing[0]} capacity must be specified on registration")
    if both["MinCapacity"] > both["MaxCapacity"]:
        return invalid("Maximum capacity cannot be less than minimum capacity")
    return None


def policy(asked: Mapping[str, Any], others: Iterable[str]) -> Refusal | None:
    """DynamoDB is scaled by one policy that tracks its own dimension. others: names of the policies that are there."""
    if asked.get("PolicyType", _TRACKING) != _TRACKING:
        return invalid(f"Unsupported policy type for service namespace dynamodb: {asked['PolicyType']}")
    configured = asked.get("TargetTrackingScalingPolicyConfiguration")
    if not configured:
        return invalid(
            "TargetTrackingScalingPolicyConfiguration must be specified for policy type TargetTrackingScaling"
        )
    dimension = _DIMENSION.fullmatch(str(asked.get("ScalableDimension", "")))
    metric = configured.get("PredefinedMetricSpecification", {}).get("PredefinedMetricType")
    if metric is not None:
        if dimension is None or metric != f"DynamoDB{dimension['unit']}CapacityUtilization":
            return invalid(f"Unsupported predefined metric for scalable dimension: {metric}")
        if not _LEAST <= configured["TargetValue"] <= _MOST:
            return invalid(f"Target utilization must be between {_LEAST} and {_MOST} percent for {metric}")
    if set(others) - {asked.get("PolicyName")}:
        return invalid("Only one TargetTrackingScaling policy for a given metric specification is allowed.")
    return None
