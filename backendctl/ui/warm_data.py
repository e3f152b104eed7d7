"""`warm-status` as a JSON document and as Markdown. The keys stay as they are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from backendctl.errors import unreachable_data
from backendctl.hints import runnable
from backendctl.ui.plan_data import markdown_cell
from backendctl.warmth.cold import Cause
from backendctl.warmth.figures import Figures, Quantiles
from backendctl.warmth.look import WarmRow, WarmStatus
from backendctl.warmth.subject import Rule


def warm_document(status: WarmStatus) -> dict[str, Any]:
    """The JSON document; times are ISO 8601 in UTC, durations milliseconds where the key says so, else seconds."""
    window = status.request.window
    return {
        "backend": status.backend,
        "since": _exact(window.since),
        "until": _exact(window.until),
        "idle_seconds": status.request.idle,
        "functions": [_row(row) for row in status.rows],
        "unreachable": unreachable_data(status.unreachable),
        "drained": dict(status.drained),
    }


def iso(at: float | None) -> str | None:
    """A moment as ISO 8601 to the second, in UTC."""
    return None if at is None else datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _exact(at: float) -> str:
    """The same to the millisecond, as CloudWatch Logs takes it."""
    return datetime.fromtimestamp(int(at * 1000) / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _row(row: WarmRow) -> dict[str, Any]:
    subject, counted = row.subject, row.counted
    return {
        "region": subject.region,
        "function": subject.function,
        "alias": subject.alias,
        "version": subject.version,
        "stages": list(subject.stages),
        "memory_mb": subject.memory_mb,
        "provisioned": subject.provisioned,
        "allocated": subject.allocated,
        "allocation": subject.allocation or None,
        "snapshot": subject.snapshot or None,
        "provisioned_in_use": counted.busy,
        "rule": {
            "rules": [_rule(rule) for rule in subject.rules],
            "interval_seconds": subject.interval,
            "fired": counted.fired,
            "failed": counted.failed,
            "due": counted.due,
            "last_fired": iso(counted.last),
        },
        "throttles": counted.throttles,
        "errors": counted.errors,
        **(_figures(row.figures) if row.figures is not None else dict.fromkeys(_FIGURES)),
        "pings_month": row.pings_month,
        "pings_month_usd": row.pings_month_usd,
        "verdict": row.verdict.outcome.value,
        "reason": row.verdict.reason,
        "next": runnable(row.verdict.next_step),
    }


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "exists": rule.is_there,
        "enabled": rule.is_enabled,
        "schedule": rule.schedule,
        "targets": {qualifier or "$LATEST": count for qualifier, count in rule.targets.items()},
        "permitted": rule.is_permitted,
        "hold_ms": rule.hold_ms,
    }


def _figures(found: Figures) -> dict[str, Any]:
    return {
        "estimated": found.is_estimated,
        "invocations": {
            "all": found.invocations,
            "users": found.users,
            "pings": found.pings,
            "others": found.others,
        },
        "cold_starts": {
            "users": found.cold_users,
            "share": found.cold_share.of,
            "share_low": found.cold_share.low,
            "share_high": found.cold_share.high,
            "pings": found.absorbed,
            "causes": {cause.value: found.causes.get(cause, 0) for cause in Cause},
        },
        "init_ms": _quantiles(found.init),
        "cold_ms": _quantiles(found.cold),
        "warm_ms": _quantiles(found.warm),
        "ping_ms": _quantiles(found.ping),
        "first_ms": _quantiles(found.first),
        "later_ms": _quantiles(found.later),
        "failed_pings": found.failed_pings,
        "overlapping_pings": found.overlap,
        "alive": found.alive,
    }


def _quantiles(found: Quantiles) -> dict[str, float | None]:
    return {"p50": found.p50, "p95": found.p95}


_FIGURES = tuple(_figures(Figures()))
_HEADS = ("region", "function", "users hit", "verdict", "reason", "pings", "cold users", "alive", "next")
_TWO_DIGITS = 10


def warm_markdown(status: WarmStatus) -> str:
    """The same as a Markdown table; regions that did not answer are lines below it."""
    lines = ["| " + " | ".join(_HEADS) + " |", "|---" * len(_HEADS) + "|"]
    lines += ["| " + " | ".join(markdown_cell(cell) for cell in _cells(row)) + " |" for row in status.rows]
    lines += [f"\n**{region} did not answer**: {error.message}" for region, error in status.unreachable.items()]
    lines += [f"\n{line}" for line in drained_lines(status)]
    return "\n".join(lines)


def drained_lines(status: WarmStatus) -> list[str]:
    """A sentence for each region that users are kept away from."""
    return [f"{region} is drained, {told}: no users meet its functions" for region, told in status.drained.items()]


def _cells(row: WarmRow) -> list[str]:
    found, subject = row.figures, row.subject
    return [
        subject.region,
        subject.function,
        subject.alias or "$LATEST",
        row.verdict.outcome.value,
        row.verdict.reason,
        str(found.pings) if found else "-",
        cold_users(found),
        str(found.alive) if found else "-",
        runnable(row.verdict.next_step),
    ]


def cold_users(found: Figures | None, *, longest: int | None = None) -> str:
    """`3/1,240 0.1-0.7%`: cold users' requests of all, and the 95 % interval of their share.

    Args:
        longest: characters; a longer text has its counts rounded, as in `46k/1.2M 3.7-3.8%`.
    """
    if found is None or not found.users:
        return "-"
    told = _cold_users(found, "{:,}".format)
    return told if longest is None or len(told) <= longest else _cold_users(found, rounded)


def _cold_users(found: Figures, count: Callable[[int], str]) -> str:
    told = f"{'~' if found.is_estimated else ''}{count(found.cold_users)}/{count(found.users)}"
    low, high = found.cold_share.low, found.cold_share.high
    return told if low is None or high is None else f"{told} {_percent(low)}-{_percent(high)}%"


def rounded(count: int) -> str:
    """`9,999`, `46k`, `1.2M`."""
    for least, unit, size in ((999_500, "M", 1e6), (10_000, "k", 1e3)):
        if count >= least:
            return f"{count / size:.1f}".removesuffix(".0") + unit if unit == "M" else f"{count / size:.0f}{unit}"
    return f"{count:,}"


def _percent(share: float) -> str:
    value = share * 100
    return f"{value:.0f}" if value >= _TWO_DIGITS else f"{value:.1f}".removesuffix(".0")


def warm_line(row: WarmRow) -> str:
    """A row as one plain line, for a pipe."""
    subject, verdict = row.subject, row.verdict
    tail = f" -> {runnable(verdict.next_step)}" if verdict.next_step else ""
    return f"{subject.region} {subject.called} {verdict.outcome}: {verdict.reason}{tail}"
