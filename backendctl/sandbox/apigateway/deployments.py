"""Deployments: immutable snapshots of an API (A47)."""

from __future__ import annotations

from backendctl.sandbox.apigateway import patch
from backendctl.sandbox.apigateway.call import Call, accepted, answer, created, page
from backendctl.sandbox.apigateway.errors import bad_request, not_found
from backendctl.sandbox.apigateway.model import Api, Definition, Deployment, Doc, new_id
from backendctl.sandbox.apigateway.stages import (
    check_stage_name,
    check_stage_quota,
    check_variables,
    new_canary,
    new_stage,
    settle_cache,
)
from backendctl.sandbox.http import Response


def create(call: Call) -> Response:
    """CreateDeployment: a snapshot, and with a stage name the stage that shows it (A48, A63, A64)."""
    api = call.api()
    body = call.body()
    _check_canary(api, body)
    _check_complete(api.definition)
    stage_name = str(body.get("stageName") or "")
    if stage_name:
        check_stage_name(stage_name)
        if stage_name not in api.stages:
            check_stage_quota(api)
    there = api.stages.get(stage_name, {}).get("variables", {})
    check_variables({**there, **(body.get("variables") or {})})
    deployment = _freeze(api, call, body)
    if body.get("canarySettings"):
        canary = new_canary(deployment_id=deployment["id"], sent=body["canarySettings"])
        api.stages[stage_name]["canarySettings"] = canary
        api.stages[stage_name]["lastUpdatedDate"] = call.stamp()
    elif stage_name:
        _show(api, call, body, deployment["id"])
    return created(deployment)


def _freeze(api: Api, call: Call, body: Doc) -> Doc:
    info: Doc = {"id": new_id(), "createdDate": call.stamp()}
    if body.get("description"):
        info["description"] = body["description"]
    api.deployments[info["id"]] = Deployment(info=info, definition=api.definition.copy())
    return info


def _show(api: Api, call: Call, body: Doc, deployment_id: str) -> None:
    name = body["stageName"]
    stage = api.stages.get(name)
    if stage is None:
        stage = new_stage(name=name, deployment_id=deployment_id, stamp=call.stamp())
        api.stages[name] = stage
    before = dict(stage)
    stage["deploymentId"] = deployment_id
    stage["lastUpdatedDate"] = call.stamp()
    if body.get("variables"):
        stage["variables"] = {**stage.get("variables", {}), **body["variables"]}
    if body.get("stageDescription"):
        stage["description"] = body["stageDescription"]
    for key in ("tracingEnabled", "cacheClusterEnabled", "cacheClusterSize"):
        if body.get(key) is not None:
            stage[key] = body[key]
    settle_cache(call, stage, before)


def _check_canary(api: Api, body: Doc) -> None:
    name = body.get("stageName")
    prefix = "Invalid deployment content specified."
    if body.get("canarySettings"):  # A63
        if not name:
            shown = "null" if name is None else name
            raise bad_request(
                f"{prefix}Non null and non empty stageName must be provided for canary deployment. "
                f"Provided value is {shown}"
            )
        if name not in api.stages:
            raise bad_request(f"{prefix}Stage {name} must already be created before making a canary release deployment")
    elif name in api.stages and "canarySettings" in api.stages[name]:  # A64
        raise bad_request(
            f"{prefix}Non canary deployment not supported on stage {name} because Canary is enabled. "
            "Provide CanarySettings in deploymentInput"
        )


def _check_complete(definition: Definition) -> None:
    """A50."""
    methods = [method for each in definition.resources.values() for method in each["methods"].values()]
    if not methods:
        raise bad_request("The REST API doesn't contain any methods")
    if any("methodIntegration" not in method for method in methods):
        raise bad_request("No integration defined for method")


def _deployment(call: Call) -> Deployment:
    found = call.api().deployments.get(call.params["deployment"])
    if found is None:
        raise not_found("Invalid Deployment identifier specified")
    return found


def read(call: Call) -> Response:
    deployment = _deployment(call)
    document = dict(deployment.info)
    if "apisummary" in call.request.query.get("embed", []):
        document["apiSummary"] = _summary(deployment.definition)
    return answer(document)


def _summary(definition: Definition) -> Doc:
    return {
        resource["path"]: {
            verb: {key: method[key] for key in ("authorizationType", "apiKeyRequired")}
            for verb, method in resource["methods"].items()
        }
        for resource in definition.resources.values()
        if resource["methods"]
    }


def read_all(call: Call) -> Response:
    return page(call, [each.info for each in call.api().deployments.values()])


def update(call: Call) -> Response:
    listed = patch.operations(call, shape="updateDeploymentInput")
    deployment = _deployment(call)
    deployment.info = patch.patched(deployment.info, listed, patch.Rules(scalars={"/description": patch.text_or_none}))
    return answer(deployment.info)


def delete(call: Call) -> Response:
    api = call.api()
    found = _deployment(call).info["id"]
    for stage in api.stages.values():
        if found in {stage["deploymentId"], stage.get("canarySettings", {}).get("deploymentId")}:  # A49
            raise bad_request("Active stages pointing to this deployment must be moved or deleted")
    del api.deployments[found]
    return accepted()
