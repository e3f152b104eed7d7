"""Live traffic, from CloudWatch and DescribeTable, as a workload; settings such as memory and caches are the spec's."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from backendctl.aws.errors import is_missing
from backendctl.aws.metrics import Series, Values, fetch
from backendctl.aws.regions import each_region
from backendctl.resources.lambda_.provisioned_reads import configs
from backendctl.warmth.cost.from_spec import workload_of
from backendctl.warmth.cost.workload import MONTH_SECONDS, FunctionLoad, RegionLoad, TableLoad, Workload
from backendctl.warmth.pings import pingers

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.errors import BackendctlError
    from backendctl.resources.deploy_context import DeployContext
    from backendctl.spec.model import FunctionSpec, TableSpec
    from backendctl.warmth.cost.asked import Asked

_DAY = 86_400
_GB = 1024**3


@dataclass(frozen=True, kw_only=True, slots=True)
class _Read:
    """What was measured in one region. scale: turns the window's sums into a month's."""

    values: Mapping[Series, Values]
    scale: float

    def month(self, *series: Series) -> float:
        """The sum of all of them, scaled."""
        return sum(sum(self.values[one].values()) for one in series) * self.scale

    @property
    def first(self) -> int | None:
        """When the first figure stands, in seconds since the epoch."""
        return min((moment for values in self.values.values() for moment in values), default=None)


def measured(
    aws: Aws, context: DeployContext, asked: Asked, *, window: int, now: float, workers: int
) -> tuple[Workload, dict[str, BackendctlError]]:
    """The traffic of the last `window` seconds, scaled to a month, and the regions that did not answer.

    Args:
        asked: only what metrics do not know: the duration of pings, sizes of answers and logs.
        now: seconds since the epoch.

    Raises:
        BackendctlError: no region answered.
    """
    period = 3600 if window >= 2 * _DAY else 60
    since = int((now - window) // period) * period
    base = workload_of(context, asked)
    before = {region.name: region for region in base.regions}

    def read(region: str) -> tuple[RegionLoad, int | None]:
        values = fetch(aws, region, _series(context, region, period), since=since, until=math.ceil(now))
        found = _Read(values=values, scale=MONTH_SECONDS / (now - since))
        reader = _Region(aws=aws, context=context, found=found, asked=asked, period=period)
        return reader.load(before[region]), found.first

    answered, failed = each_region(context.spec.regions, read, workers=workers, doing="read the traffic of")
    if not answered:
        raise next(iter(failed.values()))
    regions = tuple(load for load, _ in answered.values())
    firsts = [first for _, first in answered.values() if first is not None]
    workload = replace(
        base,
        regions=regions,
        source="metrics",
        queries=sum(region.requests for region in regions) if base.zones else 0.0,
        assumptions=tuple(_said(since, now, firsts, period, workload_regions=regions, failed=failed)),
    )
    return workload, failed


def _series(context: DeployContext, region: str, period: int) -> Iterator[Series]:
    spec = context.spec
    if spec.api is not None:
        yield _requests(spec.api.name, period)
    for function in spec.functions_in(region):
        yield from _of_function(function, period).values()
        for pinger in pingers(context, region, function):
            yield from (pinger.calls(period), pinger.lost(period))
    for table in spec.tables:
        if region in table.regions:
            yield from _of_table(table, period).values()
            for index in table.indexes:
                yield from _of_table(table, period, index=index.name).values()


def _requests(api: str, period: int) -> Series:
    """All stages, canaries among them."""
    return Series(namespace="AWS/ApiGateway", metric="Count", dimensions=(("ApiName", api),), period=period)


def _of_function(function: FunctionSpec, period: int) -> dict[str, Series]:
    """By any qualifier: the bill knows no aliases."""
    name = (("FunctionName", function.physical),)
    logs = (("LogGroupName", f"/aws/lambda/{function.physical}"),)
    return {
        "invocations": Series(namespace="AWS/Lambda", metric="Invocations", dimensions=name, period=period),
        "duration": Series(namespace="AWS/Lambda", metric="Duration", dimensions=name, period=period),
        "logs": Series(namespace="AWS/Logs", metric="IncomingBytes", dimensions=logs, period=period),
    }


def _of_table(table: TableSpec, period: int, *, index: str | None = None) -> dict[str, Series]:
    names = (("TableName", table.physical), *((("GlobalSecondaryIndexName", index),) if index else ()))
    return {
        kind: Series(namespace="AWS/DynamoDB", metric=metric, dimensions=names, period=period)
        for kind, metric in (("reads", "ConsumedReadCapacityUnits"), ("writes", "ConsumedWriteCapacityUnits"))
    }


@dataclass(frozen=True, kw_only=True, slots=True)
class _Region:
    """Turns what was measured in one region into its load."""

    aws: Aws
    context: DeployContext
    found: _Read
    asked: Asked
    period: int

    def load(self, before: RegionLoad) -> RegionLoad:
        """The region of the spec with the traffic that was measured."""
        spec, region = self.context.spec, before.name
        tables = {table.name: table for table in spec.tables}
        functions = {function.name: function for function in spec.functions_in(region)}
        asked = self.found.month(_requests(spec.api.name, self.period)) if spec.api is not None else 0.0
        return replace(
            before,
            requests=asked,
            functions=tuple(self._function(region, functions[one.name], one) for one in before.functions),
            tables=tuple(self._table(region, tables[one.name], one) for one in before.tables),
        )

    def _function(self, region: str, function: FunctionSpec, before: FunctionLoad) -> FunctionLoad:
        series = _of_function(function, self.period)
        month = self.found.month
        invocations, duration = month(series["invocations"]), month(series["duration"])
        fired = sum(
            month(pinger.calls(self.period)) - month(pinger.lost(self.period))
            for pinger in pingers(self.context, region, function)
        )
        pings = min(max(0.0, fired), invocations)
        users = invocations - pings
        # Duration is one sum for both; a ping is the quicker of the two.
        ping_ms = min(self.asked.ping_ms, duration / invocations) if invocations else 0.0
        logged = month(series["logs"]) / 1024
        return replace(
            before,
            requests=users,
            ms=max(0.0, duration - pings * ping_ms) / users if users else 0.0,
            pings=pings,
            ping_ms=ping_ms,
            provisioned=_provisioned(self.aws, region, function.physical),
            log_kb=logged / invocations if invocations and logged else before.log_kb,
        )

    def _table(self, region: str, table: TableSpec, before: TableLoad) -> TableLoad:
        """Units as CloudWatch counts them: replicated writes are among the writes, at the same price (G7)."""
        month = self.found.month
        own = _of_table(table, self.period)
        indexes = [_of_table(table, self.period, index=index.name) for index in table.indexes]
        size, index_size = _sizes(self.aws, region, table.physical)
        return replace(
            before,
            writes=month(own["writes"]),
            replicated=0.0,
            reads=month(own["reads"], *(one["reads"] for one in indexes)),
            index_writes=month(*(one["writes"] for one in indexes)),
            gb=size / _GB,
            index_gb=index_size / _GB,
            replicated_gb=0.0,
        )


def _provisioned(aws: Aws, region: str, physical: str) -> int:
    """Environments of provisioned concurrency asked for, over all qualifiers; 0 without the function."""
    return sum(one.requested for one in configs(aws, region, physical).values())


def _sizes(aws: Aws, region: str, physical: str) -> tuple[int, int]:
    """Bytes of the table and of its indexes; AWS counts them anew every six hours or so. 0 without the table."""
    try:
        told = aws.dynamodb(region).describe_table(TableName=physical)["Table"]
    except Exception as error:
        if is_missing(error):
            return 0, 0
        raise
    indexes = told.get("GlobalSecondaryIndexes", ())
    return told.get("TableSizeBytes", 0), sum(one.get("IndexSizeBytes", 0) for one in indexes)


def _said(
    since: int,
    now: float,
    firsts: list[int],
    period: int,
    *,
    workload_regions: tuple[RegionLoad, ...],
    failed: Mapping[str, BackendctlError],
) -> Iterator[str]:
    yield f"traffic from {_time(since)} to {_time(now)}, scaled to a month; settings are the spec's"
    if not firsts:
        yield "CloudWatch has no figure of this backend in that time: only what is there without traffic is priced"
    elif min(firsts) > since + 2 * period:
        yield f"the first figure is of {_time(min(firsts))}; the time before counts as time without traffic"
    functions = [one for region in workload_regions for one in region.functions]
    if any(one.pings for one in functions):
        yield "Lambda measures one duration for pings and users: a ping counts as --ping-duration, or the mean if less"
    if any(one.requests or one.pings for one in functions):
        yield "billed INIT time of cold starts is not in Lambda's Duration metric, and not here"
    if failed:
        yield f"{', '.join(failed)} did not answer and {'is' if len(failed) == 1 else 'are'} not in the figures"


def _time(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")
