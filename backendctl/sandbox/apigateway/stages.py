"""Stages: create, read, delete. Patching them is `stage_patch`."""

from __future__ import annotations

import re
from typing import Any

from backendctl.sandbox.apigateway.call import Call, accepted, answer, created
from backendctl.sandbox.apigateway.errors import bad_request, conflict, limit_exceeded, not_found, refuse_missing
from backendctl.sandbox.apigateway.model import Api, Doc
from backendctl.sandbox.apigateway.under_way import CACHE_CREATED, CACHE_DELETED, CACHE_FLUSHED
from backendctl.sandbox.http import Response

STAGE_NAME = re.compile(r"[A-Za-z0-9_-]{1,128}")  # A52
VARIABLE_NAME = re.compile(r"[A-Za-z0-9_]{1,64}")  # A53
VARIABLE_VALUE = re.compile(r"[A-Za-z0-9\-._~:/?#&=,]{1,512}")
MOST_VARIABLES = 100  # A41
MOST_STAGES = 10
FULL = 100.0
AVAILABLE, NOT_AVAILABLE = "AVAILABLE", "NOT_AVAILABLE"


def new_stage(*, name: str, deployment_id: str, stamp: int) -> Doc:
    return {
        "stageName": name,
        "deploymentId": deployment_id,
        "cacheClusterEnabled": False,
        "cacheClusterStatus": NOT_AVAILABLE,
        "methodSettings": {},
        "tracingEnabled": False,
        "createdDate": stamp,
        "lastUpdatedDate": stamp,
    }


def settle_cache(call: Call, stage: Doc, before: Doc) -> None:
    """Do what a changed switch or size of the cache cluster asks for; it takes minutes (A61).

    Args:
        call: the change.
        stage: as it is to be.
        before: as it was, empty for a new one.
    """
    on, was_on = stage["cacheClusterEnabled"], before.get("cacheClusterEnabled", False)
    stage["cacheClusterStatus"] = AVAILABLE if on else NOT_AVAILABLE
    if on:
        stage.setdefault("cacheClusterSize", "0.5")
    if on and (not was_on or before.get("cacheClusterSize") != stage["cacheClusterSize"]):
        call.under_way.begin(_key(call, stage), CACHE_CREATED)
    elif was_on and not on:
        call.under_way.begin(_key(call, stage), CACHE_DELETED)


def _key(call: Call, stage: Doc) -> tuple[str, ...]:
    return call.request.region, call.params["api"], stage["stageName"]


def shown(call: Call, stage: Doc) -> Doc:
    """A stage with the state its cache is in by now."""
    state = call.under_way.state(_key(call, stage))
    return stage if state is None else {**stage, "cacheClusterStatus": state}


def new_canary(*, deployment_id: str, sent: Doc) -> Doc:
    canary: Doc = {
        "deploymentId": deployment_id,
        "percentTraffic": percent(sent.get("percentTraffic") or 0.0),
        "useStageCache": bool(sent.get("useStageCache")),
    }
    if sent.get("stageVariableOverrides"):
        check_variables(sent["stageVariableOverrides"])
        canary["stageVariableOverrides"] = dict(sent["stageVariableOverrides"])
    return canary


def percent(value: Any) -> float:
    """A share of traffic, 0.0 to 100.0 (A73)."""
    try:
        share = float(value)
    except (TypeError, ValueError) as error:
        raise bad_request(f"Invalid percentTraffic: {value}") from error
    if not 0.0 <= share <= FULL:
        raise bad_request("percentTraffic must be between 0.0 and 100.0")
    return share


def check_stage_name(name: str) -> None:
    if not STAGE_NAME.fullmatch(name):
        raise bad_request("Stage name only allows a-zA-Z0-9_-")


def check_variables(variables: dict[str, str]) -> None:
    """A53, A41."""
    for name, value in variables.items():
        check_variable(name, value)
    if len(variables) > MOST_VARIABLES:
        raise bad_request(f"Stage variables exceed the maximum of {MOST_VARIABLES}")


