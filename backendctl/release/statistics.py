"""The statistics of a canary: pure functions on counts, the standard library only.

Everything here is *always valid*: it may be looked at after every minute, by anybody, from any machine, and stopped
at the best-looking moment, and the stated risk still holds for all looks together. Ordinary tests (Fisher, z) promise
their risk for one look at a size fixed before; looked at every minute for an hour, a 1 % test is wrong several times
as often. Spending the risk over numbered looks would need somebody to remember how many there were, and there is no
state file. So this module bets instead (Ville 1939; Robbins 1970; the modern name is e-value):

* Play a game that is fair, or unfavourable, as long as nothing is wrong: stake 1, and let the stake be multiplied by
  (how likely the data are if something is wrong) / (how likely if nothing is). The expectation stays at most 1 for
  ever, so the chance that the stake *ever* reaches 1/alpha is at most alpha.
* "If something is wrong" is not a single number, so the stake is spread over several (a mixture).

Three uses:

`odds_against` asks whether errors follow the canary. API Gateway draws for each request whether it goes to the canary
(A73). If the canary makes no difference, each failed request of a minute fell to it with the probability of its share
of that minute's requests, whatever else went on: a table that throttled everybody, a flood of nonsense, a night
without traffic. So nothing is assumed about error rates over time, and the share may change from minute to minute.
Given the counts of a minute the canary's errors are hypergeometric; they are treated as binomial, which is wider, so
that the game is unfavourable at worst.

`rate_bounds` are bounds of a proportion, and `quantile_ranks` bounds of a quantile by ranks: whatever the
distribution of latency, the number of samples below its q-quantile is binomial with q. CloudWatch gives any
percentile, so it gives the samples at those ranks. Both hold for requests that are independent of each other. Where
they come in bursts (an incident of one minute) they are too narrow for each side alone; base and canary meet the
same bursts, so that their comparison suffers less.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

_STAKES = ((1.6, 1 / 8), (3.0, 3 / 8), (6.0, 3 / 8), (40.0, 1 / 8))
"""How many times as often the canary may fail, and the part of the stake on it."""
_WIDTH = 100.0
"""How far the stakes on a proportion are spread around it, as if that many requests were known: best for some hundred
to some ten thousand requests, valid for all."""
_STEPS = 26
_TOO_MANY = 10_000_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Split:
    """What went wrong in one minute, and how it fell.

    Attributes:
        requests, errors: of base and canary together. canary_requests, canary_errors: of the canary.
    """

    requests: int
    errors: int
    canary_requests: int
    canary_errors: int


def odds_against(minutes: Iterable[Split]) -> float:
    """How high the stake on "errors follow the canary" ever stood, as a logarithm; at least 0.

    It reaches log(1/alpha) with a chance of at most alpha when the canary makes no difference or a better one, however
    long it runs and however often it is looked at.
    """
    stakes = [math.log(part) for _, part in _STAKES]
    highest = 0.0
    for minute in minutes:
        share = minute.canary_requests / minute.requests if minute.requests else 0.0
        if not minute.errors or share <= 0.0 or share >= 1.0:
            continue  # nothing failed, or all went one way: nothing to learn
        for index, (times, _) in enumerate(_STAKES):
            fair = math.log1p(share * (times - 1.0))
            stakes[index] += minute.canary_errors * math.log(times) - minute.errors * fair
        highest = max(highest, _log_sum(stakes))
    return highest


def p_value(log_odds: float) -> float:
    """The p-value that goes with a stake: how often pure chance brings it that far, at most."""
    return min(1.0, math.exp(-log_odds))


def increase(minutes: Iterable[Split]) -> float:
    """By how much the canary's proportion of errors lies above the baseline's, minute against same minute.

    Minutes weigh by how much they tell (Mantel and Haenszel), so that a change of the share within the window, while
    the rate of errors changed too, does not show as a difference. 0 when there is nothing to compare.
    """
    told = weights = 0.0
    for minute in minutes:
        canary, base = minute.canary_requests, minute.requests - minute.canary_requests
        if canary <= 0 or base <= 0:
            continue
        weight = canary * base / minute.requests
        told += weight * (minute.canary_errors / canary - (minute.errors - minute.canary_errors) / base)
        weights += weight
    return told / weights if weights else 0.0


def rate_bounds(errors: int, requests: int, risk: float) -> tuple[float, float]:
    """Bounds of a proportion that hold at all times together but for that risk; (0, 1) without requests."""
    return _edge(errors, requests, risk, outside=0.0), _edge(errors, requests, risk, outside=1.0)


def increase_at_most(base: tuple[int, int], canary: tuple[int, int], risk: float) -> float:
    """By how much at most the canary's proportion of errors lies above the baseline's, at all times but for that risk.

    The bounds of both sides are put together as independent deviations are, by the root of their squares (Newcombe's
    way), not by their sum.

    Args:
        base, canary: errors and requests.
    """
    if not base[1] or not canary[1]:
        return 1.0
    old, new = base[0] / base[1], canary[0] / canary[1]
    low, high = _edge(*base, risk, outside=0.0), _edge(*canary, risk, outside=1.0)
    return new - old + math.hypot(high - new, old - low)


def quantile_ranks(samples: int, quantile: float, risk: float) -> tuple[int, int]:
    """Ranks (1 is the smallest sample) whose samples enclose that quantile at all times together but for that risk.

    The lower is 0 and the upper is samples + 1 where there are too few samples to bound it on that side.
    """
    below, limit = round(samples * quantile), -math.log(risk)

    def possible(count: int) -> bool:
        return _log_stake(count, samples, quantile) < limit

    fewest = _first(0, below, possible)
    most = -_first(-samples, -below, lambda count: possible(-count))
    return fewest, most + 1


def requests_for(*, base_rate: float, base_per_canary: float, increase: float, risk: float, start: int) -> int | None:
    """About how many canary requests show that an equally good canary is not worse by that increase.

    Args:
        base_rate: proportion of errors of both. base_per_canary: base requests for each canary request.
        increase: a proportion; 0.01 is one percentage point. start: how many there are already.

    Returns:
        A quarter too many at most; None when ten million would not do.
    """
    count = max(16, start)
    while count < _TOO_MANY:
        beside = round(count * base_per_canary)
        base, canary = (round(beside * base_rate), beside), (round(count * base_rate), count)
        if increase_at_most(base, canary, risk) <= increase:
            return count
        count += max(1, count // 4)
    return None


def _log_sum(logs: Sequence[float]) -> float:
    top = max(logs)
    return top + math.log(sum(math.exp(one - top) for one in logs))


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _log_stake(errors: int, requests: int, rate: float) -> float:
    """How high the stake against that rate stands: it is a game that is fair if that is the rate."""
    if rate <= 0.0 or rate >= 1.0:
        return math.inf
    a, b, rest = _WIDTH * rate, _WIDTH * (1.0 - rate), requests - errors
    fair = (errors * math.log(rate) if errors else 0.0) + (rest * math.log1p(-rate) if rest else 0.0)
    return _log_beta(a + errors, b + rest) - _log_beta(a, b) - fair


def _edge(errors: int, requests: int, risk: float, *, outside: float) -> float:
    """The rate, between the one seen and `outside` (0 or 1), where the stake against it reaches 1/risk."""
    if not requests or errors == requests * outside:
        return outside
    inside, limit = errors / requests, -math.log(risk)
    for _ in range(_STEPS):
        middle = (inside + outside) / 2
        if _log_stake(errors, requests, middle) < limit:
            inside = middle
        else:
            outside = middle
    return outside


def _first(low: int, high: int, holds: Callable[[int], bool]) -> int:
    """The smallest number in low … high for which it holds, where it holds from there on; `high` is taken to."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
