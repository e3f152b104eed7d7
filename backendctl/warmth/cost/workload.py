"""What a backend does in a month of 43,800 minutes, region by region, as quantities that AWS bills by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from backendctl.warmth.schedule import MONTH_MINUTES

MONTH_HOURS = MONTH_MINUTES / 60
"""730."""
MONTH_SECONDS = MONTH_MINUTES * 60


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionLoad:
    """One function in one region.

    Attributes:
        memory: MB. tmp: MB of /tmp. architecture: as Lambda spells it.
        requests: invocations by users. ms: billed per invocation.
        pings: invocations by the warmer. ping_ms: billed for each.
        holds: environments that the pings are there for behind what users hit.
        provisioned: environments of provisioned concurrency.
        snapshots: SnapStart snapshots that are charged for: none for Java.
        log_kb: written to its log group per invocation; None is not known.
    """

    name: str
    memory: int
    architecture: str = "x86_64"
    tmp: int = 512
    requests: float = 0.0
    ms: float = 0.0
    pings: float = 0.0
    ping_ms: float = 0.0
    holds: int = 0
    provisioned: int = 0
    snapshots: int = 0
    log_kb: float | None = None

    def seconds(self) -> float:
        """Billed for users."""
        return self.requests * self.ms / 1000

    def ping_seconds(self) -> float:
        """Billed for pings."""
        return self.pings * self.ping_ms / 1000

    def gb(self) -> float:
        """Memory in GB."""
        return self.memory / 1024


@dataclass(frozen=True, kw_only=True, slots=True)
class TableLoad:
    """One table in one region.

    Attributes:
        writes, replicated, reads: units of the table itself: written here, arriving from other regions, read here.
        index_writes: units of all its indexes, whatever the write's origin. gb, index_gb: stored.
        replicated_gb: sent to other regions.
        capacity: read and write units that are held when provisioned, all indexes included; None is on-demand.
        backup: whether point-in-time recovery is on.
    """

    name: str
    writes: float = 0.0
    replicated: float = 0.0
    reads: float = 0.0
    index_writes: float = 0.0
    gb: float = 0.0
    index_gb: float = 0.0
    replicated_gb: float = 0.0
    capacity: tuple[float, float] | None = None
    backup: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class StageLoad:
    """One stage in one region. cache: GB as AWS spells it, None without. tracing: whether X-Ray is on."""

    name: str
    cache: str | None = None
    tracing: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionLoad:
    """One region.

    Attributes:
        requests: to the API. answer_kb: mean size of an answer; None is not known.
        check: seconds between two looks of the Route 53 health check; None without one.
    """

    name: str
    requests: float = 0.0
    answer_kb: float | None = None
    stages: tuple[StageLoad, ...] = ()
    functions: tuple[FunctionLoad, ...] = ()
    tables: tuple[TableLoad, ...] = ()
    check: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Workload:
    """The whole backend.

    Attributes:
        zones: how many hosted zones belong to it. queries: DNS queries answered.
        source: "spec" or "metrics".
        assumptions: what was taken for granted, a sentence each.
    """

    backend: str
    regions: tuple[RegionLoad, ...]
    zones: int = 0
    queries: float = 0.0
    source: str = "spec"
    assumptions: tuple[str, ...] = field(default=())

    def with_functions(self, change: Callable[[FunctionLoad], FunctionLoad]) -> Workload:
        """The same with every function changed."""
        regions = (replace(region, functions=tuple(change(one) for one in region.functions)) for region in self.regions)
        return replace(self, regions=tuple(regions))
