"""`only: Mon-Fri 07:00-20:00 Europe/Dublin`: the hours in which a function is kept warm, as cron expressions."""

from __future__ import annotations

import functools
import re
import zoneinfo
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from backendctl.nearest import nearest
from backendctl.spec.cron import ScheduleError

LEAD = 5
"""Minutes before opening at which the first ping goes out, so that it has loaded the function by then."""
_HOUR, _DAY = 60, 24 * 60
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_SHAPE = re.compile(r"(?P<days>\S+) +(?P<open>\d{1,2}:\d\d)-(?P<close>\d{1,2}:\d\d) +(?P<zone>\S+)")
_EXAMPLE = "'Mon-Fri 07:00-20:00 Europe/Dublin'"


@dataclass(frozen=True, kw_only=True, slots=True)
class OfficeHours:
    """A window on some days of the week.

    Attributes:
        days: 0 is Sunday; those on which it opens.
        opens, closes: minutes after midnight; one that closes before it opens does so on the next day.
        zone: IANA name.
    """

    days: frozenset[int]
    opens: int
    closes: int
    zone: str


def parse_office_hours(text: str) -> OfficeHours:
    """Read `DAYS HH:MM-HH:MM ZONE`; days are names, ranges and lists of them.

    Raises:
        ScheduleError: it is something else, or there is no such time zone; the first of its faults.
    """
    for fault in office_hours_faults(text):
        raise fault
    found = _shape(text)
    opens, closes = (_minutes(found[end]) for end in ("open", "close"))
    return OfficeHours(days=_days(found["days"]), opens=opens % _DAY, closes=closes, zone=found["zone"])


def office_hours_faults(text: str) -> Iterator[ScheduleError]:
    """Everything that is wrong with a window; only one that has another shape altogether is told as a whole."""
    try:
        found = _shape(text)
    except ScheduleError as error:
        yield error
        return
    yield from _caught(lambda: _days(found["days"]))
    wrong = [*_caught(lambda: _minutes(found["open"], found.start("open")))]
    wrong += _caught(lambda: _minutes(found["close"], found.start("close")))
    yield from wrong
    if not wrong and _minutes(found["open"]) == _minutes(found["close"]):
        yield ScheduleError("the window opens and closes at the same time; for whole days write 00:00-24:00", 0)
    yield from _caught(lambda: check_zone(found["zone"], offset=found.start("zone")))


def _caught(parse: Callable[[], object]) -> Iterator[ScheduleError]:
    try:
        parse()
    except ScheduleError as error:
        yield error


def _shape(text: str) -> re.Match[str]:
    found = _SHAPE.fullmatch(text.strip())
    if found is None:
        raise ScheduleError(f"'{text}' is not a window of days and hours, for instance {_EXAMPLE}")
    return found


def check_zone(name: str, *, offset: int = 0) -> None:
    """Refuse what is no IANA time zone.

    Raises:
        ScheduleError: with the nearest right name.
    """
    known = _zones()
    if not known:
        raise ScheduleError("this machine has no time zone database: pip install tzdata", offset)
    if name not in known:
        hint = nearest(name, known) or "; for instance Europe/Dublin"
        raise ScheduleError(f"there is no time zone '{name}'{hint}", offset)


@functools.cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def expressions(hours: OfficeHours, every: int) -> tuple[str, ...]:
    """The cron expressions that ping every so many minutes from `LEAD` minutes before opening until closing.

    Args:
        every: minutes; a divisor of an hour, or whole hours.

    Raises:
        ScheduleError: cron has no word for such steps.
    """
    check_step(every)
    by_minutes: dict[tuple[int, int], set[int]] = {}
    for moment in _pings(hours, every):
        by_minutes.setdefault((moment // _DAY, moment % _DAY // _HOUR), set()).add(moment % _HOUR)
    by_hours: dict[tuple[int, tuple[int, ...]], set[int]] = {}
    for (day, hour), minutes in by_minutes.items():
        by_hours.setdefault((day, tuple(sorted(minutes))), set()).add(hour)
    by_days: dict[tuple[tuple[int, ...], tuple[int, ...]], set[int]] = {}
    for (day, minutes_of_hour), found in by_hours.items():
        by_days.setdefault((minutes_of_hour, tuple(sorted(found))), set()).add(day)
    return tuple(
        f"cron({_steps(minutes_of_hour)} {_hours(hours_of_day)} ? * {_named(days)} *)"
        for (minutes_of_hour, hours_of_day), days in sorted(by_days.items(), key=lambda item: (item[0][1], item[0][0]))
    )


def check_step(every: int) -> None:
    """Refuse minutes between two pings that no cron expression can say.

    Raises:
        ScheduleError: neither they go into an hour nor an hour into them.
    """
    if _HOUR % every and every % _HOUR:
        raise ScheduleError(
            f"{every} minutes do not go into an hour, so that no cron expression with 'only' can say it: take 1, 2, 3, "
            "4, 5, 6, 10, 12, 15, 20 or 30 minutes, or whole hours"
        )


def _pings(hours: OfficeHours, every: int) -> Iterator[int]:
    """Minutes after the midnight between Saturday and Sunday, within one week."""
    length = (hours.closes - hours.opens) % _DAY or _DAY
    for day in hours.days:
        for shift in range(-LEAD, length, every):
            yield (day * _DAY + hours.opens + shift) % (7 * _DAY)


def _minutes(text: str, offset: int = 0) -> int:
    hour, minute = (int(part) for part in text.split(":"))
    if minute >= _HOUR or hour * _HOUR + minute > _DAY:
        raise ScheduleError(f"'{text}' is not a time of day", offset)
    return hour * _HOUR + minute


def _days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        ends = [_day(name, text) for name in part.split("-")]
        if part.count("-") > 1:
            raise ScheduleError(f"'{part}' is not a range of days, for instance Mon-Fri")
        first, last = ends[0], ends[-1]
        found.update((first + step) % 7 for step in range((last - first) % 7 + 1))
    return frozenset(found)


def _day(name: str, text: str) -> int:
    if name.upper() not in _DAYS:
        raise ScheduleError(f"'{name}' in '{text}' is not a day: Mon, Tue, Wed, Thu, Fri, Sat or Sun")
    return _DAYS.index(name.upper())


def _steps(minutes: tuple[int, ...]) -> str:
    """`0/5` for what a step says until the end of the hour, else a list."""
    if len(minutes) > 1:
        step = minutes[1] - minutes[0]
        if minutes == tuple(range(minutes[0], _HOUR, step)):
            return f"{minutes[0]}/{step}"
    return _listed(minutes)


def _hours(hours: tuple[int, ...]) -> str:
    return "*" if len(hours) == _DAY // _HOUR else _listed(hours)


def _listed(numbers: Iterable[int]) -> str:
    return ",".join(f"{first}-{last}" if last > first else str(first) for first, last in _runs(sorted(numbers)))


def _named(days: Iterable[int]) -> str:
    found = sorted(days)
    if len(found) == len(_DAYS):
        return "*"
    return ",".join(f"{_DAYS[first]}-{_DAYS[last]}" if last > first else _DAYS[first] for first, last in _runs(found))


def _runs(numbers: list[int]) -> Iterator[tuple[int, int]]:
    """First and last of each run of neighbours."""
    first = last = numbers[0]
    for number in numbers[1:]:
        if number != last + 1:
            yield first, last
            first = number
        last = number
    yield first, last
