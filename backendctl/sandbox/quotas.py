"""AWS's control-plane rates, per account and region (A31-A35, B56, C51, C56, E22), at the sandbox's pace."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

JITTER = 0.1
"""Seconds by which a call may come early: how a machine wakes its threads does not become faster with the world."""

# (service, operation) → calls per second.
_RATES = {
    ("apigateway", "CreateDeployment"): 1 / 5,  # A31
    ("apigateway", "CreateRestApi"): 1 / 3,  # A31
    ("apigateway", "ImportRestApi"): 1 / 3,  # A31
    ("apigateway", "PutRestApi"): 1.0,  # A31
    ("apigateway", "DeleteRestApi"): 1 / 30,  # A31
    ("apigateway", "CreateDomainName"): 1 / 30,  # A32
    ("apigateway", "UpdateDomainName"): 1 / 30,  # A32
    ("apigateway", "DeleteDomainName"): 1 / 30,  # A32
    ("apigateway", "DeleteVpcLink"): 1 / 30,  # A32
    ("apigateway", "ImportDocumentationParts"): 1 / 30,  # A32
    ("apigateway", "UpdateAccount"): 1 / 20,  # A33
    ("apigateway", "UpdateUsagePlan"): 1 / 20,  # A33
    ("apigateway", "CreateDocumentationVersion"): 1 / 20,  # A33
    ("apigateway", "CreateResource"): 5.0,  # A34
    ("apigateway", "DeleteResource"): 5.0,  # A34
    ("apigateway", "CreateApiKey"): 5.0,  # A34
    ("apigateway", "DeleteApiKey"): 5.0,  # A34
    ("apigateway", "GetResources"): 5 / 2,  # A34
    ("lambda", "GetFunction"): 100.0,  # B56
    ("lambda", "GetPolicy"): 15.0,  # B56
    ("dynamodb", "DescribeTimeToLive"): 10.0,  # C56
    ("dynamodb", "DescribeTableReplicaAutoScaling"): 10.0,  # C56
    ("dynamodb", "UpdateContributorInsights"): 5.0,  # C56
    ("dynamodb", "DescribeLimits"): 1 / 60,  # C56
    ("dynamodb", "PutResourcePolicy"): 25.0,  # C56
    ("dynamodb", "TagResource"): 5.0,  # C51
}
# An API for edge locations is made less often than one for a region (A31).
_EDGE = 1 / 30
_MAKES_API = frozenset({"CreateRestApi", "ImportRestApi"})
# service → (calls per second, burst) of all its operations together.
_TOTALS = {
    "apigateway": (10.0, 40.0),  # A35
    "lambda": (15.0, 15.0),  # B56
    "route53": (5.0, 5.0),  # E22
}
_OUTSIDE_TOTAL = frozenset(
    {
        "GetFunction",
        "GetPolicy",
        "Invoke",
        "InvokeAsync",
        "InvokeWithResponseStream",
    }  # B56; an invocation is no control
)


@dataclass(slots=True)
class _Bucket:
    rate: float
    burst: float
    tokens: float
    at: float

    def refill(self, now: float) -> None:
        self.tokens = min(self.burst, self.tokens + (now - self.at) * self.rate)
        self.at = now


@dataclass(kw_only=True, slots=True)
class Quotas:
    """Counts the calls, and says which one is too many.

    Attributes:
        factor: real seconds that a second of AWS takes; rates are divided by it, and with 0 nothing is too many.
        clock: real seconds.
        refused: how many calls were too many.
    """

    factor: float
    clock: Callable[[], float] = time.monotonic
    refused: int = 0
    _buckets: dict[tuple[str, str, str], _Bucket] = field(default_factory=dict)

    def allows(self, *, service: str, operation: str, region: str, edge: bool = False) -> bool:
        """Whether one more call may pass now; a call which may not costs nothing.

        Args:
            service: signing name.
            edge: the call makes an API for edge locations.
        """
        if self.factor <= 0:
            return True
        needed = [
            bucket
            for bucket in (self._own(service, operation, region, edge=edge), self._total(service, operation, region))
            if bucket is not None
        ]
        for bucket in needed:
            bucket.refill(self.clock())
        if any(bucket.tokens < 1 for bucket in needed):
            self.refused += 1
            return False
        for bucket in needed:
            bucket.tokens -= 1
        return True

    def _own(self, service: str, operation: str, region: str, *, edge: bool) -> _Bucket | None:
        rate = _EDGE if edge and operation in _MAKES_API else _RATES.get((service, operation))
        name = f"{operation} EDGE" if edge else operation
        return None if rate is None else self._bucket((service, name, region), rate, max(1.0, rate))

    def _total(self, service: str, operation: str, region: str) -> _Bucket | None:
        total = _TOTALS.get(service)
        if total is None or (service == "lambda" and operation in _OUTSIDE_TOTAL):
            return None
        return self._bucket((service, "", region), *total)

    def _bucket(self, key: tuple[str, str, str], rate: float, burst: float) -> _Bucket:
        if key not in self._buckets:
            real = rate / self.factor
            whole = burst + real * JITTER
            self._buckets[key] = _Bucket(rate=real, burst=whole, tokens=whole, at=self.clock())
        return self._buckets[key]
