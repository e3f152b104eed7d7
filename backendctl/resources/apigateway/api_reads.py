"""What several kinds ask about APIs: bulk reads, shared within a plan."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from backendctl.aws.errors import is_missing
from backendctl.aws.tags import owner_of
from backendctl.errors import BackendctlError
from backendctl.resources.route53 import dns

if TYPE_CHECKING:
    from mypy_boto3_apigateway.type_defs import (
        BasePathMappingTypeDef,
        DeploymentTypeDef,
        DomainNameTypeDef,
        RestApiTypeDef,
        StageTypeDef,
    )

    from backendctl.aws.connection import Aws

DEFINITION = "backendctl:definition"
"""Tag on an API: digest of the definition it holds, written after a successful put (A12)."""

LOCALISED = "backendctl:localised"
"""Tag beside it: digest of what this region got, with its own ids filled in."""

CARRIES = "backendctl:carries"
"""Tag beside it: names of the settings that the definition itself set at the last put."""

MULTI_LEVEL = "backendctl:multi-level"
"""Tag on a custom domain that has base paths of several levels, which only version 2 of the API tells (A88)."""

ROOT = "(none)"
"""AWS's name for the empty base path (A87)."""


class _AbsentError(Exception):
    """Carries a miss past `shared`, which would keep it."""


def apis(aws: Aws, region: str) -> list[RestApiTypeDef]:
    """Every REST API of the region, with tags."""
    return aws.shared(("apis", region), lambda: list_apis(aws, region))


def list_apis(aws: Aws, region: str) -> list[RestApiTypeDef]:
    """The same, asked now."""
    pages = aws.apigateway(region).get_paginator("get_rest_apis").paginate(PaginationConfig={"PageSize": 500})
    return [api for page in pages for api in page["items"]]  # A45


def find_api(aws: Aws, region: str, name: str) -> str | None:
    """Id of the API of that name: ours, or the only one there is; None when there is none.

    Only hits are kept, so that what is made during an apply is found.

    Raises:
        BackendctlError: the name matches more than one (A2, H6).
    """

    def load() -> str:
        api = pick_api(apis(aws, region), name=name, backend=aws.backend, region=region)
        if api is None:
            raise _AbsentError
        return api["id"]

    try:
        return aws.shared(("api-id", region, name), load, lasting=True)
    except _AbsentError:
        return None


def require_api(aws: Aws, region: str, name: str) -> str:
    """The id of an API that must be there.

    Raises:
        BackendctlError: it is not, or the name matches more than one.
    """
    api_id = find_api(aws, region, name)
    if api_id is None:
        raise BackendctlError(
            f"there is no API {name!r} in {region}", hint=f"deploy it first: backendctl deploy --only rest-api/{name}"
        )
    return api_id


def pick_api(found: Iterable[RestApiTypeDef], *, name: str, backend: str, region: str) -> RestApiTypeDef | None:
    """The API that a name means.

    Ours goes before others. Of several of ours one has a definition; the blank rest are what a create left that AWS
    carried out although its answer got lost (F9). Of several blank ones it is the oldest, the same on every run.

    Raises:
        BackendctlError: still more than one.
    """
    named = [api for api in found if api.get("name") == name]
    ours = [api for api in named if owner_of(api.get("tags")) == backend]
    written = [api for api in ours if DEFINITION in api.get("tags", {})]
    if not written and ours:
        return min(ours, key=lambda api: (str(api.get("createdDate", "")), api["id"]))
    candidates = written or named
    if len(candidates) > 1:
        ids = ", ".join(sorted(api["id"] for api in candidates))
        raise BackendctlError(
            f"{region} has {len(candidates)} APIs named {name!r}: {ids}",
            hint="their metrics mix as well: give the API another name in the spec, or remove all but one",
        )
    return candidates[0] if candidates else None


def api_arn(aws: Aws, region: str, api_id: str) -> str:
    """The ARN tags hang on; it has no account (F17)."""
    return f"arn:{aws.partition}:apigateway:{region}::/restapis/{api_id}"


def described(aws: Aws, region: str, api_id: str) -> Any:
    """The answer of GetRestApi, which has what no list and no export has."""
    return aws.shared(("api", region, api_id), lambda: aws.apigateway(region).get_rest_api(restApiId=api_id))


def stages(aws: Aws, region: str, api_id: str) -> dict[str, StageTypeDef]:
    """Stage name → stage; empty when the API is gone."""
    return aws.shared(("stages", region, api_id), lambda: list_stages(aws, region, api_id))


