"""How often the verdict is wrong with the default settings: `python -m tests.bench.verdict_rates [TIMES]`.

A simulated release goes the way `promote-canary --auto` goes: at each share it is looked at after every minute; a fail
ends it, a pass after the hold goes on to the next share, and what is still inconclusive after a while ends it too.
"""

from __future__ import annotations

import math
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from backendctl.release.observed import Minute, Observed, curve_of
from backendctl.release.verdict import Outcome, Thresholds, judge
from backendctl.spec.canary import CanarySpec

STEPS = CanarySpec().steps
HOLD = int(CanarySpec().bake_time // 60)
LONGEST = 30
"""Minutes at each share: before a pass counts, and before a release that stays inconclusive ends."""
ERRORS_ONLY = Thresholds(max_latency_increase=None)


@dataclass(frozen=True, kw_only=True, slots=True)
class Backend:
    """What is simulated.

    Attributes:
        per_minute: requests. errors: proportion of the base's that fail. more: of the canary's, in addition.
        slower: how many times as long the canary takes. spread: sigma of the logarithm of the latency.
        storms: proportion of minutes in which a fifth of all requests fail, whoever serves them.
    """

    per_minute: int
    errors: float = 0.01
    more: float = 0.0
    slower: float = 1.0
    spread: float = 0.6
    storms: float = 0.0


def binomial(rng: random.Random, trials: int, rate: float) -> int:
    """How many of the trials succeed; quick where the rate is low."""
    if rate <= 0.0:
        return 0
    count, at, step = 0, -1, math.log1p(-rate)
    while True:
        at += int(math.log(1.0 - rng.random()) / step) + 1
        if at >= trials:
            return count
        count += 1


def minutes(rng: random.Random, backend: Backend, share: float, start: int) -> Iterator[tuple[Minute, Minute]]:
    """Base and canary, minute after minute, for ever."""
    at = start
    while True:
        storm = 0.2 if rng.random() < backend.storms else 0.0
        canary = binomial(rng, backend.per_minute, share)
        base = backend.per_minute - canary
        yield (
            Minute(at=at, requests=base, errors=binomial(rng, base, backend.errors + storm)),
            Minute(at=at, requests=canary, errors=binomial(rng, canary, backend.errors + backend.more + storm)),
        )
        at += 60


def release(rng: random.Random, backend: Backend, settings: Thresholds = ERRORS_ONLY) -> tuple[Outcome, int]:
    """One release through all shares, on errors; how it ended, and after how many canary requests."""
    base: tuple[Minute, ...] = ()
    canary: tuple[Minute, ...] = ()
    for step in STEPS:
        start = 60 * len(base)
        source = minutes(rng, backend, step / 100, start)
        for minute in range(1, LONGEST + 1):
            old, new = next(source)
            base, canary = (*base, old), (*canary, new)
            seen = (Observed(minutes=base, steady=start), Observed(minutes=canary, steady=start))
            outcome = judge(*seen, settings).outcome
            if outcome is Outcome.FAIL:
                return outcome, seen[1].requests
            if outcome is Outcome.PASS and minute >= HOLD:
                break
        else:
            return Outcome.INCONCLUSIVE, seen[1].requests
    return Outcome.PASS, seen[1].requests


def found_by(rng: random.Random, backend: Backend, *, share: float, requests: int) -> bool:
    """Whether it is failed by the time the canary had about that many requests, looked at after every minute."""
    base: tuple[Minute, ...] = ()
    canary: tuple[Minute, ...] = ()
    for old, new in minutes(rng, backend, share, 0):
        base, canary = (*base, old), (*canary, new)
        seen = Observed(minutes=canary)
        if judge(Observed(minutes=base), seen, ERRORS_ONLY).outcome is Outcome.FAIL:
            return True
        if seen.requests >= requests:
            return False
    raise AssertionError


def timed(rng: random.Random, backend: Backend, *, share: float, settings: Thresholds | None = None) -> Outcome:
    """One share of one release on latency, without errors, looked at every second minute for 20."""
    old: list[float] = []
    new: list[float] = []
    base: tuple[Minute, ...] = ()
    canary: tuple[Minute, ...] = ()
    outcome = Outcome.INCONCLUSIVE
    for count, (before, after) in enumerate(minutes(rng, backend, share, 0), start=1):
        base, canary = (*base, before), (*canary, after)
        old += [rng.lognormvariate(math.log(100), backend.spread) for _ in range(before.requests)]
        new += [rng.lognormvariate(math.log(100 * backend.slower), backend.spread) for _ in range(after.requests)]
        if count % 2 == 0:
            seen = (
                Observed(minutes=base, curve=curve_of(old), sampled=len(old)),
                Observed(minutes=canary, curve=curve_of(new), sampled=len(new)),
            )
            outcome = judge(*seen, settings).outcome
        if outcome is Outcome.FAIL or count >= 20:
            return outcome
    raise AssertionError


def _line(*cells: object) -> None:
    sys.stdout.write("".join(f"{cell!s:>14}" for cell in cells) + "\n")


def _shares(outcomes: Counter[Outcome], times: int) -> list[str]:
    order = (Outcome.FAIL, Outcome.PASS, Outcome.INCONCLUSIVE)
    return [f"{outcomes[outcome] / times * 100:.1f} %" for outcome in order]


def _print_releases(rng: random.Random, times: int) -> None:
    sys.stdout.write(f"\nWhole releases on errors ({STEPS} %, looked at every minute), {times} of each\n")
    _line("requests/min", "base errors", "canary more", "failed", "passed", "inconclusive", "canary req.")
    for per_minute in (30, 300, 600, 1500):
        for errors, more in ((0.001, 0.0), (0.01, 0.0), (0.05, 0.0), (0.01, 0.01), (0.01, 0.02), (0.01, 0.05)):
            backend = Backend(per_minute=per_minute, errors=errors, more=more)
            ends = [release(rng, backend) for _ in range(times)]
            middle = sorted(requests for _, requests in ends)[times // 2]
            told = _shares(Counter(outcome for outcome, _ in ends), times)
            _line(per_minute, f"{errors:.1%}", f"+{more * 100:g} points", *told, middle)
    storm = Backend(per_minute=300, storms=0.1)
    ends = [release(rng, storm) for _ in range(times)]
    _line(300, "1% + storms", "+0 points", *_shares(Counter(outcome for outcome, _ in ends), times), "")


def _print_found(rng: random.Random, times: int) -> None:
    sys.stdout.write(f"\nFailed by the time the canary had 300 requests, +5 points, {times} of each\n")
    _line("base errors", "share 5 %", "share 10 %", "share 25 %", "share 50 %")
    for errors in (0.0, 0.001, 0.005, 0.01, 0.02, 0.05):
        cells = [
            sum(
                found_by(rng, Backend(per_minute=int(30 / share), errors=errors, more=0.05), share=share, requests=300)
                for _ in range(times)
            )
            for share in (0.05, 0.1, 0.25, 0.5)
        ]
        _line(f"{errors:.1%}", *(f"{cell / times * 100:.1f} %" for cell in cells))


def _print_timed(rng: random.Random, times: int) -> None:
    sys.stdout.write(f"\nOn latency, share 10 % for 20 minutes, looked at every second, {times} of each\n")
    _line("requests/min", "spread", "canary takes", "failed", "passed", "inconclusive")
    for per_minute, spread in ((150, 0.6), (600, 0.6), (600, 1.0)):
        for slower in (1.0, 1.25, 1.5, 2.0):
            backend = Backend(per_minute=per_minute, errors=0.0, slower=slower, spread=spread)
            ends = Counter(timed(rng, backend, share=0.1) for _ in range(times))
            _line(per_minute, spread, f"x {slower:g}", *_shares(ends, times))


def main() -> None:
    """Print the tables."""
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    rng, start = random.Random(5), time.monotonic()  # noqa: S311 - the same releases every time
    _print_found(rng, times * 2)
    _print_releases(rng, times)
    _print_timed(rng, max(10, times // 4))
    sys.stdout.write(f"\n{time.monotonic() - start:.0f} s\n")


if __name__ == "__main__":
    main()
