"""How often a schedule expression of EventBridge fires in a month of 43,800 minutes (365 days / 12)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from backendctl.spec.cron import Cron, ScheduleError, parse_cron

MONTH_MINUTES = 43_800
"""Minutes of a month: 730 hours."""

_RATE = re.compile(r"rate\(([1-9][0-9]*) (minute|hour|day)(s?)\)")
_MINUTES = {"minute": 1, "hour": 60, "day": 1440}
_DAYS_PER_MONTH = 365 / 12
_CYCLE = range(2001, 2029)
"""28 years: every weekday on every date, leap years among them."""
_ANY_YEAR = 230
"""Years that a cron expression can name."""


def pings_per_month(expression: str) -> float:
    """Firings of `rate(…)` or of a six-field `cron(…)` in a month of 43,800 minutes; the mean over leap years.

    A cron expression that names years counts the months of those years.

    Raises:
        ScheduleError: EventBridge would refuse the expression, with what is wrong in it.
    """
    if found := _RATE.fullmatch(expression.strip()):
        count, unit, plural = int(found[1]), found[2], found[3]
        if (count == 1) == bool(plural):  # D3
            wanted = unit if count == 1 else f"{unit}s"
            raise ScheduleError(f"'{expression}' is not valid: write rate({count} {wanted})")
        return MONTH_MINUTES / (count * _MINUTES[unit])
    if not expression.startswith("cron("):
        raise ScheduleError(f"'{expression}' is not a schedule: write rate(5 minutes) or cron(0/5 7-20 ? * MON-FRI *)")
    return _cron(parse_cron(expression))


def _cron(cron: Cron) -> float:
    all_days = matching = 0
    for day in _days(_CYCLE if len(cron.years) == _ANY_YEAR else sorted(cron.years)):
        all_days += 1
        matching += cron.matches(day)
    return len(cron.minutes) * len(cron.hours) * matching / all_days * _DAYS_PER_MONTH


def _days(years: range | list[int]) -> Iterator[date]:
    for year in years:
        day = date(year, 1, 1)
        while day.year == year:
            yield day
            day += timedelta(days=1)
