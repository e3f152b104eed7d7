"""UpdateStage: a white list of paths, with the service's own texts (A54 to A57, A65 to A71)."""

from __future__ import annotations

import copy
from collections.abc import Callable

from backendctl.sandbox.apigateway import canary, patch
from backendctl.sandbox.apigateway.call import Call, answer
from backendctl.sandbox.apigateway.errors import ApiError, bad_request
from backendctl.sandbox.apigateway.model import Api, Doc
from backendctl.sandbox.apigateway.stages import (
    check_deployment,
    check_variable,
    check_variables,
    settle_cache,
    shown,
    stage_of,
)
from backendctl.sandbox.http import Response

VALID_PATHS = (
    "/deploymentId, /description, /cacheClusterEnabled, /cacheClusterSize, /clientCertificateId, "
    "/accessLogSettings, /accessLogSettings/destinationArn, /accessLogSettings/format, "
    "/{resourcePath}/{httpMethod}/metrics/enabled, /{resourcePath}/{httpMethod}/logging/dataTrace, "
    "/{resourcePath}/{httpMethod}/logging/loglevel, "
    "/{resourcePath}/{httpMethod}/throttling/burstLimit/{resourcePath}/{httpMethod}/throttling/rateLimit"
    "/{resourcePath}/{httpMethod}/caching/ttlInSeconds, /{resourcePath}/{httpMethod}/caching/enabled, "
    "/{resourcePath}/{httpMethod}/caching/dataEncrypted, "
    "/{resourcePath}/{httpMethod}/caching/requireAuthorizationForCacheControl, "
    "/{resourcePath}/{httpMethod}/caching/unauthorizedCacheControlHeaderStrategy, "
    "/*/*/metrics/enabled, /*/*/logging/dataTrace, /*/*/logging/loglevel, /*/*/throttling/burstLimit "
    "/*/*/throttling/rateLimit /*/*/caching/ttlInSeconds, /*/*/caching/enabled, /*/*/caching/dataEncrypted, "
    "/*/*/caching/requireAuthorizationForCacheControl, "
    "/*/*/caching/unauthorizedCacheControlHeaderStrategy, /variables/{variable_name}, /tracingEnabled"
)
NEEDS_ROLE = "CloudWatch Logs role ARN must be set in account settings to enable logging"
CACHE_SIZES = ("0.5", "1.6", "6.1", "13.5", "28.4", "58.2", "118", "237")
LONGEST_LIFETIME = 3600
SETTING_DEPTH = 4
KEY_DEPTH = 2
DEFAULT_SETTING: Doc = {
    "metricsEnabled": False,
    "dataTraceEnabled": False,
    "throttlingBurstLimit": 5000,
    "throttlingRateLimit": 10000.0,
    "cachingEnabled": False,
    "cacheTtlInSeconds": 300,
    "cacheDataEncrypted": False,
    "requireAuthorizationForCacheControl": True,
    "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
}


def _level(value: str) -> str:
    if value.upper() not in {"OFF", "ERROR", "INFO"}:
        raise bad_request(f"Invalid logging level: {value}. Must be one of: [OFF, ERROR, INFO]")
    return value.upper()


def _size(value: str) -> str:
    if value not in CACHE_SIZES:  # A61
        raise bad_request(f"Invalid cache cluster size: {value}. Must be one of: [{', '.join(CACHE_SIZES)}]")
    return value


def _lifetime(value: str) -> int:
    seconds = patch.integer(value)
    if not 0 <= seconds <= LONGEST_LIFETIME:  # A43
        raise bad_request(f"Invalid cache TTL: {value}. Must be between 0 and {LONGEST_LIFETIME} seconds")
    return seconds


SETTINGS: dict[str, tuple[str, patch.Convert]] = {
    "metrics/enabled": ("metricsEnabled", patch.boolean),
    "logging/dataTrace": ("dataTraceEnabled", patch.boolean),
    "logging/loglevel": ("loggingLevel", _level),
    "throttling/burstLimit": ("throttlingBurstLimit", patch.integer),
    "throttling/rateLimit": ("throttlingRateLimit", patch.number),
    "caching/ttlInSeconds": ("cacheTtlInSeconds", _lifetime),
    "caching/enabled": ("cachingEnabled", patch.boolean),
    "caching/dataEncrypted": ("cacheDataEncrypted", patch.boolean),
    "caching/requireAuthorizationForCacheControl": ("requireAuthorizationForCacheControl", patch.boolean),
    "caching/unauthorizedCacheControlHeaderStrategy": ("unauthorizedCacheControlHeaderStrategy", patch.text),
}
SCALARS: dict[str, patch.Convert] = {
    "/description": patch.text_or_none,
    "/cacheClusterEnabled": patch.boolean,
    "/cacheClusterSize": _size,
    "/clientCertificateId": patch.text_or_none,
    "/documentationVersion": patch.text_or_none,
    "/tracingEnabled": patch.boolean,
}


