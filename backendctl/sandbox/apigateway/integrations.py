"""Integrations and integration responses, edited by hand."""

from __future__ import annotations

import re

from backendctl.sandbox.apigateway import patch
from backendctl.sandbox.apigateway.call import Call, answer, created, no_content
from backendctl.sandbox.apigateway.errors import bad_request, enum_complaint, not_found, refuse_invalid, refuse_missing
from backendctl.sandbox.apigateway.model import Definition, Doc
from backendctl.sandbox.http import Response

TYPES = ("HTTP", "MOCK", "AWS_PROXY", "HTTP_PROXY", "AWS")
BAD_URL = "Invalid HTTP endpoint specified for URI"
PASSTHROUGH = ("WHEN_NO_MATCH", "WHEN_NO_TEMPLATES", "NEVER")
LARGEST_TEMPLATE = 300 * 1024  # A43
SHORTEST_MS, LONGEST_MS = 50, 29_000  # A42
RAISED_MS = 300_000
"""What this account may wait for a buffered answer of a REGIONAL or PRIVATE API: AWS raised its quota."""
STREAMED_MS = 900_000  # K4
AWS_URI = re.compile(r"arn:aws[a-z-]*:apigateway:[a-z0-9-]+:[^:]+:(path|action)/.+")
COPIED = (
    "uri",
    "credentials",
    "contentHandling",
    "connectionId",
    "integrationTarget",
    "tlsConfig",
    "responseTransferMode",
)
UNRENDERED = re.compile(r"\$\{(?!stageVariables\.)[^}]*\}?")


def put(call: Call) -> Response:
    method = call.method()
    resource = call.resource()
    kept = method.get("methodIntegration", {}).get("integrationResponses")
    integration = integration_of(call.body(), resource_id=resource["id"], longest=longest_of(call.definition()))
    if kept:
        integration["integrationResponses"] = kept
    method["methodIntegration"] = integration
    return created(integration)


def longest_of(definition: Definition) -> int:
    """The longest timeout of a buffered answer, in milliseconds."""
    types = definition.info.get("endpointConfiguration", {}).get("types") or ["EDGE"]
    return LONGEST_MS if "EDGE" in types else RAISED_MS


def integration_of(body: Doc, *, resource_id: str, longest: int) -> Doc:
    """The Integration document for what was sent.

    Args:
        longest: timeout of a buffered answer, in milliseconds.

    Raises:
        ApiError: what AWS refuses, in its words.
    """
    kind = body.get("type")
    if not kind:
        refuse_missing(at="putIntegrationInput.type")
    if kind not in TYPES:
        complaint = enum_complaint(value=kind, at="putIntegrationInput.type", allowed=", ".join(TYPES))
        refuse_invalid([complaint])
    document: Doc = {"type": kind}
    document.update({key: body[key] for key in COPIED if body.get(key)})
    if body.get("httpMethod"):
        document["httpMethod"] = str(body["httpMethod"]).upper()
    if kind in {"HTTP", "HTTP_PROXY"} or body.get("connectionType"):
        document["connectionType"] = body.get("connectionType") or "INTERNET"
    for key in ("requestParameters", "requestTemplates"):
        if body.get(key):
            document[key] = dict(body[key])
    document["passthroughBehavior"] = body.get("passthroughBehavior") or "WHEN_NO_MATCH"
    document["timeoutInMillis"] = int(body.get("timeoutInMillis") or LONGEST_MS)
    document["cacheNamespace"] = body.get("cacheNamespace") or resource_id
    document["cacheKeyParameters"] = list(body.get("cacheKeyParameters") or [])
    check_integration(document, longest=longest)
    return document


def check_integration(document: Doc, *, longest: int) -> None:
    _check_templates(document.get("requestTemplates", {}))
    if document["type"] != "MOCK":
        _check_target(document)
    if document["passthroughBehavior"] not in PASSTHROUGH:
        raise bad_request(
            "Enumeration value for PassthroughBehavior must be one of: [WHEN_NO_MATCH, WHEN_NO_TEMPLATES, NEVER]"
        )
    most = STREAMED_MS if document.get("responseTransferMode") == "STREAM" else longest
    if not SHORTEST_MS <= document["timeoutInMillis"] <= most:
        raise bad_request(f"Timeout should be between {SHORTEST_MS} ms and {most} ms")


