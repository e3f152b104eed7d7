"""An API Gateway in process, spoken to through boto3's own serialiser, and a small backplane behind it."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from botocore.config import Config

from backendctl.sandbox.apigateway.service import ApiGateway
from backendctl.sandbox.backplane import Invocation
from backendctl.sandbox.http import Request, Response
from backendctl.sandbox.timing import Pace, TimeScale
from tests.unit.sandbox.clock import Clock

ACCOUNT = "111111111111"
NOW = 1_700_000_000.0


@dataclass(kw_only=True)
class SmallBackplane:
    """Functions are Python callables from event to answer, by name and qualifier."""

    functions: dict[tuple[str, str | None], Callable[[Any], Any]] = field(default_factory=dict)
    policies: dict[tuple[str, str | None], dict[str, Any]] = field(default_factory=dict)
    certificates: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[Any] = field(default_factory=list)
    delay: float = 0.0
    useless_roles: set[str] = field(default_factory=set)

    def add(self, name: str, qualifier: str | None, handler: Callable[[Any], Any], *, source: str = "*") -> None:
        """A function which API Gateway may call for this SourceArn pattern."""
        self.functions[name, qualifier] = handler
        self.policies[name, qualifier] = {
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"Service": "apigateway.amazonaws.com"},
                    "Action": "lambda:InvokeFunction",
                    "Condition": {"ArnLike": {"AWS:SourceArn": source}},
                }
            ]
        }

    async def invoke(
        self, region: str, function: str, qualifier: str | None, payload: bytes, *, wait: bool = True
    ) -> Invocation:
        del region
        await asyncio.sleep(self.delay)
        handler = self.functions.get((function, qualifier))
        if handler is None:
            return Invocation(status=404, error=None, payload=b"{}")
        event = json.loads(payload)
        self.events.append(event)
        if not wait:
            return Invocation(status=202, error=None, payload=b"")
        try:
            answer = handler(event)
        except RuntimeError as error:
            document = {"errorMessage": str(error), "errorType": "RuntimeError"}
            return Invocation(status=200, error="Unhandled", payload=json.dumps(document).encode())
        return Invocation(status=200, error=None, payload=json.dumps(answer).encode())

    async def function_policy(self, region: str, function: str, qualifier: str | None) -> dict[str, Any] | None:
        del region
        return self.policies.get((function, qualifier))

    async def certificate(self, region: str, arn: str) -> dict[str, Any] | None:
        found = self.certificates.get(arn)
        return found if found and arn.split(":")[3] == region else None

    async def may_log(self, role: str) -> bool:
        return role not in self.useless_roles


@dataclass(kw_only=True)
class Aws:
    """The gateway with a boto3 client per region and a way to call deployed APIs."""

    gateway: ApiGateway
    backplane: SmallBackplane
    draws: list[float]

    def client(self, region: str = "us-east-1") -> Any:
        client = boto3.client(
            "apigateway",
            region_name=region,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"total_max_attempts": 1}, parameter_validation=False),
        )
        answer: Any = lambda request, **_: self._answer(request, region)  # noqa: E731 - botocore's own type is too narrow
        client.meta.events.register("before-send.apigateway", answer)
        return client

    def _answer(self, request: AWSPreparedRequest, region: str) -> AWSResponse:
        url = urlsplit(str(request.url))
        body: Any = request.body or b""
        response = asyncio.run(
            self.gateway.control(
                Request(
                    method=str(request.method),
                    path=unquote(url.path),
                    raw_path=url.path,
                    query=parse_qs(url.query, keep_blank_values=True),
                    headers={key.lower(): _text(value) for key, value in request.headers.items()},
                    body=body.encode() if isinstance(body, str) else bytes(body),
                    region=region,
                    account=ACCOUNT,
                )
            )
        )
        headers = HTTPHeaders()
        for name, value in response.headers.items():
            headers[name] = value
        return AWSResponse(str(request.url), response.status, headers, _Raw(response.body))

    def call(self, api_id: str, stage: str, path: str, **options: Any) -> Response:
        """A request to the deployed API."""
        region = options.pop("region", "us-east-1")
        request = incoming(path=path, **options)
        return asyncio.run(self.gateway.execute(request, region=region, api_id=api_id, stage=stage, path=unquote(path)))


class _Raw:
    """The raw body as urllib3 would stream it."""

    def __init__(self, body: bytes) -> None:
        self._body = body

    def stream(self, amt: int = 1024, *, decode_content: bool | None = None) -> Iterator[bytes]:
        del amt, decode_content
        yield self._body

    def read(self, amt: int | None = None) -> bytes:
        del amt
        body, self._body = self._body, b""
        return body


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def incoming(
    *,
    path: str,
    method: str = "GET",
    query: dict[str, list[str]] | None = None,
    headers: dict[str, str] | None = None,
    body: bytes = b"",
    source_ip: str = "127.0.0.1",
) -> Request:
    return Request(
        method=method,
        path=unquote(path),
        raw_path=path,
        query=query or {},
        headers=headers or {},
        body=body,
        region="us-east-1",
        account=ACCOUNT,
        source_ip=source_ip,
    )


@pytest.fixture
def aws() -> Aws:
    backplane = SmallBackplane()
    draws: list[float] = []
    gateway = ApiGateway(backplane, clock=lambda: NOW, draw=lambda: draws.pop(0) if draws else 0.5)
    return Aws(gateway=gateway, backplane=backplane, draws=draws)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def late(clock: Clock) -> Aws:
    """At AWS's own pace; every request is the canary's, if there is one."""
    backplane = SmallBackplane()
    chance = random.Random(3)  # noqa: S311 - it draws delays and hosts
    pace = Pace(scale=TimeScale(1), clock=clock, chance=chance)
    gateway = ApiGateway(backplane, clock=lambda: NOW, pace=pace, draw=lambda: 0.0)
    return Aws(gateway=gateway, backplane=backplane, draws=[])
