"""The same workload with one thing changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from backendctl.warmth.cost.workload import FunctionLoad, RegionLoad, TableLoad, Workload

SIZES = (128, 256, 512, 1024, 1769, 3008)
"""Memory sizes to compare, in MB; 1769 is one CPU."""
MORE = "one region more"
_SMALLEST_CACHE = "0.5"


@dataclass(frozen=True, kw_only=True, slots=True)
class Variant:
    """A changed workload. name: stable, for programs. change: for people. note: what it takes for granted."""

    name: str
    change: str
    workload: Workload
    note: str = ""


def variants(workload: Workload) -> Iterator[Variant]:
    """Every variation that makes sense for this workload."""
    if workload.regions:
        yield Variant(
            name="one-region-more",
            change=MORE,
            workload=_one_more(workload),
            note="priced as us-east-1; the same traffic in total; every write of a global table reaches it",
        )
    functions = [one for region in workload.regions for one in region.functions]
    if any(one.pings for one in functions):
        held = sum(one.holds for one in functions)
        yield Variant(
            name="provisioned-instead-of-pings",
            change="provisioned concurrency instead of pings",
            workload=workload.with_functions(_provisioned),
            note=f"{held} environments, which serve all requests",
        )
        yield Variant(
            name="no-pings",
            change="no pings",
            workload=workload.with_functions(_unpinged),
            note="users meet cold starts",
        )
    stages = [stage for region in workload.regions for stage in region.stages]
    if any(stage.cache is None for stage in stages):
        yield Variant(
            name="stage-cache",
            change=f"a stage cache of {_SMALLEST_CACHE} GB",
            workload=_cached(workload),
            note="without the calls that it saves",
        )


def memory_variants(workload: Workload, function: str) -> dict[int, Variant]:
    """One function at every size, by MB; all the time it takes is taken to stay as it is."""
    return {
        size: Variant(
            name=f"memory-{size}",
            change=f"{function} with {size} MB",
            workload=workload.with_functions(
                lambda one, size=size: replace(one, memory=size) if one.name == function else one  # type: ignore[misc]
            ),
            note="at the same duration",
        )
        for size in SIZES
    }


def _one_more(workload: Workload) -> Workload:
    """A region like the last one; requests move there from the others, so that their number stays."""
    last = workload.regions[-1]
    joined = RegionLoad(
        name=MORE,
        stages=last.stages,
        check=last.check,
        functions=tuple(replace(one, requests=0.0) for one in last.functions),
        tables=tuple(_replica(table, workload) for table in last.tables),
    )
    regions = tuple(
        replace(region, tables=tuple(_sending(table, workload) for table in region.tables))
        for region in workload.regions
    )
    return replace(workload, regions=(*regions, joined))


def _replica(table: TableLoad, workload: Workload) -> TableLoad:
    """Everything that is written anywhere arrives; reads move, and their number stays."""
    written = sum(one.writes for region in workload.regions for one in region.tables if one.name == table.name)
    return replace(table, writes=0.0, replicated=written, reads=0.0, replicated_gb=0.0)


def _sending(table: TableLoad, workload: Workload) -> TableLoad:
    """To one region more than before."""
    others = sum(one.name == table.name for region in workload.regions for one in region.tables) - 1
    if others > 0:
        return replace(table, replicated_gb=table.replicated_gb * (others + 1) / others)
    return table


def _provisioned(function: FunctionLoad) -> FunctionLoad:
    if not function.pings:
        return function
    return replace(function, pings=0.0, holds=0, provisioned=function.provisioned + function.holds)


def _unpinged(function: FunctionLoad) -> FunctionLoad:
    return replace(function, pings=0.0, holds=0)


def _cached(workload: Workload) -> Workload:
    regions = tuple(
        replace(
            region,
            stages=tuple(
                stage if stage.cache is not None else replace(stage, cache=_SMALLEST_CACHE) for stage in region.stages
            ),
        )
        for region in workload.regions
    )
    return replace(workload, regions=regions)
