"""Cron expressions as EventBridge and its Scheduler take them: six fields, the smallest unit is a minute.

cron(minutes hours day-of-month month day-of-week year)
"""

from __future__ import annotations

import calendar
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo

from backendctl.whole import whole

_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {"SUN": 1, "MON": 2, "TUE": 3, "WED": 4, "THU": 5, "FRI": 6, "SAT": 7}
_SHAPE = re.compile(r"cron\(\s*([^()]*?)\s*\)")
_DAY, _WEEKDAY = 2, 4
"""Places of the two fields of which exactly one is "?"."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Field:
    what: str
    low: int
    high: int
    names: dict[str, int]
    special: str = ""


_FIELDS = (
    _Field(what="minute", low=0, high=59, names={}),
    _Field(what="hour", low=0, high=23, names={}),
    _Field(what="day of the month", low=1, high=31, names={}, special=r"L|LW|L-(?:[12]?\d|30)|(?:[1-9]|[12]\d|3[01])W"),
    _Field(what="month", low=1, high=12, names=_MONTHS),
    _Field(what="day of the week", low=1, high=7, names=_DAYS, special=rf"L|(?:[1-7]|{'|'.join(_DAYS)})(?:L|#[1-5])"),
    _Field(what="year", low=1970, high=2199, names={}),
)


class ScheduleError(ValueError):
    """A schedule that AWS would refuse.

    Attributes:
        offset: characters into the text where the fault is.
    """

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


@dataclass(frozen=True, kw_only=True, slots=True)
class Cron:
    """A parsed expression.

    Attributes:
        days, weekdays: AWS's words for particular days, such as "L" or "6#3"; numbers as text; None for "?".
        weekdays count from 1, which is Sunday.
    """

    minutes: frozenset[int]
    hours: frozenset[int]
    days: frozenset[str] | None
    months: frozenset[int]
    weekdays: frozenset[str] | None
    years: frozenset[int]

    def matches(self, day: date) -> bool:
        """Whether it fires on that day."""
        if day.year not in self.years or day.month not in self.months:
            return False
        if self.days is not None:
            return any(_is_day(word, day) for word in self.days)
        return any(_is_weekday(word, day) for word in self.weekdays or ())


def parse_cron(text: str) -> Cron:
    """Read `cron(…)`.

    Raises:
        ScheduleError: AWS would refuse it (D3).
    """
    shape = _SHAPE.fullmatch(text.strip())
    if shape is None:
        raise ScheduleError(
            f"'{text}' is not a cron expression: cron(minutes hours day-of-month month day-of-week year)"
        )
    found = [
        (word[0], word.start()) for word in re.finditer(r"\S+", text[: text.rindex(")")].replace("cron(", " " * 5))
    ]
    if len(found) != len(_FIELDS):
        raise ScheduleError(
            f"a cron expression has six fields (minutes hours day-of-month month day-of-week year), not {len(found)}"
        )
    if (found[_DAY][0] == "?") is (found[_WEEKDAY][0] == "?"):
        raise ScheduleError("exactly one of day-of-month and day-of-week must be '?'", found[_DAY][1])
    minutes, hours, days, months, weekdays, years = (
        None if word == "?" and place in {_DAY, _WEEKDAY} else _words(word.upper(), field, offset)
        for place, ((word, offset), field) in enumerate(zip(found, _FIELDS, strict=True))
    )
    return Cron(
        minutes=_numbers(minutes),
        hours=_numbers(hours),
        days=days,
        months=_numbers(months),
        weekdays=weekdays,
        years=_numbers(years),
    )


def firings(cron: Cron, zone: tzinfo, *, since: datetime, until: datetime) -> Iterator[datetime]:
    """When it fires from `since` up to, not including, `until`; in UTC, in order.

    A local time that the change to summer time leaves out is skipped; one that comes twice counts once.

    Args:
        since, until: with a time zone.
    """
    day = since.astimezone(zone).date() - timedelta(days=1)
    while day <= until.astimezone(zone).date():
        if cron.matches(day):
            for hour in sorted(cron.hours):
                for minute in sorted(cron.minutes):
                    local = datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)
                    moment = local.astimezone(UTC)
                    exists = moment.astimezone(zone).replace(tzinfo=None) == local.replace(tzinfo=None)
                    if exists and since <= moment < until:
                        yield moment
        day += timedelta(days=1)


def shortest_gap(cron: Cron) -> int:
    """Minutes between the two calls of a day that are nearest each other; 1440 where there is one a day at most."""
    moments = sorted(hour * 60 + minute for hour in cron.hours for minute in cron.minutes)
    return min((later - sooner for sooner, later in itertools.pairwise(moments)), default=1440)


def _numbers(words: frozenset[str] | None) -> frozenset[int]:
    return frozenset(int(word) for word in words or ())


def _words(text: str, field: _Field, offset: int) -> frozenset[str]:
    found: set[str] = set()
    for part in text.split(","):
        if field.special and re.fullmatch(field.special, part):
            found.add(part)
        else:
            found.update(str(number) for number in _range(part, field, offset))
    return frozenset(found)


def _number(text: str) -> int:
    found = whole(text)
    return -1 if found is None else found


def _range(part: str, field: _Field, offset: int) -> list[int]:
    """The numbers of one item of a list; a range that runs backwards goes round, as 22-2 and FRI-MON do."""
    base, slash, step = part.partition("/")
    if slash and not whole(step):
        raise ScheduleError(f"'{part}': after '/' stands a number above 0", offset)
    if base == "*":
        return list(range(field.low, field.high + 1, int(step or 1)))
    ends = [field.names.get(end, _number(end)) for end in base.split("-")]
    if base.count("-") > 1 or any(not field.low <= end <= field.high for end in ends):
        raise ScheduleError(f"'{part}' is not a valid {field.what} ({field.low} to {field.high})", offset)
    first, last = ends[0], ends[-1] if len(ends) > 1 or not slash else field.high
    found = range(first, last + 1) if first <= last else [*range(first, field.high + 1), *range(field.low, last + 1)]
    return list(found)[:: int(step or 1)]


def _is_day(word: str, day: date) -> bool:
    last = calendar.monthrange(day.year, day.month)[1]
    if word == "L":
        return day.day == last
    if word == "LW":
        return day == _nearest_weekday(day.replace(day=last))
    if word.startswith("L-"):
        return day.day == last - int(word[2:])
    if word.endswith("W"):
        number = int(word[:-1])
        return number <= last and day == _nearest_weekday(day.replace(day=number))
    return day.day == int(word)


def _nearest_weekday(day: date) -> date:
    """The day itself from Monday to Friday, else the nearest such day in the same month."""
    saturday = 5
    if day.weekday() < saturday:
        return day
    days = (-1, 2) if day.weekday() == saturday else (1, -2)
    near = [day + timedelta(days=shift) for shift in days]
    return next(one for one in near if one.month == day.month)


def _is_weekday(word: str, day: date) -> bool:
    number = day.isoweekday() % 7 + 1
    if word == "L":
        return number == _DAYS["SAT"]
    name, mark, count = word.partition("#") if "#" in word else (word.rstrip("L"), word[-1:], "")
    if _DAYS.get(name, name) not in {number, str(number)}:
        return False
    if mark == "#":
        return (day.day - 1) // 7 + 1 == int(count)
    return mark != "L" or (day + timedelta(days=7)).month != day.month
