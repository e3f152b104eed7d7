"""Who may call a method: resource policy, signature, Lambda authorizer, API key. Nothing is open in silence."""

from __future__ import annotations

import json
import re
from typing import Any

from backendctl.sandbox.apigateway import policy
from backendctl.sandbox.apigateway.event import event_headers, request_context
from backendctl.sandbox.apigateway.exchange import Exchange, NotEmulatedError, RefusedError
from backendctl.sandbox.apigateway.functions import call
from backendctl.sandbox.apigateway.model import Doc, Region
from backendctl.sandbox.apigateway.parameters import request_value
from backendctl.sandbox.apigateway.plans import key_for
from backendctl.sandbox.apigateway.throttle import charge

MISSING_TOKEN = "Missing Authentication Token"


def missing_token() -> RefusedError:
    return RefusedError(kind="MISSING_AUTHENTICATION_TOKEN", status=403, message=MISSING_TOKEN)


def _unauthorized() -> RefusedError:
    return RefusedError(kind="UNAUTHORIZED", status=401, message="Unauthorized")


def _denied(message: str) -> RefusedError:
    return RefusedError(kind="ACCESS_DENIED", status=403, message=message)


async def authorize(exchange: Exchange, region: Region) -> None:
    """Let the request pass, or refuse it.

    Raises:
        RefusedError: 401 or 403.
        NotEmulatedError: for Cognito, and for policies that are not understood.
    """
    kind = exchange.method["authorizationType"]
    if kind == "COGNITO_USER_POOLS":
        raise NotEmulatedError("Cognito user pool authorizers are not emulated")
    if kind == "AWS_IAM" and "AWS4-HMAC-SHA256" not in exchange.request.headers.get("authorization", ""):
        raise missing_token()
    if kind == "CUSTOM":
        await _lambda_authorizer(exchange)
    _resource_policy(exchange, signed=kind == "AWS_IAM")
    if exchange.method["apiKeyRequired"]:
        _api_key(exchange, region)


def _resource_policy(exchange: Exchange, *, signed: bool) -> None:
    text = exchange.definition.info.get("policy")
    if not text:
        return
    source_ip = exchange.request.source_ip
    verdict = policy.evaluate(json.loads(text), resource=exchange.arn, source_ip=source_ip, with_principal=True)
    if verdict == policy.ALLOW or (verdict == policy.IMPLICIT and signed):
        return
    ending = " with an explicit deny" if verdict == policy.DENY else ""
    raise _denied(
        f"User: anonymous is not authorized to perform: execute-api:Invoke on resource: {exchange.arn}{ending}"
    )


def _api_key(exchange: Exchange, region: Region) -> None:
    if exchange.definition.info["apiKeySource"] == "AUTHORIZER":
        value = (exchange.authorizer or {}).get("usageIdentifierKey")
    else:
        value = exchange.request.headers.get("x-api-key")
    found = key_for(region, value=value, api_id=exchange.api.id, stage=exchange.stage_name)
    if found is None:
        raise RefusedError(kind="INVALID_API_KEY", status=403, message="Forbidden")
    key, plan = found
    exchange.api_key = key
    charge(exchange, region, plan, key)


async def _lambda_authorizer(exchange: Exchange) -> None:
    """Ask the function, or take what it said for the same identity within the authorizer's time to live."""
    authorizer = exchange.definition.authorizers[exchange.method["authorizerId"]]
    event = (
        _token_event(exchange, authorizer) if authorizer["type"] == "TOKEN" else _request_event(exchange, authorizer)
    )
    key, ttl = _cache_key(exchange, authorizer), int(authorizer.get("authorizerResultTtlInSeconds") or 0)
    remembered = exchange.live.verdict(key, exchange.now) if key and ttl else None
    if remembered is not None:
        _judge(exchange, remembered)
        return
    payload = await _asked(exchange, authorizer, event)
    if key and ttl:
        exchange.live.remember(key, payload, expires=exchange.now + ttl)
    _judge(exchange, payload)


