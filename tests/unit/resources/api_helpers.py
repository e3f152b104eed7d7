"""A small backend with an API and a domain, for the tests of the kinds that serve it."""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.compat import HTTPHeaders
from moto import mock_aws
from moto.core.models import botocore_stubber

from backendctl.aws.connection import Access, Aws
from backendctl.engine.plan import Change, Plan, Planner
from backendctl.engine.resource import Resource
from backendctl.openapi.localise import digest, localise, localised_digest, to_bytes
from backendctl.resources.deploy_context import Definition, DeployContext, Link, SlotChoice, Stamp
from backendctl.sandbox.apigateway.service import ApiGateway
from backendctl.sandbox.backplane import Invocation
from backendctl.sandbox.http import Request
from backendctl.spec import model
from tests.quick import result_of

EAST, WEST = "us-east-1", "us-west-2"
ACCOUNT = "123456789012"
DOMAIN = "api.corkhounds.example"
URI = (
    "arn:aws:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/arn:aws:lambda:${AWS::Region}:"
    "${AWS::AccountId}:function:corkhounds-places:${stageVariables.placesAlias}/invocations"
)
PLACES = model.FunctionSpec(name="places", physical="corkhounds-places", code=model.Code())
STAGE = model.StageSpec(name="prodv1", path="v1", variables={"placesAlias": "version1", "mode": "full"}, tracing=True)


def document(*paths: str) -> dict[str, Any]:
    """A definition with these routes, all of the function places."""
    integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": URI}
    operation = {"responses": {"200": {"description": "ok"}}, "x-amazon-apigateway-integration": integration}
    return {"openapi": "3.0.1", "info": {"title": "t", "version": "1"}, "paths": {p: {"get": operation} for p in paths}}


def spec(
    *, regions: tuple[str, ...] = (EAST,), stages: tuple[model.StageSpec, ...] = (STAGE,), **parts: Any
) -> model.Spec:
    """The spec; parts override fields."""
    api = model.Api(name="corkhounds", path=Path("a.yaml"), definition={}, stages=stages)
    given = {"api": api, "functions": dict.fromkeys(regions, (PLACES,)), **parts}
    return model.Spec(backend="corkhounds", file=Path("corkhounds.yaml"), regions=regions, **given)


def context(
    given: model.Spec | None = None, *, definition: Mapping[str, Any] | None = None, slot: str = "a", commit: str = "c1"
) -> DeployContext:
    """What `desired` works from, without AWS."""
    given = given or spec()
    source = definition or document("/places")
    stages = given.api.stages if given.api else ()
    links = tuple(Link(stage=s, variable="placesAlias", function=PLACES, alias="version1") for s in stages)
    return DeployContext(
        spec=given,
        account=ACCOUNT,
        partition="aws",
        stamp=Stamp(commit=commit, author="Ada", time="2026-11-23T10:00:00Z"),
        definitions={region: _definition(source, region) for region in given.regions},
        links=dict.fromkeys(given.regions, links),
        slots={(r, PLACES.physical, "version1"): SlotChoice(target=slot, idle_exists=False) for r in given.regions},
    )


def _definition(source: Mapping[str, Any], region: str) -> Definition:
    where: dict[str, Any] = {"region": region, "account": ACCOUNT, "partition": "aws"}
    body = localise(source, name="corkhounds", **where)
    name = digest(source)
    return Definition(body=to_bytes(body), digest=name, localised=localised_digest(source, name, **where))


class Backplane:
    """What the gateway asks of other services: here only certificates."""

    def __init__(self) -> None:
        self.certificates: dict[str, dict[str, Any]] = {}

    async def invoke(
        self, region: str, function: str, qualifier: str | None, payload: bytes, *, wait: bool = True
    ) -> Invocation:
        """No request is served in these tests."""
        raise NotImplementedError((region, function, qualifier, payload, wait))

    async def function_policy(self, region: str, function: str, qualifier: str | None) -> dict[str, Any] | None:
        """No function has one."""
        del region, function, qualifier
        return None

    async def certificate(self, region: str, arn: str) -> dict[str, Any] | None:
        """One that a test has put there."""
        found = self.certificates.get(arn)
        return found if found and arn.split(":")[3] == region else None

    async def may_log(self, role: str) -> bool:
        """Every role."""
        del role
        return True


