"""Deployments: immutable snapshots of an API's definition, described so that they can be found again (A47)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from backendctl.aws.crew import both
from backendctl.aws.errors import is_missing, says
from backendctl.errors import BackendctlError
from backendctl.resources.apigateway.api_reads import list_deployments, list_stages
from backendctl.resources.apigateway.rest_api import definition_held
from backendctl.resources.deploy_context import Stamp
from backendctl.resources.lambda_.releases import describe_deployment, facts_of
from backendctl.resources.ssm import release_log
from backendctl.resources.ssm.release_log import RegionLog

if TYPE_CHECKING:
    from mypy_boto3_apigateway.type_defs import DeploymentTypeDef

    from backendctl.aws.connection import Aws

KEPT = 10
"""How many deployments stay for a way back, beside those in use."""

_MARK = "backendctl "


def definition_of(description: str | None) -> str | None:
    """The digest in a description, None for somebody else's deployment."""
    return facts_of(description or "").get("definition")


def localised_of(description: str | None) -> str | None:
    """The digest of what the region got, with its own ids filled in; None where the description tells none."""
    return facts_of(description or "").get("localised")


def deploy(
    aws: Aws, region: str, *, api: str, api_id: str, definition: str, localised: str | None, stamp: Stamp
) -> str:
    """Id of a deployment of that definition: the newest there is, or a new one.

    Without a stage name, so that no stage moves yet (A48). The caller holds the API's lock.

    Raises:
        BackendctlError: the API holds another definition, so a snapshot would not be what it says.
    """
    there, (held, held_here) = both(
        partial(list_deployments, aws, region, api_id), partial(definition_held, aws, region, api)
    )
    for deployment in there:
        told = deployment.get("description")
        if definition_of(told) == definition and localised in {None, localised_of(told)}:
            return deployment["id"]
    if held != definition or localised not in {None, held_here}:
        raise BackendctlError(
            f"the API {api!r} in {region} holds the definition {held or 'unknown'}, not {definition}",
            hint=f"put it first: backendctl deploy --only rest-api/{api}",
        )
    description = describe_deployment(definition, localised or definition, stamp)
    made = aws.apigateway(region).create_deployment(restApiId=api_id, description=description)
    known: DeploymentTypeDef = {"id": made["id"], "description": description, "createdDate": made["createdDate"]}
    aws.remember(("deployments", region, api_id), [known, *there], lasting=True)
    return made["id"]


def flush_cache(aws: Aws, region: str, api_id: str, stage: str) -> None:
    """What the stage has cached are the answers of the release before; a stage without a cache has nothing to flush."""
    aws.apigateway(region).flush_stage_cache(restApiId=api_id, stageName=stage)


def prune(aws: Aws, region: str, api_id: str) -> None:
    """Delete our deployments but those in use (A49), those of the last ten live releases of every stage, and ten more.

    What aborted canaries had does not count among the releases, and neither does what another stage had.
    """
    listed = list_deployments(aws, region, api_id)
    ours = [d["id"] for d in listed if d.get("description", "").startswith(_MARK)]
    if len(ours) <= KEPT:
        return
    stages, log = both(partial(list_stages, aws, region, api_id), partial(release_log.read_now, aws, region))
    used: set[str | None] = set()
    for stage in stages.values():
        used |= {stage.get("deploymentId"), stage.get("canarySettings", {}).get("deploymentId")}
    used |= deployments_kept(log, stages, keep=KEPT)
    for deployment in ours[KEPT:]:
        if deployment not in used:
            _delete(aws, region, api_id, deployment)


def deployments_kept(log: RegionLog, stages: Iterable[str], *, keep: int) -> set[str]:
    """Ids of the deployments of the last live releases of each of these stages."""
    return {record.deployment_of(stage) for stage in stages for record in log.lived(stage)[-keep:]}


def _delete(aws: Aws, region: str, api_id: str, deployment: str) -> None:
    aws.forget("deployments", region, api_id)
    try:
        aws.apigateway(region).delete_deployment(restApiId=api_id, deploymentId=deployment)
    except aws.apigateway(region).exceptions.ClientError as error:
        taken = says(error, "BadRequestException", "Active stages")  # A49: somebody has just gone back to it
        if not taken and not is_missing(error):
            raise
