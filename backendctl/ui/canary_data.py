"""How the canaries stand, for programs, for pull requests and for logs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from backendctl.hints import runnable
from backendctl.release.latency import SHOWN
from backendctl.release.observed import Observed
from backendctl.release.outcome import ms, percent, span
from backendctl.release.status import CanaryStatus, RegionStatus, verdict_document
from backendctl.release.verdict import rate_of
from backendctl.ui.plan_data import markdown_cell

_COLUMNS = (
    "region",
    "stage",
    "target %",
    "observed %",
    "requests",
    "errors",
    "baseline errors",
    "latency",
    "verdict",
    "next",
)

_FUNCTIONS = 3
"""So many are told one by one in a line."""


def timed(one: RegionStatus) -> list[tuple[Observed, Observed]]:
    """Base and canary of whatever has latencies: the API as one, or its functions, the busiest first."""
    if one.canary.curve or not one.canary.parts:
        return [(one.base, one.canary)]
    before = {part.name: part for part in one.base.parts}
    pairs = [(before[part.name], part) for part in one.canary.parts if part.name in before]
    return sorted(pairs, key=lambda pair: -pair[1].requests)


def release_of(status: CanaryStatus) -> str:
    """`1a2b3c4 by Ada`; empty when it is unknown."""
    return " by ".join(filter(None, (status.commit, status.author)))


def bake(one: RegionStatus, at: float) -> str:
    """How much longer the present step is held; empty when that is unknown.

    Args:
        at: now, in seconds since the epoch.
    """
    if one.until is None:
        return ""
    return f"bake time: {span(one.until - at)} left" if one.until > at else "bake time over"


def canary_document(status: CanaryStatus) -> dict[str, Any]:
    """The JSON document of `canary-status`: the same keys for ever. Times are in seconds since the epoch."""
    return {
        "backend": status.backend,
        "at": round(status.at),
        "commit": status.commit,
        "author": status.author,
        "steps": list(status.steps),
        "outcome": str(status.outcome) if status.outcome else None,
        "unreachable": {one.region: one.error for one in status.regions if one.error and not one.stage},
        "canaries": [_region_document(one, status) for one in status.regions],
        "next": runnable(status.next_step),
    }


def canary_markdown(status: CanaryStatus) -> str:
    """A row for each region, and the reasons below."""
    lines = ["| " + " | ".join(_COLUMNS) + " |", "|---" * len(_COLUMNS) + "|"]
    for one in status.regions:
        cells = [one.region, one.stage, *_figures(one), f"`{runnable(one.next_step)}`" if one.next_step else ""]
        lines.append("| " + " | ".join(markdown_cell(cell) for cell in cells) + " |")
    lines.append("")
    for one in status.regions:
        told = [*one.verdict.reasons, *one.verdict.notes] if one.verdict else []
        lines += [f"- {one.region}/{one.stage}: {markdown_cell(reason)}" for reason in told]
    if status.next_step:
        lines += ["", f"Next: `{runnable(status.next_step)}`"]
    return "\n".join(lines)


def canary_line(one: RegionStatus, *, at: float, release: str = "") -> str:
    """One region in one line, for a log.

    Args:
        release: whose it is, see `release_of`.
    """
    when = datetime.fromtimestamp(at, UTC).strftime("%H:%M:%S")
    return f"{when} {one.region}/{one.stage}: " + "; ".join(_told(one, at, release))


def _told(one: RegionStatus, at: float, release: str) -> Iterator[str]:
    if one.error:
        yield f"unknown: {one.error}"
    elif one.target_percent is None:
        yield "no canary"
    else:
        target, observed, requests, errors, baseline, latency, verdict = _figures(one)
        yield (
            f"target {target}" + (f", observed {observed}" if observed else "") + (f", of {release}" if release else "")
        )
        if left := bake(one, at):
            yield left
        yield f"{requests} canary requests, errors {errors}, baseline {baseline}"
        if latency:
            yield latency
        yield from _timed(one)
        if one.verdict is not None:
            yield f"{verdict}: {one.verdict.reasons[0]}" if one.verdict.reasons else verdict
    if one.next_step:
        yield f"next: {runnable(one.next_step)}"


def _timed(one: RegionStatus) -> Iterator[str]:
    """p50, p95 and p99 of the API, or of the busiest functions."""
    for before, after in timed(one)[:_FUNCTIONS]:
        told = [
            f"p{level * 100:g} {ms(new)}" + (f" (baseline {ms(old)})" if old is not None else "")
            for level in SHOWN
            if (new := after.at_level(level)) is not None
            for old in (before.at_level(level),)
        ]
        if told:
            yield " ".join(filter(None, (after.name, ", ".join(told))))


def _figures(one: RegionStatus) -> tuple[str, str, str, str, str, str, str]:
    """Target and observed percentage, requests, errors, those of the baseline, latency, verdict."""
    if one.error or one.target_percent is None:
        return "", "", "", "", "", "", one.error or "no canary"
    base, canary = rate_of(one.base), rate_of(one.canary)
    levels = one.verdict.latency if one.verdict else ()
    named = [(f"{level.name} " if level.name else "", level) for level in levels]
    return (
        f"{one.target_percent:g} %",
        "" if one.observed_percent is None else f"{one.observed_percent:.1f} %",
        f"{canary.requests:,}",
        f"{canary.errors} ({percent(canary.seen)})",
        f"{base.errors} ({percent(base.seen)})",
        ", ".join(f"{name}p{level.quantile:g} {round(level.increase):+d} %" for name, level in named),
        str(one.verdict.outcome) if one.verdict else "",
    )


def _region_document(one: RegionStatus, status: CanaryStatus) -> dict[str, Any]:
    return {
        "region": one.region,
        "stage": one.stage,
        "target_percent": one.target_percent,
        "observed_percent": None if one.observed_percent is None else round(one.observed_percent, 3),
        "since": None if one.since is None else round(one.since),
        "until": one.canary.until or None,
        "bake_until": None if one.until is None else round(one.until),
        "source": one.canary.source,
        "baseline": _side(one.base, status),
        "canary": _side(one.canary, status),
        "latency": [
            {"function": after.name, "baseline": _levels(before), "canary": _levels(after)}
            for before, after in timed(one)
        ],
        "verdict": verdict_document(one.verdict) if one.verdict else None,
        "next": runnable(one.next_step),
        "error": one.error,
    }


def _side(seen: Observed, status: CanaryStatus) -> dict[str, Any]:
    rate = rate_of(seen, status.settings)
    return {
        "requests": rate.requests,
        "errors": rate.errors,
        "throttles": max(seen.throttles, sum(part.throttles for part in seen.parts)),
        "rejections": seen.rejections,
        "error_rate": round(rate.seen, 6),
        "error_rate_low": round(rate.low, 6),
        "error_rate_high": round(rate.high, 6),
    }


def _levels(seen: Observed) -> dict[str, float | None]:
    found = {f"p{level * 100:g}": seen.at_level(level) for level in SHOWN}
    return {name: None if value is None else round(value, 2) for name, value in found.items()}