def list_stages(aws: Aws, region: str, api_id: str) -> dict[str, StageTypeDef]:
    """The same, asked now; GetStages has no pages (A45)."""
    try:
        return {stage["stageName"]: stage for stage in aws.apigateway(region).get_stages(restApiId=api_id)["item"]}
    except aws.apigateway(region).exceptions.ClientError as error:
        if is_missing(error):
            return {}
        raise


def stage_variables(aws: Aws, region: str, api_name: str) -> dict[str, dict[str, str]]:
    """Stage name → its live variables; empty when there is no such API."""
    api_id = find_api(aws, region, api_name)
    if api_id is None:
        return {}
    return {name: dict(stage.get("variables") or {}) for name, stage in stages(aws, region, api_id).items()}


def deployments(aws: Aws, region: str, api_id: str) -> dict[str, str]:
    """Deployment id → description, the newest first."""
    listed = listed_deployments(aws, region, api_id)
    return {deployment["id"]: deployment.get("description", "") for deployment in listed}


def listed_deployments(aws: Aws, region: str, api_id: str) -> list[DeploymentTypeDef]:
    """All of them, the newest first, shared within a plan."""
    key = ("deployments", region, api_id)
    return aws.shared(key, lambda: list_deployments(aws, region, api_id), lasting=True)


def list_deployments(aws: Aws, region: str, api_id: str) -> list[DeploymentTypeDef]:
    """All of them, the newest first, asked now."""
    pages = aws.apigateway(region).get_paginator("get_deployments")
    try:
        found = [
            item
            for page in pages.paginate(restApiId=api_id, PaginationConfig={"PageSize": 500})
            for item in page["items"]
        ]
    except aws.apigateway(region).exceptions.ClientError as error:
        if is_missing(error):
            return []
        raise
    return sorted(found, key=lambda deployment: (deployment["createdDate"], deployment["id"]), reverse=True)


def domain_names(aws: Aws, region: str) -> dict[str, DomainNameTypeDef]:
    """Name in lower case → custom domain of the region, with tags."""

    def load() -> dict[str, DomainNameTypeDef]:
        pages = aws.apigateway(region).get_paginator("get_domain_names").paginate(PaginationConfig={"PageSize": 500})
        return {dns.plain_name(domain["domainName"]): domain for page in pages for domain in page["items"]}

    return aws.shared(("domain-names", region), load)


def mappings(aws: Aws, region: str, domain: str) -> dict[str, BasePathMappingTypeDef]:
    """Base path ("(none)" for the root) → mapping; empty when the domain is not there."""

    def load() -> dict[str, BasePathMappingTypeDef]:
        if domain not in domain_names(aws, region):
            return {}
        pages = aws.apigateway(region).get_paginator("get_base_path_mappings")
        found = pages.paginate(domainName=domain, PaginationConfig={"PageSize": 500})
        listed = {item.get("basePath") or ROOT: item for page in found for item in page["items"]}
        if MULTI_LEVEL in domain_names(aws, region)[domain].get("tags", {}):
            listed = {**listed, **_multi_level(aws, region, domain)}
        return listed

    return aws.shared(("mappings", region, domain), load)


def _multi_level(aws: Aws, region: str, domain: str) -> dict[str, BasePathMappingTypeDef]:
    """The same for base paths of several levels; each has its id in version 2 of the API as well."""
    every: list[Any] = []
    following: dict[str, str] = {}
    while True:  # botocore has no paginator for it
        page = aws.client("apigatewayv2", region).get_api_mappings(DomainName=domain, MaxResults="500", **following)
        every += page["Items"]
        if not page.get("NextToken"):
            break
        following = {"NextToken": page["NextToken"]}
    made: dict[str, Any] = {
        item["ApiMappingKey"]: {
            "basePath": item["ApiMappingKey"],
            "restApiId": item["ApiId"],
            "stage": item["Stage"],
            "apiMappingId": item["ApiMappingId"],
        }
        for item in every
        if "/" in item.get("ApiMappingKey", "")
    }
    return made


def api_name(aws: Aws, region: str, api_id: str) -> str:
    """The name of an API, for what AWS ties to its id; the id itself when the API is gone."""
    return next((api.get("name", api_id) for api in apis(aws, region) if api["id"] == api_id), api_id)


def api_owner(aws: Aws, region: str, api_id: str) -> str | None:
    """The backend whose mark an API carries."""
    return next((owner_of(api.get("tags")) for api in apis(aws, region) if api["id"] == api_id), None)
