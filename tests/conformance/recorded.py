"""The recorded exchanges with AWS, as values. What the files hold is told in the README beside them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conformance.mended import mended

RECORDED = Path(__file__).parents[3] / "shared" / "recorded"
NEEDED = "needs ../shared/recorded, what real AWS answered; tests/conformance/test_stated.py has ours"
"""Why a case is skipped."""

CORPUS = RECORDED.parent / "corpus"
SERVICES = ("acm", "apigateway", "cloudwatch", "dynamodb", "events", "lambda", "route53", "scheduler", "sts")


@dataclass(frozen=True, kw_only=True, slots=True)
class Step:
    """One call of a case.

    Attributes:
        operation: "service.Operation", "(setup) helper", or "" for a wait.
        answer: the recorded response; None when none was recorded.
        error: the recorded refusal; None when there was none.
        status: HTTP status of the answer; None when not recorded.
        helper: the fixture of the recorded test that made this call, "" when the test did itself.
        elsewhere: whether it goes to a region other than the case's.
        may_fail: a set-up call which AWS is known to have refused.
    """

    number: int
    operation: str
    request: dict[str, Any]
    answer: Any
    error: dict[str, Any] | None
    status: int | None
    note: str
    helper: str
    elsewhere: bool = False

    @property
    def recorded(self) -> bool:
        return self.answer is not None or self.error is not None

    @property
    def may_fail(self) -> bool:
        return "expected to fail" in self.note


@dataclass(frozen=True, kw_only=True, slots=True)
class Case:
    """One test that ran against AWS: its calls in order.

    Attributes:
        is_partial: whether answers and refusals are told only in part, so that what is not told may be anything.
    """

    service: str
    name: str
    steps: tuple[Step, ...]
    is_partial: bool = False

    @property
    def exchanges(self) -> int:
        """How many of its calls have a recorded answer."""
        return sum(step.recorded for step in self.steps)

    def mentions(self, text: str) -> bool:
        return any(text in json.dumps(step.request) for step in self.steps)


def cases(*services: str) -> list[Case]:
    """The cases of some services, of all by default; none when the recordings are not there."""
    return [
        mended(Case(service=service, name=_name(case["case"]), steps=tuple(_step(call) for call in case["calls"])))
        for service in services or SERVICES
        if (RECORDED / f"{service}.json").exists()
        for case in json.loads((RECORDED / f"{service}.json").read_text(encoding="utf-8"))
    ]


def _name(case: str) -> str:
    return case.rpartition("::")[2].removeprefix("test_").removeprefix("tests_")


def _step(call: dict[str, Any]) -> Step:
    error = call.get("error")
    return Step(
        number=call["n"],
        operation=call.get("operation", ""),
        request=call.get("request", {}),
        answer=call.get("response"),
        error=error,
        status=(error or call).get("HTTPStatusCode"),
        note=call.get("note", ""),
        helper=call.get("via", ""),
    )
