"""How often a schedule expression of EventBridge fires in a month of 43,800 minutes (365 days / 12)."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from datetime import date, timedelta

MONTH_MINUTES = 43_800
"""Minutes of a month: 730 hours."""

_RATE = re.compile(r"rate\(([1-9][0-9]*) (minute|hour|day)(s?)\)")
_MINUTES = {"minute": 1, "hour": 60, "day": 1440}
_CRON = re.compile(r"cron\((.+)\)")
_FIELDS = 6
_DAYS_PER_MONTH = 365 / 12
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_WEEKDAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]
_CYCLE = (2001, 2028)
"""28 years: every weekday on every date, leap years among them."""
_YEARS = (1970, 2199)


def pings_per_month(expression: str) -> float:
    """Firings of `rate(…)` or of a six-field `cron(…)` in a month of 43,800 minutes; the mean over leap years.

    A cron expression that names years counts the months of those years.

    Raises:
        ValueError: EventBridge would refuse the expression, with what is wrong in it.
    """
    if found := _RATE.fullmatch(expression.strip()):
        count, unit, plural = int(found[1]), found[2], found[3]
        if (count == 1) == bool(plural):  # D3
            wanted = unit if count == 1 else f"{unit}s"
            raise ValueError(f"'{expression}' is not valid: write rate({count} {wanted})")
        return MONTH_MINUTES / (count * _MINUTES[unit])
    if found := _CRON.fullmatch(expression.strip()):
        return _cron(found[1])
    raise ValueError(f"'{expression}' is no schedule: write rate(5 minutes) or cron(0/5 7-20 ? * MON-FRI *)")


def _cron(text: str) -> float:
    fields = text.split()
    if len(fields) != _FIELDS:
        raise ValueError(f"'cron({text})' has {len(fields)} fields: it takes minutes hours day month weekday year")
    minutes, hours, days, months, weekdays, years = fields
    if (days == "?") == (weekdays == "?"):
        raise ValueError(f"'cron({text})' must have '?' as day of month or as day of week, and not as both")
    times = len(_values(minutes, 0, 59)) * len(_values(hours, 0, 23))
    named = _values(months, 1, 12, _MONTHS)
    chosen = range(_CYCLE[0], _CYCLE[1] + 1) if years == "*" else sorted(_values(years, *_YEARS))
    all_days = matching = 0
    for day in _days(chosen):
        all_days += 1
        matching += day.month in named and _on(day, days, weekdays)
    return times * matching / all_days * _DAYS_PER_MONTH


def _days(years: range | list[int]) -> Iterator[date]:
    for year in years:
        day = date(year, 1, 1)
        while day.year == year:
            yield day
            day += timedelta(days=1)


def _on(day: date, days: str, weekdays: str) -> bool:
    if weekdays == "?":
        return any(_on_date(day, part) for part in days.split(","))
    return any(_on_weekday(day, part) for part in weekdays.split(","))


def _on_date(day: date, part: str) -> bool:
    last = monthrange(day.year, day.month)[1]
    if part == "L":
        return day.day == last
    if part == "LW":
        return day == _nearest_workday(day.replace(day=last))
    if found := re.fullmatch(r"([0-9]{1,2})W", part):
        wanted = int(found[1])
        return wanted <= last and day == _nearest_workday(day.replace(day=wanted))
    return day.day in _values(part, 1, 31)


def _nearest_workday(day: date) -> date:
    """That day, or the workday nearest to it in the same month."""
    last = monthrange(day.year, day.month)[1]
    if day.isoweekday() == 6:  # noqa: PLR2004  # Saturday
        return day - timedelta(days=1) if day.day > 1 else day + timedelta(days=2)
    if day.isoweekday() == 7:  # noqa: PLR2004  # Sunday
        return day + timedelta(days=1) if day.day < last else day - timedelta(days=2)
    return day


def _on_weekday(day: date, part: str) -> bool:
    number = day.isoweekday() % 7 + 1  # 1 is Sunday
    if found := re.fullmatch(r"([1-7]|[A-Z]{3})L", part):
        last = monthrange(day.year, day.month)[1]
        return number in _values(found[1], 1, 7, _WEEKDAYS) and day.day > last - 7
    if found := re.fullmatch(r"([1-7]|[A-Z]{3})#([1-5])", part):
        return number in _values(found[1], 1, 7, _WEEKDAYS) and (day.day - 1) // 7 + 1 == int(found[2])
    return number in ({7} if part == "L" else _values(part, 1, 7, _WEEKDAYS))


def _values(field: str, low: int, high: int, words: list[str] | None = None) -> set[int]:
    """Every number that a field names: *, lists, ranges, steps and names."""
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        if step and not (step.isdigit() and int(step) > 0):
            raise ValueError(f"'{part}' is no step")
        begin, dash, end = span.partition("-")
        first = low if span == "*" else _number(begin, low, words)
        last = high if span == "*" or (step and not dash) else _number(end, low, words) if dash else first
        if not low <= first <= high or not low <= last <= high:
            raise ValueError(f"'{part}' is not from {low} to {high}")
        names = range(first, last + 1) if first <= last else [*range(first, high + 1), *range(low, last + 1)]
        found.update(list(names)[:: int(step or 1)])
    return found


def _number(text: str, low: int, words: list[str] | None) -> int:
    if words and text.upper() in words:
        return words.index(text.upper()) + low
    if not (text.isascii() and text.isdigit()):
        raise ValueError(f"'{text}' is no number here")
    return int(text)
