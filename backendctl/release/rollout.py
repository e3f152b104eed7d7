"""A canary on its way to all requests: judge, shift, hold, judge … until it is promoted, held or aborted.

All memory is in AWS: stopped anywhere, the same command goes on from what the stages say, on any machine.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from backendctl.aws.metrics import lag, resolution
from backendctl.endpoints import regional_url
from backendctl.errors import BackendctlError, Exit
from backendctl.release import synthetic
from backendctl.release.analysis import Analysis
from backendctl.release.hooks import run_hook
from backendctl.release.judging import Judged, held_for, judge_all, moment, overall
from backendctl.release.outcome import Outcome
from backendctl.release.running import Serving, serving
from backendctl.release.shift import plan_abort, plan_promote, plan_shift
from backendctl.release.steps import FULL, next_share, next_wave, present_share, reachable, step_below
from backendctl.release.traces import log_commands
from backendctl.spec.canary import ABORT, HOLD
from backendctl.warmth.logs import LogReader

if TYPE_CHECKING:
    from backendctl.app import Backend
    from backendctl.engine.plan import Plan

_WATCH = 30.0
"""Seconds between two looks while a step is held; a failure ends it at once."""
_PATIENCE = 3
"""How many times the hold a step lasts at most, while more requests will tell."""
_ROUNDS, _MARGIN = 3, 1.5
"""How often requests of our own are sent at most, and how many more than will tell on average."""


class Ending(StrEnum):
    """How a promotion ends."""

    NOTHING = "nothing"
    SHIFTED = "shifted"
    PROMOTED = "promoted"
    ABORTED = "aborted"
    REFUSED = "refused"
    HELD = "held"
    STEPPED_DOWN = "stepped-down"
    ENDED_UNJUDGED = "aborted-inconclusive"
    PARTIAL = "partial"
    NOT_DONE = "not-done"


_EXITS = {
    Ending.ABORTED: Exit.FAILED_VERDICT,
    Ending.REFUSED: Exit.FAILED_VERDICT,
    Ending.HELD: Exit.INCONCLUSIVE,
    Ending.STEPPED_DOWN: Exit.INCONCLUSIVE,
    Ending.ENDED_UNJUDGED: Exit.INCONCLUSIVE,
    Ending.PARTIAL: Exit.PARTIAL,
    Ending.NOT_DONE: Exit.ERROR,
}

_UNFINISHED = {Exit.PARTIAL: Ending.PARTIAL, Exit.ERROR: Ending.NOT_DONE}


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What the user asked for.

    Attributes:
        percent: the share to go to; None is the next step.
        auto: on and on, until it is promoted, held or aborted. anyway: whatever the verdict says.
        stages: only these; empty means all. take_over: whatever somebody else has under way.
    """

    percent: float | None = None
    auto: bool = False
    anyway: bool = False
    stages: tuple[str, ...] = ()
    take_over: bool = False


