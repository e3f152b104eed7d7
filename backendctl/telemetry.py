"""What each region records of what it serves: traces, metrics, logs and how long they are kept; part of `status`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from backendctl.engine.plan import Plan
from backendctl.engine.resource import Resource
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.apigateway.stage_log import ACCESS, EXECUTION, StageLog
from backendctl.resources.lambda_.function import Function
from backendctl.resources.lambda_.log_group import PREFIX, LogGroup

_CANARY = "$context.isCanaryRequest"


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionTelemetry:
    """Of a function. retention: days; None where its log group is left alone, which keeps everything."""

    tracing: bool
    retention: int | None

    def __str__(self) -> str:
        kept = "logs left alone" if self.retention is None else f"logs {self.retention} days"
        return f"{_traced(tracing=self.tracing)}, {kept}"

    def data(self) -> dict[str, Any]:
        """For JSON."""
        return {"tracing": self.tracing, "log_retention_days": self.retention}


@dataclass(frozen=True, kw_only=True, slots=True)
class StageTelemetry:
    """Of a stage.

    Attributes:
        level: of the execution log: OFF, ERROR or INFO. access: log group of the access log; None for none.
        canary: whether a line of it tells a canary's requests from the others.
        kept: log → days that it is kept, of those whose retention the spec sets.
    """

    tracing: bool
    metrics: bool
    level: str
    access: str | None
    canary: bool
    kept: Mapping[str, int | None]

    def __str__(self) -> str:
        told = [_traced(tracing=self.tracing), "metrics per method" if self.metrics else "metrics of the stage"]
        told.append(f"execution log {self.level.lower()}")
        told.append("no access log" if self.access is None else "access log" if self.canary else _BLIND)
        days = {f"{one} days" for one in self.kept.values() if one is not None}
        return ", ".join([*told, *([f"logs {' and '.join(sorted(days))}"] if days else [])])

    def data(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "tracing": self.tracing,
            "metrics": self.metrics,
            "execution_log": self.level,
            "access_log": self.access,
            "access_log_tells_canary": self.canary,
            "log_retention_days": {name: self.kept.get(name) for name in (ACCESS, EXECUTION)},
        }


_BLIND = "access log without canary"


@dataclass(frozen=True, kw_only=True, slots=True)
class Telemetry:
    """One region: by the names of the spec."""

    functions: dict[str, FunctionTelemetry]
    stages: dict[str, StageTelemetry]

    def data(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "functions": {name: one.data() for name, one in self.functions.items()},
            "stages": {name: one.data() for name, one in self.stages.items()},
        }


def telemetry(plan: Plan) -> dict[str, Telemetry]:
    """Region → what is set there, as live AWS has it; what is yet to be made is not in it."""
    found = {region: Telemetry(functions={}, stages={}) for region in plan.regions if region not in plan.unreachable}
    lives = list(_lives(plan))
    kept = {(one.region, one.name): one.retention for one in lives if isinstance(one, LogGroup)}
    kept_of = {(one.region, one.name): one.retention for one in lives if isinstance(one, StageLog)}
    for one in sorted(lives, key=lambda each: each.name):
        if one.region not in found:
            continue
        if isinstance(one, Function):
            days = kept.get((one.region, PREFIX + one.physical))
            found[one.region].functions[one.name] = FunctionTelemetry(tracing=one.tracing == "Active", retention=days)
        elif isinstance(one, Stage):
            days_of = {what: kept_of.get((one.region, f"{one.name}/{what}")) for what in (ACCESS, EXECUTION)}
            found[one.region].stages[one.name] = _of_stage(one, days_of)
    return found


def telemetry_rows(regions: Mapping[str, Telemetry]) -> list[tuple[str, dict[str, str]]]:
    """What to call a row → region → words; functions that are alike everywhere share a row."""
    cells: dict[tuple[str, str], dict[str, str]] = {}
    for region, one in regions.items():
        for kind, those in (("function", one.functions), ("stage", one.stages)):
            for name, told in those.items():
                cells.setdefault((kind, name), {})[region] = str(told)
    rows: dict[tuple[str, tuple[tuple[str, str], ...]], list[str]] = {}
    for (kind, name), told_in in cells.items():
        rows.setdefault((kind, tuple(told_in.items())), []).append(name)
    return [(f"{kind} {', '.join(names)}", dict(told_in)) for (kind, told_in), names in rows.items()]


def _lives(plan: Plan) -> Iterator[Resource]:
    yield from plan.unchanged
    yield from (change.live for change in plan.changes if change.live is not None)


def _of_stage(stage: Stage, kept: Mapping[str, int | None]) -> StageTelemetry:
    logging = stage.logging
    return StageTelemetry(
        tracing=bool(stage.tracing),
        metrics=bool(stage.metrics),
        level="OFF" if logging is None else logging.level,
        access=None if logging is None else logging.access,
        canary=logging is not None and logging.access is not None and _CANARY in (logging.format or ""),
        kept=kept,
    )


def _traced(*, tracing: bool) -> str:
    return "X-Ray" if tracing else "no X-Ray"