def check_variable(name: str, value: str | None) -> None:
    if not VARIABLE_NAME.fullmatch(name):
        raise bad_request(f"Invalid stage variable name: {name}. Must match [A-Za-z0-9_]+")
    if not VARIABLE_VALUE.fullmatch(value or ""):
        raise bad_request(
            f"Invalid stage variable value: {value if value is not None else 'null'}. "
            "Must match [A-Za-z0-9-._~:/?#&=,]+"
        )


def stage_of(call: Call) -> Doc:
    found = call.api().stages.get(call.params["stage"])
    if found is None:
        raise not_found("Invalid stage identifier specified")
    return found


def create(call: Call) -> Response:
    api = call.api()
    body = call.body()
    for key in ("stageName", "deploymentId"):
        if not body.get(key):
            refuse_missing(at=f"createStageInput.{key}")
    _check_new(api, body)
    stage = new_stage(name=body["stageName"], deployment_id=body["deploymentId"], stamp=call.stamp())
    for key in ("description", "documentationVersion", "cacheClusterSize"):
        if body.get(key):
            stage[key] = body[key]
    for key in ("tracingEnabled", "cacheClusterEnabled"):
        stage[key] = bool(body.get(key))
    settle_cache(call, stage, {})
    for key in ("variables", "tags"):
        if body.get(key):
            stage[key] = dict(body[key])
    if body.get("canarySettings"):
        sent = body["canarySettings"]
        deployment_id = sent.get("deploymentId") or body["deploymentId"]
        check_deployment(api, deployment_id)
        stage["canarySettings"] = new_canary(deployment_id=deployment_id, sent=sent)
    api.stages[stage["stageName"]] = stage
    return created(shown(call, stage))


def _check_new(api: Api, body: Doc) -> None:
    check_stage_name(body["stageName"])
    check_deployment(api, body["deploymentId"])
    if body["stageName"] in api.stages:
        raise conflict("Stage already exists")
    check_stage_quota(api)
    check_variables(body.get("variables") or {})


def check_stage_quota(api: Api) -> None:
    if len(api.stages) >= MOST_STAGES:  # A41
        raise limit_exceeded("Maximum number of stages for this API has been reached")


def check_deployment(api: Api, deployment_id: str) -> None:
    if deployment_id not in api.deployments:  # A74
        raise bad_request("Deployment id does not exist")


def read(call: Call) -> Response:
    return answer(shown(call, stage_of(call)))


def read_all(call: Call) -> Response:
    """GetStages, which has no pages (A45)."""
    wanted = call.request.first("deploymentId")
    stages = call.api().stages.values()
    return answer({"item": [shown(call, each) for each in stages if wanted in {None, each["deploymentId"]}]})


def delete(call: Call) -> Response:
    api = call.api()
    name = stage_of(call)["stageName"]
    mapped = [
        domain_name
        for domain_name, domain in call.region.domains.items()
        if any(each["restApiId"] == api.id and each.get("stage") == name for each in domain.mappings.values())
    ]
    if mapped:  # A95
        raise bad_request(
            f"Deleting stage {name} failed. Please remove all base path mappings related to the stage in your "
            f"domains: {', '.join(mapped)}"
        )
    call.under_way.end(_key(call, api.stages.pop(name)))
    return accepted()


def flush(call: Call) -> Response:
    """FlushStageCache: responses are not cached here, but a cache that is there takes its time."""
    stage = stage_of(call)
    if stage["cacheClusterEnabled"] and call.under_way.state(_key(call, stage)) is None:
        call.under_way.begin(_key(call, stage), CACHE_FLUSHED)
    return accepted()


def flush_authorizers(call: Call) -> Response:
    """FlushStageAuthorizersCache."""
    call.live.flush(call.api().id, stage_of(call)["stageName"])
    return accepted()
