"""One Lambda handler out of a few functions: routing, JSON, errors and the warmer.

    app = App()

    @app.route("GET /places/{id}")
    def read(request: Request) -> Answer:
        return Answer(body={"id": request.path["id"]})

    handler = app.handler(places=open_store("TABLE", key=("cell", "id")))

The stores are given to `handler`, so a test passes its own.
"""

import base64
import json
import logging
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

from botocore import exceptions as aws

from .store import Store

log = logging.getLogger(__name__)

BUSY = {"ProvisionedThroughputExceededException", "RequestLimitExceeded", "ThrottlingException"}


class HttpError(Exception):
    """An answer other than success; the message is for the caller to read."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


class Context(Protocol):
    """The part of Lambda's context object that is used."""

    @property
    def aws_request_id(self) -> str: ...
    @property
    def invoked_function_arn(self) -> str: ...


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What a route returns; `body` may hold what DynamoDB returns, Decimals included."""

    body: Mapping[str, Any]
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """A call through API Gateway; `now` is its arrival in milliseconds since 1970."""

    path: Mapping[str, str]
    query: Mapping[str, str]
    payload: str
    now: int
    stores: Mapping[str, Store]
    context: Context

    def json(self) -> dict[str, Any]:
        """The body as an object; fractions are Decimal, because DynamoDB refuses floats.

        Raises:
            HttpError: 400, it is no JSON object.
        """
        try:
            body = json.loads(self.payload, parse_float=Decimal, parse_constant=_refuse_constant)
        except ValueError as error:
            raise HttpError(400, f"the body is not JSON: {error}") from None
        if not isinstance(body, dict):
            raise HttpError(400, "the body must be a JSON object")
        return body


Action = Callable[[Request], Answer]
Handler = Callable[[Mapping[str, Any], Context], dict[str, Any]]


class App:
    """The routes of one function."""

    def __init__(self) -> None:
        self._actions: dict[str, Action] = {}

    def route(self, name: str) -> Callable[[Action], Action]:
        """Register an action for a method and a resource as the definition spells it: `GET /places/{id}`."""

        def register(action: Action) -> Action:
            self._actions[name] = action
            return action

        return register

    @property
    def routes(self) -> frozenset[str]:
        return frozenset(self._actions)

    def handler(self, **stores: Store) -> Handler:
        """The function Lambda calls. It knows the warmer, and turns every failure of a route into JSON."""
        cold = True

        def handle(event: Mapping[str, Any], context: Context) -> dict[str, Any]:
            nonlocal cold
            was_cold, cold = cold, False
            if event.get("instruction") == "warmer":
                return _warm(stores, was_cold=was_cold, hold=event.get("holdMs", 0) / 1000)
            return _http(self._answer(event, context, stores))

        return handle

    def _answer(self, event: Mapping[str, Any], context: Context, stores: Mapping[str, Store]) -> Answer:
        name = f"{event.get('httpMethod')} {event.get('resource')}"
        try:
            if name not in self._actions:
                return _error(404, "there is nothing here")
            return self._actions[name](_request(event, context, stores))
        except HttpError as error:
            return _error(error.status, error.message)
        except Exception as error:
            # The caller learns the request id, by which the operator finds this entry, and nothing else.
            log.exception("%s failed", name)
            status, message = (503, "busy, try again") if _passes(error) else (500, "something went wrong")
            return _error(status, message, request=context.aws_request_id)


def place_of_service() -> dict[str, str]:
    """The region and the published version that are running."""
    return {
        "region": os.environ["AWS_REGION"],
        "version": os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
    }


def _warm(stores: Mapping[str, Store], *, was_cold: bool, hold: float) -> dict[str, Any]:
    """Open every connection, then stay. A failure is raised: it belongs into the function's Errors metric.

    Args:
        hold: seconds, so that pings that come at the same time meet an environment each.
    """
    began = time.monotonic()
    for store in stores.values():
        store.touch()
    time.sleep(max(0.0, hold - (time.monotonic() - began)))
    return {"warmed": True, "cold": was_cold, **place_of_service()}


def _request(event: Mapping[str, Any], context: Context, stores: Mapping[str, Store]) -> Request:
    payload = event.get("body") or ""
    if event.get("isBase64Encoded"):
        payload = base64.b64decode(payload).decode(errors="replace")
    arrived = (event.get("requestContext") or {}).get("requestTimeEpoch")
    return Request(
        path=event.get("pathParameters") or {},  # API Gateway sends null for none
        query=event.get("queryStringParameters") or {},
        payload=payload,
        now=arrived or time.time_ns() // 1_000_000,
        stores=stores,
        context=context,
    )


def _http(answer: Answer) -> dict[str, Any]:
    served = place_of_service()
    return {
        "statusCode": answer.status,
        "headers": {
            "Content-Type": "application/json",
            "Access-Control-Allow-Origin": "*",  # the hybrid app's pages come from no site of ours
            "X-Region": served["region"],
            "X-Version": served["version"],
            **answer.headers,
        },
        "body": json.dumps(answer.body, default=_plain, ensure_ascii=False),
        "isBase64Encoded": False,
    }


def _error(status: int, message: str, **facts: str) -> Answer:
    return Answer(status=status, body={"error": message, **facts})


def _passes(error: Exception) -> bool:
    """Whether the same call may well succeed in a moment: throttled, or the table was not reached in time."""
    if isinstance(error, aws.ClientError):
        return error.response["Error"]["Code"] in BUSY
    return isinstance(error, aws.ConnectionError | aws.HTTPClientError)


def _plain(value: object) -> int | float:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")
