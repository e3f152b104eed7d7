"""The smoke test after a switch: the same requests in every region, and whether the answers are alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from backendctl.api.cors import asking, unreadable
from backendctl.api.method_call import Method, ask_method, resource_ids
from backendctl.api.smoke_requests import SmokeRequest, smoke_requests
from backendctl.aws.crew import together
from backendctl.aws.errors import ClientError, explain
from backendctl.aws.regions import each_region
from backendctl.resources.apigateway.api_reads import require_api
from backendctl.resources.lambda_.lambda_waits import NOT_RUN_HERE

if TYPE_CHECKING:
    from backendctl.api.source import Source
    from backendctl.aws.connection import Aws
    from backendctl.spec.callers import Cors
    from backendctl.spec.model import Api, StageSpec

_TRIES = 4
_PAUSE = 3.0  # seconds; a permission takes some to arrive (B43)
_SERVER = 500
_ORIGIN = "Origin"
_READS = "GET"
_NO_RIGHT = "Invalid permissions on Lambda function"  # A100


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What one region answered.

    Attributes:
        status: None when the request was not made.
        said: the last line worth reading of API Gateway's log, where the status is bad.
        unreadable: why a page of an origin of `api.cors` could not read it; empty when it can, or without `cors`.
    """

    status: int | None
    said: str = ""
    unreadable: str = ""

    @property
    def unasked(self) -> bool:
        """Whether what we talk to cannot make the request at all: an emulator without the network or the runtime."""
        return (self.status is None and "NotImplementedException" in self.said) or NOT_RUN_HERE in self.said

    def __str__(self) -> str:
        return "-" if self.status is None else str(self.status)


@dataclass(frozen=True, kw_only=True, slots=True)
class SmokeRow:
    """One request through one stage's variables, in every region."""

    stage: str
    request: SmokeRequest
    answers: Mapping[str, Answer]

    @property
    def verdict(self) -> str:
        """Empty when all is well; else what is wrong, in a few words."""
        statuses = {region: one.status for region, one in self.answers.items()}
        if any(one.unasked for one in self.answers.values()):
            return ""
        bad = [region for region, status in statuses.items() if status is None or status >= _SERVER]
        if self.request.expect is not None:
            other = [region for region, status in statuses.items() if status != self.request.expect]
            return f"not {self.request.expect} in {', '.join(other)}" if other else self._unreadable()
        if bad:
            return f"fails in {', '.join(bad)}"
        return self._unreadable() if len(set(statuses.values())) <= 1 else "the regions differ"

    def _unreadable(self) -> str:
        """Where the answer lacks what a browser asks for."""
        by_fault: dict[str, list[str]] = {}
        for region, one in self.answers.items():
            if one.unreadable:
                by_fault.setdefault(one.unreadable, []).append(region)
        return "; ".join(f"{fault} in {', '.join(regions)}" for fault, regions in by_fault.items())

    def bad_in(self, region: str) -> bool:
        """Whether it is this region whose answer is wrong; where regions differ, nobody knows which, so all."""
        if not self.verdict:
            return False
        return self.verdict == "the regions differ" or region in self.verdict


@dataclass(frozen=True, kw_only=True, slots=True)
class SmokeTest:
    """All of it. regions: those that were asked, the source of a live definition first."""

    regions: tuple[str, ...]
    rows: tuple[SmokeRow, ...]

    @property
    def passed(self) -> bool:
        """Whether every answer is well."""
        return not any(row.verdict for row in self.rows)

    @property
    def partly(self) -> bool:
        """Whether it failed, and some region is well all the same."""
        well = [region for region in self.regions if not any(row.bad_in(region) for row in self.rows)]
        return not self.passed and bool(well)


@dataclass(frozen=True, kw_only=True)
class Tried:
    """What is asked for.

    Attributes:
        regions: those that were changed. variables: region → stage → the stage's variables.
        source: of a live definition: its own API is asked too, where it lets itself be asked.
    """

    api: Api
    regions: tuple[str, ...]
    variables: Mapping[str, Mapping[str, Mapping[str, str]]]
    source: Source


