"""Every recorded exchange with AWS, replayed over HTTP against a running sandbox.

`differences.yaml` lists the cases which do not match, each with its reason. A case that is listed and matches fails
here, so the list can only shrink.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.conformance.filling import UnreplayableError
from tests.conformance.listed import TABLE, reason
from tests.conformance.recorded import NEEDED, Case, cases
from tests.conformance.replay import Outcome, Replay

CASES = cases()


def _parameters() -> list[Any]:
    if not CASES:
        return [pytest.param(None, marks=pytest.mark.skip(reason=NEEDED))]
    return [pytest.param(case, id=f"{case.service}:{case.name}") for case in CASES]


@pytest.mark.parametrize("case", _parameters())
def test_recorded_case_is_answered_alike_unless_listed(
    case: Case, replay: Callable[..., Replay], record_property: Callable[[str, object], None]
) -> None:
    outcomes, unknown = _run(replay(case))
    if any(each.is_late for each in outcomes):
        outcomes, unknown = _run(replay(case, slow=True))
    if unknown is not None:
        record_property(f"conformance:{case.service}", {"not covered": case.exchanges})
        assert reason("not covered", case), f"not replayable: {unknown}"
        return
    recorded = [each for each in outcomes if each.step.recorded]
    differing = sum(each.problem is not None for each in recorded)
    record_property(f"conformance:{case.service}", {"matched": len(recorded) - differing, "differing": differing})
    assert not reason("not covered", case), "it can be replayed: take it out of differences.yaml"
    problems = [_told(each) for each in outcomes if each.problem is not None]
    if reason("differing", case):
        assert problems, "it matches now: take it out of differences.yaml"
    else:
        assert not problems, "\n".join(problems)


def test_every_listed_case_exists_and_has_a_reason() -> None:
    if not CASES:
        pytest.skip(NEEDED)
    known = {(case.service, case.name) for case in CASES}
    listed = [
        (service, name, told)
        for services in TABLE.values()
        for service, reasons in services.items()
        for name, told in reasons.items()
    ]
    assert [entry for entry in listed if entry[:2] not in known or len(entry[2].split()) < 3] == []


def _run(replay: Replay) -> tuple[list[Outcome], str | None]:
    try:
        return replay.run(), None
    except UnreplayableError as unknown:
        return [], str(unknown)


def _told(outcome: Outcome) -> str:
    return f"{outcome.step.number} {outcome.step.operation}: {outcome.problem}"
