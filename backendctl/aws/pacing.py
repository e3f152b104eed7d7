"""Token buckets at AWS's fixed control-plane rates, taken before the call.

Botocore's own retries sleep about three seconds in all, useless against a quota of one call per 30 s (F5).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass

# (service, operation) → calls per second; per account and region, not raisable.
RATES: Mapping[tuple[str, str], float] = {
    ("apigateway", "CreateDeployment"): 1 / 5,  # A31
    ("apigateway", "CreateRestApi"): 1 / 3,  # A31
    ("apigateway", "ImportRestApi"): 1 / 3,  # A31
    ("apigateway", "PutRestApi"): 1.0,  # A31
    ("apigateway", "DeleteRestApi"): 1 / 30,  # A31
    ("apigateway", "CreateDomainName"): 1 / 30,  # A32
    ("apigateway", "UpdateDomainName"): 1 / 30,  # A32
    ("apigateway", "DeleteDomainName"): 1 / 30,  # A32
    ("apigateway", "UpdateAccount"): 1 / 20,  # A33
    ("apigateway", "UpdateUsagePlan"): 1 / 20,  # A33
    ("apigateway", "CreateApiKey"): 5.0,  # A34
    ("apigateway", "GetResources"): 5 / 2,  # A34
    ("lambda", "GetFunction"): 100.0,  # B56
    ("lambda", "GetPolicy"): 15.0,  # B56
    ("lambda", "Invoke"): 1000.0,  # a data-plane call, outside the control quota
    ("dynamodb", "DescribeTimeToLive"): 10.0,  # C56
    ("dynamodb", "TagResource"): 5.0,  # C51
    ("logs", "FilterLogEvents"): 5.0,  # K20
}
# service → (calls per second, burst) for all its operations together.
TOTALS: Mapping[str, tuple[float, float]] = {
    "apigateway": (10.0, 40.0),  # A35
    "lambda": (15.0, 15.0),  # B56
    "route53": (4.0, 5.0),  # E22
}
_KEPT_BACK = 1 / 3
"""Of each burst: calls that were let go one after the other arrive together from a busy machine or a slow line."""
_NOTHING = 1e-6
"""Seconds that are no wait, but what is left of a sum of floating-point numbers."""
_OUTSIDE_TOTAL = frozenset({("lambda", "GetFunction"), ("lambda", "GetPolicy"), ("lambda", "Invoke")})


def is_in_total(service: str, operation: str) -> bool:
    """Whether an operation shares the rate of its service."""
    return service in TOTALS and (service, operation) not in _OUTSIDE_TOTAL


def burst_of(rate: float) -> float:
    """So many calls of an operation may come at once, by its rate."""
    return max(1.0, min(rate, 15.0))


@dataclass(slots=True)
class _Bucket:
    rate: float
    burst: float
    tokens: float
    at: float

    def take(self, now: float) -> float:
        """Take one token, on credit if need be; seconds until it is earned."""
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate) - 1.0
        self.at = now
        return max(0.0, -self.tokens / self.rate)


_Key = tuple[str, str, str]
_Buckets = dict[_Key, _Bucket]


class Pacer:
    """Makes callers wait their turn.

    Args:
        clock, sleep: seconds; passed in so that tests need not wait.
        overrides: (service, operation) → calls per second, from the config.
        time_scale: 1.0 is AWS's pace; a local sandbox runs faster.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        overrides: Mapping[tuple[str, str], float] | None = None,
        time_scale: float = 1.0,
    ) -> None:
        self._clock = clock
        self._sleep = sleep
        self._rates = {**RATES, **(overrides or {})}
        self._time_scale = time_scale
        self._reserved: _Buckets = {}
        self._sent: _Buckets = {}
        self._lock = threading.Lock()

    def wait(self, *, service: str, operation: str, region: str) -> None:
        """Return when the call may be made."""
        if self._time_scale == 0:
            return
        due = 0.0
        # A second time by when the thread has really got there: a machine that stood still for a second would let go
        # all at once what was to go one after the other.
        for buckets in (self._reserved, self._sent):
            with self._lock:
                now = max(self._clock() / self._time_scale, due)
                delay = self._delay(buckets, now, service=service, operation=operation, region=region)
            due = now + delay
            if delay > _NOTHING:
                self._sleep(delay * self._time_scale)

    def _delay(self, buckets: _Buckets, now: float, *, service: str, operation: str, region: str) -> float:
        delay = 0.0
        if (rate := self._rates.get((service, operation))) is not None:
            delay = _take(buckets, (service, operation, region), now, rate=rate, burst=1.0)
        if is_in_total(service, operation):
            rate, burst = TOTALS[service]
            delay = max(delay, _take(buckets, (service, "", region), now, rate=rate, burst=burst))
        return delay


def _take(buckets: _Buckets, key: _Key, now: float, *, rate: float, burst: float) -> float:
    burst = max(1.0, max(burst, burst_of(rate)) * (1 - _KEPT_BACK))
    return buckets.setdefault(key, _Bucket(rate=rate, burst=burst, tokens=burst, at=now)).take(now)
