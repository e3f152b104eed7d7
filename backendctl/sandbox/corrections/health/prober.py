"""Route 53's checkers: one loop that asks the endpoint of every enabled check, as often as it wants to be asked."""

from __future__ import annotations

import asyncio
import contextlib
import http
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qs, unquote

from backendctl.sandbox.corrections.health.check import CALCULATED, DEFAULT_PORTS, Check, check_of
from backendctl.sandbox.corrections.health.states import Report, States
from backendctl.sandbox.corrections.records import NS
from backendctl.sandbox.http import OK, Request, Response
from backendctl.sandbox.telemetry import uncounted
from backendctl.sandbox.timing import Pace
from backendctl.sandbox.world import ACCOUNT, DEFAULT_REGION

if TYPE_CHECKING:
    from collections.abc import Callable

    from backendctl.sandbox.inner import Inner
    from backendctl.sandbox.telemetry import Telemetry, Value

logger = logging.getLogger(__name__)

SHORTEST = 1.0
"""Real seconds between two probes of a check, at least: a quick time scale does not keep the processor busy."""

PATIENCE = 6.0
"""Seconds for an answer: 4 to connect, 2 for the status (E17). Real ones, as late answers are."""

AGENT = "Amazon-Route53-Health-Check-Service (ref {}; report http://amzn.to/1vsZADi)"
_READ = 5120
"""Bytes of a body in which a string is looked for (E17)."""

_TIMED_OUT = (
    "Failure: Connection timed out. The endpoint or the internet connection is down, or requests are being blocked "
    "by your firewall."
)
_UNKNOWN = "Failure: DNS resolution failed: no endpoint of that name is served here."


class Endpoints(Protocol):
    """The APIs of the sandbox, as a caller from outside meets them: with the faults that are on."""

    async def resolves(self, request: Request) -> bool:
        """Whether anything here answers to the request's host."""

    async def connects(self, request: Request) -> bool:
        """Whether a connection comes about, which asks the endpoint for nothing."""

    async def ask(self, request: Request) -> Response:
        """Ask as a caller does."""


