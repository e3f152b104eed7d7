"""Every test in every region, in order within a region, and the answers of regions held against each other."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from backendctl.aws.regions import each_region
from backendctl.comparing import Difference, decoded, differences
from backendctl.errors import BackendctlError, UsageError
from backendctl.lookups import AwsLookups
from backendctl.openapi.matching import route_of
from backendctl.spec.values import expand
from backendctl.testing.asking import NotAskedError, Sent, client
from backendctl.testing.filling import NotCapturedError, filled, filled_value, mapped
from backendctl.testing.judging import judge
from backendctl.testing.model import (
    PUBLIC,
    Case,
    Condition,
    Expect,
    RequestRow,
    Response,
    Result,
    Suite,
    TestRun,
    Through,
)
from backendctl.testing.reading import scope_in

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.spec.values import Scope

_SAFE = "/:?#[]@!$&'()*+,;=%~-._"


def run_tests(backend: Backend, suites: Sequence[Suite], through: Through | None) -> TestRun:
    """Make all requests.

    Args:
        through: None is what the first file says, else each region's own URL.

    Raises:
        UsageError: there is no API, or no public name to go through.
    """
    api = backend.spec.api
    if api is None:
        raise UsageError(f"{backend.spec.file} has no API to test")
    chosen = through or next((suite.through for suite in suites if suite.through is not None), Through.REGION)
    if chosen is Through.PUBLIC and (backend.spec.domain is None or not any(s.path is not None for s in api.stages)):
        raise UsageError(f"--through public: {backend.spec.file} has no domain with a stage behind it")
    regions = (PUBLIC,) if chosen is Through.PUBLIC else backend.spec.regions

    def work(region: str) -> dict[tuple[str, int], Result]:
        asking = client(backend, region, chosen)
        return {
            (suite.file, number): result
            for suite in suites
            for number, result in enumerate(Session(client=asking, folder=Path(suite.file).parent).results(suite))
        }

    done, failed = each_region(regions, work, workers=backend.settings.workers, doing="test the API in")
    rows = [
        _row(case, {region: results[suite.file, number] for region, results in done.items()})
        for suite in suites
        for number, case in enumerate(suite.cases)
    ]
    return TestRun(
        backend=backend.spec.backend,
        through=chosen,
        regions=regions,
        rows=tuple(rows) if done else (),
        unreachable=failed,
    )


def _row(case: Case, results: Mapping[str, Result]) -> RequestRow:
    answers = {region: result.response for region, result in results.items() if result.response is not None}
    found = list(_differences(case, answers)) if case.compare and len(answers) > 1 else []
    return RequestRow(case=case, results=results, differences=tuple(found))


def _differences(case: Case, answers: Mapping[str, Response]) -> Iterator[Difference]:
    statuses = {region: answer.status for region, answer in answers.items()}
    if len(set(statuses.values())) > 1:
        yield Difference(path="status", values=statuses)
        return  # bodies of different statuses are different things
    yield from differences({region: decoded(answer.body) for region, answer in answers.items()}, case.ignore)


class Asker(Protocol):
    """Makes requests in one region: see `Client`."""

    @property
    def backend(self) -> Backend: ...
    @property
    def region(self) -> str: ...
    def ask(self, sent: Sent) -> Response: ...


@dataclass(kw_only=True)
class Session:
    """One file in one region; remembers what was captured.

    Attributes:
        folder: in which the file is. stage: of tests that name none; empty is the spec's first.
    """

    client: Asker
    folder: Path
    stage: str = ""
    captured: dict[str, Any] = field(default_factory=dict)

    def results(self, suite: Suite) -> Iterator[Result]:
        """Of its tests, in order."""
        backend, region = self.client.backend, self.client.region
        known = backend.spec.primary if region == PUBLIC else region
        scope = scope_in(backend.spec, known, AwsLookups(backend.aws, backend.aws.account), folder=self.folder)
        for case in suite.cases:
            yield self._result(case, scope)

    def _result(self, case: Case, scope: Scope) -> Result:
        try:
            sent, expect = self._sent(case, scope), self._expected(case.expect, scope)
            response = self.client.ask(sent)
        except NotCapturedError as error:
            return Result(response=None, failures=(f"not sent: no earlier answer gave '{error}'",))
        except NotAskedError as error:
            return Result(response=None, failures=(str(error),))
        document = self._api.document_named(sent.stage)
        failures = judge(expect, response, route=sent.route, document=document)
        failures += self._capture(case, response)
        return Result(response=response, failures=tuple(failures))

    @property
    def _api(self) -> Any:
        api = self.client.backend.spec.api
        if api is None:
            raise BackendctlError("there is no API")
        return api

    def _sent(self, case: Case, scope: Scope) -> Sent:
        request = filled(expand(case.request, scope), self.captured, in_url=True)
        method, asked = request.split(" ", 1)
        body = filled_value(mapped(case.body, lambda text: expand(text, scope)), self.captured)
        headers = {name: filled(expand(value, scope), self.captured) for name, value in case.headers.items()}
        if body is not None and not any(name.lower() == "content-type" for name in headers):
            headers["Content-Type"] = "application/json"
        stage = case.stage or self.stage or self._api.stages[0].name
        return Sent(
            method=method,
            asked=quote(asked, safe=_SAFE),
            headers=headers,
            body=body if isinstance(body, str) or body is None else json.dumps(body),
            stage=stage,
            route=route_of(self._api.document_named(stage), method, asked.partition("?")[0]),
        )

    def _expected(self, expect: Expect, scope: Scope) -> Expect:
        def conditions(given: tuple[Condition, ...]) -> tuple[Condition, ...]:
            return tuple(
                Condition(
                    kind=one.kind,
                    wanted=filled_value(mapped(one.wanted, lambda text: expand(text, scope)), self.captured),
                )
                for one in given
            )

        return replace(
            expect,
            headers={name: conditions(given) for name, given in expect.headers.items()},
            json={path: conditions(given) for path, given in expect.json.items()},
        )

    def _capture(self, case: Case, response: Response) -> list[str]:
        """Remember, and what could not be found."""
        body = decoded(response.body)
        failures = []
        for name, path in case.capture.items():
            found = path.select(body)
            if found:
                self.captured[name] = found[0][1]
            else:
                self.captured.pop(name, None)
                failures.append(f"nothing to capture as '{name}': {path.text} is not there")
        return failures
