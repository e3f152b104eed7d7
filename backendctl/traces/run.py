"""Read the traces of every region, and say where their time goes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from backendctl.aws.regions import each_region
from backendctl.errors import BackendctlError, Exit
from backendctl.resources.apigateway.api_reads import find_api, stages
from backendctl.resources.lambda_ import lambda_reads
from backendctl.traces.one_trace import reason_of
from backendctl.traces.parts import own_times, spans_of
from backendctl.traces.reading import Trace, documents, summaries

if TYPE_CHECKING:
    from backendctl.backend import Backend

MOST = 200
"""Traces of a region that are cut into parts; of more, the slowest, the failing, and every so many-th of the rest."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """A part of the time in one region.

    Attributes:
        traces: in which it occurs. mean: seconds of it in those. of_all: share of the time of all traces, 0 to 1.
    """

    part: str
    traces: int
    mean: float
    of_all: float


@dataclass(frozen=True, kw_only=True, slots=True)
class RegionTraces:
    """One region.

    Attributes:
        traces: all that there are, the oldest first. cut: how many of them were cut into parts.
        shares: the largest first. parts: trace id → part → seconds.
        reasons: trace id → why it failed, of those whose segments tell.
        off: what is not traced there, in words.
    """

    region: str
    traces: tuple[Trace, ...]
    cut: int
    shares: tuple[Share, ...]
    parts: Mapping[str, Mapping[str, float]]
    off: tuple[str, ...]
    traced: bool
    reasons: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class TraceReport:
    """Everything. since, until: seconds since the epoch."""

    backend: str
    since: float
    until: float
    regions: tuple[RegionTraces, ...]
    unreachable: Mapping[str, BackendctlError] = field(default_factory=dict)

    @property
    def all(self) -> list[Trace]:
        """Of every region."""
        return [one for here in self.regions for one in here.traces]

    @property
    def exit_code(self) -> Exit:
        """A silent region, then nothing to be seen, then all well."""
        if self.unreachable:
            return Exit.PARTIAL if self.regions else Exit.ERROR
        return Exit.OK if self.all else Exit.INCONCLUSIVE

    def slowest(self, count: int) -> list[Trace]:
        """The longest answers first."""
        return sorted(self.all, key=lambda one: -one.response)[:count]

    def failing(self, count: int) -> list[Trace]:
        """The latest first."""
        return sorted((one for one in self.all if one.failed), key=lambda one: -one.began)[:count]


def read_traces(backend: Backend, names: Sequence[str], *, since: float, until: float) -> TraceReport:
    """Ask every region.

    Args:
        names: of functions in the spec; empty means all, and the API's stages too.
    """
    found, failed = each_region(
        backend.spec.regions,
        lambda region: _region(backend, region, names, since=since, until=until),
        workers=backend.settings.workers,
        doing="read the traces of",
    )
    return TraceReport(
        backend=backend.spec.backend, since=since, until=until, regions=tuple(found.values()), unreachable=failed
    )


def _region(backend: Backend, region: str, names: Sequence[str], *, since: float, until: float) -> RegionTraces:
    traced, off = _settings(backend, region, names)
    found = summaries(backend.aws, region, traced, since=since, until=until) if traced else []
    chosen = _chosen(found)
    segments = documents(backend.aws, region, [one.id for one in chosen])
    parts = {name: own_times(spans_of(one)) for name, one in segments.items()}
    return RegionTraces(
        region=region,
        traces=tuple(found),
        cut=len(parts),
        shares=tuple(_shares(list(parts.values()))),
        parts=parts,
        off=tuple(off),
        traced=bool(traced),
        reasons={name: told for name, one in segments.items() if (told := reason_of(one))},
    )


def _settings(backend: Backend, region: str, names: Sequence[str]) -> tuple[list[str], list[str]]:
    """What is traced, by X-Ray's names, and what is not, as live AWS has it."""
    live = lambda_reads.functions(backend.aws, region)
    traced, off = [], []
    for function in backend.spec.functions_in(region):
        if (names and function.name not in names) or function.physical not in live:
            continue
        mode = (live[function.physical].get("TracingConfig") or {}).get("Mode")
        traced += [function.physical] if mode == "Active" else []
        off += [f"function {function.name}"] if mode != "Active" else []
    api = backend.spec.api
    api_id = find_api(backend.aws, region, api.name) if api is not None and not names else None
    if api is not None and api_id is not None:
        known = {stage.name for stage in api.stages}
        for name, stage in stages(backend.aws, region, api_id).items():
            if name in known:
                traced += [f"{api.name}/{name}"] if stage.get("tracingEnabled") else []
                off += [f"stage {name}"] if not stage.get("tracingEnabled") else []
    return traced, off


def _chosen(found: Sequence[Trace]) -> list[Trace]:
    """At most `MOST`: half of them the slowest and the failing, the rest spread over all."""
    if len(found) <= MOST:
        return list(found)
    telling = sorted(found, key=lambda one: (not one.failed, -one.response))[: MOST // 2]
    spread = found[:: -(-len(found) // (MOST // 2))]
    return list({one.id: one for one in [*telling, *spread]}.values())


def _shares(parts: Sequence[Mapping[str, float]]) -> list[Share]:
    total = sum(sum(one.values()) for one in parts) or 1.0
    names = dict.fromkeys(name for one in parts for name in one)
    found = []
    for name in names:
        times = [one[name] for one in parts if name in one]
        found.append(Share(part=name, traces=len(times), mean=sum(times) / len(times), of_all=sum(times) / total))
    return sorted(found, key=lambda one: -one.of_all)
