"""One method of an API, as GetResources shows it, written as an export writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from backendctl.openapi.integrations import INTEGRATION, TARGET

Doc = dict[str, Any]

_PLACES = {"querystring": "query", "header": "header", "path": "path"}
_LONGEST = 29_000  # ms (A42); an export leaves it out
_PARAMETER_PARTS = 4  # method.request.header.x


@dataclass(frozen=True, kw_only=True, slots=True)
class Names:
    """What methods name by id: id → name."""

    authorizers: Mapping[str, str]
    validators: Mapping[str, str]


def operation(method: Mapping[str, Any], names: Names) -> Doc:
    """The operation of OpenAPI 3.0, with its integration."""
    made: Doc = {}
    if method.get("operationName"):
        made["operationId"] = method["operationName"]
    parameters = [_parameter(name, required=need) for name, need in (method.get("requestParameters") or {}).items()]
    if parameters:
        made["parameters"] = parameters
    if models := method.get("requestModels"):
        made["requestBody"] = {"content": _content(models), "required": True}
    made["responses"] = {
        status: _response(status, each) for status, each in (method.get("methodResponses") or {}).items()
    }
    if security := _security(method, names):
        made["security"] = security
    if validator := names.validators.get(method.get("requestValidatorId") or ""):
        made["x-amazon-apigateway-request-validator"] = validator
    if "methodIntegration" in method:
        made[INTEGRATION] = _integration(method["methodIntegration"])
    return made


def _parameter(name: str, *, required: bool) -> Doc:
    _, _, place, key = name.split(".", _PARAMETER_PARTS - 1)
    made: Doc = {"name": key, "in": _PLACES.get(place, place)}
    if required:
        made["required"] = True
    return {**made, "schema": {"type": "string"}}


def _content(models: Mapping[str, str]) -> Doc:
    return {kind: {"schema": {"$ref": f"#/components/schemas/{name}"}} for kind, name in models.items()}


def _response(status: str, response: Mapping[str, Any]) -> Doc:
    made: Doc = {"description": f"{status} response"}
    headers = [name.rsplit(".", 1)[-1] for name in response.get("responseParameters") or {}]
    if headers:
        made["headers"] = {name: {"schema": {"type": "string"}} for name in headers}
    made["content"] = _content(response.get("responseModels") or {})
    return made


def _security(method: Mapping[str, Any], names: Names) -> list[Doc]:
    listed: list[Doc] = []
    if authorizer := names.authorizers.get(method.get("authorizerId") or ""):
        listed.append({authorizer: list(method.get("authorizationScopes") or [])})
    if method.get("authorizationType") == "AWS_IAM":
        listed.append({"sigv4": []})
    if method.get("apiKeyRequired"):
        listed.append({"api_key": []})
    return listed


def _integration(integration: Mapping[str, Any]) -> Doc:
    made: Doc = {"type": integration["type"].lower()}
    for key in ("httpMethod", "uri", "credentials", "connectionId", TARGET[0]):
        if integration.get(key):
            made[key] = integration[key]
    if integration.get("connectionType") == "VPC_LINK":
        made["connectionType"] = "VPC_LINK"
    responses = {
        each.get("selectionPattern") or "default": _integration_response(each)
        for each in (integration.get("integrationResponses") or {}).values()
    }
    if responses:
        made["responses"] = responses
    for key in ("requestParameters", "requestTemplates", "cacheKeyParameters", "contentHandling", "tlsConfig"):
        if integration.get(key):
            made[key] = integration[key]
    if integration.get("passthroughBehavior"):
        made["passthroughBehavior"] = integration["passthroughBehavior"].lower()
    if integration.get("responseTransferMode") == "STREAM":
        made["responseTransferMode"] = "STREAM"
    if integration.get("timeoutInMillis", _LONGEST) != _LONGEST:
        made["timeoutInMillis"] = integration["timeoutInMillis"]
    return made


def _integration_response(response: Mapping[str, Any]) -> Doc:
    kept = ("statusCode", "responseParameters", "responseTemplates", "contentHandling")
    return {key: response[key] for key in kept if response.get(key)}
