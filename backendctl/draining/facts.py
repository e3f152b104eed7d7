"""What a drain depends on, asked of one region: its room, its certificate, what its replicas are late."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from backendctl.aws.crew import both
from backendctl.aws.metrics import Series, fetch
from backendctl.resources.acm import certificates

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.spec.domains import DomainSpec
    from backendctl.spec.model import TableSpec

DAY, HOUR = 86_400, 3600
_PERIOD = 300
_NEAR_END = 14
"""Days before its end from which a certificate that is not renewed is a danger; ACM begins 60 days before."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Facts:
    """One region.

    Attributes:
        concurrency: executions at once that the account may have. peak: the most there were within a day; None when
            CloudWatch has none, as without traffic.
        reads: provisioned table → the most read units a second within a day, None for no data; and their maximum.
        late: (table, receiving region) → milliseconds, the most within an hour; None for no data.
        certificate: why a domain may not be served, as a clause; empty when it may.
    """

    region: str
    concurrency: int = 0
    peak: float | None = None
    reads: Mapping[str, tuple[float | None, int]] = field(default_factory=dict)
    late: Mapping[tuple[str, str], float | None] = field(default_factory=dict)
    certificate: str = ""


def facts(backend: Backend, region: str, *, now: float | None = None) -> Facts:
    """Asked now. now: seconds since the epoch; None takes the clock's.

    Raises:
        BackendctlError, ClientError: the region does not answer.
    """
    now = time.time() if now is None else now
    aws, spec = backend.aws, backend.spec
    tables = [one for one in spec.tables if region in one.regions]
    busy = Series(namespace="AWS/Lambda", metric="ConcurrentExecutions", dimensions=(), stat="Maximum", period=HOUR)
    used = {one.name: _reads(one) for one in tables if one.read is not None}
    late = {(one.name, to): _late(one, to) for one in tables for to in one.regions if to != region}
    of_a_day = partial(fetch, aws, region, [busy, *used.values()], since=int(now) - DAY, until=int(now))
    of_an_hour = partial(fetch, aws, region, late.values(), since=int(now) - HOUR, until=int(now))
    (day, hour), (settings, certificate) = both(
        partial(both, of_a_day, of_an_hour),
        partial(both, aws.lambda_(region).get_account_settings, partial(_certificate, backend, region, now)),
    )
    limits = settings["AccountLimit"]
    units = {name: max(day[series].values(), default=None) for name, series in used.items()}
    return Facts(
        region=region,
        concurrency=limits.get("ConcurrentExecutions", 0),
        peak=max(day[busy].values(), default=None),
        reads={
            one.name: (None if (most := units[one.name]) is None else most / _PERIOD, one.read.max)
            for one in tables
            if one.read is not None
        },
        late={key: max(hour[series].values(), default=None) for key, series in late.items()},
        certificate=certificate,
    )


def _reads(table: TableSpec) -> Series:
    return Series(
        namespace="AWS/DynamoDB",
        metric="ConsumedReadCapacityUnits",
        dimensions=(("TableName", table.physical),),
        period=_PERIOD,
    )


def _late(table: TableSpec, to: str) -> Series:
    return Series(
        namespace="AWS/DynamoDB",
        metric="ReplicationLatency",
        dimensions=(("ReceivingRegion", to), ("TableName", table.physical)),
        stat="Maximum",
        period=_PERIOD,
    )


def _certificate(backend: Backend, region: str, now: float) -> str:
    found = (_certificate_of(backend, domain, region, now) for domain in backend.spec.domains)
    return "; ".join(one for one in found if one)


def _certificate_of(backend: Backend, domain: DomainSpec, region: str, now: float) -> str:
    found = certificates.serving(backend.aws, region, domain, now=now)
    if found is None:
        return certificates.none_there(region, domain.name, zone=domain.zone).message
    if found.status != "ISSUED":
        return f"the certificate of {domain.name} in {region} is {found.status}"
    near = found.days is not None and found.days < _NEAR_END
    return f"the certificate of {domain.name} in {region} ends in {found.days} days" if near else ""
