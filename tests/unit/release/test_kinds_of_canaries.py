"""Eight kinds of bad canaries are stopped in time and good ones pass, request by request and look by look; seeded."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import pytest

from backendctl.release.access_counts import Counting, Span
from backendctl.release.access_log import Line
from backendctl.release.answers import Said, compared
from backendctl.release.judging import thresholds
from backendctl.release.observed import Observed
from backendctl.release.outcome import Finding
from backendctl.release.verdict import Outcome, Verdict, judge
from backendctl.spec.analysis import AnswerCheck
from backendctl.spec.canary import CanarySpec

REGIONS = 2
SHARE = 0.1
SETTINGS = thresholds(CanarySpec().judging)
LOOK = 50
"""Canary requests of each function between two looks."""
CHECK = AnswerCheck(name="places", method="GET", path="/one")

Answer = Callable[[random.Random, int], tuple[int, float]]
"""Status and milliseconds of the canary's nth request of function one."""


def _usual(rng: random.Random, number: int) -> tuple[int, float]:
    del number
    return (500 if rng.random() < 0.002 else 200), rng.lognormvariate(4.0, 0.4)


def _failing(status: int, share: float = 1.0, after: int = 0) -> Answer:
    def answer(rng: random.Random, number: int) -> tuple[int, float]:
        usual = _usual(rng, number)
        return (status, usual[1]) if number > after and rng.random() < share else usual

    return answer


def _slow(rng: random.Random, number: int) -> tuple[int, float]:
    status, ms = _usual(rng, number)
    return status, 2 * ms


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A bad canary. seen_by_lambda: whether AWS/Lambda counts its errors. body: what its answers hold."""

    answer: Answer
    within: int = 500
    regions: int = REGIONS
    seen_by_lambda: bool = False
    body: str = '{"places": 2}'


BAD = {
    "handled 500s": Kind(answer=_failing(500)),
    "raises": Kind(answer=_failing(502), seen_by_lambda=True),
    "times out": Kind(answer=_failing(504), seen_by_lambda=True),
    "twice as slow": Kind(answer=_slow),
    "wrong in one region": Kind(answer=_failing(500), regions=1),
    "fails for 2 %": Kind(answer=_failing(500, share=0.02), within=1500),
    "dies after 200 requests": Kind(answer=_failing(502, after=200), seen_by_lambda=True),
    "wrong body with 200": Kind(answer=_usual, body='{"places": 1}'),
}


def _looks(rng: random.Random, answer: Answer, *, most: int) -> Iterator[tuple[int, Observed, Observed]]:
    """After each `LOOK` canary requests of each function: how many there were, base and canary."""
    counting = Counting(Span(region="us-east-1", begin=0, settled=0, end=10**6, resolution=60))
    number, minute = 0, 0
    while number < most:
        for _ in range(round(LOOK / SHARE)):
            is_canary = rng.random() < SHARE
            number += is_canary
            for route in ("GET /one", "GET /two"):
                is_bad = is_canary and route == "GET /one"
                status, ms = answer(rng, number) if is_bad else _usual(rng, number)
                counting.add(minute, Line(is_canary=is_canary, status=status, latency=ms, route=route))
        minute += 60
        yield number, counting.observed(is_canary=False), counting.observed(is_canary=True)


def _finding(kind: Kind) -> Finding:
    base = Said(status=200, body='{"places": 2}')
    return compared(CHECK, base=[base, base], canary=[replace(base, body=kind.body)])


def _verdicts(kind: Kind, seed: int, *, blind: bool = False) -> Iterator[tuple[int, list[Verdict]]]:
    """At each look, in each region; the same good canary runs where the bad one does not."""
    regions = [
        _looks(
            random.Random(seed + region),  # noqa: S311 - the same requests every time
            kind.answer if region < kind.regions else _usual,
            most=kind.within,
        )
        for region in range(REGIONS)
    ]
    for looks in zip(*regions, strict=False):
        found = []
        for _, base, canary in looks:
            sides = [_as_lambda_sees(side, kind) if blind else side for side in (base, canary)]
            checks = [] if blind else [_finding(kind)]
            found.append(judge(sides[0], sides[1], SETTINGS, among=REGIONS, checks=checks))
        yield max(number for number, _, _ in looks), found


def _as_lambda_sees(side: Observed, kind: Kind) -> Observed:
    """Without what handlers return by themselves."""
    if not kind.seen_by_lambda:
        side = replace(side, minutes=tuple(replace(minute, errors=0) for minute in side.minutes))
        parts = tuple(
            replace(part, minutes=tuple(replace(minute, errors=0) for minute in part.minutes)) for part in side.parts
        )
        side = replace(side, parts=parts)
    return replace(side, source="AWS/Lambda", unseen="the stage has no access log")


@pytest.mark.parametrize("name", BAD)
def test_a_bad_canary_is_stopped_in_time(name: str) -> None:
    kind = BAD[name]
    for seed in (1, 100):
        failed = (
            (requests, verdict)
            for requests, found in _verdicts(kind, seed)
            for verdict in found
            if verdict.outcome is Outcome.FAIL
        )
        stopped = next(failed, None)
        assert stopped is not None, f"{name} was not stopped"
        assert stopped[0] <= kind.within
        assert stopped[1].reasons[0]


@pytest.mark.parametrize("name", BAD)
def test_where_nothing_tells_what_handlers_answer_no_bad_canary_passes(name: str) -> None:
    for _, found in _verdicts(replace(BAD[name], within=500), 1, blind=True):
        assert all(verdict.outcome is not Outcome.PASS for verdict in found)
        assert all(verdict.reasons[0].startswith("blind: ") for verdict in found if verdict.outcome is not Outcome.FAIL)


@pytest.mark.parametrize(("canaries", "most_pass"), [(5, 4), pytest.param(15, 12, marks=pytest.mark.full)])
def test_most_good_canaries_pass_and_none_fails(canaries: int, most_pass: int) -> None:
    ends = []
    for seed in range(canaries):
        good = Kind(answer=_usual, within=1500)
        passed = [False] * REGIONS
        for _, found in _verdicts(good, 1000 + 10 * seed):
            assert all(verdict.outcome is not Outcome.FAIL for verdict in found), found
            passed = [before or verdict.outcome is Outcome.PASS for before, verdict in zip(passed, found, strict=True)]
            if all(passed):
                break
        ends.append(all(passed))
    assert sum(ends) >= most_pass
