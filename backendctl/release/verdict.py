"""The verdict on a canary: pass, fail or inconclusive, with the reasons in words.

* **fail**: the canary is worse than the baseline *and* by more than the limit allows. "Worse" is proven: chance alone
  would bring so much as seldom as `false_alarms` says, over all looks of the whole release.
* **pass**: the canary is *not worse by more than the limit*, with that confidence. That 12 requests show no difference
  is no pass: 12 requests cannot show a difference.
* **inconclusive**: neither is known yet. No traffic is not success.

What the defaults find and miss when they are looked at after every minute, by simulation (`python -m
tests.bench.verdict_rates 200`):

Failed by the time the canary had 300 requests, where 5 points more of its requests fail than of the baseline's:

    errors of the baseline    5 %    10 %    25 %    50 % to the canary
    none                    100 %   100 %   100 %    95 %
    0.1 %                   100 %   100 %    99 %    91 %
    0.5 %                    99 %    99 %    97 %    75 %
    1 %                      97 %    96 %    91 %    62 %
    5 %                      45 %    42 %    30 %    16 %

(At a share of 50 % the baseline has as few requests as the canary, and a baseline that fails often hides more.)

Whole releases at 10 and 50 %, ten to thirty minutes each, 1 % of the baseline's requests fail, limit 1 point:

    requests/minute    canary as good: failed, passed    2 points worse: failed, passed    5 points worse: failed
                300    0.5 %, 28 %                       84 %, 0 %                         100 %
                600    0 %,   72 %                       98 %, 0 %                         100 %
               1500    0 %,   98 %                       100 %, 0 %                        100 %

Of 1200 releases as good as their base at 300 requests a minute 2 were failed, and 1 of 1200 where in every tenth minute
a fifth of all requests failed, whoever served them. Of 600 exactly at the limit (1 point worse) none passed.

What is neither is inconclusive: a pass on errors takes some 500 canary requests when nothing fails, 900 at 0.5 %, 1500
at 1 % and 3600 at 3 %; with a limit of 2 points 280, 390, 500 and 1000.

Latency (p95 of a lognormal one, sigma 0.6, limit 25 %): with 1200 canary requests one as quick passes in 98 % and fails
in 0 %, one twice as slow fails in 100 %; with 300 the latter fails all the same, and the former stays inconclusive.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backendctl.release import statistics
from backendctl.release.forecast import counted, forecast, requests_at, requests_wanted
from backendctl.release.latency import LatencyComparison, compare_latency, comparisons
from backendctl.release.observed import Minute, Observed
from backendctl.release.outcome import Finding, Outcome, limit_of, percent, points
from backendctl.release.statistics import Split
from backendctl.release.thresholds import ERRORS_SHARE, PARTS_SHARE, REJECTIONS_SHARE, OnNoData, Thresholds

__all__ = ["LatencyComparison", "Observed", "Outcome", "Rate", "Thresholds", "Verdict", "judge", "rate_of"]


_NOTHING = "nothing distinguishes the canary from the baseline: both call the same aliases"
_NO_ANSWERS = "5xx responses returned by handlers cannot be seen"
_ACCEPTED = "and accept-blind allows it"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rate:
    """A proportion of errors: what was seen, and where it lies but for the risk of a pass."""

    errors: int
    requests: int
    low: float
    high: float

    @property
    def seen(self) -> float:
        """Errors / requests; 0 without requests."""
        return self.errors / self.requests if self.requests else 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The answer.

    Attributes:
        reasons: sentences; those that decided come first.
        notes: what the verdict could not see.
        confidence: 0 to 1, in a pass or a fail; 0 when inconclusive.
        increase: percentage points by which the canary's errors lie above the baseline's.
        increase_at_most: the same with the confidence of a pass.
        p_value: how often chance alone brings so much more errors, at most; 1 says nothing.
        latency: one comparison for the API, or one for each function.
        requests_wanted: about how many more canary requests will tell; None when that cannot be said.
        wants_synthetic: too few called the canary, and the settings say that the caller should.
        is_blind: a canary that fails in some way would look the same, however long it is watched.
        is_too_few: nothing but the number of requests is lacking, so that `on_no_data` has spoken.
    """

    outcome: Outcome
    reasons: tuple[str, ...]
    notes: tuple[str, ...] = ()
    confidence: float = 0.0
    increase: float = 0.0
    increase_at_most: float = 100.0
    p_value: float = 1.0
    latency: tuple[LatencyComparison, ...] = ()
    requests_wanted: int | None = None
    wants_synthetic: bool = False
    is_blind: bool = False
    is_too_few: bool = False


