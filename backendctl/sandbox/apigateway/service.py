"""The API Gateway of the sandbox, as the HTTP router sees it."""

from __future__ import annotations

import inspect
import re
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

from backendctl.sandbox.apigateway import access_log, canary, domains, mappings, routes
from backendctl.sandbox.apigateway.call import Call
from backendctl.sandbox.apigateway.dataplane import serve
from backendctl.sandbox.apigateway.errors import ApiError
from backendctl.sandbox.apigateway.event import trace_id
from backendctl.sandbox.apigateway.exchange import Exchange
from backendctl.sandbox.apigateway.gateway import forbidden
from backendctl.sandbox.apigateway.hosts import Hosts, ShownStage
from backendctl.sandbox.apigateway.live import Live
from backendctl.sandbox.apigateway.model import Doc, Region, dump_region, load_region
from backendctl.sandbox.apigateway.served import Served
from backendctl.sandbox.apigateway.under_way import DOMAIN_CREATED, UnderWay
from backendctl.sandbox.backplane import Backplane
from backendctl.sandbox.http import Request, Response
from backendctl.sandbox.timing import Pace, TimeScale
from backendctl.sandbox.xray import root_of, upstream

LOG_LINES = 5000
RESERVED = frozenset({"/ping", "/sping"})  # A90
_RANDOM = secrets.SystemRandom()
REGIONAL = re.compile(r"d-[a-z0-9]+\.execute-api\.(?P<region>[a-z0-9-]+)\.amazonaws\.com")


def _ignore(_served: Served) -> None:
    """Nobody listens."""