@dataclass(kw_only=True)
class Rollout:
    """One run of `promote-canary`.

    Attributes:
        carry_out: does a plan with the user's consent, and before it, once that is given, what is passed beside it.
            OK when all was done, PARTIAL when some of it was, ERROR when nothing was, such as where somebody else was
            first; None when there was nothing to do or to be done.
        tell: hears every verdict.
        verdicts: what has been said, for the document at the end.
        traces: command lines to read the logs of an aborted canary with.
        share: per cent of the requests that still go to a canary which is not known to be good; None without one.
    """

    backend: Backend
    wish: Wish
    carry_out: Callable[[Plan, Callable[[], None]], Exit | None]
    tell: Callable[[Sequence[Judged], str], None]
    verdicts: list[dict[str, Any]] = field(default_factory=list)
    traces: list[str] = field(default_factory=list)
    silent: dict[str, BackendctlError] = field(default_factory=dict)
    share: float | None = None
    reader: LogReader = field(default_factory=LogReader)
    analysis: Analysis = field(default_factory=Analysis)

    def run(self) -> Ending:
        """Until it is done, or has to stop.

        Raises:
            BackendctlError: a hook said no, or AWS did.
        """
        found = self._found()
        if not any(one.canary for one in found):
            return self._finish(found)
        if self.wish.auto:
            return self._unattended(found)
        return self._step(found)

    def document(self, ending: Ending) -> dict[str, Any]:
        """How it ended, as JSON; `percent` is the share that still goes to a canary not known to be good."""
        return {
            "backend": self.backend.spec.backend,
            "outcome": str(ending),
            "percent": self.share,
            "verdicts": self.verdicts,
        }

    def _step(self, found: Sequence[Serving]) -> Ending:
        present = present_share(found)
        wanted = self.wish.percent
        share = next_share(self.backend.spec.canary.steps, present) if wanted is None else wanted
        is_first = present <= 0 and share <= self.backend.spec.canary.steps[0]  # nobody has met it yet
        if share > present and not is_first and not self.wish.anyway:
            judged = self._judged(found, f"{present:g} %")
            if overall(judged) is not Outcome.PASS:
                self.share = present
                return Ending.REFUSED if overall(judged) is Outcome.FAIL else Ending.HELD
        return self._to(found, share)

    def _unattended(self, found: Sequence[Serving]) -> Ending:
        while wave := next_wave(found, self.backend.spec.canary.waves):
            present = present_share(wave)
            if present > 0:  # at 0 % nobody calls it: it is given its first step
                judged = self._held(wave, present)
                outcome = overall(judged)
                if outcome is Outcome.FAIL:
                    return self._abort(Ending.ABORTED)
                if outcome is Outcome.INCONCLUSIVE:
                    return self._undecided(judged, present)
            ended = self._to(wave, next_share(self.backend.spec.canary.steps, present))
            if ended in _UNFINISHED.values():
                return ended
            found = self._found()
        return Ending.PROMOTED

    def _to(self, found: Sequence[Serving], share: float) -> Ending:
        """Shift or promote, wave by wave, with the hooks around it."""
        hooks, waves = self.backend.spec.canary.hooks, self.backend.spec.canary.waves
        document = {"backend": self.backend.spec.backend, "percent": share, "verdicts": self.verdicts}
        if share >= FULL:
            plan = plan_promote(self.backend, found, waves=waves, take_over=self.wish.take_over)
        else:
            plan = plan_shift(self.backend, found, percent=share, waves=waves, take_over=self.wish.take_over)
        done = self.carry_out(plan, lambda: run_hook("before-promote", hooks.before_promote, document))
        if unfinished := _unfinished(done):
            return unfinished
        if done is Exit.OK:
            run_hook("after-promote", hooks.after_promote, document)
        return Ending.PROMOTED if share >= FULL else Ending.SHIFTED

    def _finish(self, found: Sequence[Serving]) -> Ending:
        """No canary runs: what a promotion that was interrupted late has left to do, if anything."""
        plan = plan_promote(self.backend, found)
        if not plan.changes:
            return Ending.NOTHING
        return _unfinished(self.carry_out(plan, _nothing)) or Ending.PROMOTED

    def _undecided(self, judged: Sequence[Judged], present: float) -> Ending:
        """What becomes of a canary that nothing has shown to be good, as the spec says.

        Where nothing but requests are lacking, `on-no-data` has said to hold: hardly anybody meets it.
        """
        self.share = present
        what = self.backend.spec.canary.on_inconclusive
        if what == HOLD or all(one.verdict.is_too_few for one in judged if _is_open(one)):
            return Ending.HELD
        if what == ABORT:
            return self._abort(Ending.ENDED_UNJUDGED)
        self.share = step_below(self.backend.spec.canary.steps, present)
        found = [one for one in self._everywhere() if one.canary is None or one.canary.percent > self.share]
        done = self.carry_out(plan_shift(self.backend, found, percent=self.share), _nothing)
        return _unfinished(done) or Ending.STEPPED_DOWN

    def _abort(self, ending: Ending) -> Ending:
        """All that still run, in all regions at once."""
        found = self._everywhere()
        self.traces[:] = log_commands(self.backend, found)
        if unfinished := _unfinished(self.carry_out(plan_abort(self.backend, found), _nothing)):
            return unfinished
        document = {"backend": self.backend.spec.backend, "verdicts": self.verdicts}
        run_hook("on-abort", self.backend.spec.canary.hooks.on_abort, document)
        self.share = None
        return ending

    def _held(self, wave: Sequence[Serving], present: float) -> list[Judged]:
        """The verdict once the step has lasted as long as the spec says, or as soon as it has failed often enough.

        While requests come in and more of them will tell, it lasts up to three times as long.
        """
        aws, hold = self.backend.aws, held_for(self.backend)
        began = max((moment(one.shifted) for one in wave), default=0.0) or time.time()
        bad = 0
        while True:
            held = time.time() - began
            left = f", {hold - held:.0f} s to go" if held < hold else ""
            judged = self._judged(wave, f"{present:g} %{left}")
            outcome = overall(judged)
            bad = bad + 1 if outcome is Outcome.FAIL else 0
            if bad >= self.backend.spec.canary.fail_fast or (held >= hold * _PATIENCE and not bad):
                return judged
            if held >= hold and outcome is Outcome.PASS:
                return judged
            wanted = self.backend.spec.canary.judging.min_requests
            if held >= hold and not bad and not _will_tell(judged, wanted=wanted):
                return self._with_synthetic(wave, judged)
            aws.sleep(max(_WATCH * aws.tempo, 0.5))

    def _with_synthetic(self, wave: Sequence[Serving], judged: list[Judged]) -> list[Judged]:
        """Nobody called it, and the spec says to do so ourselves; then judged again, until it is known."""
        api, aws = self.backend.spec.api, self.backend.aws
        lonely = [one for one in judged if one.verdict.wants_synthetic]
        for _ in range(_ROUNDS if api is not None else 0):
            if not lonely or api is None:
                break
            for one in lonely:
                synthetic.send(self._url(one.one), api.document_named(one.one.stage), requests=self._wanted(one))
            aws.sleep(lag(aws) + 2 * resolution(aws))  # until CloudWatch tells of the last of them
            judged = self._judged(wave, "its share, after requests of our own")
            regions = {one.one.region for one in lonely}
            lonely = [
                one for one in judged if one.one.region in regions and one.verdict.outcome is Outcome.INCONCLUSIVE
            ]
        return judged

    def _url(self, one: Serving) -> str:
        endpoint = self.backend.settings.access.endpoint_url
        return regional_url(one.api_id, one.region, one.stage, self.backend.aws, endpoint_url=endpoint)

    def _wanted(self, one: Judged) -> int:
        """So many requests in all that the canary's share of them will tell, chance being what it is."""
        share = one.one.canary.percent / 100 if one.one.canary else 0.0
        missing = one.verdict.requests_wanted or self.backend.spec.canary.judging.min_requests
        return math.ceil(_MARGIN * missing / share) if share else 0

    def _judged(self, found: Sequence[Serving], when: str) -> list[Judged]:
        judged = judge_all(self.backend, found, reader=self.reader, analysis=self.analysis)
        self.verdicts[:] = [one.data for one in judged]
        self.tell(judged, when)
        return judged

    def _found(self) -> list[Serving]:
        return reachable(self._everywhere(), self.backend.spec.canary.waves, silent=self.silent)

    def _everywhere(self) -> list[Serving]:
        found, self.silent = serving(self.backend, stages=self.wish.stages)
        return found


def _unfinished(done: Exit | None) -> Ending | None:
    """How a run ends whose plan was not carried out as a whole; None when it was."""
    return None if done is None else _UNFINISHED.get(done)


def _nothing() -> None:
    """No hook."""


def _is_open(one: Judged) -> bool:
    return one.verdict.outcome is Outcome.INCONCLUSIVE


def _will_tell(judged: Sequence[Judged], *, wanted: int) -> bool:
    """Whether users call every canary that is not yet known to be good, so that waiting brings what is missing.

    A blind verdict stays what it is however many call, unless lines of an access log may still come.

    Where requests of our own may take their place, a call or two, such as a smoke request, are not worth the wait.

    Args:
        wanted: requests that a verdict takes at least.
    """
    return all(
        not (one.verdict.is_blind and isinstance(one.one.access, str))
        and one.canary.requests * (_PATIENCE if one.verdict.wants_synthetic else wanted) >= wanted
        for one in judged
        if _is_open(one)
    )


def exit_of(ending: Ending) -> Exit:
    """The exit code of an ending."""
    return _EXITS.get(ending, Exit.OK)