def run_smoke_test(aws: Aws, asked_for: Tried, *, workers: int) -> SmokeTest:
    """Ask every provable route of every stage in every region.

    The source's permissions are not ours, so a source that does not let itself be asked is left out.
    """
    api, source = asked_for.api, asked_for.source
    stages = asked_stages(api)
    asked = {stage.name: smoke_requests(api.document_of(stage), api.smoke) for stage in stages}

    def ask(region: str) -> dict[tuple[str, SmokeRequest], Answer]:
        api_id = str(source.api_id) if region == source.region else require_api(aws, region, api.name)
        ids = resource_ids(aws, region, api_id)
        asking: dict[tuple[str, SmokeRequest], Callable[[], Answer]] = {}
        for stage in stages:
            variables = asked_for.variables.get(region, {}).get(stage.name, source.variables)
            door = Door(aws=aws, region=region, api_id=api_id, variables=variables, cors=api.cors)
            asking |= {
                (stage.name, request): partial(door.ask, request, ids.get(request.path))
                for request in asked[stage.name]
            }
        return _ask_all(asking)

    everywhere = (*((source.region,) if source.region else ()), *asked_for.regions) if any(asked.values()) else ()
    results, failed = each_region(everywhere, ask, workers=workers, doing="run the smoke test in")
    if failed and set(failed) - {source.region}:
        raise next(error for region, error in failed.items() if region != source.region)
    rows = []
    for stage in stages:
        for request in asked[stage.name]:
            answers = {region: results[region][stage.name, request] for region in everywhere if region in results}
            if source.region in answers and _unasked(answers[source.region]):
                del answers[source.region]
            rows.append(SmokeRow(stage=stage.name, request=request, answers=answers))
    return SmokeTest(regions=everywhere, rows=tuple(rows))


def _ask_all(asking: Mapping[tuple[str, SmokeRequest], Callable[[], Answer]]) -> dict[tuple[str, SmokeRequest], Answer]:
    """What only reads is asked at once, and then the rest one after another."""
    reading = [key for key in asking if key[1].method == _READS]
    answers = dict(zip(reading, together(asking[key] for key in reading), strict=True))
    return answers | {key: ask() for key, ask in asking.items() if key not in answers}


def asked_stages(api: Api) -> tuple[StageSpec, ...]:
    """Those whose definition the API holds: API Gateway's test call reaches no other."""
    if len(api.stages) == 1:
        return api.stages
    return tuple(stage for stage in api.stages if stage.definition is None)


def _unasked(answer: Answer) -> bool:
    """Whether the source's own permissions, which are not ours to change, kept the request from its function."""
    return answer.status is None or _NO_RIGHT in answer.said


@dataclass(frozen=True, kw_only=True)
class Door:
    """One region's API through one stage's variables."""

    aws: Aws
    region: str
    api_id: str
    variables: Mapping[str, str]
    cors: Cors | None = None

    def ask(self, request: SmokeRequest, resource: str | None) -> Answer:
        """As a page of each origin, until one could not read the answer; what may write is asked once."""
        if resource is None:
            return Answer(status=None, said=f"there is no resource {request.path}")
        first, *others = self._asking(request)
        answer = self._settled(request, resource, first)
        for headers in others if request.method == _READS else ():
            if answer.unreadable or answer.status is None or answer.status >= _SERVER:
                break
            other = self._settled(request, resource, headers)
            answer = other if other.unreadable or other.status is None or other.status >= _SERVER else answer
        return answer

    def _settled(self, request: SmokeRequest, resource: str, headers: Mapping[str, str]) -> Answer:
        """Again while the answer is bad: a permission may still be on its way."""
        answer = Answer(status=None)
        for attempt in range(_TRIES):
            if attempt:
                self.aws.sleep(_PAUSE * self.aws.time_scale)
            answer = self._once(request, resource, headers)
            if answer.unasked or (answer.status is not None and answer.status < _SERVER):
                break
        return answer

    def _once(self, request: SmokeRequest, resource: str, headers: Mapping[str, str]) -> Answer:
        method = Method(region=self.region, api_id=self.api_id, resource=resource, method=request.method)
        try:
            found = ask_method(
                self.aws, method, request.asked, headers=headers, body=request.body, variables=self.variables
            )
        except ClientError as error:
            return Answer(status=None, said=str(explain(error, doing=f"test-invoke {request.route}")))
        status = int(found["status"])
        if status >= _SERVER:
            return Answer(status=status, said=_worth_reading(found.get("log", "")))
        origin = next((value for name, value in headers.items() if name.lower() == _ORIGIN.lower()), None)
        fault = unreadable(self.cors, origin, found.get("headers") or {}) if self.cors and origin else ""
        if fault and self.cors and len(self.cors.origins) > 1:
            fault += f" for {origin}"
        return Answer(status=status, unreadable=fault)

    def _asking(self, request: SmokeRequest) -> list[dict[str, str]]:
        """The request's headers, as pages of other origins send it where the spec speaks of CORS."""
        given = dict(request.headers)
        if self.cors is None or any(name.lower() == _ORIGIN.lower() for name in given):
            return [given]
        return [{**given, _ORIGIN: origin} for origin in asking(self.cors)]


def _worth_reading(log: str) -> str:
    lines = [line for line in log.splitlines() if "Execution failed" in line or "error" in line.lower()]
    return lines[-1].split(" : ", 1)[-1] if lines else ""
