"""The proxy event, payload format 1.0, and the context both events and templates show."""

from __future__ import annotations

import base64
from datetime import UTC, datetime
from typing import Any

from backendctl.sandbox.apigateway.exchange import Exchange
from backendctl.sandbox.apigateway.model import Doc

NO_IDENTITY = (
    "cognitoIdentityPoolId",
    "accountId",
    "cognitoIdentityId",
    "caller",
    "principalOrgId",
    "accessKey",
    "cognitoAuthenticationType",
    "cognitoAuthenticationProvider",
    "userArn",
    "user",
)


def proxy_event(exchange: Exchange) -> Doc:
    """The event of an AWS_PROXY integration."""
    body, encoded = event_body(exchange)
    headers = event_headers(exchange)
    query = exchange.request.query
    return {
        "resource": exchange.resource["path"],
        "path": exchange.event_path,
        "httpMethod": exchange.request.method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": {name: list(values) for name, values in query.items()} or None,
        "pathParameters": exchange.path_parameters or None,
        "stageVariables": exchange.variables or None,
        "requestContext": request_context(exchange),
        "body": body,
        "isBase64Encoded": encoded,
    }


def event_body(exchange: Exchange) -> tuple[str | None, bool]:
    """The body as text, base64 when its media type is a binary one of the API."""
    raw = exchange.request.body
    if not raw:
        return None, False
    if exchange.binary(exchange.request.headers.get("content-type", "application/json")):
        return base64.b64encode(raw).decode(), True
    return raw.decode("utf-8", errors="replace"), False


def event_headers(exchange: Exchange) -> dict[str, str]:
    """Header names in the capitals HTTP/1.1 clients usually send, and those AWS adds."""
    request = exchange.request
    headers = {name.title(): value for name, value in request.headers.items()}
    forwarded = request.headers.get("x-forwarded-for")
    headers["Host"] = exchange.domain_name
    headers["X-Forwarded-For"] = f"{forwarded}, {request.source_ip}" if forwarded else request.source_ip
    headers["X-Forwarded-Port"] = "443"
    headers["X-Forwarded-Proto"] = "https"
    headers.setdefault("X-Amzn-Trace-Id", trace_id(exchange))
    return headers


def trace_id(exchange: Exchange) -> str:
    digits = exchange.request_id.replace("-", "")
    return f"Root=1-{int(exchange.now):08x}-{digits[:24]}"


def request_context(exchange: Exchange) -> Doc:
    request = exchange.request
    moment = datetime.fromtimestamp(exchange.now, tz=UTC)
    context: Doc = {
        "resourceId": exchange.resource["id"],
        "resourcePath": exchange.resource["path"],
        "httpMethod": request.method,
        "extendedRequestId": exchange.extended_id,
        "requestTime": moment.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "requestTimeEpoch": int(exchange.now * 1000),
        "path": exchange.full_path,
        "accountId": exchange.account,
        "protocol": "HTTP/1.1",
        "stage": exchange.stage_name,
        "domainPrefix": exchange.domain_name.split(".")[0],
        "domainName": exchange.domain_name,
        "requestId": exchange.request_id,
        "deploymentId": exchange.deployment_id,
        "apiId": exchange.api.id,
        "identity": _identity(exchange),
    }
    if exchange.method.get("operationName"):
        context["operationName"] = exchange.method["operationName"]
    if exchange.authorizer is not None:
        context["authorizer"] = exchange.authorizer
    return context


def _identity(exchange: Exchange) -> Doc:
    identity: Doc = dict.fromkeys(NO_IDENTITY)
    identity["sourceIp"] = exchange.request.source_ip
    identity["userAgent"] = exchange.request.headers.get("user-agent")
    if exchange.api_key is not None:
        identity["apiKey"] = exchange.api_key["value"]
        identity["apiKeyId"] = exchange.api_key["id"]
    return identity


def template_context(exchange: Exchange, error: Doc | None = None) -> dict[str, Any]:
    """`$context` of mapping templates and gateway responses."""
    if not exchange.resource:
        basic: Doc = {"requestId": exchange.request_id, "stage": exchange.stage_name, "apiId": exchange.api.id}
        basic.update({"path": exchange.full_path, "httpMethod": exchange.request.method})
        context = {**basic, "identity": {"sourceIp": exchange.request.source_ip}}
    else:
        context = request_context(exchange)
    if "canarySettings" in exchange.stage:
        context["isCanaryRequest"] = "true" if exchange.canary else "false"
    if error is not None:
        context["error"] = error
    return context