def judge(
    base: Observed,
    canary: Observed,
    settings: Thresholds | None = None,
    *,
    among: int = 1,
    checks: Sequence[Finding] = (),
    smoke: int = 0,
) -> Verdict:
    """The verdict on what was seen of both in the same minutes.

    Args:
        among: how many verdicts share the risk of a false alarm: one for each region of the release.
        smoke: requests that a smoke test sends; a canary that had no more has met nobody.
        checks: what the user's own checks have found.
    """
    settings = settings or Thresholds()
    odds = statistics.odds_against(_splits(base, canary))
    rated = (counted(base.present), counted(canary.present))
    at_most = statistics.increase_at_most(*rated, settings.pass_risk)
    latency = tuple(_latency(base, canary, settings, among=among))
    findings = [
        _errors(base, canary, settings, at_most=at_most, among=among),
        *_parts(base, canary, settings, among=among),
        *_rejections(base, canary, settings, among=among),
        *_latency_findings(canary, latency, settings),
        *checks,
    ]
    outcome, told = _together(findings, base, canary, settings)
    wanted = requests_wanted(base, canary, settings) if outcome is Outcome.INCONCLUSIVE else None
    if wanted and not _blind(canary) and (more := forecast(wanted, base, canary, settings)):
        told = (*told, more)
    too_few = requests_at(canary) < settings.min_requests and not canary.is_blind
    return Verdict(
        outcome=outcome,
        reasons=told,
        notes=(*_notes(base, canary), *(check.told for check in checks if check.outcome is None)),
        confidence=max((f.sure for f in findings if f.outcome is outcome), default=0.0),
        increase=statistics.increase(_splits(base, canary)) * 100,
        increase_at_most=at_most * 100,
        p_value=statistics.p_value(odds),
        latency=latency,
        requests_wanted=wanted,
        wants_synthetic=too_few and outcome is Outcome.INCONCLUSIVE and settings.on_no_data is OnNoData.SYNTHETIC,
        is_blind=bool(_blind(canary)),
        is_too_few=too_few and outcome is Outcome.INCONCLUSIVE and (not _blind(canary) or canary.requests <= smoke),
    )


def rate_of(seen: Observed, settings: Thresholds | None = None) -> Rate:
    """The proportion of errors since the canary began, and its bounds."""
    risk = (settings or Thresholds()).pass_risk
    low, high = statistics.rate_bounds(seen.errors, seen.requests, risk)
    return Rate(errors=seen.errors, requests=seen.requests, low=low, high=high)


def _together(
    findings: Sequence[Finding], base: Observed, canary: Observed, settings: Thresholds
) -> tuple[Outcome, tuple[str, ...]]:
    """What all say together, and why; a blind verdict may fail, and passes only where the settings accept that.

    Of too few requests only a fail is taken.
    """
    failed = [finding.told for finding in findings if finding.outcome is Outcome.FAIL]
    if failed:
        return Outcome.FAIL, tuple(failed)
    blind = _blind(canary)
    if not blind:
        return _seeing(findings, base, canary, settings)
    if not settings.accept_blind:
        return Outcome.INCONCLUSIVE, (f"blind: {blind}",)
    if canary.is_blind:
        return Outcome.PASS, (f"blind: {blind}; {_ACCEPTED}",)
    outcome, told = _seeing(findings, base, canary, settings)
    return outcome, (f"blind: {blind}; {_ACCEPTED}", *told)


def _blind(canary: Observed) -> str:
    """What no source shows, and why; empty when all is seen, or when nobody has called it and nothing is missed."""
    return _unseen(canary) if canary.is_blind or canary.requests else ""


def _unseen(canary: Observed) -> str:
    why = f": {canary.unseen}, and CloudWatch shows no AWS/ApiGateway metrics of the canary" if canary.unseen else ""
    if canary.is_blind:
        return f"{_NOTHING}{why}"
    return f"{_NO_ANSWERS}{why}" if canary.unseen else ""


def _seeing(
    findings: Sequence[Finding], base: Observed, canary: Observed, settings: Thresholds
) -> tuple[Outcome, tuple[str, ...]]:
    requests = requests_at(canary)
    if requests < settings.min_requests:
        return _of_too_few(requests, settings)
    if not requests_at(base):
        return Outcome.INCONCLUSIVE, ("no user request to the baseline in the same minutes: nothing to compare with",)
    open_ = [finding.told for finding in findings if finding.outcome is Outcome.INCONCLUSIVE]
    passed = [finding.told for finding in findings if finding.outcome is Outcome.PASS]
    return (Outcome.INCONCLUSIVE, (*open_, *passed)) if open_ else (Outcome.PASS, tuple(passed))


def _of_too_few(requests: int, settings: Thresholds) -> tuple[Outcome, tuple[str, ...]]:
    if requests:
        told = (
            f"{requests} user requests to the canary at its present percentage; a verdict needs at least "
            f"{settings.min_requests}"
        )
    else:
        told = "no user request to the canary at its present percentage: no traffic is not a pass"
    said = {OnNoData.PASS: Outcome.PASS, OnNoData.FAIL: Outcome.FAIL}.get(settings.on_no_data)
    if said is not None:
        told = f"{told.partition(': ')[0]}, and on-no-data says {said}"
    return said or Outcome.INCONCLUSIVE, (told,)


