"""A workload as the quantities on AWS's bill, each with the key of its price."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from backendctl.warmth.cost.workload import (
    MONTH_HOURS,
    MONTH_SECONDS,
    FunctionLoad,
    RegionLoad,
    TableLoad,
    Workload,
)

_FREE_TMP = 512
_KB_PER_GB = 1024 * 1024
_SAMPLED = 0.05
"""X-Ray's default rule records one request a second, and 5 % of those beyond it; only the latter is counted."""
_FAST = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Usage:
    """One quantity.

    Attributes:
        region: None for what has no region. service: lambda, api, dynamodb, route53, logs, xray, transfer.
        item: what of it: requests, compute, pings, provisioned, cache, writes, …; of: the function, table or stage.
        key: of the price. quantity: in single things. unit: their name.
        free: key of the free amount that it draws on.
    """

    region: str | None
    service: str
    item: str
    of: str | None = None
    key: str
    quantity: float
    unit: str
    free: str | None = None


def usages(workload: Workload) -> list[Usage]:
    """Everything that is not zero, in the order of the regions."""
    found = [usage for region in workload.regions for usage in _region(region)]
    return [usage for usage in (*found, *_global(workload)) if usage.quantity > 0]


def _region(region: RegionLoad) -> Iterator[Usage]:
    name = region.name
    yield Usage(
        region=name, service="api", item="requests", key="api-requests", quantity=region.requests, unit="requests"
    )
    for stage in region.stages:
        if stage.cache is not None:
            key = f"api-cache-{stage.cache}"
            yield Usage(
                region=name, service="api", item="cache", of=stage.name, key=key, quantity=MONTH_HOURS, unit="hours"
            )
    for function in region.functions:
        yield from _function(name, function)
    for table in region.tables:
        yield from _table(name, table)
    if any(stage.tracing for stage in region.stages):
        traces = region.requests * _SAMPLED
        yield Usage(region=name, service="xray", item="traces", key="xray-traces", quantity=traces, unit="traces")
    if region.answer_kb is not None:
        out = region.requests * region.answer_kb / _KB_PER_GB
        yield Usage(region=name, service="transfer", item="answers", key="transfer-out-gb", quantity=out, unit="GB")


class _OneUsage(Protocol):
    def __call__(self, item: str, key: str, quantity: float, unit: str, free: str | None = None, /) -> Usage: ...


def _usages(region: str, service: str, name: str) -> _OneUsage:
    """Makes the usage of one function or table."""

    def usage(item: str, key: str, quantity: float, unit: str, free: str | None = None) -> Usage:
        return Usage(
            region=region, service=service, item=item, of=name, key=key, quantity=quantity, unit=unit, free=free
        )

    return usage


def _function(region: str, function: FunctionLoad) -> Iterator[Usage]:
    chip = "arm" if function.architecture == "arm64" else "x86"
    held = function.provisioned > 0

    usage = _usages(region, "lambda", function.name)

    # G5: requests that provisioned environments serve run at another rate, and no free amount applies to them.
    running = f"lambda-provisioned-{chip}-running-gb-seconds" if held else f"lambda-{chip}-gb-seconds"
    spent = function.seconds() * function.gb()
    yield usage("requests", "lambda-requests", function.requests, "invocations", None if held else "lambda-requests")
    yield usage("compute", running, spent, "GB-seconds", None if held else "lambda-gb-seconds")
    yield usage("ping-requests", "lambda-requests", function.pings, "invocations", "lambda-requests")
    pinged = function.ping_seconds() * function.gb()
    yield usage("ping-compute", f"lambda-{chip}-gb-seconds", pinged, "GB-seconds", "lambda-gb-seconds")
    kept = function.provisioned * function.gb() * MONTH_SECONDS
    yield usage("provisioned", f"lambda-provisioned-{chip}-gb-seconds", kept, "GB-seconds")
    cached = function.snapshots * function.gb() * MONTH_SECONDS
    yield usage("snapshots", "lambda-snapstart-cache-gb-seconds", cached, "GB-seconds")
    more = max(0, function.tmp - _FREE_TMP) / 1024
    seconds = function.seconds() + function.ping_seconds()
    yield usage("tmp", "lambda-tmp-gb-seconds", more * seconds, "GB-seconds")
    yield usage("ping-events", "events-scheduled", function.pings, "events")
    if function.log_kb is not None:
        written = (function.requests + function.pings) * function.log_kb / _KB_PER_GB
        yield Usage(
            region=region, service="logs", item="ingest", of=function.name, key="logs-gb", quantity=written, unit="GB"
        )


def _table(region: str, table: TableLoad) -> Iterator[Usage]:
    usage = _usages(region, "dynamodb", table.name)

    if table.capacity is not None:
        hours = MONTH_HOURS
        yield usage("read-capacity", "dynamodb-read-capacity-hours", table.capacity[0] * hours, "unit-hours")
        yield usage("write-capacity", "dynamodb-write-capacity-hours", table.capacity[1] * hours, "unit-hours")
    else:
        yield usage("writes", "dynamodb-writes", table.writes, "units")
        yield usage("replicated-writes", "dynamodb-replicated-writes", table.replicated, "units")
        yield usage("index-writes", "dynamodb-writes", table.index_writes, "units")
        yield usage("reads", "dynamodb-reads", table.reads, "units")
    stored = "dynamodb-storage-gb"
    yield usage("storage", stored, table.gb, "GB", stored)
    yield usage("index-storage", stored, table.index_gb, "GB", stored)
    yield usage("replication", "replication-gb", table.replicated_gb, "GB")
    if table.backup:
        yield usage("backup", "dynamodb-backup-gb", table.gb, "GB")


def _global(workload: Workload) -> Iterator[Usage]:
    if workload.zones:
        yield Usage(
            region=None, service="route53", item="zone", key="route53-zones", quantity=workload.zones, unit="zones"
        )
    yield Usage(
        region=None,
        service="route53",
        item="queries",
        key="route53-alias-queries",
        quantity=workload.queries,
        unit="queries",
    )
    checks = "route53-health-checks"
    for region in workload.regions:
        if region.check is not None:
            yield Usage(
                region=None,
                service="route53",
                item="health-check",
                of=region.name,
                key=checks,
                quantity=1,
                unit="checks",
                free=checks,
            )
            options = 2 if region.check == _FAST else 1  # HTTPS is one, an interval of 10 s another (G12)
            yield Usage(
                region=None,
                service="route53",
                item="health-check-options",
                of=region.name,
                key="route53-health-check-options",
                quantity=options,
                unit="options",
            )
