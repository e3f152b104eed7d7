"""AWS_PROXY: the whole request as an event, the function's answer as the response."""

from __future__ import annotations

import base64
import binascii
import json
import re
from typing import Any

from backendctl.sandbox.apigateway.event import proxy_event
from backendctl.sandbox.apigateway.exchange import Exchange, bad_gateway
from backendctl.sandbox.apigateway.functions import call, source_arn
from backendctl.sandbox.apigateway.model import Doc
from backendctl.sandbox.http import Response

NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
JSON = "application/json"
PROXY_MEMBERS = {"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"}
REMAPPED = {"connection", "content-length", "date", "server", "www-authenticate", "transfer-encoding"}


async def proxy(exchange: Exchange) -> Response:
    """The answer of a function that gets the request as it is."""
    integration = exchange.integration
    outcome = await call(
        exchange,
        owner=integration,
        uri=integration["uri"],
        source_arn=source_arn(exchange),
        event=proxy_event(exchange),
    )
    exchange.backend_status = None
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
    status = exchange.backend_status = int(answer.get("statusCode") or 200)
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
        if not isinstance(values, list):
            raise TypeError("the values of a header are no list")
        extra = [_header(value) for value in values]
        merged = {**rest, str(name): extra + [each for each in own if each not in extra]}
    headers: dict[str, str] = {}
    for name, values in _names(merged).items():
        sent = f"x-amzn-Remapped-{name}" if name.lower() in REMAPPED else name
        headers.update(repeated(sent, values))
    return headers


def _names(headers: dict[str, list[str]]) -> dict[str, list[str]]:
    """Headers whose names HTTP can carry."""
    wrong = next((name for name in headers if not NAME.fullmatch(name)), None)
    if wrong is not None:
        raise ValueError(f"{wrong!r} is no name of a header")
    return headers


def _header(value: Any) -> str:
    if isinstance(value, (dict, list)):
        raise TypeError("a header value is no text")
    return str(value).lower() if isinstance(value, bool) else str(value)


def repeated(name: str, values: list[str]) -> dict[str, str]:
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
