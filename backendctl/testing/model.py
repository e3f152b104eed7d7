"""Tests as their file says them, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from backendctl.comparing import Difference
from backendctl.errors import BackendctlError, Exit
from backendctl.json_path import JsonPath


class Through(StrEnum):
    """How a request reaches the API."""

    METHOD = "method"
    REGION = "region"
    PUBLIC = "public"


PUBLIC = "public"
"""Stands for the region where requests go through the public name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Condition:
    """What is expected of one value. kind: a key of the file's expectations, such as "at-least"."""

    kind: str
    wanted: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Expect:
    """What is expected of an answer.

    Attributes:
        statuses: any of these; empty takes every one below 400.
        headers: name in lower case → conditions. json: path → conditions.
        schema: whether the body has to fit the definition. within_ms: milliseconds. matches: a regular expression.
    """

    statuses: tuple[int, ...] = ()
    headers: Mapping[str, tuple[Condition, ...]] = field(default_factory=dict)
    json: Mapping[JsonPath, tuple[Condition, ...]] = field(default_factory=dict)
    schema: bool = False
    within_ms: float | None = None
    matches: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One test, its texts as the file has them.

    Attributes:
        line: of the file, 1-based. stage: None is the first of the spec.
        body: a text, or what is sent as JSON; None sends none.
        capture: name → path.
        ignore: parts of the body that may differ by region. compare: whether regions are compared at all.
    """

    file: str
    line: int
    name: str
    request: str
    stage: str | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    expect: Expect = field(default_factory=Expect)
    capture: Mapping[str, JsonPath] = field(default_factory=dict)
    ignore: tuple[JsonPath, ...] = ()
    compare: bool = True


@dataclass(frozen=True, kw_only=True, slots=True)
class Suite:
    """The tests of one file, in order. through: as the file says; None when it does not."""

    file: str
    cases: tuple[Case, ...]
    through: Through | None = None

    def of_stage(self, stage: str) -> Suite:
        """Without the tests that name another stage."""
        return replace(self, cases=tuple(case for case in self.cases if case.stage in (None, stage)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """An answer of the API.

    Attributes:
        headers: names in lower case. body: as text. latency_ms: milliseconds.
        request_id: API Gateway's, or Lambda's through the test call; empty where the answer does not tell.
        logged_as: the id by which `logs --request` finds it; empty where nothing that is logged has one.
    """

    status: int
    headers: Mapping[str, str]
    body: str
    latency_ms: float
    request_id: str = ""
    logged_as: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Result:
    """One test in one region.

    Attributes:
        response: None when the request could not be made. failures: what is not as expected; empty when all is.
    """

    response: Response | None
    failures: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class RequestRow:
    """One test in every region. differences: where the regions' answers differ although they should not."""

    case: Case
    results: Mapping[str, Result]
    differences: tuple[Difference, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether every region answered as expected, and alike."""
        return not self.differences and not any(result.failures for result in self.results.values())

    @property
    def suspects(self) -> list[str]:
        """The regions whose answer is wrong, or is not that of most; all that differ where no answer is in the lead."""
        named = {region for region, result in self.results.items() if result.failures}
        for one in self.differences:
            named |= one.odd
        return [region for region in self.results if region in named]


@dataclass(frozen=True, kw_only=True, slots=True)
class TestRun:
    """All of it. unreachable: regions that were silent, and why."""

    __test__ = False  # no class of tests, whatever pytest thinks of the name

    backend: str
    through: Through
    regions: tuple[str, ...]
    rows: tuple[RequestRow, ...]
    unreachable: Mapping[str, BackendctlError]

    @property
    def exit_code(self) -> Exit:
        """Proven bad before a silent region."""
        if not all(row.passed for row in self.rows):
            return Exit.FAILED_VERDICT
        if self.unreachable:
            return Exit.PARTIAL if len(self.unreachable) < len(self.regions) else Exit.ERROR
        return Exit.OK
