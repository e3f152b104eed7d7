"""Carrying out an integration: Lambda proxy, plain Lambda, and MOCK."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

from backendctl.sandbox.apigateway.event import proxy_event, template_context
from backendctl.sandbox.apigateway.exchange import (
    Exchange,
    NotEmulatedError,
    RefusedError,
    bad_gateway,
    internal_error,
)
from backendctl.sandbox.apigateway.functions import call, is_lambda
from backendctl.sandbox.apigateway.gateway import request_value
from backendctl.sandbox.apigateway.model import Doc
from backendctl.sandbox.apigateway.template import Scope, json_path, render
from backendctl.sandbox.http import Response

PROXY_MEMBERS = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}
REMAPPED = {"connection", "content-length", "date", "server", "www-authenticate", "transfer-encoding"}
JSON = "application/json"


async def integrate(exchange: Exchange) -> Response:
    """The answer of the method's integration.

    Raises:
        RefusedError: 4xx and 5xx of the gateway itself.
        NotEmulatedError: for HTTP, VPC link and service integrations.
    """
    integration = exchange.integration
    kind, uri = integration["type"], str(integration.get("uri", ""))
    if kind == "MOCK":
        return _mock(exchange)
    if kind not in {"AWS", "AWS_PROXY"}:
        raise NotEmulatedError(f"{kind} integrations are not emulated ({uri})")
    if not is_lambda(uri):
        raise NotEmulatedError(f"integrations with AWS services other than Lambda are not emulated ({uri})")
    if integration["httpMethod"] != "POST":  # A98
        exchange.log("Execution failed due to configuration error: Lambda must be called with POST")
        raise internal_error()
    return await _proxy(exchange) if kind == "AWS_PROXY" else await _plain(exchange)


def source_arn(exchange: Exchange) -> str:
    """What a function's policy is matched with: the resource path, `*` for each variable part (B41)."""
    path = re.sub(r"\{[^}]*\}", "*", exchange.resource["path"])
    prefix = f"arn:aws:execute-api:{exchange.region}:{exchange.account}:{exchange.api.id}/{exchange.stage_name}"
    return f"{prefix}/{exchange.request.method}{path}"


async def _proxy(exchange: Exchange) -> Response:
    integration = exchange.integration
    outcome = await call(
        exchange,
        owner=integration,
        uri=integration["uri"],
        source_arn=source_arn(exchange),
        event=proxy_event(exchange),
    )
    if outcome.error is not None:
        exchange.log(
            "Lambda execution failed with status 200 due to customer function error: "
            + outcome.payload.decode("utf-8", errors="replace")[:900]
        )
        raise bad_gateway()
    try:
        return _proxy_response(exchange, json.loads(outcome.payload or b"null"))
    except (ValueError, TypeError, binascii.Error) as error:
        exchange.log(f"Execution failed due to configuration error: Malformed Lambda proxy response ({error})")
        raise bad_gateway() from error


def _proxy_response(exchange: Exchange, answer: Any) -> Response:
    """The function's answer as a response; ValueError or TypeError when AWS would call it malformed."""
    if not isinstance(answer, dict) or not answer.keys() <= PROXY_MEMBERS:
        raise ValueError("not an object of " + ", ".join(sorted(PROXY_MEMBERS)))
    status = int(answer.get("statusCode") or 200)
    body = answer.get("body")
    if body is not None and not isinstance(body, str):
        raise ValueError("the body is no text")
    headers = _proxy_headers(answer)
    data = (body or "").encode()
    accept = exchange.request.headers.get("accept", "*/*").split(",")[0]
    if answer.get("isBase64Encoded") and exchange.binary(accept):
        data = base64.b64decode(body or "", validate=True)
    if not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = JSON
    return Response(status=status, headers=headers, body=data)


def _proxy_headers(answer: Doc) -> dict[str, str]:
    single, multiple = answer.get("headers") or {}, answer.get("multiValueHeaders") or {}
    if not isinstance(single, dict) or not isinstance(multiple, dict):
        raise TypeError("headers are no object")
    merged: dict[str, list[str]] = {str(name): [_header(value)] for name, value in single.items()}
    for name, values in multiple.items():
        rest = {key: each for key, each in merged.items() if key.lower() != str(name).lower()}
        own = [each for key, listed in merged.items() if key.lower() == str(name).lower() for each in listed]
        extra = [_header(value) for value in values]
        merged = {**rest, str(name): extra + [each for each in own if each not in extra]}
    headers: dict[str, str] = {}
    for name, values in merged.items():
        sent = f"x-amzn-Remapped-{name}" if name.lower() in REMAPPED else name
        headers.update(_repeated(sent, values))
    return headers


def _header(value: Any) -> str:
    if isinstance(value, (dict, list)):
        raise TypeError("a header value is no text")
    return str(value).lower() if isinstance(value, bool) else str(value)