def update(call: Call) -> Response:
    """All operations in order on a copy; a refused one changes nothing."""
    listed = patch.operations(call, shape="updateStageInput")
    api = call.api()
    before = stage_of(call)
    stage = copy.deepcopy(before)
    verbs: dict[str, Callable[[Call, Api, Doc, patch.Operation], None]] = {
        "replace": _replace,
        "remove": _remove,
        "copy": lambda _call, _api, document, operation: canary.promote(document, operation),
    }
    for operation in listed:
        adds = operation.op == "add" and operation.parts[:1] == ["accessLogSettings"]  # K5
        verb = _replace if adds else verbs.get(operation.op)
        if verb is None:  # A65: `add` is refused in these words
            raise bad_request(f"Invalid {operation.op} operation with path: {operation.path}")
        verb(call, api, stage, operation)
    _check_access_log(stage)
    settle_cache(call, stage, before)
    stage["lastUpdatedDate"] = call.stamp()
    api.stages[stage["stageName"]] = stage
    return answer(shown(call, stage))


def invalid_path(path: str) -> ApiError:
    return bad_request(f"Invalid method setting path: {path}. Must be one of: [{VALID_PATHS}]")


def _replace(call: Call, api: Api, stage: Doc, operation: patch.Operation) -> None:
    value = operation.value or ""
    if operation.path == "/clientCertificateId" and value:  # there are none
        raise bad_request("Invalid client certificate ID specified")
    if operation.path in SCALARS:
        converted = SCALARS[operation.path](value)
        stage[operation.parts[0]] = converted
        if converted is None:
            del stage[operation.parts[0]]
        return
    match operation.parts:
        case ["deploymentId"]:
            check_deployment(api, value)
            stage["deploymentId"] = value
        case ["variables", name]:
            check_variable(name, operation.value)
            variables = {**stage.get("variables", {}), name: value}
            check_variables(variables)
            stage["variables"] = variables
        case ["accessLogSettings", ("destinationArn" | "format") as leaf]:
            _access_log(call, stage, leaf, value)
        case ["canarySettings", *_] if canary.is_leaf(operation):
            canary.replace(api, stage, operation)
        case _:
            _replace_setting(call, stage, operation)


def _access_log(call: Call, stage: Doc, leaf: str, value: str) -> None:
    if not value:  # A56
        raise bad_request("Access Log value must not be empty")
    if "cloudwatchRoleArn" not in call.region.account:  # A57
        raise bad_request(NEEDS_ROLE)
    stage.setdefault("accessLogSettings", {})[leaf] = value.removesuffix(":*") if leaf == "destinationArn" else value


def _check_access_log(stage: Doc) -> None:
    """A56."""
    text = stage.get("accessLogSettings", {}).get("format")
    if text is None:
        return
    if "$context.requestId" not in text and "$context.extendedRequestId" not in text:
        raise bad_request("Access Log format must contain $context.requestId or $context.extendedRequestId")
    if "\n" in text.rstrip("\n"):
        raise bad_request(
            "Access Log format must be single line, new line character is allowed only at end of the format"
        )


def _replace_setting(call: Call, stage: Doc, operation: patch.Operation) -> None:
    parts = operation.raw_parts
    name = "/".join(parts[KEY_DEPTH:])
    if len(parts) != SETTING_DEPTH or name not in SETTINGS:
        raise invalid_path(operation.path)
    member, convert = SETTINGS[name]
    value = convert(operation.value or "")
    if member == "loggingLevel" and value != "OFF" and "cloudwatchRoleArn" not in call.region.account:
        raise bad_request(NEEDS_ROLE)
    settings = stage["methodSettings"]
    inherited = settings.get("*/*", DEFAULT_SETTING)
    settings.setdefault("/".join(parts[:KEY_DEPTH]), dict(inherited))[member] = value


def _remove(_call: Call, _api: Api, stage: Doc, operation: patch.Operation) -> None:
    match operation.parts:
        case ["variables", name]:
            stage.get("variables", {}).pop(name, None)
            if not stage.get("variables"):
                stage.pop("variables", None)
        case ["accessLogSettings"]:
            stage.pop("accessLogSettings", None)
        case ["accessLogSettings", _]:
            raise bad_request("Access Log value must not be empty")
        case [("description" | "clientCertificateId" | "documentationVersion") as name]:
            stage.pop(name, None)
        case ["canarySettings"] | ["canarySettings", "stageVariableOverrides", _]:
            canary.remove(stage, operation)
        case _:
            _remove_setting(stage, operation)


def _remove_setting(stage: Doc, operation: patch.Operation) -> None:
    key = "/".join(operation.raw_parts[:KEY_DEPTH])
    if len(operation.raw_parts) < KEY_DEPTH:
        raise invalid_path(operation.path)
    if key not in stage["methodSettings"]:
        raise bad_request(f"Cannot remove method setting {key} because there is no method setting for this method ")
    del stage["methodSettings"][key]
