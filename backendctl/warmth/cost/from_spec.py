"""A spec, and what the command line says of its traffic, as a workload. Nobody is asked."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from backendctl.openapi.integrations import lambda_targets, resolve
from backendctl.resources import assemble
from backendctl.resources.deploy_context import DeployContext, Stamp
from backendctl.resources.events.warmer_layout import calls
from backendctl.resources.lambda_.alias_names import names_of, reached
from backendctl.spec import Offline, parse
from backendctl.warmth.cost.asked import CLASSIC_MS, Asked, Items, Names
from backendctl.warmth.cost.workload import FunctionLoad, RegionLoad, StageLoad, TableLoad, Workload
from backendctl.warmth.schedule import pings_per_month

if TYPE_CHECKING:
    from backendctl.spec.model import FunctionSpec, Index, Spec, TableSpec

_MB = 1024
_READ_KB, _WRITE_KB = 4, 1  # G9


def offline_context(path: Path) -> DeployContext:
    """The spec as everything that needs no AWS sees it.

    Raises:
        SpecError: every fault of the spec.
    """
    spec = parse(path, elsewhere=True).expand(Offline())
    return assemble.make_context(
        spec,
        account=Offline().account(),
        partition="aws",
        artefacts={},
        code_ids={},
        stamp=Stamp(commit="", author="", time=""),
    )


def names_in(spec: Spec) -> Names:
    """What the command line may speak of."""
    functions = dict.fromkeys(one.name for region in spec.regions for one in spec.functions_in(region))
    routed = dict.fromkeys(name for region in spec.regions for name in reached_by_requests(spec, region))
    return Names(
        regions=spec.regions,
        functions=tuple(functions),
        tables=tuple(table.name for table in spec.tables),
        routed=tuple(routed),
    )


def workload_of(context: DeployContext, asked: Asked) -> Workload:
    """The month that the spec and the command line describe."""
    spec = context.spec
    per_region = _requests(spec, asked)
    regions = tuple(_region(context, region, asked, per_region[region]) for region in spec.regions)
    requests = sum(per_region.values())
    zones = len(_zones(spec))
    served = sum(one.requests for region in regions for one in region.functions if one.name in names_in(spec).routed)
    return Workload(
        backend=spec.backend,
        regions=regions,
        zones=zones,
        queries=requests if zones else 0.0,
        assumptions=tuple(_assumptions(spec, asked, requests, unserved=requests - served)),
    )


def _zones(spec: Spec) -> frozenset[str]:
    """The hosted zones of all domains, as the spec names them."""
    return frozenset(one.zone for one in spec.domains if one.zone is not None)


def reached_by_requests(spec: Spec, region: str) -> tuple[str, ...]:
    """The functions that requests reach in that region, each as often as routes reach it; authorizers are no routes.

    Where no definition says which, all of them.
    """
    names = {one.physical: one.name for one in spec.functions_in(region)}
    if spec.api is None or spec.api.source is not None:
        return tuple(names.values())
    stages = spec.api.stages[:1]  # the routes are the same on every stage
    targets = [target for target in lambda_targets(spec.api.definition) if target.method != "AUTHORIZER"]
    found = [resolve(target, stage.variables) for stage in stages for target in targets]
    return tuple(names[one.function] for one in found if one is not None and one.function in names)


def pings_of(context: DeployContext, region: str, function: FunctionSpec) -> float:
    """Pings a month: every alias that users hit or will hit, times its instances, whenever a schedule fires."""
    if function.warm is None or function.warm.enabled is False:
        return 0.0
    return sum(pings_per_month(fires) * count for fires, count in calls(context, region, function).items())


def _requests(spec: Spec, asked: Asked) -> dict[str, float]:
    own = {region: asked.requests[region] for region in spec.regions if region in asked.requests}
    named = sum(asked.requests[name] for name in names_in(spec).routed if name in asked.requests)
    total = asked.requests.get("", max(sum(own.values()), named))
    others = [region for region in spec.regions if region not in own]
    share = max(0.0, total - sum(own.values())) / len(others) if others else 0.0
    return {region: own.get(region, share) for region in spec.regions}


def _region(context: DeployContext, region: str, asked: Asked, requests: float) -> RegionLoad:
    spec = context.spec
    everywhere = sum(_requests(spec, asked).values())
    part = requests / everywhere if everywhere else 1 / len(spec.regions)
    per_function = _split(spec, region, asked, requests, part)
    stages = spec.api.stages if spec.api else ()
    check = spec.domain.health_check if spec.domain else None
    return RegionLoad(
        name=region,
        requests=requests if spec.api is not None else 0.0,
        answer_kb=asked.answer_kb,
        stages=tuple(StageLoad(name=one.name, cache=one.cache_size, tracing=one.tracing) for one in stages),
        functions=tuple(
            _function(context, region, one, asked, per_function.get(one.name, 0.0)) for one in spec.functions_in(region)
        ),
        tables=tuple(_table(table, asked.items.get(table.name)) for table in spec.tables if region in table.regions),
        check=check.interval if check is not None and spec.api is not None else None,
    )


def _split(spec: Spec, region: str, asked: Asked, requests: float, part: float) -> Mapping[str, float]:
    """Requests per function: what was said of it, and the rest by the number of routes that reach each other one."""
    own = {one.name: asked.requests[one.name] * part for one in spec.functions_in(region) if one.name in asked.requests}
    reached = reached_by_requests(spec, region)
    routes = Counter(name for name in reached if name not in own)
    count = sum(routes.values())
    rest = max(0.0, requests - sum(own[name] for name in own if name in reached))
    return {**own, **{name: rest * routes[name] / count for name in routes}}


def _function(
    context: DeployContext, region: str, function: FunctionSpec, asked: Asked, requests: float
) -> FunctionLoad:
    pings = pings_of(context, region, function)
    # Of a staged alias's two slots users hit one; the other is pinged for the next release.
    names = names_of(context, region, function)
    live = len(reached(context, region, function)) - len(names.staged)
    users = (*names.staged, *names.plain)
    return FunctionLoad(
        name=function.name,
        memory=function.memory,
        architecture=function.architecture,
        tmp=function.ephemeral_storage or 512,
        requests=requests,
        ms=asked.ms.get(function.name, asked.ms.get("", CLASSIC_MS)),
        pings=pings,
        ping_ms=asked.ping_ms,
        provisioned=function.provisioned.environments * len(users) if function.provisioned else 0,
        snapshots=len(users) if function.snapstart and not (function.runtime or "").startswith("java") else 0,
        holds=live * function.warm.instances if function.warm and pings else 0,
        log_kb=asked.log_kb,
    )


def _table(table: TableSpec, items: Items | None) -> TableLoad:
    given = items or Items()
    count = len(table.regions)
    per_write, per_read = max(1, math.ceil(given.kb / _WRITE_KB)), max(1, math.ceil(given.kb / _READ_KB))
    writes = given.writes * per_write
    reads = (given.reads / 2 + given.strong_reads) * per_read
    # A write is written once per region and once more per index and region (G8).
    index_units = sum(_index_units(index, per_write) for index in table.indexes)
    return TableLoad(
        name=table.name,
        writes=writes / count,
        replicated=writes * (count - 1) / count,
        reads=reads / count,
        index_writes=given.writes * index_units,
        gb=given.gb,
        index_gb=given.gb * sum(index.projection == "ALL" for index in table.indexes),
        replicated_gb=given.writes / count * given.kb * (count - 1) / (_MB * _MB),
        capacity=_capacity(table),
        backup=table.point_in_time_recovery,
    )


def _index_units(index: Index, per_write: int) -> int:
    """Keys alone fit into one unit; what INCLUDE takes is not known and counted as the whole item."""
    return 1 if index.projection == "KEYS_ONLY" else per_write


def _capacity(table: TableSpec) -> tuple[float, float] | None:
    """The least that is held, of the table and its indexes; None on-demand."""
    if table.read is None or table.write is None:
        return None
    read = table.read.min + sum((index.read or table.read).min for index in table.indexes)
    write = table.write.min + sum((index.write or table.write).min for index in table.indexes)
    return float(read), float(write)


def _assumptions(spec: Spec, asked: Asked, requests: float, *, unserved: float) -> list[str]:
    """What was taken for granted, where it matters for this spec and these options."""
    indexes = [index for table in spec.tables for index in table.indexes]
    warm = any(one.warm for region in spec.regions for one in spec.functions_in(region))
    every = [one for region in spec.regions for one in spec.functions_in(region)]
    silent = [table.name for table in spec.tables if table.name not in asked.items]
    checked = spec.domain is not None and spec.domain.health_check is not None
    names = names_in(spec)
    split = requests and bool(set(names.routed) - asked.requests.keys())
    untimed = [name for name in names.functions if name not in asked.ms] if "" not in asked.ms else []
    by_route = spec.api is not None and spec.api.source is None
    authorized = spec.api is not None and any(one.method == "AUTHORIZER" for one in lambda_targets(spec.api.definition))
    said = {
        "no --requests: only what is there without traffic is priced": not asked.requests,
        "requests are spread evenly over the regions": requests and not asked.requests.keys() & set(names.regions),
        "requests without a function are split by the number of routes that reach each": split and by_route,
        "requests without a function are split evenly": split and not by_route,
        f"{unserved:,.0f} requests reach no function of this spec": unserved >= 1,
        "calls of authorizers are not counted; give them with --requests FUNCTION=N": requests and authorized,
        "the million API requests that are free in an account's first 12 months are not taken off": (
            requests and spec.api is not None
        ),
        f"an invocation of {', '.join(untimed)} is billed {CLASSIC_MS:g} ms (--duration)": asked.requests and untimed,
        f"every ping is billed {asked.ping_ms:g} ms (--ping-duration)": warm,
        "after each release the one before keeps its provisioned concurrency for its bake time, on top of this": (
            any(one.provisioned for one in every)
        ),
        "SnapStart: one snapshot per alias; each further version that is not pruned is cached too, and restores are "
        "charged by memory, both for Python and .NET only": any(one.snapstart for one in every),
        f"nothing is said of the items of {', '.join(silent)} (--items): reads, writes, storage are 0": silent,
        "the storage of indexes that hold a part of each item is not counted": (
            any(index.projection != "ALL" for index in indexes)
        ),
        "as many DNS queries as requests, the most there can be; resolvers keep answers for a minute": (
            requests and bool(_zones(spec))
        ),
        "Route 53's checkers call the API too; count those requests in --requests, or use --from-metrics": checked,
    }
    return [sentence for sentence, holds in said.items() if holds]
