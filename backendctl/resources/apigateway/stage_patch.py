"""The patch that turns one stage into another; pure.

UpdateStage takes patch operations only, carried out in order, every value a string (A54). Only `replace` and `remove`
are used: `replace` also creates, and `add` is refused in places.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from backendctl.resources.apigateway.stage_settings import StageSettings
from backendctl.resources.ssm.release_record import VARIABLE
from backendctl.spec.model import Logging

if TYPE_CHECKING:
    from mypy_boto3_apigateway.type_defs import PatchOperationTypeDef

NO_CACHE = "off"
"""The cache field of a stage that has none."""

METHOD_SETTINGS = {
    "metricsEnabled": "metrics/enabled",
    "loggingLevel": "logging/loglevel",
    "dataTraceEnabled": "logging/dataTrace",
    "throttlingBurstLimit": "throttling/burstLimit",
    "throttlingRateLimit": "throttling/rateLimit",
    "cachingEnabled": "caching/enabled",
    "cacheTtlInSeconds": "caching/ttlInSeconds",
    "cacheDataEncrypted": "caching/dataEncrypted",
    "requireAuthorizationForCacheControl": "caching/requireAuthorizationForCacheControl",
    "unauthorizedCacheControlHeaderStrategy": "caching/unauthorizedCacheControlHeaderStrategy",
}
"""A setting's name in GetStage → the end of its patch path (A55)."""

_SETTING_PARTS = 2  # of the end of a path: throttling/rateLimit
_ALL = "/*/*"  # the settings of all methods; those of single ones are left alone


def patches(
    desired: StageSettings, live: StageSettings, *, deployment: str | None, log_arn: str
) -> list[PatchOperationTypeDef]:
    """Everything that differs, as one list: a request must never see new code behind the old definition.

    Args:
        deployment: id to point at; None stays.
        log_arn: what stands before the name of a log group in its ARN.
    """
    found = [_replace("/deploymentId", deployment)] if deployment is not None else []
    found += _variables(desired.variables, live.variables or {})
    if _differs(desired.release, live.release):
        found.append(_replace(f"/variables/{VARIABLE}", desired.release))
    if _differs(desired.description, live.description):
        found.append(_replace("/description", desired.description))
    if _differs(desired.tracing, live.tracing):
        found.append(_replace("/tracingEnabled", desired.tracing))
    if _differs(desired.metrics, live.metrics):
        found.append(_replace(f"{_ALL}/metrics/enabled", desired.metrics))
    if desired.throttling is not None and desired.throttling != live.throttling:
        found.append(_replace(f"{_ALL}/throttling/rateLimit", desired.throttling.rate))
        found.append(_replace(f"{_ALL}/throttling/burstLimit", desired.throttling.burst))
    found += _cache(desired, live)
    found += _methods(desired.methods, live.methods or {})
    found += _method_throttling(desired, live)
    found += _logging(desired.logging, live.logging or Logging(), log_arn)
    return found


def escaped(key: str) -> str:
    """A key as part of a patch path: `~` is `~0`, `/` is `~1` (A54)."""
    return key.replace("~", "~0").replace("/", "~1")


def text(value: object) -> str:
    """A value as patches want it (A54)."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _variables(wanted: Mapping[str, str] | None, found: Mapping[str, str]) -> Iterator[PatchOperationTypeDef]:
    if wanted is None:
        return
    for key in sorted(wanted):
        if found.get(key) != wanted[key]:
            yield _replace(f"/variables/{escaped(key)}", wanted[key])
    for key in sorted(found):
        if key not in wanted:
            yield {"op": "remove", "path": f"/variables/{escaped(key)}"}


def _cache(desired: StageSettings, live: StageSettings) -> Iterator[PatchOperationTypeDef]:
    if _differs(desired.cache, live.cache):
        on = desired.cache != NO_CACHE
        yield _replace("/cacheClusterEnabled", on)
        if on:
            yield _replace("/cacheClusterSize", desired.cache)
        yield _replace(f"{_ALL}/caching/enabled", on)  # the cluster alone caches nothing
    if _differs(desired.cache_ttl, live.cache_ttl):
        yield _replace(f"{_ALL}/caching/ttlInSeconds", desired.cache_ttl)


def _methods(wanted: Mapping[str, str] | None, found: Mapping[str, str]) -> Iterator[PatchOperationTypeDef]:
    """Single methods' settings; those of a method that is to have none go together."""
    if wanted is None:
        return
    for method in sorted({_method(path) for path in found} - {_method(path) for path in wanted}):
        yield {"op": "remove", "path": f"/{method}"}
    for path in sorted(wanted):
        if found.get(path) != wanted[path]:
            yield _replace(f"/{path}", wanted[path])


def _method_throttling(desired: StageSettings, live: StageSettings) -> Iterator[PatchOperationTypeDef]:
    """A method that is to have no limits of its own gets the stage's; without such, its settings go."""
    if desired.method_throttling is None:
        return
    found = live.method_throttling or {}
    general = desired.throttling or live.throttling
    for route in sorted({*found, *desired.method_throttling}):
        wanted = desired.method_throttling.get(route, general)
        if wanted is None:
            yield {"op": "remove", "path": f"/{setting_path(route)}"}
        elif wanted != found.get(route):
            yield _replace(f"/{setting_path(route)}/throttling/rateLimit", wanted.rate)
            yield _replace(f"/{setting_path(route)}/throttling/burstLimit", wanted.burst)


def setting_path(route: str) -> str:
    """Where a method's settings stand: "GET /places" has them at "~1places/GET"."""
    verb, _, path = route.partition(" ")
    return f"{escaped(path)}/{verb}"


def _method(path: str) -> str:
    return path.rsplit("/", _SETTING_PARTS)[0]


def _logging(wanted: Logging | None, found: Logging, log_arn: str) -> Iterator[PatchOperationTypeDef]:
    if wanted is None:
        return
    if wanted.level != found.level:
        yield _replace(f"{_ALL}/logging/loglevel", wanted.level)
    if wanted.data_trace != found.data_trace:
        yield _replace(f"{_ALL}/logging/dataTrace", wanted.data_trace)
    if (wanted.access, wanted.format) == (found.access, found.format):
        return
    if wanted.access is None:
        yield {"op": "remove", "path": "/accessLogSettings"}  # A56: neither half can go alone
    else:
        yield _replace("/accessLogSettings/destinationArn", log_arn + wanted.access)
        yield _replace("/accessLogSettings/format", wanted.format)


def _differs(wanted: object, found: object) -> bool:
    return wanted is not None and wanted != found


def _replace(path: str, value: object) -> PatchOperationTypeDef:
    return {"op": "replace", "path": path, "value": text(value)}
