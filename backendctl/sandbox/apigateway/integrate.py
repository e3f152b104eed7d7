"""Carrying out an integration: which kind it is, and the templates and mappings around those that are no proxies."""

from __future__ import annotations

import json
import re
from functools import lru_cache

from backendctl.sandbox.apigateway.endpoint import http, http_proxy
from backendctl.sandbox.apigateway.exchange import Exchange, NotEmulatedError, RefusedError, internal_error
from backendctl.sandbox.apigateway.functions import call, is_lambda, source_arn
from backendctl.sandbox.apigateway.lambda_proxy import JSON, proxy
from backendctl.sandbox.apigateway.model import Doc
from backendctl.sandbox.apigateway.parameters import Answer, request_parameters, response_parameter, scope_of
from backendctl.sandbox.apigateway.template import Scope, TemplateError, json_path, render
from backendctl.sandbox.http import Response


async def integrate(exchange: Exchange) -> Response:
    """The answer of the method's integration.

    Raises:
        RefusedError: 4xx and 5xx of the gateway itself.
        NotEmulatedError: for VPC links, services other than Lambda, and HTTP to other machines.
    """
    integration = exchange.integration
    kind, uri = integration["type"], str(integration.get("uri", ""))
    if kind == "MOCK":
        return _mock(exchange)
    if kind == "HTTP_PROXY":
        return await http_proxy(exchange)
    if kind == "HTTP":
        return _mapped(exchange, await http(exchange, _request_text(exchange)))
    if not is_lambda(uri):
        raise NotEmulatedError(f"integrations with AWS services other than Lambda are not emulated ({uri})")
    if integration["httpMethod"] != "POST":  # A98
        exchange.log("Execution failed due to configuration error: Lambda must be called with POST")
        raise internal_error()
    return await proxy(exchange) if kind == "AWS_PROXY" else await _plain(exchange)


def _request_text(exchange: Exchange) -> str:
    """The integration request: the matching template rendered, or the body passed through.

    Raises:
        RefusedError: 415 where nothing may pass; 500 where the body is binary, which no template takes.
    """
    integration = exchange.integration
    templates = integration.get("requestTemplates", {})
    body = exchange.request.body.decode("utf-8", errors="replace")
    kind = exchange.request.headers.get("content-type", JSON).split(";")[0].strip().lower()
    if kind in templates:
        if exchange.binary(kind) and integration.get("contentHandling") != "CONVERT_TO_TEXT":
            exchange.log("Execution failed due to configuration error: Unable to transform request")
            raise internal_error()
        return _rendered(exchange, templates[kind], scope_of(exchange, body), "request")
    behaviour = integration["passthroughBehavior"]
    if behaviour == "NEVER" or (behaviour == "WHEN_NO_TEMPLATES" and templates):
        raise RefusedError(kind="UNSUPPORTED_MEDIA_TYPE", status=415, message="Unsupported Media Type")
    return body


def _rendered(exchange: Exchange, template: str, scope: Scope, what: str) -> str:
    try:
        return render(template, scope)
    except TemplateError as error:
        exchange.log(f"Execution failed due to configuration error: Unable to transform {what} ({error})")
        raise internal_error() from error


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
    return _mapped(exchange, Answer(subject=status))


async def _plain(exchange: Exchange) -> Response:
    integration = exchange.integration
    headers = {name.lower(): values for name, values in request_parameters(exchange)["header"].items()}
    outcome = await call(
        exchange,
        owner=integration,
        uri=integration["uri"],
        source_arn=source_arn(exchange),
        event=_request_text(exchange) or "{}",
        wait=headers.get("x-amz-invocation-type") != ["Event"],
    )
    payload = outcome.payload.decode("utf-8", errors="replace")
    subject = ""
    if outcome.error is not None:
        message = json_path(payload, "$.errorMessage")
        subject = message if isinstance(message, str) else ""
    return _mapped(exchange, Answer(subject=subject, body=payload))


def _mapped(exchange: Exchange, answer: Answer) -> Response:
    """The integration response whose pattern fits, its parameters and template applied."""
    responses = list(exchange.integration.get("integrationResponses", {}).values())
    chosen = next((each for each in responses if _fits(each, answer.subject)), None)
    chosen = chosen or next((each for each in responses if not each.get("selectionPattern")), None)
    if chosen is None:
        exchange.log(
            "Execution failed due to configuration error: No match for output mapping and no default endpoint response"
        )
        raise internal_error()
    kind, text, override = JSON, answer.body, {}
    templates = chosen.get("responseTemplates", {})
    if templates:
        accept = exchange.request.headers.get("accept", "").split(",")[0].split(";")[0].strip()
        kind = accept if accept in templates else next(iter(templates))
        scope = scope_of(exchange, answer.body)
        text = _rendered(exchange, templates[kind], scope, "response")
        override = scope.override
    headers = {"Content-Type": kind}
    for name, source in chosen.get("responseParameters", {}).items():
        value = response_parameter(exchange, str(source), answer)
        if value is not None:
            headers = _with(headers, name.removeprefix("method.response.header."), value)
    for name, value in (override.get("header") or {}).items():
        headers = _with(headers, name, str(value))
    status = int(override.get("status") or chosen["statusCode"])
    return Response(status=status, headers=headers, body=text.encode())


def _with(headers: dict[str, str], name: str, value: str) -> dict[str, str]:
    rest = {key: each for key, each in headers.items() if key.lower() != name.lower()}
    return {**rest, name: value}


def _fits(response: Doc, subject: str) -> bool:
    pattern = str(response.get("selectionPattern") or "")
    return bool(pattern) and _pattern(pattern).fullmatch(subject) is not None


@lru_cache(maxsize=512)
def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text, re.DOTALL)
    except re.error as error:
        raise NotEmulatedError(f"the selection pattern {text} is not understood") from error
