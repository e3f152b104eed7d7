"""The access log: one line per request, in the format the stage asks for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from backendctl.sandbox.apigateway.event import template_context
from backendctl.sandbox.apigateway.exchange import Exchange, NotEmulatedError
from backendctl.sandbox.apigateway.template import Scope, render
from backendctl.sandbox.http import Response


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
    scope = Scope(context=_context(exchange, response, seconds), variables=exchange.variables)
    try:
        text = render(settings["format"].rstrip("\n"), scope)
    except NotEmulatedError:
        text = settings["format"]  # AWS too writes what it does not understand as it stands
    return AccessLine(destination=settings["destinationArn"], text=text)


def _context(exchange: Exchange, response: Response, seconds: float) -> dict[str, Any]:
    """`$context` of access logs: what is unknown is written "-"."""
    moment = datetime.fromtimestamp(exchange.now, tz=UTC)
    spent = exchange.integration_seconds
    known = {
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
        "integration": {"latency": None if spent is None else str(int(spent * 1000))},
    }
    context: dict[str, Any] = _dashed(known)
    return context


class _Dashed(dict[str, Any]):
    """A context in which whatever is missing reads "-", at any depth."""

    def get(self, key: str, default: Any = None) -> Any:
        found = super().get(key, default)
        return _Dashed() if found is None else found

    def __str__(self) -> str:
        return super().__str__() if self else "-"


def _dashed(value: Any) -> Any:
    if isinstance(value, dict):
        return _Dashed({key: _dashed(each) for key, each in value.items() if each is not None})
    return value
