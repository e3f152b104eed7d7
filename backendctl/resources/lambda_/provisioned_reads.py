"""What a plan reads of provisioned concurrency: the configurations of a function, who set them, and who scales them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from backendctl.aws.errors import ClientError, is_missing
from backendctl.resources.lambda_ import lambda_reads
from backendctl.whole import whole

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

RECORD = "backendctl:provisioned:"
"""Begins the tag of a function that says which number the spec had when backendctl last asked; the alias follows."""
READY, FAILED = "READY", "FAILED"


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """The provisioned concurrency of one alias or version.

    Attributes:
        requested, allocated, available: environments: asked for, made so far, free to take calls.
        status: READY, IN_PROGRESS or FAILED. reason: AWS's word for a failure.
        since: of its last change, seconds since the epoch; 0 when AWS tells none.
    """

    requested: int
    allocated: int
    available: int
    status: str
    reason: str
    since: float


def configs(aws: Aws, region: str, physical: str) -> dict[str, Config]:
    """Alias or version → its provisioned concurrency; {} when there is no such function."""

    def load() -> dict[str, Config]:
        pages = (
            aws.lambda_(region).get_paginator("list_provisioned_concurrency_configs").paginate(FunctionName=physical)
        )
        try:
            return {
                one["FunctionArn"].rpartition(":")[2]: Config(
                    requested=one["RequestedProvisionedConcurrentExecutions"],
                    allocated=one.get("AllocatedProvisionedConcurrentExecutions", 0),
                    available=one.get("AvailableProvisionedConcurrentExecutions", 0),
                    status=one.get("Status", READY),
                    reason=one.get("StatusReason", ""),
                    since=_moment(one.get("LastModified", "")),
                )
                for page in pages
                for one in page["ProvisionedConcurrencyConfigs"]
            }
        except ClientError as error:
            if is_missing(error):
                return {}
            raise

    return aws.shared(("lambda-provisioned", region, physical), load)


def recorded(aws: Aws, region: str, physical: str) -> dict[str, int]:
    """Alias → the spec's number when backendctl last asked for it there; {} when there is no such function."""
    if physical not in lambda_reads.functions(aws, region):
        return {}
    tags = lambda_reads.function_tags(aws, region, physical)
    return {
        key.removeprefix(RECORD): number
        for key, value in tags.items()
        if key.startswith(RECORD) and (number := whole(value)) is not None
    }


def scaled(aws: Aws, region: str, physical: str) -> frozenset[str]:
    """The aliases and versions of a function whose number Application Auto Scaling changes."""

    def load() -> frozenset[str]:
        pages = aws.scaling(region).get_paginator("describe_scalable_targets").paginate(ServiceNamespace="lambda")
        return frozenset(target["ResourceId"] for page in pages for target in page["ScalableTargets"])

    found = aws.shared(("scaling-targets", region, "lambda"), load)
    prefix = f"function:{physical}:"
    return frozenset(one.removeprefix(prefix) for one in found if one.startswith(prefix))


def _moment(told: str) -> float:
    """AWS writes `2026-11-28T16:00:00+0000`."""
    try:
        return datetime.fromisoformat(told).timestamp()
    except ValueError:
        return 0.0
