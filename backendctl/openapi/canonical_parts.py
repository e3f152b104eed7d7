"""The named parts of a definition in canonical form: schemes, validators, gateway responses, policy, endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backendctl.openapi.layout import AUTHTYPE, LEGACY_AUTH, is_swagger, schemes
from backendctl.openapi.neutral import AUTHORIZER, ENDPOINT, operations
from backendctl.openapi.pointer import mapping
from backendctl.openapi.repair_bodies import STANDARD
from backendctl.openapi.schemas import as_set

GATEWAY_STATUS: Mapping[str, str | None] = {
    "ACCESS_DENIED": "403",
    "API_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_CONFIGURATION_ERROR": "500",
    "AUTHORIZER_FAILURE": "500",
    "BAD_REQUEST_BODY": "400",
    "BAD_REQUEST_PARAMETERS": "400",
    "DEFAULT_4XX": None,
    "DEFAULT_5XX": None,
    "EXPIRED_TOKEN": "403",
    "INTEGRATION_FAILURE": "504",
    "INTEGRATION_TIMEOUT": "504",
    "INVALID_API_KEY": "403",
    "INVALID_SIGNATURE": "403",
    "MISSING_AUTHENTICATION_TOKEN": "403",
    "QUOTA_EXCEEDED": "429",
    "REQUEST_TOO_LARGE": "413",
    "RESOURCE_NOT_FOUND": "404",
    "THROTTLED": "429",
    "UNAUTHORIZED": "401",
    "UNSUPPORTED_MEDIA_TYPE": "415",
    "WAF_FILTERED": "403",
}
"""Every type of gateway response, with the status it has unless told otherwise."""

_TEMPLATES = {"application/json": '{"message":$context.error.messageString}'}
_TTL = 300  # seconds; what an import sets for an authorizer that says nothing
_SETS = ("Action", "NotAction", "Resource", "NotResource")


def canonical_kind(scheme: Any) -> str | None:
    """The name that exports give to the scheme: "api_key" or "sigv4"; None for one that keeps its own."""
    found = mapping(scheme)
    if AUTHORIZER in found:
        return None
    if str(found.get(AUTHTYPE)).lower() == "awssigv4":
        return "sigv4"
    is_key = found.get("type") == "apiKey" and str(found.get("name")).lower() == "x-api-key"
    return "api_key" if is_key else None


def scheme_names(document: Mapping[str, Any]) -> dict[str, str]:
    """Name in the document → canonical name, for the schemes that exports rename."""
    return {name: kind for name, scheme in schemes(document).items() if (kind := canonical_kind(scheme))}


def canonical_schemes(found: Mapping[str, Any]) -> dict[str, Any]:
    """Authorizers and schemes, said in one way."""
    result: dict[str, Any] = {}
    for name, scheme in found.items():
        kind = canonical_kind(scheme)
        if kind:
            result[kind] = dict(STANDARD[kind])
        else:
            result[name] = _authorizer_scheme(scheme) if AUTHORIZER in mapping(scheme) else scheme
    return result


def _authorizer_scheme(scheme: dict[str, Any]) -> dict[str, Any]:
    inner = dict(scheme[AUTHORIZER]) if isinstance(scheme[AUTHORIZER], dict) else {}
    kind = str(inner.setdefault("type", "token"))
    result = {**scheme, "in": "header", AUTHORIZER: inner}
    if inner.get("authorizerResultTtlInSeconds") == _TTL:
        del inner["authorizerResultTtlInSeconds"]
    usual = "cognito_user_pools" if kind == "cognito_user_pools" else "custom"
    if str(result.get(AUTHTYPE, usual)).lower() == usual:
        result.pop(AUTHTYPE, None)
    source = inner.get("identitySource")
    if kind == "request":
        result["name"] = "Unused"  # what an export writes: the identity source says it all
        if isinstance(source, str):
            inner["identitySource"] = ",".join(part.strip() for part in source.split(","))
    elif isinstance(source, str) and source.startswith("method.request.header."):
        result["name"] = source.removeprefix("method.request.header.")
        del inner["identitySource"]
    if isinstance(inner.get("providerARNs"), list):
        inner["providerARNs"] = as_set(inner["providerARNs"])
    return result


def canonical_validators(value: Any) -> Any:
    """Both switches written out."""
    switches = ("validateRequestBody", "validateRequestParameters")
    return {
        name: {**dict.fromkeys(switches, False), **each} if isinstance(each, dict) else each
        for name, each in mapping(value).items()
    }


def canonical_gateway_responses(value: Any) -> Any:
    """Without the status and the template that they have anyway."""
    result = {}
    for kind, given in mapping(value).items():
        each = {key: item for key, item in mapping(given).items() if item not in ({}, None)}
        usual = {"statusCode": GATEWAY_STATUS.get(kind), "responseTemplates": _TEMPLATES}
        result[kind] = {key: item for key, item in each.items() if item != usual.get(key)}
    return result


def canonical_policy(policy: Any) -> Any:
    """Statements, actions, resources, principals and the values of conditions are sets; one value needs no list."""
    if not isinstance(policy, dict) or not policy:
        return policy
    given = policy.get("Statement")
    statements = [_statement(each) for each in (given if isinstance(given, list) else [given])]
    return {**policy, "Statement": as_set(statements)}


def _statement(statement: Any) -> Any:
    if not isinstance(statement, dict):
        return statement
    result = {key: _one_or_set(value) if key in _SETS else value for key, value in statement.items()}
    for key in ("Principal", "NotPrincipal"):
        if isinstance(result.get(key), dict):
            result[key] = {name: _one_or_set(value) for name, value in result[key].items()}
            if result[key] == {"AWS": "*"}:
                result[key] = "*"
    if isinstance(result.get("Condition"), dict):
        result["Condition"] = {
            operator: {name: _one_or_set(value) for name, value in mapping(tests).items()}
            for operator, tests in result["Condition"].items()
        }
        if not result["Condition"]:
            del result["Condition"]
    return result


def _one_or_set(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    values = as_set(value)
    return values[0] if len(values) == 1 else values


def canonical_endpoint(document: dict[str, Any]) -> None:
    """Swagger keeps the endpoint settings at the root, OpenAPI 3 in a server; an export writes them at the root too."""
    servers = document.pop("servers", None)
    at_root = document.pop(ENDPOINT, None)
    settings = mapping(at_root) or mapping(mapping((servers or [None])[0]).get(ENDPOINT))
    kept = {key: as_set(value) if isinstance(value, list) else value for key, value in settings.items()}
    if str(kept.get("disableExecuteApiEndpoint")).lower() in {"false", "true"}:
        kept["disableExecuteApiEndpoint"] = str(kept["disableExecuteApiEndpoint"]).lower() == "true"
    kept = {key: value for key, value in kept.items() if value not in (False, [], None)}
    if not kept:
        return
    if is_swagger(document):
        document[ENDPOINT] = kept
    else:
        document["servers"] = [{"url": "/", ENDPOINT: kept}]


def wants_signature(document: Mapping[str, Any]) -> bool:
    """Whether the old way of asking for a signature is used, which names no scheme."""
    return any(
        str(mapping(operation.get(LEGACY_AUTH)).get("type")).lower() == "aws_iam"
        for _, _, operation in operations(document)
    )
