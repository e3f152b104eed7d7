"""Schedules of rules at the pace of a rehearsal: a minute of `rate(…)` may take seconds of the clock."""

from __future__ import annotations

from typing import Any

from backendctl.sandbox import ministack_names

USUAL = 60.0
"""Seconds that a minute takes without a word."""
_LEAST = 0.05
_LOOKS = 60.0
"""Looks at all rules in a minute; EventBridge promises the minute, not the second (D14)."""


def minute_seconds(given: str | None) -> float:
    """What the variable says; the usual minute for anything that is no number above 0."""
    try:
        seconds = float(given or "")
    except ValueError:
        return USUAL
    return seconds if 0 < seconds < float("inf") else USUAL


def quicken(eventbridge: Any, scheduler: Any, minute: float) -> None:
    """Let rates of rules and schedules run at that pace. Cron expressions name times of the clock and stay.

    Args:
        eventbridge, scheduler: the modules of the emulated services, which do not fire yet.
        minute: seconds of the clock.
    """
    parse = ministack_names.read(eventbridge, "_parse_rate_seconds")

    def scaled(expression: str) -> float | None:
        seconds = parse(expression)
        return None if seconds is None else seconds * minute / USUAL

    ministack_names.replace(eventbridge, "_parse_rate_seconds", scaled)
    looks = max(_LEAST, minute / _LOOKS)
    ministack_names.replace(eventbridge, "_SCHEDULER_TICK_INTERVAL", looks)
    ministack_names.replace(scheduler, "_SCHEDULE_TICK_INTERVAL", looks)  # it reads rates with the other's function
