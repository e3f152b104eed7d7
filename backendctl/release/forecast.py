"""How many more requests of the canary will tell, as far as those seen carry a forecast."""

from __future__ import annotations

from collections.abc import Sequence

from backendctl.release import statistics
from backendctl.release.observed import Minute, Observed
from backendctl.release.outcome import limit_of, percent, span
from backendctl.release.thresholds import Thresholds

_USUAL_SHARES = 9.0
"""Base requests for each of a canary that nobody has called yet: it has a tenth of all."""


_REACH = 20
"""So many times the requests seen are still worth a forecast."""


def requests_wanted(base: Observed, canary: Observed, settings: Thresholds) -> int | None:
    """Canary requests still missing for a pass on errors, were it as good as the baseline."""
    requests, (base_bad, base_requests) = requests_at(canary), counted(base.present)
    if canary.is_blind or not base_requests:
        return None
    in_all = statistics.requests_for(
        base_rate=base_bad / base_requests,
        base_per_canary=base_requests / requests if requests else _USUAL_SHARES,
        increase=settings.max_error_increase / 100,
        risk=settings.pass_risk,
        start=requests,
    )
    missing = max(in_all, settings.min_requests) - requests if in_all is not None else 0
    return missing if missing > 0 else None


def forecast(wanted: int, base: Observed, canary: Observed, settings: Thresholds) -> str:
    """A forecast as far as the requests seen carry one; empty where they carry none."""
    requests, (base_bad, base_requests) = requests_at(canary), counted(base.present)
    if requests < settings.min_requests:
        return ""
    if wanted > _REACH * requests:
        return (
            f"more requests will not decide it: {percent(base_bad / base_requests)} of the baseline's requests fail, "
            f"which hides {limit_of(settings.max_error_increase)} more; give the canary more traffic, "
            "or allow a larger increase"
        )
    seconds = canary.until - (canary.since if canary.steady is None else canary.steady)
    at_rate = f", some {span(wanted / requests * seconds)} at this rate" if seconds > 0 else ""
    return f"about {_rounded(wanted):,} more canary requests will tell{at_rate}"


def _rounded(count: int) -> int:
    """Up to two digits; a forecast is no better."""
    unit = int(10 ** max(0, len(str(count)) - 2))
    return -(-count // unit) * unit


def requests_at(seen: Observed) -> int:
    """Of users, at the present share."""
    return sum(minute.requests for minute in seen.present)


def counted(minutes: Sequence[Minute]) -> tuple[int, int]:
    """Errors and requests."""
    return sum(minute.errors for minute in minutes), sum(minute.requests for minute in minutes)