def _check_templates(templates: dict[str, str]) -> None:
    for kind, template in templates.items():
        if len((template or "").encode()) > LARGEST_TEMPLATE:
            raise bad_request(f"Invalid mapping template specified: {kind} is larger than {LARGEST_TEMPLATE} bytes")


def _check_target(document: Doc) -> None:
    if not document.get("httpMethod"):
        raise bad_request("Enumeration value for HttpMethod must be non-empty")
    uri = str(document.get("uri") or "")
    if UNRENDERED.search(uri):
        raise bad_request("Invalid ARN specified in the request" if document["type"].startswith("AWS") else BAD_URL)
    if document["type"] in {"AWS", "AWS_PROXY"}:
        if not uri.startswith("arn:"):
            raise bad_request("Invalid ARN specified in the request")
        if not AWS_URI.fullmatch(uri):
            raise bad_request("AWS ARN for integration must contain path or action")
    elif not uri.startswith(("http://", "https://", "${stageVariables.")):
        raise bad_request(BAD_URL)


def _integration(call: Call) -> Doc:
    found: Doc | None = call.method().get("methodIntegration")
    if found is None:
        raise not_found("Invalid Integration identifier specified")
    return found


def read(call: Call) -> Response:
    return answer(_integration(call))


def update(call: Call) -> Response:
    listed = patch.operations(call, shape="updateIntegrationInput")
    changed = patch.patched(_integration(call), listed, INTEGRATION_RULES)
    changed.setdefault("cacheKeyParameters", [])
    check_integration(changed, longest=longest_of(call.definition()))
    call.method()["methodIntegration"] = changed
    return answer(changed)


INTEGRATION_RULES = patch.Rules(
    scalars={
        "/type": patch.text,
        "/httpMethod": patch.text,
        "/uri": patch.text,
        "/credentials": patch.text_or_none,
        "/timeoutInMillis": patch.integer,
        "/passthroughBehavior": patch.text,
        "/contentHandling": patch.text_or_none,
        "/connectionType": patch.text,
        "/connectionId": patch.text_or_none,
        "/integrationTarget": patch.text_or_none,
        "/cacheNamespace": patch.text,
        "/responseTransferMode": patch.text,
        "/tlsConfig/insecureSkipVerification": patch.boolean,
    },
    maps={"/requestParameters": patch.text, "/requestTemplates": patch.text},
    lists=frozenset({"/cacheKeyParameters"}),
)


def delete(call: Call) -> Response:
    _integration(call)
    del call.method()["methodIntegration"]
    return no_content()


def put_response(call: Call) -> Response:
    integration = _integration(call)
    status = call.params["status"]
    document = integration_response_of(call.body(), status=status)
    integration.setdefault("integrationResponses", {})[status] = document
    return created(document)


def integration_response_of(body: Doc, *, status: str) -> Doc:
    document: Doc = {"statusCode": status}
    for key in ("selectionPattern", "contentHandling"):
        if body.get(key) is not None:
            document[key] = body[key]
    for key in ("responseParameters", "responseTemplates"):
        if body.get(key):
            document[key] = dict(body[key])
    _check_templates(document.get("responseTemplates", {}))
    return document


def _response(call: Call) -> Doc:
    found: Doc | None = _integration(call).get("integrationResponses", {}).get(call.params["status"])
    if found is None:
        raise not_found("Invalid Response status code specified")
    return found


def read_response(call: Call) -> Response:
    return answer(_response(call))


def update_response(call: Call) -> Response:
    listed = patch.operations(call, shape="updateIntegrationResponseInput")
    rules = patch.Rules(
        scalars={"/selectionPattern": patch.text, "/contentHandling": patch.text_or_none},
        maps={"/responseParameters": patch.text, "/responseTemplates": patch.text},
    )
    changed = patch.patched(_response(call), listed, rules)
    _check_templates(changed.get("responseTemplates", {}))
    _integration(call)["integrationResponses"][call.params["status"]] = changed
    return answer(changed)


def delete_response(call: Call) -> Response:
    _response(call)
    del _integration(call)["integrationResponses"][call.params["status"]]
    return no_content()
