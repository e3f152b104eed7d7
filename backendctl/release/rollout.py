"""A canary on its way to all requests: judge, shift, hold, judge … until it is promoted, held or aborted.

All memory is in AWS: stopped anywhere, the same command goes on from what the stages say, on any machine.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from backendctl.aws.metrics import lag, resolution
from backendctl.errors import Exit
from backendctl.release.hooks import run_hook
from backendctl.release.judging import Judged, held_for, moment, overall
from backendctl.release.outcome import Outcome
from backendctl.release.rollout_events import Answer, Ended, Ending, Event, Looked, Stepped, Waiting, unfinished
from backendctl.release.steps import FULL, next_percent, next_wave, present_percent, reachable, step_below
from backendctl.spec.canary import ABORT, HOLD

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.errors import BackendctlError
    from backendctl.release.live_canaries import Begun, Canaries
    from backendctl.release.running import Serving

T = TypeVar("T")
Telling = Generator[Event, Answer, T]

_WATCH = 30.0
"""Seconds between two looks while a step is held; a failure ends it at once."""
_PATIENCE = 3
"""How many times the hold a step lasts at most, while more requests will tell."""
_ROUNDS = 3
"""How often requests of our own are sent at most."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """What the user asked for.

    Attributes:
        percent: the share to go to; None is the next step.
        auto: on and on, until it is promoted, held or aborted. ignore_verdict: shift even if it is not pass.
        stages: only these; empty means all. take_over: whatever somebody else has under way.
    """

    percent: float | None = None
    auto: bool = False
    ignore_verdict: bool = False
    stages: tuple[str, ...] = ()
    take_over: bool = False


@dataclass(kw_only=True)
class Rollout:
    """One run of `promote-canary`.

    Attributes:
        clock: seconds since the epoch.
    """

    backend: Backend
    wish: Wish
    canaries: Canaries
    clock: Callable[[], float] = time.time
    _verdicts: list[dict[str, Any]] = field(init=False, default_factory=list)
    _traces: list[str] = field(init=False, default_factory=list)
    _silent: dict[str, BackendctlError] = field(init=False, default_factory=dict)
    _target_percent: float | None = field(init=False, default=None)

    def run(self) -> Telling[None]:
        """Until it is done, or has to stop; `Ended` comes last.

        Raises:
            BackendctlError: a hook said no, or AWS did.
        """
        ending = yield from self._run()
        yield Ended(
            backend=self.backend.spec.backend,
            ending=ending,
            target_percent=self._target_percent,
            verdicts=tuple(self._verdicts),
            traces=tuple(self._traces),
            unreachable=self._silent,
        )

    def _run(self) -> Telling[Ending]:
        found = self._found()
        if not any(one.canary for one in found):
            return (yield from self._finish(found))
        if self.wish.percent is None and (begun := self.canaries.begun(found)) is not None:
            ended = yield from self._resumed(begun)
            if not self.wish.auto or ended in {Ending.ABORTED, Ending.PARTIAL, Ending.NOT_DONE}:
                return ended
            found = self._found()
        if self.wish.auto:
            return (yield from self._unattended(found))
        return (yield from self._step(found))

    def _resumed(self, begun: Begun) -> Telling[Ending]:
        """What was decided and interrupted is finished first, in all its regions, without another verdict."""
        if begun.target_percent is None:
            return (yield from self._abort(Ending.ABORTED))
        return (yield from self._to(begun.found, begun.target_percent))

    def _step(self, found: Sequence[Serving]) -> Telling[Ending]:
        present = present_percent(found)
        wanted = self.wish.percent
        target_percent = next_percent(self.backend.spec.canary.steps, present) if wanted is None else wanted
        is_first = present <= 0 and target_percent <= self.backend.spec.canary.steps[0]  # nobody has met it yet
        if target_percent > present and not is_first and not self.wish.ignore_verdict:
            judged = yield from self._judged(found, f"{present:g} %")
            if overall(judged) is not Outcome.PASS:
                self._target_percent = present
                return Ending.REFUSED if overall(judged) is Outcome.FAIL else Ending.HELD
            if wanted is None and self._has_to_last(found):
                return Ending.BAKING
        return (yield from self._to(found, target_percent))

    def _has_to_last(self, found: Sequence[Serving]) -> bool:
        """Whether the present step has not been held yet: a command that is said again goes no step further."""
        began = max((moment(one.shifted) for one in found), default=0.0)
        return began > 0 and self.clock() - began < held_for(self.backend)

    def _unattended(self, found: Sequence[Serving]) -> Telling[Ending]:
        while wave := next_wave(found, self.backend.spec.canary.waves):
            present = present_percent(wave)
            if present > 0:  # at 0 % nobody calls it: it is given its first step
                judged = yield from self._held(wave, present)
                outcome = overall(judged)
                if outcome is Outcome.FAIL:
                    return (yield from self._abort(Ending.ABORTED))
                if outcome is Outcome.INCONCLUSIVE:
                    return (yield from self._undecided(judged, present))
            ended = yield from self._to(wave, next_percent(self.backend.spec.canary.steps, present))
            if ended in {Ending.PARTIAL, Ending.NOT_DONE}:
                return ended
            found = self._found()
        return Ending.PROMOTED

    def _to(self, found: Sequence[Serving], target_percent: float) -> Telling[Ending]:
        """Shift or promote, wave by wave, with the hooks around it."""
        hooks, waves = self.backend.spec.canary.hooks, self.backend.spec.canary.waves
        document = {"backend": self.backend.spec.backend, "percent": target_percent, "verdicts": self._verdicts}
        if target_percent >= FULL:
            plan = self.canaries.promote(found, waves=waves, take_over=self.wish.take_over)
        else:
            plan = self.canaries.shift(found, percent=target_percent, waves=waves, take_over=self.wish.take_over)
        done = yield Stepped(plan=plan, before=lambda: self._hook("before-promote", hooks.before_promote, document))
        if stopped := unfinished(done):
            return stopped
        if done is Exit.OK:
            self._hook("after-promote", hooks.after_promote, document)
        return Ending.PROMOTED if target_percent >= FULL else Ending.SHIFTED

    def _finish(self, found: Sequence[Serving]) -> Telling[Ending]:
        """No canary runs: what a promotion that was interrupted late has left to do, if anything."""
        plan = self.canaries.promote(found)
        if not plan.changes:
            return Ending.NOTHING
        done = yield Stepped(plan=plan, before=_nothing)
        return unfinished(done) or Ending.PROMOTED

    def _undecided(self, judged: Sequence[Judged], present: float) -> Telling[Ending]:
        """What becomes of a canary that nothing has shown to be good, as the spec says.

        Where nothing but requests are lacking, `on-no-data` has said to hold: hardly anybody meets it.
        """
        self._target_percent = present
        what = self.backend.spec.canary.on_inconclusive
        if what == HOLD or all(one.verdict.is_too_few for one in judged if _is_open(one)):
            return Ending.HELD
        if what == ABORT:
            return (yield from self._abort(Ending.ENDED_UNJUDGED))
        self._target_percent = step_below(self.backend.spec.canary.steps, present)
        found = [one for one in self._everywhere() if one.canary is None or one.canary.percent > self._target_percent]
        done = yield Stepped(plan=self.canaries.shift(found, percent=self._target_percent), before=_nothing)
        return unfinished(done) or Ending.STEPPED_DOWN

    def _abort(self, ending: Ending) -> Telling[Ending]:
        """All that still run, in all regions at once."""
        found = self._everywhere()
        self._traces = self.canaries.log_commands(found)
        done = yield Stepped(plan=self.canaries.abort(found), before=_nothing)
        if stopped := unfinished(done):
            return stopped
        document = {"backend": self.backend.spec.backend, "verdicts": self._verdicts}
        self._hook("on-abort", self.backend.spec.canary.hooks.on_abort, document)
        self._target_percent = None
        return ending

    def _hook(self, name: str, hook: str | None, document: Mapping[str, Any]) -> None:
        run_hook(name, hook, document, environment=self.backend.settings.environment)

    def _held(self, wave: Sequence[Serving], present: float) -> Telling[list[Judged]]:
        """The verdict once the step has lasted as long as the spec says, or as soon as it has failed often enough.

        While requests come in and more of them will tell, it lasts up to three times as long.
        """
        aws, hold = self.backend.aws, held_for(self.backend)
        began = max((moment(one.shifted) for one in wave), default=0.0) or self.clock()
        bad = 0
        while True:
            held = self.clock() - began
            left = f", {hold - held:.0f} s to go" if held < hold else ""
            judged = yield from self._judged(wave, f"{present:g} %{left}")
            outcome = overall(judged)
            bad = bad + 1 if outcome is Outcome.FAIL else 0
            if bad >= self.backend.spec.canary.fail_fast or (held >= hold * _PATIENCE and not bad):
                return judged
            if held >= hold and outcome is Outcome.PASS:
                return judged
            wanted = self.backend.spec.canary.judging.min_requests
            if held >= hold and not bad and not _will_tell(judged, wanted=wanted):
                return (yield from self._with_synthetic(wave, judged))
            yield from self._wait(max(_WATCH * aws.time_scale, 0.5))

    def _with_synthetic(self, wave: Sequence[Serving], judged: list[Judged]) -> Telling[list[Judged]]:
        """Nobody called it, and the spec says to do so ourselves; then judged again, until it is known."""
        aws = self.backend.aws
        lonely = [one for one in judged if one.verdict.wants_synthetic]
        for _ in range(_ROUNDS if self.backend.spec.api is not None else 0):
            if not lonely:
                break
            for one in lonely:
                self.canaries.call(one)
            yield from self._wait(lag(aws) + 2 * resolution(aws))  # until CloudWatch tells of the last of them
            judged = yield from self._judged(wave, "the canary's percentage, after synthetic requests")
            regions = {one.one.region for one in lonely}
            lonely = [
                one for one in judged if one.one.region in regions and one.verdict.outcome is Outcome.INCONCLUSIVE
            ]
        return judged

    def _judged(self, found: Sequence[Serving], when: str) -> Telling[list[Judged]]:
        judged = self.canaries.judge(found)
        self._verdicts = [one.data for one in judged]
        yield Looked(judged=judged, when=when)
        return judged

    def _wait(self, seconds: float) -> Telling[None]:
        yield Waiting(seconds=seconds)
        self.backend.aws.sleep(seconds)

    def _found(self) -> list[Serving]:
        return reachable(self._everywhere(), self.backend.spec.canary.waves, silent=self._silent)

    def _everywhere(self) -> list[Serving]:
        found, self._silent = self.canaries.find(self.wish.stages)
        return found


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
