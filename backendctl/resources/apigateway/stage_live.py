"""A live stage, in the terms a spec is written in; pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backendctl.resources.apigateway.stage_patch import METHOD_SETTINGS, NO_CACHE, text
from backendctl.spec.callers import Throttling
from backendctl.spec.model import Logging

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_apigateway.type_defs import MethodSettingTypeDef, StageTypeDef


# What a method has whose other settings were set (A44).
_ACCOUNT = Throttling(rate=10_000, burst=5_000)
_UNLIMITED = Throttling(rate=-1, burst=-1)


def logs(wanted: Logging | None) -> bool:
    """Whether these settings need the account's role (A57)."""
    return wanted is not None and (wanted.level != "OFF" or wanted.access is not None)


def settings(stage: StageTypeDef) -> MethodSettingTypeDef:
    """The settings of all methods; those of single ones are left alone."""
    return stage.get("methodSettings", {}).get("*/*", {})


def logging_of(stage: StageTypeDef) -> Logging:
    """Level, data trace and access log; AWS leaves out what was never set."""
    access = stage.get("accessLogSettings") or {}
    return Logging(
        level=settings(stage).get("loggingLevel", "OFF"),
        data_trace=settings(stage).get("dataTraceEnabled", False),
        access=access["destinationArn"].partition(":log-group:")[2].removesuffix(":*")
        if access.get("destinationArn")
        else None,
        format=access.get("format"),
    )


def methods_of(stage: StageTypeDef) -> dict[str, str]:
    """The settings of single methods, flat: "~1places/GET/throttling/rateLimit" → "10.0", as a patch spells them."""
    return {
        f"{key}/{path}": text(found[name])  # type: ignore[literal-required]  # the names are those of the type
        for key, found in stage.get("methodSettings", {}).items()
        if key != "*/*"
        for name, path in METHOD_SETTINGS.items()
        if name in found
    }


def throttling_of(stage: StageTypeDef) -> Throttling | None:
    """The stage's own limits, None when only the account's hold."""
    found = settings(stage)
    if "throttlingRateLimit" not in found:
        return None
    return Throttling(rate=found["throttlingRateLimit"], burst=found.get("throttlingBurstLimit", -1))


def cache_of(stage: StageTypeDef) -> str:
    """The size of the cache in GB; "off" without one."""
    if not stage.get("cacheClusterEnabled"):
        return NO_CACHE
    size = stage.get("cacheClusterSize", "")
    return size if settings(stage).get("cachingEnabled") else f"{size} (unused)"


def method_throttling_of(stage: StageTypeDef) -> dict[str, Throttling]:
    """Limits of single methods by route, where they are others than the stage's own and the account's."""
    found = {}
    for key, one in stage.get("methodSettings", {}).items():
        if key == "*/*" or "throttlingRateLimit" not in one:
            continue
        path, _, verb = key.rpartition("/")
        limit = Throttling(rate=one["throttlingRateLimit"], burst=one.get("throttlingBurstLimit", -1))
        found[f"{verb} /{path.replace('~1', '/').replace('~0', '~').strip('/')}"] = limit
    return own_limits(found, throttling_of(stage))


def own_limits(limits: Mapping[str, Throttling], general: Throttling | None) -> dict[str, Throttling]:
    """Without those that say what holds anyway: the stage's limits, or the account's."""
    return {route: limit for route, limit in limits.items() if limit not in {general, _ACCOUNT, _UNLIMITED}}