def _repeated(name: str, values: list[str]) -> dict[str, str]:
    """Several values under one name; cookies cannot be joined, so each gets the name in other capitals."""
    if name.lower() != "set-cookie" or len(values) == 1:
        return {name: ", ".join(values)}
    return {_capitals(name, number): value for number, value in enumerate(values)}


def _capitals(name: str, number: int) -> str:
    letters = [letter for letter in name.lower()]  # noqa: C416 - a list that is changed below
    places = [place for place, letter in enumerate(letters) if letter.isalpha()]
    for bit, place in enumerate(places):
        if number >> bit & 1:
            letters[place] = letters[place].upper()
    return "".join(letters)


def _scope(exchange: Exchange, body: str) -> Scope:
    query = {name: values[-1] for name, values in exchange.request.query.items()}
    headers = {name.title(): value for name, value in exchange.request.headers.items()}
    return Scope(
        context=template_context(exchange),
        variables=exchange.variables,
        body=body,
        parameters=[exchange.path_parameters, query, headers, exchange.request.headers],
    )


def _request_text(exchange: Exchange) -> str:
    """The integration request: the matching template rendered, or the body passed through."""
    integration = exchange.integration
    templates = integration.get("requestTemplates", {})
    body = exchange.request.body.decode("utf-8", errors="replace")
    kind = exchange.request.headers.get("content-type", JSON).split(";")[0].strip().lower()
    if kind in templates:
        return render(templates[kind], _scope(exchange, body))
    behaviour = integration["passthroughBehavior"]
    if behaviour == "NEVER" or (behaviour == "WHEN_NO_TEMPLATES" and templates):
        raise RefusedError(kind="UNSUPPORTED_MEDIA_TYPE", status=415, message="Unsupported Media Type")
    return body


def _mock(exchange: Exchange) -> Response:
    text = _request_text(exchange)
    try:
        status = str(int(json.loads(text)["statusCode"]))
    except (ValueError, KeyError, TypeError) as error:
        exchange.log(
            "Execution failed due to configuration error: statusCode should be an integer which defined "
            "in request template"
        )
        raise internal_error() from error
    return _mapped(exchange, subject=status, body="")


async def _plain(exchange: Exchange) -> Response:
    integration = exchange.integration
    if "'Event'" in integration.get("requestParameters", {}).values():
        raise NotEmulatedError("asynchronous Lambda integrations are not emulated")
    outcome = await call(
        exchange,
        owner=integration,
        uri=integration["uri"],
        source_arn=source_arn(exchange),
        event=_request_text(exchange) or "{}",
    )
    payload = outcome.payload.decode("utf-8", errors="replace")
    subject = ""
    if outcome.error is not None:
        message = json_path(payload, "$.errorMessage")
        subject = message if isinstance(message, str) else ""
    return _mapped(exchange, subject=subject, body=payload)


def _mapped(exchange: Exchange, *, subject: str, body: str) -> Response:
    """The integration response whose pattern fits, its parameters and template applied."""
    responses = list(exchange.integration.get("integrationResponses", {}).values())
    chosen = next((each for each in responses if _fits(each, subject)), None)
    chosen = chosen or next((each for each in responses if not each.get("selectionPattern")), None)
    if chosen is None:
        exchange.log(
            "Execution failed due to configuration error: No match for output mapping and no default endpoint response"
        )
        raise internal_error()
    kind, text = JSON, body
    templates = chosen.get("responseTemplates", {})
    if templates:
        accept = exchange.request.headers.get("accept", "").split(",")[0].split(";")[0].strip()
        kind = accept if accept in templates else next(iter(templates))
        text = render(templates[kind], _scope(exchange, body))
    headers = {"Content-Type": kind}
    for name, source in chosen.get("responseParameters", {}).items():
        header = name.removeprefix("method.response.header.")
        value = _parameter(exchange, str(source), body)
        if value is not None:
            headers = {key: each for key, each in headers.items() if key.lower() != header.lower()}
            headers[header] = value
    return Response(status=int(chosen["statusCode"]), headers=headers, body=text.encode())


def _fits(response: Doc, subject: str) -> bool:
    pattern = str(response.get("selectionPattern") or "")
    try:
        return bool(pattern) and re.fullmatch(pattern, subject, re.DOTALL) is not None
    except re.error as error:
        raise NotEmulatedError(f"the selection pattern {pattern} is not understood") from error


def _parameter(exchange: Exchange, source: str, body: str) -> str | None:
    if source.startswith("'"):
        return source[1:-1]
    if source.startswith("integration.response.body"):
        value = json_path(body, "$" + source.removeprefix("integration.response.body"))
        return None if value is None else str(value)
    if source.startswith("integration.response.header."):
        return None  # Lambda and MOCK give no headers to map
    if source.startswith("method.request."):
        return request_value(exchange, source.removeprefix("method.request."))
    if source.startswith(("context.", "stageVariables.")):
        return render(f"${source}", _scope(exchange, body)) or None
    raise NotEmulatedError(f"the response parameter mapping {source} is not emulated")