def _errors(base: Observed, canary: Observed, settings: Thresholds, *, at_most: float, among: int) -> Finding:
    worse = _worse(base, canary, "errors", settings.max_error_increase, settings.fail_risk(ERRORS_SHARE, among=among))
    if worse is not None:
        return worse
    (bad, requests), (base_bad, base_requests) = counted(canary.present), counted(base.present)
    told = f"errors: {bad} of {requests} canary requests, {base_bad} of {base_requests} baseline requests"
    if at_most * 100 <= settings.max_error_increase:
        sure = f"{told}; with {settings.confidence:g} % confidence at most {points(at_most)} points more"
        return Finding(outcome=Outcome.PASS, told=sure, sure=settings.confidence / 100)
    open_ = f"{told}; up to {points(at_most)} points more are possible, {settings.max_error_increase:g} allowed"
    return Finding(outcome=Outcome.INCONCLUSIVE, told=open_)


def _parts(base: Observed, canary: Observed, settings: Thresholds, *, among: int) -> Iterator[Finding]:
    """Functions that fail by themselves, however little they show among the others."""
    if len(canary.parts) <= 1 and not canary.curve:  # a single function is the whole already
        return
    risk = settings.fail_risk(PARTS_SHARE, among=among * max(1, len(canary.parts)))
    for before, after in _pairs(base, canary):
        worse = _worse(before, after, f"errors of {after.name}", settings.max_error_increase, risk)
        if worse is not None:
            yield worse


def _rejections(base: Observed, canary: Observed, settings: Thresholds, *, among: int) -> Iterator[Finding]:
    if settings.max_rejection_increase is not None:
        risk = settings.fail_risk(REJECTIONS_SHARE, among=among)
        worse = _worse(base, canary, "4xx answers", settings.max_rejection_increase, risk, kind="rejections")
        if worse is not None:
            yield worse


def _worse(
    base: Observed, canary: Observed, what: str, limit: float, risk: float, *, kind: str = "errors"
) -> Finding | None:
    """A fail: there is more of it in the canary than chance brings, and than the limit allows."""
    splits = _splits(base, canary, kind)
    p_value = statistics.p_value(statistics.odds_against(splits))
    more = statistics.increase(splits)
    if p_value > risk or more * 100 <= limit:
        return None
    old, new = getattr(base, kind), getattr(canary, kind)
    told = (
        f"{what}: {new} of {canary.requests} canary requests ({percent(new / max(1, canary.requests))}), "
        f"{old} of {base.requests} baseline requests ({percent(old / max(1, base.requests))}): more than the "
        f"{limit_of(limit)} allowed, and chance alone brings so much less than once in {_once_in(p_value)} releases"
    )
    return Finding(outcome=Outcome.FAIL, told=told, sure=1 - p_value)


def _latency(base: Observed, canary: Observed, settings: Thresholds, *, among: int) -> Iterator[LatencyComparison]:
    """Of the API as a whole where that is known, and of each part that has enough requests.

    Where the whole is known a part can only fail: one slow function is little among many.
    """
    curves = comparisons(len(canary.parts))
    pairs = [pair for pair in _pairs(base, canary) if pair[1].sampled >= settings.min_requests]
    if canary.curve:
        pairs = [(base, canary), *(pairs if len(canary.parts) > 1 else ())]
    for before, after in pairs:
        found = compare_latency(before, after, settings, among=among, curves=curves)
        if found is not None and (after is canary or not canary.curve or found.finding.outcome is Outcome.FAIL):
            yield found


def _latency_findings(
    canary: Observed, latency: Sequence[LatencyComparison], settings: Thresholds
) -> Iterator[Finding]:
    yield from (one.finding for one in latency)
    if settings.max_latency_increase is None:
        return
    known = (
        canary.sampled if canary.curve else sum(p.sampled for p in canary.parts if p.name in {c.name for c in latency})
    )
    requests = requests_at(canary)
    if known * 2 < requests or not latency:
        few = f"latency: known for {known} of {requests} canary requests, too few to compare it"
        yield Finding(outcome=Outcome.INCONCLUSIVE, told=few)


def _pairs(base: Observed, canary: Observed) -> list[tuple[Observed, Observed]]:
    before = {part.name: part for part in base.parts}
    return [(before[part.name], part) for part in canary.parts if part.name in before]


def _splits(base: Observed, canary: Observed, kind: str = "errors") -> list[Split]:
    """Minute by minute, both together; `kind` is the field of a minute that counts what went wrong."""
    old = {minute.at: minute for minute in base.minutes}
    new = {minute.at: minute for minute in canary.minutes}
    nothing = Minute(at=0, requests=0)
    found: list[Split] = []
    for at in sorted(old.keys() | new.keys()):
        before, after = old.get(at, nothing), new.get(at, nothing)
        found.append(
            Split(
                requests=before.requests + after.requests,
                errors=getattr(before, kind) + getattr(after, kind),
                canary_requests=after.requests,
                canary_errors=getattr(after, kind),
            )
        )
    return found


def _once_in(p_value: float) -> str:
    return f"{int(1 / p_value):,}" if p_value * 1_000_000 > 1 else "a million"


def _notes(base: Observed, canary: Observed) -> Iterator[str]:
    if (told := _unseen(canary)) and not _blind(canary):
        yield told
    if any(seen.is_rough for side in (base, canary) for seen in (side, *side.parts)):
        yield "latency is rough: it was put together from figures by the minute"
