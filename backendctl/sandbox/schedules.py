"""How often schedules fire: a minute of rate(…) may last less than one of the clock."""

from __future__ import annotations

from typing import Any

MINUTE = 60.0
"""Seconds of the clock that a minute of a schedule lasts, unless the sandbox is told otherwise."""

_LOOKS = 20
_SELDOM = 1.0


def minute_seconds(given: str | None) -> float:
    """What the variable says; the default for anything that is no number above 0."""
    try:
        seconds = float(given or "")
    except ValueError:
        return MINUTE
    return seconds if 0 < seconds < float("inf") else MINUTE


def install(eventbridge: Any, scheduler: Any, *, minute: float) -> None:
    """Let rules and schedules fire at that pace; before they begin to be looked at.

    A cron(…) names moments of the clock, so it keeps to the clock.

    Args:
        eventbridge, scheduler: the modules of the emulated services.
        minute: seconds of the clock.
    """
    read = eventbridge._parse_rate_seconds  # noqa: SLF001 - they offer no setting

    def scaled(expression: str) -> float | None:
        seconds: float | None = read(expression)
        return None if seconds is None else seconds * minute / MINUTE

    eventbridge._parse_rate_seconds = scaled  # noqa: SLF001
    looks = min(_SELDOM, minute / _LOOKS)
    eventbridge._SCHEDULER_TICK_INTERVAL = looks  # noqa: SLF001
    scheduler._SCHEDULE_TICK_INTERVAL = looks  # noqa: SLF001
