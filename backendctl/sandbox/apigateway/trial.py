"""TestInvokeMethod: one call of a method of the working definition, without a stage and without its authorizers."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from urllib.parse import parse_qs, unquote

from backendctl.sandbox.apigateway.call import Call, answer
from backendctl.sandbox.apigateway.errors import ApiError, bad_request
from backendctl.sandbox.apigateway.exchange import Exchange, NotEmulatedError, RefusedError
from backendctl.sandbox.apigateway.gateway import refusal
from backendctl.sandbox.apigateway.integrate import integrate
from backendctl.sandbox.apigateway.live import Live
from backendctl.sandbox.apigateway.matching import resource_for
from backendctl.sandbox.apigateway.methods import HTTP_METHODS
from backendctl.sandbox.apigateway.model import Doc
from backendctl.sandbox.apigateway.validation import validate
from backendctl.sandbox.http import Request, Response

STAGE = "test-invoke-stage"
"""The stage that functions' policies and events see."""


async def invoke(call: Call) -> Response:
    """Status, headers, body, execution log and latency in milliseconds of one request."""
    resource = call.resource()
    method = resource["methods"].get("ANY") if _concrete(call, resource) else call.method()
    if "methodIntegration" not in method:
        raise bad_request("No integration defined for method")
    lines: list[str] = []
    exchange = _exchange(call, resource, method, lines.append)
    lines.append(f"Starting execution for request: {exchange.request_id}")
    lines.append(f"HTTP Method: {exchange.request.method}, Resource Path: {exchange.path}")
    began = time.perf_counter()
    response = await _run(exchange)
    latency = int((time.perf_counter() - began) * 1000)
    lines.append(f"Method completed with status: {response.status}")
    return answer(
        {
            "status": response.status,
            "headers": response.headers,
            "multiValueHeaders": {name: [value] for name, value in response.headers.items()},
            "body": response.body.decode("utf-8", errors="replace"),
            "log": _log(lines, exchange),
            "latency": latency,
        }
    )


def _concrete(call: Call, resource: Doc) -> bool:
    """Whether a method is asked for by name where only ANY answers (K6)."""
    verb = call.params["method"].upper()
    return verb not in resource["methods"] and verb in HTTP_METHODS and "ANY" in resource["methods"]


async def _run(exchange: Exchange) -> Response:
    try:
        validate(exchange)
        return await integrate(exchange)
    except RefusedError as refused:
        return refusal(exchange, refused)
    except NotEmulatedError as error:
        text = f"The sandbox does not emulate this: {error}"
        raise ApiError(code="NotImplementedException", message=text, status=501) from error


def _exchange(call: Call, resource: Doc, method: Doc, log: Callable[[str], None]) -> Exchange:
    body = call.body()
    path, _, query = str(body.get("pathWithQueryString") or resource["path"]).partition("?")
    path = unquote("/" + path.lstrip("/"))
    api = call.api()
    found = resource_for(api.definition, path)
    return Exchange(
        request=_request(call, body, path, query),
        backplane=call.backplane,
        region=call.request.region,
        api=api,
        definition=api.definition,
        stage={"stageName": STAGE},
        deployment_id="",
        variables={str(key): str(value) for key, value in (body.get("stageVariables") or {}).items()},
        canary=False,
        path=path,
        full_path=path,
        event_path=path,
        domain_name="testPrefix.testDomainName",
        now=call.now,
        log=log,
        live=Live(),
        resource=resource,
        method=method,
        path_parameters=found[1] if found is not None and found[0]["id"] == resource["id"] else {},
    )


def _request(call: Call, body: Doc, path: str, query: str) -> Request:
    headers = {str(name).lower(): str(value) for name, value in (body.get("headers") or {}).items()}
    several = {str(name).lower(): ", ".join(values) for name, values in (body.get("multiValueHeaders") or {}).items()}
    verb = call.params["method"].upper()
    return Request(
        method="GET" if verb == "ANY" else verb,
        path=path,
        raw_path=path,
        query=parse_qs(query, keep_blank_values=True),
        headers={**headers, **several},
        body=str(body.get("body") or "").encode(),
        region=call.request.region,
        account=call.request.account,
        source_ip="test-invoke-source-ip",
    )


def _log(lines: list[str], exchange: Exchange) -> str:
    stamp = datetime.fromtimestamp(exchange.now, tz=UTC).strftime("%a %b %d %H:%M:%S UTC %Y")
    first, *rest = lines
    return "\n".join([first, *(f"{stamp} : {line}" for line in rest)]) + "\n"
