"""When a held step ends, and what is said of it: without AWS, by scripted verdicts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest

from backendctl.errors import Exit
from backendctl.release.judging import Judged
from backendctl.release.observed import Minute, Observed
from backendctl.release.outcome import Outcome
from backendctl.release.rollout import Ending, Rollout, Wish, _unfinished, exit_of
from backendctl.release.running import Serving
from backendctl.release.steps import step_below
from backendctl.release.verdict import Verdict
from backendctl.spec.canary import Canary

PASS, FAIL, OPEN = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
ONE = Serving(
    region="us-east-1",
    stage="prodv1",
    api="shop",
    api_id="abc",
    routes=(),
    owner="shop",
    deployment="d",
    definition=None,
    variables={},
)
MANY = Observed(minutes=(Minute(at=0, requests=500),))


@dataclass(kw_only=True)
class Scripted(Rollout):
    """Says these verdicts, one at each look; the clock does not matter."""

    says: Iterator[Verdict] = field(default_factory=lambda: iter(()))
    looks: int = 0

    def _judged(self, found: Sequence[Serving], when: str) -> list[Judged]:
        del found, when
        self.looks += 1
        return [Judged(one=ONE, base=MANY, canary=MANY, verdict=next(self.says), at=0.0)]


def _rollout(says: Sequence[Verdict], **canary: Any) -> Scripted:
    aws = SimpleNamespace(tempo=0.0, sleep=lambda _: None)
    backend: Any = SimpleNamespace(aws=aws, spec=SimpleNamespace(canary=Canary(**canary), api=None))
    return Scripted(
        backend=backend, wish=Wish(auto=True), carry_out=lambda *_: None, tell=lambda *_: None, says=iter(says)
    )


def _verdicts(*outcomes: Outcome) -> list[Verdict]:
    return [Verdict(outcome=outcome, reasons=()) for outcome in outcomes]


def _held(rollout: Scripted, *, long_ago: bool = False) -> Outcome:
    shifted = "2020-01-01T00:00:00Z" if long_ago else ""
    wave: Any = [SimpleNamespace(shifted=shifted)]
    return rollout._held(wave, 10.0)[0].verdict.outcome


def test_one_bad_look_is_enough_by_default() -> None:
    rollout = _rollout(_verdicts(OPEN, FAIL))
    assert (_held(rollout), rollout.looks) == (FAIL, 2)


def test_bad_looks_count_in_a_row() -> None:
    rollout = _rollout(_verdicts(FAIL, FAIL, OPEN, FAIL, FAIL, FAIL), fail_fast=3)
    assert (_held(rollout), rollout.looks) == (FAIL, 6)


def test_a_bad_look_holds_an_end_back_until_it_is_known() -> None:
    rollout = _rollout(_verdicts(FAIL, PASS), fail_fast=3)
    assert (_held(rollout, long_ago=True), rollout.looks) == (PASS, 2)


def test_a_blind_verdict_is_not_waited_for() -> None:
    blind = Verdict(outcome=OPEN, reasons=(), is_blind=True)
    rollout = _rollout([blind])
    assert (_held(rollout, long_ago=True), rollout.looks) == (OPEN, 1)


@pytest.mark.parametrize(("present", "below"), [(50.0, 10.0), (10.0, 0.0), (30.0, 10.0), (5.0, 0.0), (0.0, 0.0)])
def test_the_step_below_the_first_is_nothing(present: float, below: float) -> None:
    assert step_below((10.0, 50.0), present) == below


def test_a_run_whose_plan_did_nothing_ends_with_1_and_one_that_did_some_with_5() -> None:
    assert _unfinished(Exit.ERROR) is Ending.NOT_DONE
    assert exit_of(Ending.NOT_DONE) is Exit.ERROR
    assert _unfinished(Exit.PARTIAL) is Ending.PARTIAL
    assert exit_of(Ending.PARTIAL) is Exit.PARTIAL
    assert _unfinished(Exit.OK) is None
    assert _unfinished(None) is None
