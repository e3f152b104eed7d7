"""HTTP and HTTP_PROXY integrations: calls of endpoints on this machine, and of no other."""

from __future__ import annotations

import asyncio
import ipaddress
import re
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from urllib.parse import quote, urlencode, urlsplit

from backendctl.sandbox.apigateway.event import event_headers, trace_id
from backendctl.sandbox.apigateway.exchange import Exchange, NotEmulatedError, RefusedError, internal_error
from backendctl.sandbox.apigateway.functions import filled
from backendctl.sandbox.apigateway.lambda_proxy import JSON, REMAPPED, repeated
from backendctl.sandbox.apigateway.parameters import Answer, request_parameters
from backendctl.sandbox.http import Response

LOOPBACK = "127.0.0.1"
PLACE = re.compile(r"\{([\w.+-]+)\}")
NOT_SENT = frozenset({"connection", "content-length", "host", "keep-alive", "transfer-encoding", "upgrade", "te"})
NOT_TOLD = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})
_callers = ThreadPoolExecutor(max_workers=64, thread_name_prefix="endpoint")


@dataclass(frozen=True, kw_only=True, slots=True)
class _Call:
    """One request to an endpoint; `path` has its query."""

    host: str
    port: int
    method: str
    path: str
    headers: dict[str, str]
    body: bytes
    seconds: float


@dataclass(frozen=True, kw_only=True, slots=True)
class _Told:
    """What an endpoint has answered; header names as they came."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


async def http_proxy(exchange: Exchange) -> Response:
    """The request as it is, and the endpoint's answer as it is."""
    mapped = request_parameters(exchange)
    query = {**exchange.request.query, **mapped["querystring"]}
    headers = {name: value for name, value in event_headers(exchange).items() if name.lower() not in NOT_SENT}
    headers["X-Amzn-Apigateway-Api-Id"] = exchange.api.id
    told = await _reached(exchange, mapped, query=query, headers=headers, body=exchange.request.body)
    merged: dict[str, list[str]] = {}
    for name, value in told.headers:
        if name.lower() not in NOT_TOLD:
            merged.setdefault(f"x-amzn-Remapped-{name}" if name.lower() in REMAPPED else name, []).append(value)
    answered: dict[str, str] = {}
    for name, values in merged.items():
        answered.update(repeated(name, values))
    if "content-type" not in {name.lower() for name in answered}:
        answered["Content-Type"] = JSON
    return Response(status=told.status, headers=answered, body=told.body)


async def http(exchange: Exchange, body: str) -> Answer:
    """What the endpoint says to the mapped parameters and the rendered body."""
    mapped = request_parameters(exchange)
    headers = {
        "Accept": exchange.request.headers.get("accept", JSON),
        "Content-Type": exchange.request.headers.get("content-type", JSON),
        "User-Agent": f"AmazonAPIGateway_{exchange.api.id}",
        "X-Amzn-Apigateway-Api-Id": exchange.api.id,
        "X-Amzn-Trace-Id": trace_id(exchange),
    }
    told = await _reached(exchange, mapped, query=mapped["querystring"], headers=headers, body=body.encode())
    answered: dict[str, list[str]] = {}
    for name, value in told.headers:
        answered.setdefault(name.lower(), []).append(value)
    return Answer(subject=str(told.status), body=told.body.decode("utf-8", errors="replace"), headers=answered)


async def _reached(
    exchange: Exchange,
    mapped: dict[str, dict[str, list[str]]],
    *,
    query: dict[str, list[str]],
    headers: dict[str, str],
    body: bytes,
) -> _Told:
    integration = exchange.integration
    if integration.get("connectionType") == "VPC_LINK":
        raise NotEmulatedError("VPC links are not emulated")
    host, port, path = _address(exchange, {name: values[-1] for name, values in mapped["path"].items()}, query)
    own = {name.lower() for name in mapped["header"]}
    sent = {name: value for name, value in headers.items() if name.lower() not in own}
    sent.update({name: ", ".join(values) for name, values in mapped["header"].items() if name.lower() not in NOT_SENT})
    method = integration["httpMethod"]
    call = _Call(
        host=host,
        port=port,
        method=exchange.request.method if method == "ANY" else method,
        path=path,
        headers=sent,
        body=body,
        seconds=integration.get("timeoutInMillis", 29_000) / 1000,
    )
    exchange.log(f"Endpoint request URI: http://{host}:{port}{path}")
    began = time.perf_counter()
    try:
        async with asyncio.timeout(call.seconds):
            return await asyncio.get_running_loop().run_in_executor(_callers, _asked, call)
    except TimeoutError as error:
        exchange.log("Execution failed due to a timeout error")
        raise RefusedError(kind="INTEGRATION_TIMEOUT", status=504, message="Endpoint request timed out") from error
    except (OSError, HTTPException) as error:
        exchange.log(f"Execution failed due to a network error communicating with endpoint ({error})")
        message = "Network error communicating with endpoint"
        raise RefusedError(kind="INTEGRATION_FAILURE", status=504, message=message) from error
    finally:
        exchange.integration_seconds = time.perf_counter() - began


def _asked(call: _Call) -> _Told:
    connection = HTTPConnection(call.host, call.port, timeout=call.seconds)
    try:
        connection.request(call.method, call.path, body=call.body or None, headers=call.headers)
        answer = connection.getresponse()
        return _Told(status=answer.status, headers=answer.getheaders(), body=answer.read())
    finally:
        connection.close()


def _address(exchange: Exchange, path: dict[str, str], query: dict[str, list[str]]) -> tuple[str, int, str]:
    """Host, port, and path with query of the endpoint.

    Raises:
        NotEmulatedError: for anything but http to this machine.
        RefusedError: 500, when the address is none.
    """
    text = filled(str(exchange.integration["uri"]), exchange.variables)
    text = PLACE.sub(lambda match: quote(path.get(match[1].rstrip("+"), match[0]), safe="/{}"), text)
    try:
        url = urlsplit(text)
        host, port = url.hostname or "", url.port or 80
    except ValueError as error:
        exchange.log("Execution failed due to configuration error: Invalid endpoint address")
        raise internal_error() from error
    local = _loopback(host)
    if local is None or url.scheme != "http":
        raise NotEmulatedError(
            f"HTTP integrations reach http://127.0.0.1 and http://localhost only, not {url.scheme}://{host}: "
            "the sandbox makes no calls outside"
        )
    whole = "&".join(each for each in (url.query, urlencode(query, doseq=True)) if each)
    return local, port, (url.path or "/") + (f"?{whole}" if whole else "")


def _loopback(host: str) -> str | None:
    """The address of a host on this machine, None for any other; no name is looked up."""
    if host == "localhost" or host.endswith(".localhost"):
        return LOOPBACK
    try:
        return host if ipaddress.ip_address(host).is_loopback else None
    except ValueError:
        return None
