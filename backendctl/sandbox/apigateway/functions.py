"""Calling a Lambda function for an integration or an authorizer."""

from __future__ import annotations

import asyncio
import json
import re
import time
from dataclasses import dataclass

from backendctl.sandbox.apigateway.exchange import Exchange, NotEmulatedError, RefusedError, internal_error
from backendctl.sandbox.apigateway.model import Doc
from backendctl.sandbox.apigateway.policy import may_invoke
from backendctl.sandbox.backplane import Invocation

VARIABLE = re.compile(r"\$\{stageVariables\.(\w+)\}")
URI = re.compile(
    r"arn:aws[a-z-]*:apigateway:[a-z0-9-]+:lambda:path/(?P<version>[0-9-]+)/functions/(?P<arn>.+)/"
    r"(?P<action>invocations|response-streaming-invocations)"
)
FUNCTION = re.compile(
    r"arn:aws[a-z-]*:lambda:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):function:(?P<name>[A-Za-z0-9_-]+)"
    r"(?::(?P<qualifier>\$LATEST|[A-Za-z0-9_-]+))?"
)
TOO_MANY = 429
NO_PERMISSION = "Execution failed due to configuration error: Invalid permissions on Lambda function"


@dataclass(frozen=True, kw_only=True, slots=True)
class Target:
    """A Lambda function as an integration names it."""

    region: str
    name: str
    qualifier: str | None


def filled(text: str, variables: dict[str, str]) -> str:
    """The text with `${stageVariables.x}` filled in; a variable that is not set leaves nothing (A28)."""
    return VARIABLE.sub(lambda match: variables.get(match[1], ""), text)


def is_lambda(uri: str) -> bool:
    return ":lambda:path/" in uri


def target_of(exchange: Exchange, uri: str) -> Target:
    """The function a URI names.

    Raises:
        RefusedError: 500, when it names none.
        NotEmulatedError: for response streaming.
    """
    match = URI.fullmatch(filled(uri, exchange.variables))
    if match and match["action"] != "invocations":
        raise NotEmulatedError("Lambda response streaming is not emulated")
    arn = FUNCTION.fullmatch(match["arn"]) if match else None
    if arn is None:
        exchange.log(f"Execution failed due to configuration error: Invalid Lambda function ARN in {uri}")
        raise internal_error()
    return Target(region=arn["region"], name=arn["name"], qualifier=arn["qualifier"])


def source_arn(exchange: Exchange) -> str:
    """What a function's policy is matched with: the resource path, `*` for each variable part (B41)."""
    path = re.sub(r"\{[^}]*\}", "*", exchange.resource["path"])
    prefix = f"arn:aws:execute-api:{exchange.region}:{exchange.account}:{exchange.api.id}/{exchange.stage_name}"
    return f"{prefix}/{exchange.request.method}{path}"


async def call(
    exchange: Exchange, *, owner: Doc, uri: str, source_arn: str, event: Doc | str, wait: bool = True
) -> Invocation:
    """Invoke with the caller's permission checked on the very qualifier (A100, B31).

    Args:
        exchange: the request being served.
        owner: the integration or authorizer; one with credentials acts by its role instead.
        uri: its URI, stage variables not yet filled in.
        source_arn: the `execute-api` ARN that the function's policy must allow.
        event: the payload.
        wait: for the function's answer.

    Raises:
        RefusedError: 500 for a missing function or permission and for throttling, 504 when it takes too long.
    """
    target = target_of(exchange, uri)
    shown = f"{target.name}:{target.qualifier}" if target.qualifier else target.name
    if not (owner.get("credentials") or owner.get("authorizerCredentials")):
        policy = await exchange.backplane.function_policy(target.region, target.name, target.qualifier)
        if not may_invoke(policy, source_arn=source_arn, account=exchange.account):
            exchange.log(f"{NO_PERMISSION} ({shown} does not allow {source_arn})")
            raise internal_error()
    payload = event if isinstance(event, str) else json.dumps(event)
    exchange.log(f"Endpoint request URI: {shown} in {target.region}")
    outcome = await _timed(exchange, owner, target, payload.encode(), wait=wait)
    exchange.log(f"AWS Integration Endpoint RequestId : {outcome.request_id}")
    if outcome.status == TOO_MANY:
        exchange.log("Execution failed due to configuration error: Rate Exceeded.")
        raise internal_error()
    if outcome.status >= 400:  # noqa: PLR2004 - the Invoke call itself failed
        exchange.log(f"{NO_PERMISSION} ({shown}: Invoke answered {outcome.status})")
        raise internal_error()
    return outcome


async def _timed(exchange: Exchange, owner: Doc, target: Target, payload: bytes, *, wait: bool) -> Invocation:
    seconds = owner.get("timeoutInMillis", 29_000) / 1000
    began = time.perf_counter()
    outcome: Invocation | None = None
    try:
        async with asyncio.timeout(seconds):
            invoked = exchange.backplane.invoke(target.region, target.name, target.qualifier, payload, wait=wait)
            outcome = await invoked
            return outcome
    except TimeoutError as error:
        exchange.log("Execution failed due to a timeout error")
        raise RefusedError(kind="INTEGRATION_TIMEOUT", status=504, message="Endpoint request timed out") from error
    finally:
        if owner is exchange.method.get("methodIntegration"):  # and no authorizer
            exchange.integration_seconds = time.perf_counter() - began
            exchange.integration_id = None if outcome is None else outcome.request_id
            exchange.integration_status = exchange.backend_status = None if outcome is None else outcome.status
