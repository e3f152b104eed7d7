"""The canary of a stage: how it is changed and promoted (A65 to A71), and who gets it (A73)."""

from __future__ import annotations

from collections.abc import Callable

from backendctl.sandbox.apigateway.errors import bad_request
from backendctl.sandbox.apigateway.model import Api, Doc
from backendctl.sandbox.apigateway.patch import Operation, boolean
from backendctl.sandbox.apigateway.stages import check_deployment, check_variable, check_variables, new_canary, percent

LEAVES = frozenset({"percentTraffic", "deploymentId", "useStageCache"})
OVERRIDE_DEPTH = 3
COPY_PATHS = "[/deploymentId, /variables]"
COPY_SOURCES = "[/canarySettings/deploymentId, /canarySettings/stageVariableOverrides]"


def is_leaf(operation: Operation) -> bool:
    """Whether `replace` knows this path (A65)."""
    parts = operation.parts
    if len(parts) == OVERRIDE_DEPTH:
        return parts[1] == "stageVariableOverrides"
    return len(parts) == OVERRIDE_DEPTH - 1 and parts[1] in LEAVES


def replace(api: Api, stage: Doc, operation: Operation) -> None:
    """Change one leaf; without a canary this makes one, of the present deployment at 0 % (A66)."""
    value = operation.value or ""
    leaf = operation.parts[1]
    if leaf == "deploymentId":
        check_deployment(api, value)
    canary = stage.setdefault("canarySettings", new_canary(deployment_id=stage["deploymentId"], sent={}))
    match leaf:
        case "percentTraffic":
            canary["percentTraffic"] = percent(value)
        case "deploymentId":
            canary["deploymentId"] = value
        case "useStageCache":
            canary["useStageCache"] = boolean(value)
        case _:
            name = operation.parts[2]
            check_variable(name, operation.value)
            overrides = {**canary.get("stageVariableOverrides", {}), name: value}
            check_variables(overrides)
            canary["stageVariableOverrides"] = overrides


def remove(stage: Doc, operation: Operation) -> None:
    """`remove /canarySettings`, or one override (A67)."""
    if len(operation.parts) == 1:
        stage.pop("canarySettings", None)
        return
    overrides = stage.get("canarySettings", {}).get("stageVariableOverrides", {})
    name = operation.parts[2]
    if name not in overrides:
        key = "/".join(operation.raw_parts[:2])
        raise bad_request(f"Cannot remove method setting {key} because there is no method setting for this method ")
    del overrides[name]
    if not overrides:
        del stage["canarySettings"]["stageVariableOverrides"]


def promote(stage: Doc, operation: Operation) -> None:
    """`copy` of the canary's deployment or overrides to the stage (A68); overrides merge (A70)."""
    match (operation.source, operation.path):
        case ("/canarySettings/deploymentId", "/deploymentId"):
            stage["deploymentId"] = _canary(stage)["deploymentId"]
        case ("/canarySettings/stageVariableOverrides", "/variables"):
            overrides = _canary(stage).get("stageVariableOverrides", {})
            if overrides:
                merged = {**stage.get("variables", {}), **overrides}
                check_variables(merged)
                stage["variables"] = merged
        case _:
            raise bad_request(
                f"Invalid copy operation with path: {operation.path} and from {operation.source}. "
                f"Valid copy:path are {COPY_PATHS} and valid copy:from are {COPY_SOURCES}"
            )


def _canary(stage: Doc) -> Doc:
    canary: Doc | None = stage.get("canarySettings")
    if canary is None:
        raise bad_request("Promotion not available. Canary does not exist.")
    return canary


def chosen(stage: Doc, draw: Callable[[], float]) -> tuple[str, dict[str, str], bool]:
    """For one request: deployment id, stage variables, and whether it is the canary's.

    `draw` gives a number in [0, 1); nobody sticks to a side (A73).
    """
    variables = dict(stage.get("variables", {}))
    canary = stage.get("canarySettings")
    if canary is None or draw() * 100.0 >= canary["percentTraffic"]:
        return stage["deploymentId"], variables, False
    return canary["deploymentId"], {**variables, **canary.get("stageVariableOverrides", {})}, True
