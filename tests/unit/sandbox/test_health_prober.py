from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from backendctl.sandbox.corrections.health.prober import SHORTEST, Prober
from backendctl.sandbox.http import Request, Response
from backendctl.sandbox.inner import Inner
from backendctl.sandbox.timing import Pace, TimeScale
from tests.unit.sandbox.clock import Clock

CHECK = (
    "<HealthCheck><Id>{}</Id><CallerReference>{}</CallerReference><HealthCheckConfig><Type>HTTPS</Type>"
    "<FullyQualifiedDomainName>{}</FullyQualifiedDomainName><RequestInterval>30</RequestInterval>"
    "<FailureThreshold>1</FailureThreshold><Disabled>{}</Disabled></HealthCheckConfig></HealthCheck>"
)


@dataclass
class Endpoints:
    """APIs that answer with one status, and note who asks."""

    status: int = 200
    asked: list[Request] = field(default_factory=list)

    async def resolves(self, request: Request) -> bool:
        return request.headers["host"] == "api.example"

    async def connects(self, request: Request) -> bool:
        return bool(request) and self.status == 200

    async def ask(self, request: Request) -> Response:
        self.asked.append(request)
        return Response(status=self.status)


def _prober(clock: Clock, endpoints: Endpoints, *checks: str, factor: float = 0.0) -> Prober:
    listed = f'<A xmlns="https://route53.amazonaws.com/doc/2013-04-01/">{"".join(checks)}</A>'.encode()

    async def app(_scope: object, _receive: object, send: object) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})  # type: ignore[operator]
        await send({"type": "http.response.body", "body": listed})  # type: ignore[operator]

    inner = Inner(app=app)
    return Prober(inner=inner, pace=Pace(scale=TimeScale(factor), clock=clock), endpoints=endpoints)


async def _rounds(prober: Prober, clock: Clock, *, steps: int, seconds: float) -> list[float | None]:
    waits = []
    for _ in range(steps):
        waits.append(await prober._round())
        await asyncio.gather(*prober._asking.values())
        clock.now += seconds
    return waits


def _check(host: str = "api.example", *, identifier: str = "a", disabled: bool = False) -> str:
    return CHECK.format(identifier, identifier, host, str(disabled).lower())


def test_without_checks_nothing_is_asked_and_the_loop_waits_to_be_woken() -> None:
    clock, endpoints = Clock(), Endpoints()
    prober = _prober(clock, endpoints)
    assert asyncio.run(_rounds(prober, clock, steps=1, seconds=0)) == [None]


def test_a_disabled_check_is_not_asked() -> None:
    clock, endpoints = Clock(), Endpoints()
    prober = _prober(clock, endpoints, _check(disabled=True))
    assert asyncio.run(_rounds(prober, clock, steps=2, seconds=9)) == [None, None]
    assert endpoints.asked == []


def test_a_check_is_asked_at_its_interval_and_never_more_often_than_once_a_second() -> None:
    for factor, interval in ((0.0, SHORTEST), (0.01, SHORTEST), (0.1, 3.0), (1.0, 30.0)):
        clock, endpoints = Clock(), Endpoints()
        prober = _prober(clock, endpoints, _check(), factor=factor)
        waits = asyncio.run(_rounds(prober, clock, steps=3, seconds=interval / 2))
        assert waits == [interval, interval / 2, interval]
        assert len(endpoints.asked) == 2


def test_what_an_endpoint_answers_becomes_the_status_of_its_check() -> None:
    clock, endpoints = Clock(), Endpoints(status=429)
    prober = _prober(clock, endpoints, _check(), _check("elsewhere.example", identifier="b"))
    asyncio.run(_rounds(prober, clock, steps=1, seconds=1))
    assert not prober.states.is_healthy("a")
    known = {name: report.status for name in "ab" if (report := prober.states.last(name))}
    assert known["a"] == "Failure: HTTP Status Code 429, Too Many Requests"
    assert known["b"].startswith("Failure: DNS resolution failed")
