"""A file of tests, asked of the canary: its versions answer the requests, and the baseline's where those fail."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from backendctl.aws.errors import explain
from backendctl.endpoints import regional_host
from backendctl.errors import BackendctlError
from backendctl.invoking.event import ApiRequest, proxy_event
from backendctl.invoking.event import Place as Origin
from backendctl.release.answers import from_proxy
from backendctl.release.asking import Place, version_of
from backendctl.release.outcome import Finding, Outcome
from backendctl.resources.lambda_.calling import Answer, call_at_once
from backendctl.testing.asking import NotAskedError
from backendctl.testing.model import Response, Result, Suite
from backendctl.testing.reading import read_suites
from backendctl.testing.run import Session

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.openapi.matching import Route
    from backendctl.spec.analysis import TestsCheck
    from backendctl.testing.asking import Sent

_SHOWN = 3
"""Failures that are told one by one."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Versions:
    """Asks what stands behind one side's aliases in one region, by the event that API Gateway would send.

    Attributes:
        variables: stage variables of the side.
    """

    backend: Backend
    place: Place
    variables: Mapping[str, str]
    region: str = field(init=False, default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "region", self.place.region)

    def ask(self, sent: Sent) -> Response:
        """Make the request.

        Raises:
            NotAskedError: no function answers it.
            BackendctlError: Lambda refused the call or was silent.
        """
        if sent.route is None:
            raise NotAskedError(f"the definition has no route for {sent.method} {sent.asked}")
        try:
            function, version = version_of(
                self.backend.aws, self.place, method=sent.method, path=sent.route.path, variables=self.variables
            )
        except BackendctlError as error:
            raise NotAskedError(error.message) from error
        event = json.dumps(self._event(sent, sent.route))
        began = time.monotonic()
        (answer,) = call_at_once(
            self.backend.aws, self.place.region, function, qualifier=version, payload=event, count=1
        )
        if answer.error is not None:
            raise explain(answer.error, doing=f"invoke {function}:{version} in {self.place.region}")
        return _response(answer, seconds=time.monotonic() - began)

    def _event(self, sent: Sent, route: Route) -> Mapping[str, object]:
        place, aws = self.place, self.backend.aws
        request = ApiRequest.of(sent.method, sent.asked, headers=sent.headers, body=sent.body)
        origin = Origin(
            account=aws.account,
            api_id=place.api_id,
            stage=place.stage,
            domain=regional_host(place.api_id, place.region, aws),
            variables=place.base,  # the same for both sides
            now=time.time(),
        )
        return proxy_event(request, route, origin)


def ask_tests(backend: Backend, place: Place, check: TestsCheck) -> Finding:
    """The answer to a check by tests: those of the canary's stage, in their order, captured values included.

    What the baseline does not answer as expected either cannot tell; nor can trouble in asking.
    """
    try:
        (suite,) = read_suites([Path(check.file)], backend.spec)
        suite = suite.of_stage(place.stage)
        wrong = _wrong(backend, place, suite, place.canary)
        known = set(_wrong(backend, place, suite, place.base)) if wrong else set()
    except BackendctlError as error:
        return Finding(outcome=Outcome.INCONCLUSIVE, told=f"{check.name}: cannot tell: {error}")
    told = [line for name, line in wrong.items() if name not in known]
    if told:
        more = f"; and {len(told) - _SHOWN} more" if len(told) > _SHOWN else ""
        return Finding(outcome=Outcome.FAIL, told=f"{check.name}: {'; '.join(told[:_SHOWN])}{more}")
    if wrong:
        first = next(iter(wrong.values()))
        return Finding(
            outcome=Outcome.INCONCLUSIVE,
            told=f"{check.name}: cannot tell: neither canary nor baseline answer as expected: {first}",
        )
    count = "1 test" if len(suite.cases) == 1 else f"{len(suite.cases)} tests"
    return Finding(outcome=Outcome.PASS, told=f"{check.name}: {count} passed")


def _wrong(backend: Backend, place: Place, suite: Suite, variables: Mapping[str, str]) -> dict[int, str]:
    """Number of a test → its first failure."""
    client = Versions(backend=backend, place=place, variables=variables)
    session = Session(client=client, folder=Path(suite.file).parent, stage=place.stage)
    results: Sequence[Result] = list(session.results(suite))
    return {
        number: f"{case.name}: {result.failures[0]}"
        for number, (case, result) in enumerate(zip(suite.cases, results, strict=True))
        if result.failures
    }


def _response(answer: Answer, *, seconds: float) -> Response:
    said = from_proxy(answer.said, fault=answer.fault)
    return Response(status=said.status, headers=said.headers, body=said.body, latency_ms=seconds * 1000)