def _cache_key(exchange: Exchange, authorizer: Doc) -> tuple[Any, ...] | None:
    """Who asks: the values of the identity sources; None when there are none, and so nothing to remember by."""
    default = "method.request.header.Authorization" if authorizer["type"] == "TOKEN" else ""
    sources = [each.strip() for each in str(authorizer.get("identitySource") or default).split(",") if each.strip()]
    if not sources:
        return None
    values = tuple(_identity(exchange, each) for each in sources)
    return (exchange.api.id, exchange.stage_name, exchange.canary, authorizer["id"], *values)


async def _asked(exchange: Exchange, authorizer: Doc, event: Doc) -> bytes:
    prefix = f"arn:aws:execute-api:{exchange.region}:{exchange.account}:{exchange.api.id}"
    source_arn = f"{prefix}/authorizers/{authorizer['id']}"
    try:
        outcome = await call(
            exchange, owner=authorizer, uri=authorizer["authorizerUri"], source_arn=source_arn, event=event
        )
    except RefusedError as error:
        raise _failure() from error
    if outcome.error is not None:
        if _error_message(outcome.payload) == "Unauthorized":
            raise _unauthorized()
        exchange.log("Execution failed due to an authorizer error")
        raise _failure()
    return outcome.payload


def _failure() -> RefusedError:
    return RefusedError(kind="AUTHORIZER_FAILURE", status=500, message=None)


def _error_message(payload: bytes) -> Any:
    try:
        document = json.loads(payload)
    except ValueError:
        return None
    return document.get("errorMessage") if isinstance(document, dict) else None


def _judge(exchange: Exchange, payload: bytes) -> None:
    try:
        answer = json.loads(payload)
        document, principal = answer["policyDocument"], answer["principalId"]
        context = answer.get("context") or {}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        exchange.log("Execution failed due to configuration error: Invalid JSON in authorizer response")
        raise RefusedError(kind="AUTHORIZER_CONFIGURATION_ERROR", status=500, message=None) from error
    if any(isinstance(value, (dict, list)) for value in context.values()):
        exchange.log("Execution failed due to configuration error: authorizer context holds an object or list")
        raise RefusedError(kind="AUTHORIZER_CONFIGURATION_ERROR", status=500, message=None)
    source_ip = exchange.request.source_ip
    verdict = policy.evaluate(document, resource=exchange.arn, source_ip=source_ip, with_principal=False)
    if verdict != policy.ALLOW:
        ending = " with an explicit deny" if verdict == policy.DENY else ""
        raise _denied(f"User is not authorized to access this resource{ending}")
    exchange.authorizer = {**{key: _as_text(value) for key, value in context.items()}, "principalId": principal}
    if answer.get("usageIdentifierKey"):
        exchange.authorizer["usageIdentifierKey"] = answer["usageIdentifierKey"]


def _as_text(value: Any) -> str:
    """Context values reach the integration as text."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _token_event(exchange: Exchange, authorizer: Doc) -> Doc:
    source = str(authorizer.get("identitySource") or "method.request.header.Authorization")
    token = _identity(exchange, source)
    if not token:
        raise _unauthorized()
    expression = authorizer.get("identityValidationExpression")
    if expression and not re.fullmatch(expression, token):
        raise _unauthorized()
    return {"type": "TOKEN", "methodArn": exchange.arn, "authorizationToken": token}


def _request_event(exchange: Exchange, authorizer: Doc) -> Doc:
    sources = [each.strip() for each in str(authorizer.get("identitySource") or "").split(",") if each.strip()]
    if not all(_identity(exchange, each) for each in sources):
        raise _unauthorized()
    headers = event_headers(exchange)
    query = exchange.request.query
    return {
        "type": "REQUEST",
        "methodArn": exchange.arn,
        "resource": exchange.resource["path"],
        "path": exchange.event_path,
        "httpMethod": exchange.request.method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in query.items()},
        "multiValueQueryStringParameters": {name: list(values) for name, values in query.items()},
        "pathParameters": exchange.path_parameters,
        "stageVariables": exchange.variables,
        "requestContext": request_context(exchange),
    }


def _identity(exchange: Exchange, source: str) -> str | None:
    if source.startswith("method.request."):
        return request_value(exchange, source.removeprefix("method.request."))
    if source.startswith("stageVariables."):
        return exchange.variables.get(source.removeprefix("stageVariables."))
    raise NotEmulatedError(f"the authorizer identity source {source} is not emulated")
