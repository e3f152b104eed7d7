"""Which handler answers which control-plane request."""

from __future__ import annotations

from urllib.parse import unquote

from backendctl.sandbox.apigateway import (
    authorizers,
    deployments,
    documentation,
    domains,
    exporter,
    gateway_responses,
    importer,
    integrations,
    mappings,
    methods,
    models,
    plans,
    resources,
    restapis,
    sdk,
    stage_patch,
    stages,
    tags,
    throttle,
    trial,
)
from backendctl.sandbox.apigateway.call import Call, Handler
from backendctl.sandbox.http import Request, Response

API = "/restapis/{api}"
RESOURCE = API + "/resources/{resource}"
METHOD = RESOURCE + "/methods/{method}"
STAGE = API + "/stages/{stage}"
DOMAIN = "/domainnames/{domain}"
PLAN = "/usageplans/{plan}"


def _create_or_import(call: Call) -> Response:
    wants_import = call.request.first("mode") == "import"
    return importer.import_api(call) if wants_import else restapis.create(call)


PARTS = documentation.PARTS.rows(API + "/documentation/parts", documentation.create_part)
PARTS[API + "/documentation/parts"]["PUT"] = documentation.import_parts

TABLE: dict[str, dict[str, Handler]] = {
    "/restapis": {"GET": restapis.read_all, "POST": _create_or_import},
    API: {
        "GET": restapis.read,
        "PATCH": restapis.update,
        "PUT": importer.put_api,
        "DELETE": restapis.delete,
    },
    "/account": {"GET": restapis.read_account, "PATCH": restapis.update_account},
    API + "/resources": {"GET": resources.read_all},
    RESOURCE: {
        "GET": resources.read,
        "POST": resources.create,
        "PATCH": resources.update,
        "DELETE": resources.delete,
    },
    METHOD: {
        "GET": methods.read,
        "PUT": methods.put,
        "PATCH": methods.update,
        "DELETE": methods.delete,
        "POST": trial.invoke,
    },
    METHOD + "/responses/{status}": {
        "GET": methods.read_response,
        "PUT": methods.put_response,
        "PATCH": methods.update_response,
        "DELETE": methods.delete_response,
    },
    METHOD + "/integration": {
        "GET": integrations.read,
        "PUT": integrations.put,
        "PATCH": integrations.update,
        "DELETE": integrations.delete,
    },
    METHOD + "/integration/responses/{status}": {
        "GET": integrations.read_response,
        "PUT": integrations.put_response,
        "PATCH": integrations.update_response,
        "DELETE": integrations.delete_response,
    },
    **models.MODELS.rows(API + "/models", models.create),
    **models.VALIDATORS.rows(API + "/requestvalidators", models.create_validator),
    **authorizers.AUTHORIZERS.rows(API + "/authorizers", authorizers.create),
    API + "/gatewayresponses": {"GET": gateway_responses.read_all},
    API + "/gatewayresponses/{response}": {
        "GET": gateway_responses.read,
        "PUT": gateway_responses.put,
        "PATCH": gateway_responses.update,
        "DELETE": gateway_responses.delete,
    },
    API + "/deployments": {"GET": deployments.read_all, "POST": deployments.create},
    API + "/deployments/{deployment}": {
        "GET": deployments.read,
        "PATCH": deployments.update,
        "DELETE": deployments.delete,
    },
    API + "/stages": {"GET": stages.read_all, "POST": stages.create},
    STAGE: {"GET": stages.read, "PATCH": stage_patch.update, "DELETE": stages.delete},
    STAGE + "/cache/data": {"DELETE": stages.flush},
    STAGE + "/cache/authorizers": {"DELETE": stages.flush_authorizers},
    STAGE + "/sdks/{type}": {"GET": sdk.generate},
    STAGE + "/exports/{export}": {"GET": exporter.export},
    "/domainnames": {"GET": domains.read_all, "POST": domains.create},
    DOMAIN: {"GET": domains.read, "PATCH": domains.update, "DELETE": domains.delete},
    DOMAIN + "/basepathmappings": {"GET": mappings.read_all, "POST": mappings.create},
    DOMAIN + "/basepathmappings/{base}": {
        "GET": mappings.read,
        "PATCH": mappings.update,
        "DELETE": mappings.delete,
    },
    "/v2" + DOMAIN + "/apimappings": {"GET": mappings.read_all_v2, "POST": mappings.create_v2},
    "/v2" + DOMAIN + "/apimappings/{mapping}": {
        "GET": mappings.read_v2,
        "PATCH": mappings.update_v2,
        "DELETE": mappings.delete_v2,
    },
    **PARTS,
    "/tags/{arn}": {"GET": tags.read, "PUT": tags.put, "DELETE": tags.remove},
    "/apikeys": {"GET": plans.read_keys, "POST": plans.create_key},
    "/apikeys/{key}": {"GET": plans.read_key, "PATCH": plans.update_key, "DELETE": plans.delete_key},
    "/usageplans": {"GET": plans.read_plans, "POST": plans.create_plan},
    PLAN: {"GET": plans.read_plan, "PATCH": plans.update_plan, "DELETE": plans.delete_plan},
    PLAN + "/usage": {"GET": throttle.read_usage},
    PLAN + "/keys": {"GET": plans.read_plan_keys, "POST": plans.create_plan_key},
    PLAN + "/keys/{key}": {"GET": plans.read_plan_key, "DELETE": plans.delete_plan_key},
}
PATTERNS = {tuple(pattern.strip("/").split("/")): handlers for pattern, handlers in TABLE.items()}


def find(request: Request) -> tuple[Handler, dict[str, str]] | None:
    """The handler and the variable parts of the path, None when API Gateway has no such operation."""
    raw = request.raw_path.split("?", 1)[0]
    parts = [unquote(part) for part in raw.strip("/").split("/")]
    if parts[0] == "tags":  # the ARN holds slashes, which not every client escapes
        parts = ["tags", "/".join(parts[1:])]
    for pattern, handlers in PATTERNS.items():
        params = _matched(pattern, parts)
        if params is not None and request.method in handlers:
            return handlers[request.method], params
    return None


def _matched(pattern: tuple[str, ...], parts: list[str]) -> dict[str, str] | None:
    if len(pattern) != len(parts):
        return None
    params: dict[str, str] = {}
    for wanted, part in zip(pattern, parts, strict=True):
        if wanted.startswith("{"):
            params[wanted[1:-1]] = part
        elif wanted != part:
            return None
    return params
