"""How a rollout goes on, holds and ends: without AWS, by scripted verdicts and a clock that only waiting moves."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from backendctl.engine.action import Action
from backendctl.engine.plan import Change, Plan
from backendctl.errors import BackendctlError, Exit
from backendctl.release.judging import Judged
from backendctl.release.live_canaries import Begun
from backendctl.release.observed import Minute, Observed
from backendctl.release.outcome import Outcome
from backendctl.release.rollout import Rollout, Wish
from backendctl.release.rollout_events import Answer, Ended, Ending, Event, Looked, Stepped, Waiting, exit_of
from backendctl.release.running import Serving
from backendctl.release.shift import Waves
from backendctl.release.steps import step_below
from backendctl.release.verdict import Verdict
from backendctl.resources.apigateway.canary import Canary
from backendctl.spec.canary import ABORT, HOLD, CanarySpec, Hooks

PASS, FAIL, OPEN = Outcome.PASS, Outcome.FAIL, Outcome.INCONCLUSIVE
EAST, WEST = "us-east-1", "eu-west-1"
NOW = 1_800_000_000.0
LONG_AGO = "2020-01-01T00:00:00Z"
HELD_ONCE = "2027-01-15T07:48:00Z"
"""Twelve minutes before `NOW`: longer than a hold of ten minutes, and not three times as long."""
CHANGE = Change(action=Action.UPDATE, desired=None, live=None)
MANY = Observed(minutes=(Minute(at=0, requests=500),))
BLIND = Verdict(outcome=OPEN, reasons=(), is_blind=True)


@dataclass(kw_only=True)
class Scripted:
    """Canaries that get these verdicts, one at each look, and the share of each step that is carried out.

    Attributes:
        interrupted: the share of a step that was begun; -1 for an end.
    """

    says: Iterator[Verdict]
    percents: dict[str, float]
    shifted: str = ""
    promoted: bool = False
    called: int = 0
    silent: dict[str, BackendctlError] = field(default_factory=dict)
    interrupted: float | None = None

    def find(self, stages: Sequence[str]) -> tuple[list[Serving], dict[str, BackendctlError]]:
        del stages
        regions = list(self.percents) or [EAST]
        return [self._one(region) for region in regions if region not in self.silent], self.silent

    def begun(self, found: Sequence[Serving]) -> Begun | None:
        if self.interrupted is None:
            return None
        share, self.interrupted = self.interrupted, None
        return Begun(found=found, target_percent=None if share < 0 else share)

    def judge(self, found: Sequence[Serving]) -> list[Judged]:
        verdict = next(self.says)
        return [Judged(one=one, base=MANY, canary=MANY, verdict=verdict, at=NOW) for one in found if one.canary]

    def shift(self, found: Sequence[Serving], *, percent: float, waves: Waves = (), take_over: bool = False) -> Plan:
        del waves, take_over
        return _plan(found, f"{percent:g}")

    def promote(self, found: Sequence[Serving], *, waves: Waves = (), take_over: bool = False) -> Plan:
        del waves, take_over
        running = any(one.canary for one in found)
        return _plan(found, "promote") if running or not self.promoted else replace(_plan(found, ""), changes=())

    def abort(self, found: Sequence[Serving]) -> Plan:
        return _plan(found, "abort")

    def log_commands(self, found: Sequence[Serving]) -> list[str]:
        return [f"logs of {one.region}" for one in found]

    def call(self, judged: Judged) -> None:
        del judged
        self.called += 1

    def carry_out(self, plan: Plan) -> None:
        for region in plan.regions:
            if plan.remarks[0] in {"promote", "abort"}:
                self.percents.pop(region, None)
            else:
                self.percents[region] = float(plan.remarks[0])

    def _one(self, region: str) -> Serving:
        percent = self.percents.get(region)
        canary = None
        if percent is not None:
            canary = Canary(region=region, name="prodv1", owner="shop", api="shop", percent=percent)
        return Serving(
            region=region,
            stage="prodv1",
            api="shop",
            api_id="abc",
            routes=(),
            owner="shop",
            deployment="d",
            definition=None,
            variables={},
            canary=canary,
            shifted=self.shifted,
        )


@dataclass(kw_only=True)
class Driven:
    """A rollout, and what it has told."""

    rollout: Rollout
    canaries: Scripted
    events: list[Event] = field(default_factory=list)

    def run(self, answer: Callable[[Stepped], Answer] | None = None) -> Ended:
        """Carry out every step, or answer it like this."""
        events = self.rollout.run()
        event = next(events)
        while not isinstance(event, Ended):
            self.events.append(event)
            said: Answer = None
            if isinstance(event, Stepped):
                said = self._done(event) if answer is None else answer(event)
            event = events.send(said)
        assert list(events) == [], "nothing comes after the end"
        return event

    @property
    def steps(self) -> list[str]:
        """The steps that were planned, with their regions."""
        return [f"{e.plan.remarks[0]} {','.join(e.plan.regions)}" for e in self.events if isinstance(e, Stepped)]

    @property
    def looks(self) -> list[Looked]:
        return [event for event in self.events if isinstance(event, Looked)]

    @property
    def waited(self) -> float:
        return sum(event.seconds for event in self.events if isinstance(event, Waiting))

    def _done(self, step: Stepped) -> Exit:
        step.before()
        self.canaries.carry_out(step.plan)
        return Exit.OK


def _plan(found: Sequence[Serving], told: str) -> Plan:
    return Plan(backend="shop", regions=tuple(one.region for one in found), changes=(CHANGE,), remarks=(told,))


def _driven(
    *says: Outcome | Verdict,
    percents: dict[str, float] | None = None,
    wish: Wish | None = None,
    shifted: str = "",
    sleep: Callable[[float], None] | None = None,
    **settings: Any,
) -> Driven:
    now = [NOW]

    def wait(seconds: float) -> None:
        now[0] += seconds

    verdicts = (one if isinstance(one, Verdict) else Verdict(outcome=one, reasons=()) for one in says)
    canaries = Scripted(says=verdicts, percents={EAST: 10.0} if percents is None else percents, shifted=shifted)
    spec = SimpleNamespace(backend="shop", canary=CanarySpec(**settings), api=SimpleNamespace())
    settings_of = SimpleNamespace(environment={})
    backend: Any = SimpleNamespace(
        aws=SimpleNamespace(time_scale=1.0, sleep=sleep or wait), spec=spec, settings=settings_of
    )
    rollout = Rollout(backend=backend, wish=wish or Wish(auto=True), canaries=canaries, clock=lambda: now[0])
    return Driven(rollout=rollout, canaries=canaries)


def test_a_good_canary_goes_through_the_steps_to_the_end() -> None:
    driven = _driven(*[PASS] * 100, percents={EAST: 0.0})
    ended = driven.run()
    assert (ended.ending, ended.target_percent, exit_of(ended.ending)) == (Ending.PROMOTED, None, Exit.OK)
    assert driven.steps == [f"10 {EAST}", f"50 {EAST}", f"promote {EAST}"]
    assert driven.waited == 2 * 600.0, "each step is held as long as the spec says"
    assert [driven.looks[0].when, driven.looks[20].when, driven.looks[-1].when] == [
        "10 %, 600 s to go",
        "10 %",
        "50 %",
    ]


def test_a_wave_is_promoted_before_the_next_one_begins() -> None:
    driven = _driven(*[PASS] * 100, percents={EAST: 50.0, WEST: 50.0}, shifted=LONG_AGO, waves=((WEST,), (EAST,)))
    assert driven.run().ending is Ending.PROMOTED
    assert driven.steps == [f"promote {WEST}", f"promote {EAST}"]


def test_a_failed_canary_is_aborted_everywhere() -> None:
    driven = _driven(FAIL, percents={EAST: 10.0, WEST: 0.0}, waves=((EAST,), (WEST,)))
    ended = driven.run()
    assert (ended.ending, exit_of(ended.ending), ended.target_percent) == (Ending.ABORTED, Exit.FAILED_VERDICT, None)
    assert driven.steps == [f"abort {EAST},{WEST}"]
    assert ended.traces == (f"logs of {EAST}", f"logs of {WEST}")
    assert [(one["region"], one["outcome"]) for one in ended.document["verdicts"]] == [(EAST, "fail")]


@pytest.mark.parametrize(
    ("settings", "ending", "share", "steps"),
    [
        ({"on_inconclusive": HOLD}, Ending.HELD, 50.0, []),
        ({}, Ending.STEPPED_DOWN, 10.0, [f"10 {EAST}"]),
        ({"on_inconclusive": ABORT}, Ending.ENDED_UNJUDGED, None, [f"abort {EAST}"]),
    ],
)
def test_an_inconclusive_canary_ends_as_the_spec_says(
    settings: dict[str, Any], ending: Ending, share: float | None, steps: list[str]
) -> None:
    driven = _driven(OPEN, percents={EAST: 50.0}, shifted=LONG_AGO, **settings)
    ended = driven.run()
    assert (ended.ending, ended.target_percent, driven.steps) == (ending, share, steps)
    assert exit_of(ended.ending) is Exit.INCONCLUSIVE
    assert (ended.document["outcome"], ended.document["percent"]) == (str(ending), share)


def test_a_canary_that_only_lacks_requests_is_left_where_it_is() -> None:
    few = Verdict(outcome=OPEN, reasons=(), is_too_few=True)
    driven = _driven(few, shifted=LONG_AGO, on_inconclusive=ABORT)
    assert (driven.run().ending, driven.steps) == (Ending.HELD, [])


@pytest.mark.parametrize(("answer", "ending"), [(Exit.PARTIAL, Ending.PARTIAL), (Exit.ERROR, Ending.NOT_DONE)])
@pytest.mark.parametrize("verdict", [PASS, FAIL, OPEN])
def test_a_step_that_was_not_done_as_a_whole_ends_the_rollout_at_once(
    verdict: Outcome, answer: Exit, ending: Ending
) -> None:
    driven = _driven(verdict, shifted=LONG_AGO)
    ended = driven.run(lambda _: answer)
    assert (ended.ending, exit_of(ended.ending)) == (ending, answer)
    assert (len(driven.steps), len(driven.looks)) == (1, 1)


def test_an_interrupted_wait_changes_nothing() -> None:
    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    driven = _driven(PASS, sleep=interrupted)
    with pytest.raises(KeyboardInterrupt):
        driven.run()
    assert (driven.steps, driven.canaries.percents) == ([], {EAST: 10.0})


def test_run_again_it_goes_on_from_what_it_finds() -> None:
    driven = _driven(PASS, percents={EAST: 50.0}, shifted=LONG_AGO)
    assert driven.run().ending is Ending.PROMOTED
    assert (driven.steps, driven.waited) == ([f"promote {EAST}"], 0)


def test_a_promotion_that_was_interrupted_late_is_finished() -> None:
    driven = _driven(percents={})
    assert (driven.run().ending, driven.steps) == (Ending.PROMOTED, [f"promote {EAST}"])


def test_nothing_is_planned_where_nothing_is_left() -> None:
    driven = _driven(percents={})
    driven.canaries.promoted = True
    assert (driven.run().ending, driven.events) == (Ending.NOTHING, [])


@pytest.mark.parametrize(
    ("verdict", "ending", "steps"),
    [(PASS, Ending.SHIFTED, [f"50 {EAST}"]), (FAIL, Ending.REFUSED, []), (OPEN, Ending.HELD, [])],
)
def test_a_single_step_is_taken_on_a_pass_alone(verdict: Outcome, ending: Ending, steps: list[str]) -> None:
    driven = _driven(verdict, wish=Wish())
    ended = driven.run()
    assert (ended.ending, driven.steps, driven.waited) == (ending, steps, 0)
    assert ended.target_percent == (None if verdict is PASS else 10.0)


@pytest.mark.parametrize(("ago", "ending"), [(60, Ending.BAKING), (601, Ending.SHIFTED)])
def test_a_step_said_again_goes_no_further_until_the_present_one_was_held(ago: int, ending: Ending) -> None:
    began = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(NOW - ago))
    ended = _driven(PASS, wish=Wish(), shifted=began).run()
    assert ended.ending is ending
    assert (ended.target_percent, exit_of(ending)) == (None, Exit.INCONCLUSIVE if ending is Ending.BAKING else Exit.OK)
    assert _driven(PASS, wish=Wish(percent=50.0), shifted=began).run().ending is Ending.SHIFTED, "a share that is named"


@pytest.mark.parametrize(
    ("interrupted", "steps", "ending"),
    [(50.0, ["50"], Ending.SHIFTED), (100.0, ["promote"], Ending.PROMOTED), (-1.0, ["abort"], Ending.ABORTED)],
)
def test_a_step_that_was_interrupted_is_finished_without_another_verdict(
    interrupted: float, steps: list[str], ending: Ending
) -> None:
    driven = _driven(percents={EAST: 50.0, WEST: 10.0}, wish=Wish())
    driven.canaries.interrupted = interrupted
    assert driven.run().ending is ending
    assert (driven.steps, driven.looks) == ([f"{step} {EAST},{WEST}" for step in steps], [])


def test_an_unattended_rollout_goes_on_after_the_step_that_was_interrupted() -> None:
    driven = _driven(PASS, percents={EAST: 10.0}, shifted=LONG_AGO)
    driven.canaries.interrupted = 50.0
    assert driven.run().ending is Ending.PROMOTED
    assert driven.steps == [f"50 {EAST}", f"promote {EAST}"]


def test_ignore_verdict_asks_for_no_verdict() -> None:
    driven = _driven(wish=Wish(percent=100.0, ignore_verdict=True))
    assert (driven.run().ending, driven.looks, driven.steps) == (Ending.PROMOTED, [], [f"promote {EAST}"])


def test_a_wave_after_a_silent_region_is_left_alone() -> None:
    driven = _driven(wish=Wish(ignore_verdict=True), percents={EAST: 10.0, WEST: 10.0}, waves=((WEST,), (EAST,)))
    driven.canaries.silent = {WEST: BackendctlError("no answer")}
    driven.canaries.promoted = True
    ended = driven.run()
    assert (ended.ending, driven.steps, list(ended.unreachable)) == (Ending.NOTHING, [], [WEST])


def test_hooks_run_around_a_step_that_is_carried_out_and_around_no_other(tmp_path: Path) -> None:
    hooks = Hooks(before_promote=f"echo before >> {tmp_path}/said", after_promote=f"echo after >> {tmp_path}/said")
    _driven(PASS, wish=Wish(), hooks=hooks).run(lambda _: None)
    assert not (tmp_path / "said").exists()
    _driven(PASS, wish=Wish(), hooks=hooks).run()
    assert (tmp_path / "said").read_text() == "before\nafter\n"


def test_a_hook_that_says_no_stops_the_step() -> None:
    driven = _driven(PASS, wish=Wish(), hooks=Hooks(before_promote="exit 1"))
    with pytest.raises(BackendctlError, match="before-promote"):
        driven.run()
    assert driven.canaries.percents == {EAST: 10.0}


def test_nobody_calls_it_so_requests_of_our_own_are_sent_until_it_is_known() -> None:
    lonely = Verdict(outcome=OPEN, reasons=(), is_blind=True, wants_synthetic=True)
    driven = _driven(lonely, OPEN, PASS, percents={EAST: 50.0}, shifted=HELD_ONCE)
    ended = driven.run()
    assert (ended.ending, driven.canaries.called, len(driven.looks)) == (Ending.PROMOTED, 2, 3)


def test_one_bad_look_is_enough_by_default() -> None:
    driven = _driven(OPEN, FAIL)
    assert (driven.run().ending, len(driven.looks)) == (Ending.ABORTED, 2)


def test_bad_looks_count_in_a_row() -> None:
    driven = _driven(FAIL, FAIL, OPEN, FAIL, FAIL, FAIL, fail_fast=3)
    assert (driven.run().ending, len(driven.looks)) == (Ending.ABORTED, 6)


def test_a_bad_look_holds_an_end_back_until_it_is_known() -> None:
    driven = _driven(FAIL, PASS, percents={EAST: 50.0}, shifted=LONG_AGO, fail_fast=3)
    assert (driven.run().ending, len(driven.looks)) == (Ending.PROMOTED, 2)


def test_more_requests_are_waited_for_three_times_as_long_at_most() -> None:
    driven = _driven(*[OPEN] * 100, on_inconclusive=HOLD)
    assert (driven.run().ending, driven.waited) == (Ending.HELD, 3 * 600.0)


def test_a_blind_verdict_is_not_waited_for() -> None:
    driven = _driven(BLIND, shifted=HELD_ONCE)
    assert (driven.run().ending, len(driven.looks), driven.waited) == (Ending.STEPPED_DOWN, 1, 0)


@pytest.mark.parametrize(("present", "below"), [(50.0, 10.0), (10.0, 0.0), (30.0, 10.0), (5.0, 0.0), (0.0, 0.0)])
def test_the_step_below_the_first_is_nothing(present: float, below: float) -> None:
    assert step_below((10.0, 50.0), present) == below