@contextmanager
def mocked(backplane: Backplane | None = None) -> Iterator[Aws]:
    """AWS in process: API Gateway by the sandbox, which refuses what AWS refuses, the other services by moto."""
    with mock_aws():
        aws = Aws(Access(keys=("testing", "testing"), time_scale=0.0), backend="corkhounds")
        with_gateway(aws, backplane)
        yield aws


def with_gateway(aws: Aws, backplane: Backplane | None = None) -> None:
    """Let the sandbox's API Gateway answer this connection, in process."""
    ticks = itertools.count(1_700_000_000)
    gateway = ApiGateway(backplane or Backplane(), clock=lambda: float(next(ticks)))
    for region in (EAST, WEST):
        _attach(gateway, aws.apigateway(region).meta.events, region)
        _attach(gateway, aws.client("apigatewayv2", region).meta.events, region)


def _attach(gateway: ApiGateway, events: Any, region: str) -> None:
    def answer(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        url = urlsplit(str(request.url))
        body: Any = request.body or b""
        asked = Request(
            method=str(request.method),
            path=unquote(url.path),
            raw_path=url.path,
            query=parse_qs(url.query, keep_blank_values=True),
            headers={key.lower(): _text(value) for key, value in request.headers.items()},
            body=body.encode() if isinstance(body, str) else bytes(body),
            region=region,
            account=ACCOUNT,
        )
        told = result_of(gateway.control(asked))
        headers = HTTPHeaders()
        for name, value in told.headers.items():
            headers[name] = value
        return AWSResponse(str(request.url), told.status, headers, _Raw(told.body))

    events.unregister("before-send", botocore_stubber)  # moto would answer as well
    events.register("before-send", answer)


class _Raw(io.BytesIO):
    """The body as urllib3 gives it."""

    def stream(self, **_: Any) -> Iterator[bytes]:
        """All of it at once."""
        yield self.read()


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def plan(aws: Aws, desired: list[Any], *kinds: type[Resource], regions: tuple[str, ...] = (EAST,)) -> Plan:
    """A fresh plan for these kinds."""
    aws.forget()
    return Planner(kinds=kinds, aws=aws, regions=regions, workers=1, backend="corkhounds").whole(desired)


def deploy(aws: Aws, *desired: Any) -> None:
    """Bring these to what they say, as the executor does, and state that the second plan is empty."""
    for resource in desired:
        kind = type(resource)
        for change in plan(aws, [resource], kind, regions=(resource.region,)).changes:
            if change.address == f"{resource.region}/{kind.kind}/{resource.name}":
                carry_out(aws, change)
        again = plan(aws, [resource], kind, regions=(resource.region,))
        assert [c.data() for c in again.changes if c.desired is not None] == []


def carry_out(aws: Aws, change: Change) -> None:
    """One change."""
    aws.forget()
    if change.desired is None:
        assert change.live is not None
        change.live.delete(aws)
    elif change.live is None:
        change.desired.create(aws)
    else:
        change.desired.update(aws, change.live)


def only(kind: Any, given: DeployContext, region: str = EAST) -> Any:
    """The one desired resource of a kind in a region."""
    (found,) = [resource for resource in kind.desired(given) if resource.region == region]
    return found


def changed(resource: Any, **fields: Any) -> Any:
    """The same resource with other fields."""
    return replace(resource, **fields)


class Calls:
    """Names of the calls made, in order.

    Args:
        service: botocore's event name of the service, e.g. "api-gateway".
    """

    def __init__(self, client: Any, service: str) -> None:
        self.names: list[str] = []
        self.params: list[dict[str, Any]] = []
        client.meta.events.register(f"provide-client-params.{service}", self._note)

    def _note(self, *, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.names.append(model.name)
        self.params.append(params)

    def of(self, name: str) -> list[dict[str, Any]]:
        """Parameters of every call of that name."""
        return [params for called, params in zip(self.names, self.params, strict=True) if called == name]
