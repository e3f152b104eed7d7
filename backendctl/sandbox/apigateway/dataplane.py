"""One request through a stage, from the path to the answer."""

from __future__ import annotations

from backendctl.sandbox.apigateway.authorize import authorize, missing_token
from backendctl.sandbox.apigateway.event import trace_id
from backendctl.sandbox.apigateway.exchange import Exchange, NotEmulatedError, RefusedError
from backendctl.sandbox.apigateway.gateway import not_emulated, refusal
from backendctl.sandbox.apigateway.integrate import integrate
from backendctl.sandbox.apigateway.matching import method_of, resource_for
from backendctl.sandbox.apigateway.model import Region
from backendctl.sandbox.apigateway.throttle import throttle
from backendctl.sandbox.apigateway.validation import validate
from backendctl.sandbox.http import Response

LARGEST_PAYLOAD = 10 * 1024 * 1024  # A43


async def serve(exchange: Exchange, region: Region) -> Response:
    """The answer to one request, with the headers AWS adds."""
    exchange.log(f"HTTP Method: {exchange.request.method}, Resource Path: {exchange.path}")
    try:
        response = await _serve(exchange, region)
    except RefusedError as refused:
        response = _refused(exchange, refused)
    except NotEmulatedError as error:
        exchange.log(f"Not emulated: {error}")
        response = not_emulated(error)
    exchange.log(f"Method completed with status: {response.status}")
    added = {
        "x-amzn-RequestId": exchange.request_id,
        "x-amz-apigw-id": exchange.extended_id,
        "X-Amzn-Trace-Id": trace_id(exchange),
    }
    return Response(status=response.status, headers={**added, **response.headers}, body=response.body)


def _refused(exchange: Exchange, refused: RefusedError) -> Response:
    try:
        return refusal(exchange, refused)
    except NotEmulatedError as error:
        return not_emulated(error)


async def _serve(exchange: Exchange, region: Region) -> Response:
    if len(exchange.request.body) > LARGEST_PAYLOAD:
        raise RefusedError(kind="REQUEST_TOO_LARGE", status=413, message="Request Too Long")
    _route(exchange)
    throttle(exchange)
    await authorize(exchange, region)
    validate(exchange)
    return await integrate(exchange)


def _route(exchange: Exchange) -> None:
    found = resource_for(exchange.definition, exchange.path)
    method = method_of(found[0], exchange.request.method) if found else None
    if found is None or method is None:
        raise missing_token()
    exchange.resource, exchange.path_parameters = found
    exchange.method = method
