"""A live API as far as a sync looks at it: found by name or id, its stages, and what they serve."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from backendctl.aws.crew import together
from backendctl.aws.errors import explain
from backendctl.errors import BackendctlError
from backendctl.openapi.preserved_settings import with_preserved
from backendctl.resources.apigateway import deployments, stage_live
from backendctl.resources.apigateway.api_reads import apis, described, find_api, listed_deployments, stages
from backendctl.resources.apigateway.rest_api import settings_of
from backendctl.resources.apigateway.stage_writes import split_variables
from backendctl.spec.model import StageSpec

if TYPE_CHECKING:
    from mypy_boto3_apigateway.type_defs import StageTypeDef

    from backendctl.aws.connection import Aws

SWAGGER, OPENAPI = "swagger", "oas30"


@dataclass(frozen=True, kw_only=True, slots=True)
class Served:
    """What one stage serves.

    Attributes:
        body: the export, complete: with the settings that no export carries put in.
        digest, localised: what its deployment says it is, None when the deployment is not ours.
        deployed: when its deployment was made, as AWS says it to the second.
        trying: the same of its canary's deployment, None without a canary.
        percent: of the traffic that the canary gets, None without one.
    """

    body: bytes
    digest: str | None
    stage: StageTypeDef
    localised: str | None = None
    deployed: str = ""
    trying: str | None = None
    percent: float | None = None

    @property
    def document(self) -> dict[str, Any]:
        """The export, parsed."""
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


def form_of(document: Mapping[str, Any]) -> str:
    """Which form of export a document can be compared with."""
    return SWAGGER if "swagger" in document else OPENAPI


def api_id_of(aws: Aws, region: str, name: str) -> str | None:
    """The id of the API that is called so, or has that id; None when there is none.

    Raises:
        BackendctlError: several have that name.
    """
    if any(api["id"] == name for api in apis(aws, region)):
        return name
    return find_api(aws, region, name)


def served(aws: Aws, region: str, api_id: str, stage: str, *, form: str) -> Served | None:
    """What a stage serves; None when there is no such stage."""
    found = stages(aws, region, api_id).get(stage)
    if found is None:
        return None

    def export() -> bytes:
        return aws.shared(("export", region, api_id, stage, form), lambda: _export(aws, region, api_id, stage, form))

    reads: list[Callable[[], Any]] = [export, partial(listed_deployments, aws, region, api_id)]
    body, listed = together(reads)
    told = {d["id"]: d.get("description", "") for d in listed}
    made = {d["id"]: d["createdDate"].strftime("%Y-%m-%d %H:%M:%S %Z") for d in listed if d.get("createdDate")}
    canary: Any = found.get("canarySettings") or {}
    return Served(
        body=body,
        digest=deployments.definition_of(told.get(found.get("deploymentId", ""))),
        localised=deployments.localised_of(told.get(found.get("deploymentId", ""))),
        deployed=made.get(found.get("deploymentId", ""), "an unknown time"),
        stage=found,
        trying=deployments.definition_of(told.get(canary.get("deploymentId", ""))),
        percent=canary.get("percentTraffic", 0.0) if canary else None,
    )


def _export(aws: Aws, region: str, api_id: str, stage: str, form: str) -> bytes:
    client = aws.apigateway(region)

    def exported() -> Any:
        answer = client.get_export(
            restApiId=api_id,
            stageName=stage,
            exportType=form,
            accepts="application/json",
            parameters={"extensions": "apigateway"},  # A22
        )
        return answer["body"].read()

    try:
        reads: list[Callable[[], Any]] = [exported, partial(described, aws, region, api_id)]
        body, api = together(reads)
    except Exception as error:
        raise explain(error, doing=f"export {region}/stage/{stage}") from error
    return with_preserved(body, _settings(api))


def _settings(api: Any) -> dict[str, Any]:
    """What no export carries, or not in every case (A4, A23); VPC endpoints belong to private APIs of one region."""
    found = settings_of(api)
    found.pop("endpoint-configuration", None)
    if api.get("disableExecuteApiEndpoint"):
        found["endpoint-configuration"] = {"disableExecuteApiEndpoint": True}
    return found


def as_spec(stage: StageTypeDef) -> StageSpec:
    """A live stage as a spec would describe it; tags that mark it as some backend's are left out."""
    cache = stage_live.cache_of(stage)
    size = cache.partition(" ")[0]
    logging = stage_live.logging_of(stage)
    return StageSpec(
        name=stage["stageName"],
        variables=split_variables(stage.get("variables"))[0],  # the number of its release is nobody else's
        tracing=stage.get("tracingEnabled", False),
        metrics=stage_live.settings(stage).get("metricsEnabled", False),
        throttling=stage_live.throttling_of(stage),
        cache_size=None if size == "off" else size,
        cache_ttl=stage_live.settings(stage).get("cacheTtlInSeconds") if size != "off" else None,
        logging=logging,
        description=stage.get("description") or "",
        tags=users_tags(stage.get("tags")),
    )


def users_tags(tags: Mapping[str, str] | None) -> dict[str, str]:
    """Without AWS's own and without marks of ours."""
    return {key: value for key, value in (tags or {}).items() if not key.startswith(("aws:", "backendctl:"))}


def only_stage(aws: Aws, region: str, api_id: str) -> str:
    """The name of the only stage there is.

    Raises:
        BackendctlError: there are several, or none.
    """
    found = sorted(stages(aws, region, api_id))
    if len(found) != 1:
        told = f"the stages {', '.join(found)}" if found else "no stage"
        raise BackendctlError(f"the API {api_id} in {region} has {told}", hint=f"name one: --from {region}/STAGE")
    return found[0]
