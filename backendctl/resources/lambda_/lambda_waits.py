"""Waiting for a function or a version to come to rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backendctl.aws.errors import is_missing
from backendctl.aws.progress import remark
from backendctl.aws.wait import until
from backendctl.errors import BackendctlError

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import FunctionConfigurationTypeDef, GetFunctionResponseTypeDef

    from backendctl.aws.connection import Aws

# What is none of these, known today or not, means "keep waiting" (B1); absent is fine (B6).
_RESTING = frozenset({None, "Active", "Inactive", "Failed"})
_UPDATED = frozenset({None, "Successful", "Failed"})
NOT_RUN_HERE = "Runtime.NotSupported"
"""What a sandbox calls functions it cannot run; AWS has no error of that name."""

_FUNCTION_LIMIT = 600.0
_VERSION_LIMIT = 1560.0
"""Seconds; a SnapStart version takes many minutes (B5, B52)."""


def settled(
    aws: Aws, region: str, physical: str, *, version: str | None = None, just_made: bool = False
) -> GetFunctionResponseTypeDef:
    """GetFunction's answer once nothing is under way: neither Pending nor InProgress (B2, B3); it may be Failed.

    GetFunction, because it has a quota of its own (B5, B56).

    Args:
        version: a published version; None is the function itself.
        just_made: whether not being there yet is to be expected (B13).
    """
    if version is not None:  # what is published stays as it is
        return aws.shared(
            ("lambda-at-rest", region, physical, version), lambda: _at_rest(aws, region, f"{physical}:{version}")
        )
    return _at_rest(aws, region, physical, just_made=just_made)


def remember_rest(aws: Aws, region: str, physical: str, published: FunctionConfigurationTypeDef) -> None:
    """Do not ask again for a version that the answer to PublishVersion calls Active; most others are Pending (B25)."""
    if published.get("State") == "Active" and published.get("LastUpdateStatus") in _UPDATED:
        found = {"Configuration": published}
        aws.remember(("lambda-at-rest", region, physical, published["Version"]), found)


def _at_rest(aws: Aws, region: str, what: str, *, just_made: bool = False) -> GetFunctionResponseTypeDef:
    def probe() -> GetFunctionResponseTypeDef | None:
        try:
            found = aws.lambda_(region).get_function(FunctionName=what)
        except aws.lambda_(region).exceptions.ClientError as error:
            if just_made and is_missing(error):
                return None
            raise
        return found if is_at_rest(found["Configuration"]) else None

    limit = _VERSION_LIMIT if ":" in what else _FUNCTION_LIMIT
    return until(aws, f"{what} to be ready in {region}", probe, limit=limit, step=1)


def is_at_rest(config: FunctionConfigurationTypeDef) -> bool:
    """Whether nothing is under way, by what GetFunction says."""
    return config.get("State") in _RESTING and config.get("LastUpdateStatus") in _UPDATED


def failure(config: FunctionConfigurationTypeDef) -> str | None:
    """Why AWS could not make it or update it (B1), None when it could."""
    if config.get("State") == "Failed":
        return f"{config.get('StateReasonCode', 'Failed')}: {config.get('StateReason', 'no reason given')}"
    if config.get("LastUpdateStatus") == "Failed":
        reason = config.get("LastUpdateStatusReason", "no reason given")
        return f"{config.get('LastUpdateStatusReasonCode', 'Failed')}: {reason}"
    return None


def refuse_failed(config: FunctionConfigurationTypeDef, *, region: str) -> None:
    """Raise when it came to rest as Failed."""
    why = failure(config)
    if why is not None:
        raise BackendctlError(
            f"{config.get('FunctionName')} cannot run in {region}: {why}",
            hint="correct what AWS names (image, subnets, key …), then run the same command again",
        )


def tell_if_not_run(config: FunctionConfigurationTypeDef) -> None:
    """Remark on a function which a sandbox has taken, and whose calls it cannot carry out."""
    problem = (config.get("RuntimeVersionConfig") or {}).get("Error") or {}
    if problem.get("ErrorCode") == NOT_RUN_HERE:
        remark(not_run(config.get("FunctionName", ""), problem.get("Message", "")))


def tell_if_not_optimized(config: FunctionConfigurationTypeDef) -> None:
    """Remark on a version that was to have a snapshot, came to rest, and has none (B52)."""
    snapstart = config.get("SnapStart") or {}
    if snapstart.get("ApplyOn") == "PublishedVersions" and snapstart.get("OptimizationStatus") != "On":
        remark(
            f"{config.get('FunctionName')}:{config.get('Version')} has no SnapStart snapshot (OptimizationStatus "
            f"{snapstart.get('OptimizationStatus', 'unknown')}): its new environments load the code"
        )


def not_run(physical: str, reason: str) -> str:
    """The sentence for a function whose calls a sandbox cannot carry out."""
    return f"calls to {physical} will answer 502 here: {reason}"


def gone(aws: Aws, region: str, physical: str) -> None:
    """Wait until the function is not there any more."""

    def probe() -> bool | None:
        try:
            aws.lambda_(region).get_function(FunctionName=physical)
        except aws.lambda_(region).exceptions.ClientError as error:
            if is_missing(error):
                return True
            raise
        return None

    until(aws, f"{physical} to be gone from {region}", probe, limit=_FUNCTION_LIMIT, step=1)