class ApiGateway:
    """Control plane and data plane of every region.

    Args:
        backplane: Lambda and ACM.
        clock: epoch seconds.
        pace: how long changes of stages and mappings are on their way; None is at once.
        draw: a random number in [0, 1) per request, for the canary's share.
        on_served: told about each data-plane request.
    """

    def __init__(
        self,
        backplane: Backplane,
        *,
        clock: Callable[[], float] = time.time,
        pace: Pace | None = None,
        draw: Callable[[], float] = _RANDOM.random,
        on_served: Callable[[Served], None] = _ignore,
    ) -> None:
        self._backplane = backplane
        self._clock = clock
        self._draw = draw
        self._on_served = on_served
        self._regions: dict[str, Region] = {}
        self._hosts = Hosts(pace=pace or Pace(scale=TimeScale(0)))
        self._under_way = UnderWay(pace=self._hosts.pace)
        self._live = Live()
        self._logs: dict[tuple[str, str, str], deque[str]] = {}

    def _region(self, name: str) -> Region:
        return self._regions.setdefault(name, Region())

    async def control(self, request: Request) -> Response:
        """Answer one call of the control plane."""
        found = routes.find(request)
        if found is None:
            error = f"The sandbox does not emulate {request.method} {request.path} of API Gateway"
            return ApiError(code="NotImplementedException", message=error, status=501).response()
        handler, params = found
        call = Call(
            request=request,
            region=self._region(request.region),
            regions=self._regions,
            params=params,
            now=self._clock(),
            backplane=self._backplane,
            live=self._live,
            under_way=self._under_way,
        )
        try:
            result = handler(call)
            return await result if inspect.isawaitable(result) else result
        except ApiError as refused:
            return refused.response()
        finally:
            if request.method != "GET":
                self._hosts.publish(request.region, call.region)

    async def execute(self, request: Request, *, region: str, api_id: str, stage: str, path: str) -> Response:
        """Serve a request to `{api_id}.execute-api.{region}.amazonaws.com/{stage}{path}`.

        Args:
            request: as it came in.
            region: AWS region of the API.
            api_id: REST API id.
            stage: stage name.
            path: what follows the stage, percent-decoded, beginning with "/".
        """
        shown = self._hosts.stage((region, api_id, stage), self._hosts.host())
        if shown is None:
            return forbidden()
        host = f"{api_id}.execute-api.{region}.amazonaws.com"
        exchange = self._exchange(request, region=region, shown=shown, path=path or "/", host=host, base=None)
        if exchange.definition.info["disableExecuteApiEndpoint"]:
            return forbidden()
        return await self._serve(exchange)

    async def execute_domain(self, request: Request, *, region: str, domain: str) -> Response | None:
        """Serve a request that came by a custom domain name; None when the region does not have that name."""
        known = domains.serving(self._regions.get(region, Region()).domains, domain)
        if known is None:
            return None
        if self._under_way.state((region, known.info["domainName"])) == DOMAIN_CREATED.state:  # A93
            return forbidden()
        if request.path in RESERVED:
            return Response(headers={"Content-Type": "text/plain"}, body=b"Healthy")  # the words are a guess
        host = self._hosts.host()
        routed = mappings.route(self._hosts.mappings(region, known.info["domainName"], host), request.path)
        if routed is None:
            return forbidden()
        mapping, path = routed
        stage = mapping.get("stage")
        if stage is None:  # a mapping without a stage takes the stage from the path
            stage, _, rest = path.lstrip("/").partition("/")
            path = "/" + rest
        shown = self._hosts.stage((region, mapping["restApiId"], stage), host)
        if shown is None:
            return forbidden()
        exchange = self._exchange(
            request, region=region, shown=shown, path=path, host=domain.lower(), base=request.path
        )
        return await self._serve(exchange)

    def _exchange(
        self, request: Request, *, region: str, shown: ShownStage, path: str, host: str, base: str | None
    ) -> Exchange:
        deployment_id, variables, is_canary = canary.chosen(shown.stage, self._draw)
        name = shown.stage["stageName"]
        lines = self._log_of(region, shown.api.id, f"{name}/Canary" if is_canary else name)  # A76
        return Exchange(
            request=request,
            backplane=self._backplane,
            region=region,
            api=shown.api,
            definition=shown.definitions[deployment_id],
            stage=shown.stage,
            deployment_id=deployment_id,
            variables=variables,
            canary=is_canary,
            path=path,
            full_path=base if base is not None else f"/{name}{path}",
            event_path=base if base is not None else path,
            domain_name=host,
            now=self._clock(),
            log=lines.append,
            live=self._live,
        )

    def _log_of(self, region: str, api_id: str, stage: str) -> deque[str]:
        return self._logs.setdefault((region, api_id, stage), deque(maxlen=LOG_LINES))

    async def _serve(self, exchange: Exchange) -> Response:
        lines = exchange.log
        exchange.log = lambda text: lines(f"({exchange.request_id}) {text}")
        traced, segment = bool(exchange.stage.get("tracingEnabled")), secrets.token_hex(8)
        token = upstream.set(f"{trace_id(exchange)};Parent={segment};Sampled=1" if traced else None)
        began = time.perf_counter()
        response = await serve(exchange, self._region(exchange.region))
        seconds = time.perf_counter() - began
        upstream.reset(token)
        self._on_served(
            Served(
                at=exchange.now,
                region=exchange.region,
                api_id=exchange.api.id,
                api_name=exchange.definition.info["name"],
                stage=exchange.stage_name,
                canary=exchange.canary,
                method=exchange.request.method,
                resource=exchange.resource.get("path"),
                status=response.status,
                seconds=seconds,
                integration_seconds=exchange.integration_seconds,
                request_id=exchange.request_id,
                access_log=access_log.entry(exchange, response, seconds),
                trace=root_of(trace_id(exchange)) if traced else None,
                segment=segment,
            )
        )
        return response

    def execution_log(self, region: str, api_id: str, stage: str) -> list[str]:
        """The last lines of a stage's execution log; the canary's are under `<stage>/Canary` (A76)."""
        return list(self._logs.get((region, api_id, stage), ()))

    def regions_of_domain(self, domain: str) -> list[str]:
        """The regions in which a custom domain name exists, by name: which was used first is chance."""
        return sorted(name for name, region in self._regions.items() if domains.serving(region.domains, domain))

    def regional_domain(self, host: str) -> tuple[str, str] | None:
        """Region and custom domain behind a `d-….execute-api.<region>.amazonaws.com` name."""
        match = REGIONAL.fullmatch(host.lower())
        if match is None:
            return None
        region = match["region"]
        for name, domain in self._regions.get(region, Region()).domains.items():
            if domain.info.get("regionalDomainName") == host.lower():
                return region, name
        return None

    def certificate_users(self, region: str, arn: str) -> list[str]:
        """ARNs of the custom domains that use a certificate; [its own] when one has used it until a moment ago."""
        found = domains.using(self._regions, arn)
        return found or ([arn] if self._under_way.state((region, arn)) is not None else [])

    def stage(self, region: str, api_id: str, name: str) -> Doc | None:
        """A stage of a REST API, to be written to; None when it is not there."""
        api = self._regions[region].apis.get(api_id) if region in self._regions else None
        return None if api is None else api.stages.get(name)

    def stages_of(self, region: str) -> Iterator[tuple[str, Doc]]:
        """ARN and stage of every stage in a region."""
        for api in self._regions[region].apis.values() if region in self._regions else ():
            for name, stage in api.stages.items():
                yield f"arn:aws:apigateway:{region}::/restapis/{api.id}/stages/{name}", stage

    def region_of_api(self, api_id: str) -> str | None:
        """The region that has this REST API."""
        return next((name for name, region in self._regions.items() if api_id in region.apis), None)

    def dump(self) -> dict[str, Any]:
        """All state as JSON values; execution logs are not kept."""
        return {name: dump_region(region) for name, region in self._regions.items()}

    def load(self, state: dict[str, Any]) -> None:
        """Replace all state by what `dump` gave."""
        self._regions = {name: load_region(region) for name, region in state.items()}
        self._hosts = Hosts(pace=self._hosts.pace)
        self._under_way = UnderWay(pace=self._hosts.pace)
        for name, region in self._regions.items():
            self._hosts.publish(name, region, at_once=True)
