"""Gateway responses: what the service itself answers, and how an API may change it."""

from __future__ import annotations

from backendctl.sandbox.apigateway import patch
from backendctl.sandbox.apigateway.call import Call, accepted, answer, created, page
from backendctl.sandbox.apigateway.errors import enum_complaint, not_found, refuse_invalid
from backendctl.sandbox.apigateway.model import Definition, Doc
from backendctl.sandbox.http import Response

DEFAULT_TEMPLATE = '{"message":$context.error.messageString}'
STATUS: dict[str, str | None] = {
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


def default_response(kind: str) -> Doc:
    document: Doc = {
        "responseType": kind,
        "responseParameters": {},
        "responseTemplates": {"application/json": DEFAULT_TEMPLATE},
        "defaultResponse": True,
    }
    status = STATUS[kind]
    if status:
        document["statusCode"] = status
    return document


def effective(definition: Definition, kind: str) -> Doc:
    """The response of that type: customised, or of its DEFAULT_4XX/5XX family, or AWS's own."""
    status = STATUS[kind] or "500"
    family = "DEFAULT_4XX" if status.startswith("4") else "DEFAULT_5XX"
    chosen = definition.gateway_responses.get(kind) or definition.gateway_responses.get(family)
    return {"statusCode": status, **(chosen or default_response(kind))}


def _kind(call: Call) -> str:
    kind = call.params["response"]
    if kind not in STATUS:
        refuse_invalid([enum_complaint(value=kind, at="responseType", allowed=", ".join(STATUS))])
    return kind


def read(call: Call) -> Response:
    custom = call.definition().gateway_responses
    kind = _kind(call)
    return answer(custom.get(kind) or default_response(kind))


def read_all(call: Call) -> Response:
    custom = call.definition().gateway_responses
    return page(call, [custom.get(kind) or default_response(kind) for kind in STATUS])


def put(call: Call) -> Response:
    definition = call.definition()
    kind = _kind(call)
    definition.gateway_responses[kind] = response_of(call.body(), kind=kind)
    return created(definition.gateway_responses[kind])


def response_of(body: Doc, *, kind: str) -> Doc:
    document: Doc = {
        "responseType": kind,
        "responseParameters": dict(body.get("responseParameters") or {}),
        "responseTemplates": dict(body.get("responseTemplates") or {"application/json": DEFAULT_TEMPLATE}),
        "defaultResponse": False,
    }
    status = body.get("statusCode") or STATUS[kind]
    if status:
        document["statusCode"] = str(status)
    return document


RULES = patch.Rules(
    scalars={"/statusCode": patch.text},
    maps={"/responseParameters": patch.text, "/responseTemplates": patch.text},
    strict_keys=True,
    scalar_refusal=None,
)


def update(call: Call) -> Response:
    listed = patch.operations(call, shape="updateGatewayResponseInput")
    custom = call.definition().gateway_responses
    kind = _kind(call)
    changed = patch.patched(custom.get(kind) or default_response(kind), listed, RULES)
    changed["defaultResponse"] = False
    custom[kind] = changed
    return answer(changed)


def delete(call: Call) -> Response:
    custom = call.definition().gateway_responses
    if custom.pop(_kind(call), None) is None:  # A97
        raise not_found("Gateway response type not defined on api")
    return accepted()
