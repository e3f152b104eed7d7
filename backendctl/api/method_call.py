"""TestInvokeMethod: a request to one method of an API's working definition, through a stage's variables.

It passes by the stage, its deployment and the authorizers, and costs nobody's quota.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mypy_boto3_apigateway.type_defs import TestInvokeMethodResponseTypeDef

    from backendctl.aws.connection import Aws


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    """Which method. resource: its id. method: in capitals."""

    region: str
    api_id: str
    resource: str
    method: str


def resource_ids(aws: Aws, region: str, api_id: str) -> dict[str, str]:
    """Path as the definition has it → id, of every resource."""
    pages = (
        aws.apigateway(region)
        .get_paginator("get_resources")
        .paginate(restApiId=api_id, PaginationConfig={"PageSize": 500})
    )
    return {item["path"]: item["id"] for page in pages for item in page["items"]}


def ask_method(
    aws: Aws,
    method: Method,
    asked: str,
    *,
    headers: Mapping[str, str],
    body: str | None,
    variables: Mapping[str, str],
) -> TestInvokeMethodResponseTypeDef:
    """Make the request.

    Args:
        asked: path and query string, as a client sends them. variables: of the stage.
    """
    request: Any = {
        "restApiId": method.api_id,
        "resourceId": method.resource,
        "httpMethod": method.method,
        "pathWithQueryString": asked,
        "headers": dict(headers),
        "stageVariables": dict(variables),
    }
    if body is not None:
        request["body"] = body
    return aws.apigateway(method.region).test_invoke_method(**request)
