"""What `tune` measured, for programs and for pull requests."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from backendctl.aws.errors import is_silent
from backendctl.errors import BackendctlError, unreachable_data
from backendctl.ui.plan_data import markdown_cell
from backendctl.warmth.tune.advice import Advice
from backendctl.warmth.tune.figures import Size, Spread
from backendctl.warmth.tune.looking import Target
from backendctl.warmth.tune.request import Goal, Request
from backendctl.warmth.tune.run import Tuned

_COLUMNS = ("MB", "warm ms", "p95 ms", "billed ms", "$ per million", "cold ms", "init ms", "best by")
_ONE_DECIMAL = 10
"""Milliseconds below which a decimal is shown."""
NONE = "-"


@dataclass(frozen=True, kw_only=True, slots=True)
class Tuning:
    """Everything to be told of one `tune`.

    Attributes:
        status: "planned", "measured" or "interrupted".
        targets, done, failed: by region.
        written: place in the spec → MB before and now. unwritten: why nothing was, although it was asked for.
    """

    backend: str
    request: Request
    status: str
    targets: Mapping[str, Target]
    done: Mapping[str, Tuned] = field(default_factory=dict)
    failed: Mapping[str, BackendctlError] = field(default_factory=dict)
    written: Mapping[str, tuple[int | None, int]] = field(default_factory=dict)
    unwritten: BackendctlError | None = None


def tuning_document(tuning: Tuning) -> dict[str, Any]:
    """The JSON document of `tune`: the same keys for ever."""
    return {
        "backend": tuning.backend,
        "function": tuning.request.function,
        "status": tuning.status,
        "payload": tuning.request.payload.source,
        "runs": tuning.request.runs,
        "memory": list(tuning.request.sizes),
        "regions": [
            _region(target, tuning.done.get(region), tuning.failed.get(region))
            for region, target in tuning.targets.items()
        ]
        + [_silent(region, error) for region, error in tuning.failed.items() if region not in tuning.targets],
        "written": [{"key": key, "before": before, "after": after} for key, (before, after) in tuning.written.items()],
        "write_error": tuning.unwritten.message if tuning.unwritten else None,
        "unreachable": unreachable_data({r: error for r, error in tuning.failed.items() if is_silent(error)}),
    }


def tuning_markdown(tuning: Tuning) -> str:
    """A table for each region, and the recommendations below."""
    lines: list[str] = []
    for region, tuned in tuning.done.items():
        lines += [f"### {tuning.request.function} in {region}", ""]
        lines += ["| " + " | ".join(_COLUMNS) + " |", "|---" * len(_COLUMNS) + "|"]
        lines += ["| " + " | ".join(cells(size, tuned)) + " |" for size in tuned.sizes]
        lines += [f"| {memory} | {markdown_cell(why)} |" + " |" * 6 for memory, why in tuned.failures.items()]
        lines += ["", *(f"- {named(goal)}: {said(advice, tuned)}" for goal, advice in tuned.advice.items())]
        lines += [f"- {markdown_cell(note)}" for note in tuned.notes]
        lines.append("")
    if not tuning.done:
        lines += [
            f"- {region}: {tuning.request.function} now has {one.memory} MB" for region, one in tuning.targets.items()
        ]
    lines += [f"- {region}: {markdown_cell(error.message)}" for region, error in tuning.failed.items()]
    lines += [f"- {markdown_cell(written(*one))}" for one in tuning.written.items()]
    return "\n".join(lines).rstrip()


def written(key: str, change: tuple[int | None, int]) -> str:
    """What `--write` did, in words."""
    before, after = change
    was = "was not there" if before is None else f"was {before}"
    return f"written: {key}: {after} ({was})"


def cells(size: Size, tuned: Tuned) -> list[str]:
    """One row: memory, warm time with its spread, p95, billed, cost with its spread, cold, init, what it is best by."""
    best = [str(goal) for goal, advice in tuned.advice.items() if advice.memory == size.memory]
    best = ["all three"] if len(best) == len(Goal) else best
    marks = [*best, *(["now"] if size.memory == tuned.target.memory else [])]
    return [
        str(size.memory),
        f"{ms(size.time.value)} ±{_off(size.time)} %",
        ms(size.p95),
        ms(size.billed.value),
        NONE if size.cost is None else f"{size.cost.value:.2f} ±{_off(size.cost)} %",
        NONE if size.cold_time is None else ms(size.cold_time),
        NONE if size.init is None else ms(size.init),
        ", ".join(marks),
    ]


def named(goal: Goal) -> str:
    """What a recommendation is called."""
    return "balanced" if goal is Goal.BALANCED else f"by {goal}"


def said(advice: Advice, tuned: Tuned) -> str:
    """One recommendation in words."""
    size = next(one for one in tuned.sizes if one.memory == advice.memory)
    cost = f"${size.cost.value:.2f}" if size.cost else f"{gb_seconds(size):,.0f} GB-s"
    text = f"{advice.memory} MB: {ms(size.time.value)} ms, {cost} per million"
    if advice.rivals:
        return f"{text}; no clear difference to {_listed(advice.rivals)} MB"
    return f"{text}; clearly" if len(tuned.sizes) > 1 else f"{text}; nothing to compare with"


def against_now(advice: Advice, tuned: Tuned) -> str:
    """The change from the memory that the function has now; empty when that was not measured, or is the same."""
    by_memory = {size.memory: size for size in tuned.sizes}
    now, then = by_memory.get(tuned.target.memory), by_memory[advice.memory]
    if now is None or now is then:
        return ""
    time, cost = then.time.value / now.time.value - 1, gb_seconds(then) / gb_seconds(now) - 1
    return f"against {now.memory} MB now: time {time:+.0%}, GB-seconds {cost:+.0%}"


def gb_seconds(size: Size) -> float:
    """For a million warm calls."""
    return size.memory / 1024 * size.billed.value * 1000


def ms(value: float) -> str:
    """Milliseconds: one decimal below ten."""
    return f"{value:.1f}" if value < _ONE_DECIMAL else f"{value:,.0f}"


def _off(spread: Spread) -> int:
    """How far off a figure may be, in % of itself."""
    if not spread.value:
        return 0
    return round(100 * max(spread.high - spread.value, spread.value - spread.low) / spread.value)


def _listed(sizes: tuple[int, ...]) -> str:
    *first, last = map(str, sizes)
    return f"{', '.join(first)} and {last}" if first else last


def _region(target: Target, tuned: Tuned | None, error: BackendctlError | None) -> dict[str, Any]:
    return {
        "region": target.region,
        "architecture": target.architecture,
        "memory_now": target.memory,
        "cold_calls_at_once": target.at_once,
        "sizes": [_size(size) for size in tuned.sizes] if tuned else [],
        "unfit": [{"memory": memory, "reason": why} for memory, why in tuned.failures.items()] if tuned else [],
        "recommended": {str(goal): _advice(advice) for goal, advice in tuned.advice.items()} if tuned else {},
        "notes": list(tuned.notes if tuned else target.notes),
        "error": error.message if error else None,
    }


def _silent(region: str, error: BackendctlError) -> dict[str, Any]:
    nothing: dict[str, Any] = {"architecture": None, "memory_now": None, "cold_calls_at_once": None}
    empty: dict[str, Any] = {"sizes": [], "unfit": [], "recommended": {}, "notes": []}
    return {"region": region, **nothing, **empty, "error": error.message}


def _size(size: Size) -> dict[str, Any]:
    return {
        "memory": size.memory,
        "warm": {
            "calls": size.calls,
            "duration_ms": _spread(size.time, 3),
            "p95_ms": round(size.p95, 3),
            "billed_ms": _spread(size.billed, 3),
            "gb_seconds_per_million": round(gb_seconds(size), 3),
            "cost_per_million": None if size.cost is None else _spread(size.cost, 6),
        },
        "cold": {
            "calls": size.cold_calls,
            "duration_ms": _rounded(size.cold_time),
            "init_ms": _rounded(size.init),
            "billed_ms": _rounded(size.cold_billed),
            "cost_per_million": _rounded(size.cold_cost, 6),
        },
        "max_memory_used_mb": size.used,
    }


def _advice(advice: Advice) -> dict[str, Any]:
    return {"memory": advice.memory, "sure": advice.is_sure, "no_clear_difference": list(advice.rivals)}


def _spread(spread: Spread, digits: int) -> dict[str, float]:
    figures = {"value": spread.value, "low": spread.low, "high": spread.high}
    return {name: round(value, digits) for name, value in figures.items()}


def _rounded(value: float | None, digits: int = 3) -> float | None:
    return None if value is None else round(value, digits)