@dataclass(kw_only=True, slots=True)
class Prober:
    """The loop; it sleeps as long as no check wants to be asked.

    Attributes:
        inner: the emulated Route 53, which keeps the checks.
        endpoints: set before `start`.
        telemetry: where AWS/Route53 metrics go (E20); None keeps none.
        clock: epoch seconds, for reports.
    """

    inner: Inner
    pace: Pace
    telemetry: Telemetry | None = None
    states: States = field(default_factory=States)
    endpoints: Endpoints | None = None
    clock: Callable[[], float] = time.time
    _due: dict[str, float] = field(default_factory=dict)
    _asking: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _stale: bool = True
    _reading: asyncio.Lock = field(default_factory=asyncio.Lock)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to probe."""
        self._task = asyncio.create_task(self._keep_probing())

    async def stop(self) -> None:
        """Ask no more."""
        tasks = [task for task in (self._task, *self._asking.values()) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def forget(self) -> None:
        """Health checks may have changed: read them again."""
        self._stale = True
        self._wake.set()

    async def refresh(self) -> States:
        """What is known, of the checks as they are now."""
        async with self._reading:
            if self._stale:
                self._stale = False
                self.states.replace(await self._read())
        return self.states

    async def _keep_probing(self) -> None:
        while True:
            try:
                wait = await self._round()
            except Exception:  # one round is lost, the next one comes
                logger.exception("health checks could not be probed")
                wait = SHORTEST
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), wait)
            self._wake.clear()

    async def _round(self) -> float | None:
        """Begin the probes that are due; seconds until the next one, None when no check is probed."""
        states = await self.refresh()
        probed = [check for check in states.checks if check.is_probed]
        now = self.pace.clock()
        self._due = {check.id: self._due.get(check.id, now) for check in probed}
        for check in probed:
            if self._due[check.id] <= now and check.id not in self._asking:
                self._due[check.id] = now + self.interval(check)
                self._asking[check.id] = asyncio.create_task(self._probe(check))
        return max(0.0, min(self._due.values()) - now) if probed else None

    def interval(self, check: Check) -> float:
        """Real seconds between two probes of a check."""
        return max(SHORTEST, self.pace.scale.seconds(check.interval))

    async def _probe(self, check: Check) -> None:
        token = uncounted.set(True)
        try:
            report = await self._report(check)
        except Exception:
            logger.exception("the health check %s could not be probed", check.id)
            return
        finally:
            uncounted.reset(token)
            del self._asking[check.id]
        self.states.record(check, report)
        self._measure(check, report)

    async def _report(self, check: Check) -> Report:
        status = _TIMED_OUT
        with contextlib.suppress(TimeoutError):
            status = await asyncio.wait_for(self._status(check), PATIENCE)
        return Report(healthy=status.startswith("Success"), status=status, moment=self.clock())

    async def _status(self, check: Check) -> str:
        assert self.endpoints is not None  # noqa: S101 - set before it starts
        request = request_of(check)
        if not await self.endpoints.resolves(request):
            return _TIMED_OUT if check.address else _UNKNOWN
        if check.type == "TCP":
            return "Success: TCP connection established" if await self.endpoints.connects(request) else _TIMED_OUT
        return verdict(check, await self.endpoints.ask(request))

    async def _read(self) -> list[Check]:
        answer = await self.inner.ask(
            service="route53",
            region=DEFAULT_REGION,
            method="GET",
            path="/2013-04-01/healthcheck",
            query={"maxitems": ["1000"]},
        )
        if answer.status != OK:
            return []
        listed = answer.xml()
        return [check_of(node) for node in listed.iterfind(".//r:HealthCheck", NS)]

    def _measure(self, check: Check, report: Report) -> None:
        """AWS/Route53, which is in us-east-1 only (E20)."""
        if self.telemetry is None:
            return
        parents = [one for one in self.states.checks if one.type == CALCULATED and check.id in one.children]
        self._put(check, [("HealthCheckPercentageHealthy", 100.0 * report.healthy, "Percent")])
        for parent in parents:
            self._put(parent, [("ChildHealthCheckHealthyCount", float(self.states.healthy_children(parent)), "None")])

    def _put(self, check: Check, values: list[Value]) -> None:
        assert self.telemetry is not None  # noqa: S101 - its caller looked
        status = ("HealthCheckStatus", float(self.states.is_healthy(check.id)), "None")
        self.telemetry.measured(DEFAULT_REGION, "AWS/Route53", [status, *values], [{"HealthCheckId": check.id}])


def request_of(check: Check) -> Request:
    """What a checker sends."""
    path, _, query = check.path.partition("?")
    host = check.host or check.address
    return Request(
        method="GET",
        path=unquote(path),
        raw_path=path,
        query=parse_qs(query, keep_blank_values=True),
        headers={
            "host": host if check.port == DEFAULT_PORTS.get(check.type) else f"{host}:{check.port}",
            "user-agent": AGENT.format(check.id),
            "accept": "*/*",
        },
        body=b"",
        region=DEFAULT_REGION,
        account=ACCOUNT,
        source_ip="54.183.255.129",  # one that AWS publishes for its checkers
    )


def verdict(check: Check, response: Response) -> str:
    """What a checker makes of an answer: 2xx and 3xx are healthy, a string must be near its beginning (E17)."""
    phrase = http.HTTPStatus(response.status).phrase if response.status in set(http.HTTPStatus) else ""
    told = f"HTTP Status Code {response.status}, {phrase}"
    if not http.HTTPStatus.OK <= response.status < http.HTTPStatus.BAD_REQUEST:
        return f"Failure: {told}"
    if check.search and check.search.encode() not in response.body[:_READ]:
        return f"Failure: The search string was not found in the first {_READ} bytes of the body. {told}"
    return f"Success: {told}"
