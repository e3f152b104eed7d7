"""The event that API Gateway sends to a function for a request: proxy integration, payload format 1.0."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self
from urllib.parse import parse_qsl

from backendctl.errors import UsageError
from backendctl.openapi.matching import Route, route_of
from backendctl.openapi.neutral import operations

_REQUEST = re.compile(r"(?P<method>[A-Za-z]+)\s+(?P<path>/\S*)")
_METHODS = frozenset({"GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS"})
_SHOWN = 8


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiRequest:
    """A request as a client sends it. query: name and value, decoded, in their order."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None

    @classmethod
    def of(cls, method: str, asked: str, *, headers: Mapping[str, str], body: str | None) -> Self:
        """From path and query string as they are sent."""
        path, _, query = asked.partition("?")
        pairs = tuple(parse_qsl(query, keep_blank_values=True))
        return cls(method=method, path=path, query=pairs, headers=headers, body=body)


def parse_request(text: str, *, headers: Sequence[str] = (), body: str | None = None) -> ApiRequest:
    """`GET /places?lat=53` and `Name: value` headers.

    Raises:
        UsageError: it is none.
    """
    found = _REQUEST.fullmatch(text.strip())
    if found is None or found["method"].upper() not in _METHODS:
        raise UsageError(f"'{text}' is not a request: write METHOD PATH, such as 'GET /places?lat=53&lon=-6'")
    given: dict[str, str] = {}
    for header in headers:
        name, colon, value = header.partition(":")
        if not colon or not name.strip():
            raise UsageError(f"'{header}' is not a header: write 'Name: value'")
        given[name.strip()] = value.strip()
    return ApiRequest.of(found["method"].upper(), found["path"], headers=given, body=body)


def require_route(document: Mapping[str, Any], method: str, path: str) -> Route:
    """What a request reaches.

    Raises:
        UsageError: the definition has no such route.
    """
    found = route_of(document, method, path)
    if found is None:
        known = [f"{'ANY' if key.startswith('x-') else key.upper()} {path}" for path, key, _ in operations(document)]
        more = "" if len(known) <= _SHOWN else f" and {len(known) - _SHOWN} more"
        raise UsageError(
            f"the definition has no route for {method} {path}", hint=f"it has {', '.join(known[:_SHOWN])}{more}"
        )
    return found


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where the event comes from, by its own words. now: seconds since the epoch."""

    account: str
    api_id: str
    stage: str
    domain: str
    variables: Mapping[str, str]
    now: float


def proxy_event(request: ApiRequest, route: Route, place: Place) -> dict[str, Any]:
    """The event, with a request id of its own."""
    headers = {"Host": place.domain, "X-Forwarded-Port": "443", "X-Forwarded-Proto": "https", **request.headers}
    if request.body is not None and not any(name.lower() == "content-type" for name in headers):
        headers["Content-Type"] = "application/json"
    several: dict[str, list[str]] = {}
    for name, value in request.query:
        several.setdefault(name, []).append(value)
    return {
        "resource": route.path,
        "path": request.path,
        "httpMethod": request.method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: values[-1] for name, values in several.items()} or None,
        "multiValueQueryStringParameters": several or None,
        "pathParameters": dict(route.parameters) or None,
        "stageVariables": dict(place.variables) or None,
        "requestContext": _context(request, route, place),
        "body": request.body,
        "isBase64Encoded": False,
    }


def _context(request: ApiRequest, route: Route, place: Place) -> dict[str, Any]:
    moment = datetime.fromtimestamp(place.now, UTC)
    return {
        "resourcePath": route.path,
        "httpMethod": request.method,
        "path": f"/{place.stage}{request.path}",
        "stage": place.stage,
        "accountId": place.account,
        "apiId": place.api_id,
        "domainName": place.domain,
        "domainPrefix": place.domain.split(".")[0],
        "protocol": "HTTP/1.1",
        "requestId": str(uuid.uuid4()),
        "requestTime": moment.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "requestTimeEpoch": int(place.now * 1000),
        "identity": {"sourceIp": "127.0.0.1", "userAgent": "backendctl", "user": None, "userArn": None},
    }
