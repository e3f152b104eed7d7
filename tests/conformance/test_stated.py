"""Every exchange we state as a fact, over HTTP against a running sandbox; needs nothing beside the repository."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conformance.recorded import SERVICES, Case
from tests.conformance.replay import Replay
from tests.conformance.stated import stated_cases

_STATED = stated_cases()
_SHEET = Path(__file__).parents[2] / "docs" / "aws-facts.md"


def _parameters() -> list[Any]:
    return [pytest.param(case, id=f"{case.service}:{case.name}") for case, _ in _STATED]


@pytest.mark.parametrize("case", _parameters())
def test_the_sandbox_answers_as_it_is_stated(case: Case, replay: Callable[..., Replay]) -> None:
    outcomes = replay(case).run()
    told = [f"{one.step.number} {one.step.operation}: {one.problem}" for one in outcomes if one.problem is not None]
    assert told == []


def test_each_stated_exchange_cites_facts_of_the_sheet_and_each_service_has_one() -> None:
    known = set(re.findall(r"^- ([A-K]\d+)\.", _SHEET.read_text(encoding="utf-8"), re.MULTILINE))
    assert [case.name for case, facts in _STATED if not facts or not known.issuperset(facts)] == []
    assert {case.service for case, _ in _STATED} == set(SERVICES)
    assert [case.name for case, _ in _STATED if not case.exchanges] == []
