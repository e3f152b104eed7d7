"""The access log: one line per request, in the format the stage asks for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from backendctl.sandbox.apigateway.event import template_context, trace_id
from backendctl.sandbox.apigateway.exchange import Exchange
from backendctl.sandbox.http import Response

VARIABLE = re.compile(r"\$\{?context((?:\.[A-Za-z_][\w-]*)+)\}?")


@dataclass(frozen=True, kw_only=True, slots=True)
class AccessLine:
    """A line and the ARN of the log group (or delivery stream) it goes to."""

    destination: str
    text: str


def entry(exchange: Exchange, response: Response, seconds: float) -> AccessLine | None:
    """The line of one request; None when the stage writes no access log."""
    settings = exchange.stage.get("accessLogSettings", {})
    if not settings.get("destinationArn") or not settings.get("format"):
        return None
    context = _context(exchange, response, seconds)
    text = VARIABLE.sub(lambda match: _value(context, match[1].split(".")[1:]), settings["format"].rstrip("\n"))
    return AccessLine(destination=settings["destinationArn"], text=text)


def _context(exchange: Exchange, response: Response, seconds: float) -> dict[str, Any]:
    """`$context` of access logs."""
    moment = datetime.fromtimestamp(exchange.now, tz=UTC)
    spent = exchange.integration_seconds
    return {
        "requestTime": moment.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "requestTimeEpoch": int(exchange.now * 1000),
        "extendedRequestId": exchange.extended_id,
        "accountId": exchange.account,
        "protocol": "HTTP/1.1",
        "domainName": exchange.domain_name,
        "resourcePath": exchange.resource.get("path"),
        **template_context(exchange),
        "status": str(response.status),
        "responseLength": str(len(response.body)),
        "responseLatency": str(int(seconds * 1000)),
        "integrationLatency": None if spent is None else str(int(spent * 1000)),
        "integrationStatus": exchange.integration_status,
        "xrayTraceId": trace_id(exchange).removeprefix("Root=") if exchange.stage.get("tracingEnabled") else None,
        "awsEndpointRequestId": exchange.integration_id,
        "integration": {
            "requestId": exchange.integration_id,
            "latency": None if spent is None else str(int(spent * 1000)),
            "integrationStatus": exchange.integration_status,
            "status": exchange.backend_status,
        },
    }


def _value(context: Any, names: list[str]) -> str:
    """What is unknown is written "-"."""
    for name in names:
        context = context.get(name) if isinstance(context, dict) else None
    return "-" if context is None or isinstance(context, dict) else str(context)
