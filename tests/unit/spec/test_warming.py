"""How `warm` is told: rates, cron expressions, office hours, what a ping carries."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from backendctl.spec.cron import ScheduleError, firings, parse_cron, shortest_gap
from backendctl.spec.model import Warm
from backendctl.spec.office_hours import expressions, parse_office_hours
from backendctl.spec.warming import build_warm

if TYPE_CHECKING:
    from collections.abc import Callable

    from backendctl.spec import Draft

DUBLIN = ZoneInfo("Europe/Dublin")
HEAD = "backend: shop\nregions: [us-east-1]\nfunctions:\n  items:\n"
FUNCTION = HEAD + "    code: x.zip\n    runtime: java21\n    handler: a.B\n    aliases: [live]\n    warm: "


@pytest.mark.parametrize(
    ("every", "minutes"),
    [("1 minute", 1), ("2 hours", 120), ("rate(1 hour)", 60), ("rate(5 minutes)", 5), ("rate(1 day)", 1440)],
)
def test_a_rate_is_minutes_and_needs_no_scheduler(every: str, minutes: int) -> None:
    assert build_warm({"every": every}) == Warm(every=minutes)
    warm = build_warm({"every": every})
    assert warm is not None
    assert not warm.is_scheduled


def test_a_cron_expression_with_a_time_zone_is_for_the_scheduler() -> None:
    text = "cron(0/10 8-17 ? * MON-FRI *)"
    plain = build_warm({"every": text})
    zoned = build_warm({"every": text, "time-zone": "Europe/Dublin"})
    assert plain is not None
    assert zoned is not None
    assert (plain.every, plain.expressions, plain.is_scheduled) == (10, (text,), False)
    assert (zoned.expressions, zoned.time_zone, zoned.is_scheduled) == ((text,), "Europe/Dublin", True)


@pytest.mark.parametrize(
    ("only", "every", "wanted"),
    [
        (
            "Mon-Fri 07:00-20:00 Europe/Dublin",
            5,
            ("cron(55 6 ? * MON-FRI *)", "cron(0/5 7-19 ? * MON-FRI *)"),
        ),
        (
            "Mon-Fri 07:30-18:15 Europe/Dublin",
            10,
            ("cron(25/10 7 ? * MON-FRI *)", "cron(5/10 8-17 ? * MON-FRI *)", "cron(5 18 ? * MON-FRI *)"),
        ),
        ("Mon,Wed 9:00-17:00 Asia/Tokyo", 120, ("cron(55 8,10,12,14,16 ? * MON,WED *)",)),
        ("Mon-Sun 00:00-24:00 UTC", 5, ("cron(0/5 * ? * * *)",)),
        ("Sat-Mon 12:00-13:00 UTC", 30, ("cron(55 11 ? * SUN-MON,SAT *)", "cron(25/30 12 ? * SUN-MON,SAT *)")),
    ],
)
def test_office_hours_become_cron_expressions(only: str, every: int, wanted: tuple[str, ...]) -> None:
    assert expressions(parse_office_hours(only), every) == wanted


@pytest.mark.parametrize("every", [1, 2, 3, 5, 15, 30, 60, 180])
@pytest.mark.parametrize("only", ["Mon-Fri 07:00-20:00 Europe/Dublin", "Fri-Sat 22:30-06:10 Europe/Dublin"])
def test_pings_begin_five_minutes_before_opening_and_keep_their_interval(only: str, every: int) -> None:
    """Counted over a week without a change of the clock, from the expressions as AWS reads them."""
    hours = parse_office_hours(only)
    since = datetime(2026, 6, 7, tzinfo=DUBLIN)
    until = datetime(2026, 6, 14, tzinfo=DUBLIN)
    found = sorted(
        moment.astimezone(DUBLIN)
        for text in expressions(hours, every)
        for moment in firings(parse_cron(text), DUBLIN, since=since, until=until)
    )
    length = (hours.closes - hours.opens) % 1440
    assert len(found) == len(set(found)) == len(hours.days) * len(range(-5, length, every))
    first = next(moment for moment in found if moment.isoweekday() == 5)
    assert (first.hour * 60 + first.minute) == hours.opens - 5


def test_local_hours_stay_local_over_the_change_of_the_clock() -> None:
    cron = parse_cron("cron(0 7 ? * * *)")
    around = {"since": datetime(2026, 3, 28, tzinfo=UTC), "until": datetime(2026, 3, 30, tzinfo=UTC)}
    assert [moment.hour for moment in firings(cron, DUBLIN, **around)] == [7, 6]
    left_out = parse_cron("cron(30 1 ? * * *)")
    assert [moment.day for moment in firings(left_out, DUBLIN, **around)] == [28]
    twice = {"since": datetime(2026, 10, 25, tzinfo=UTC), "until": datetime(2026, 10, 26, tzinfo=UTC)}
    assert len(list(firings(left_out, DUBLIN, **twice))) == 1


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("cron(0 9 L * ? *)", [30]),
        ("cron(0 9 LW * ? *)", [30]),
        ("cron(0 9 L-2 * ? *)", [28]),
        ("cron(0 9 15W * ? *)", [16]),  # the 15th is a Sunday
        ("cron(0 9 1W * ? *)", [2]),
        ("cron(0 9 ? NOV FRI#2 *)", [13]),
        ("cron(0 9 ? * 6L *)", [27]),
        ("cron(0 9 ? * SUN,TUE 2026)", [1, 3, 8, 10, 15, 17, 22, 24, 29]),
        ("cron(0 9 1/10 11 ? *)", [1, 11, 21]),
        ("cron(0 9 ? DEC * *)", []),
    ],
)
def test_days_are_read_as_aws_reads_them(text: str, days: list[int]) -> None:
    since, until = datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC)
    assert [moment.day for moment in firings(parse_cron(text), UTC, since=since, until=until)] == days


def test_the_shortest_gap_is_within_a_day() -> None:
    assert shortest_gap(parse_cron("cron(0,20,25 * ? * * *)")) == 5
    assert shortest_gap(parse_cron("cron(0 9 ? * * *)")) == 1440


@pytest.mark.parametrize(
    ("text", "message", "offset"),
    [
        ("cron(0 12 * * *)", "has six fields", 0),
        ("cron(0 12 * * * *)", "exactly one of day-of-month and day-of-week must be '?'", 10),
        ("cron(0 12 ? * ? *)", "exactly one of day-of-month and day-of-week must be '?'", 10),
        ("cron(61 12 * * ? *)", "'61' is not a valid minute (0 to 59)", 5),
        ("cron(0 12 1 FOO ? *)", "'FOO' is not a valid month (1 to 12)", 12),
        ("cron(0 12 ? * FOOL *)", "'FOOL' is not a valid day of the week (1 to 7)", 14),
        ("cron(0/0 2 * * ? *)", "after '/' stands a number above 0", 5),
        ("cron[0 2 * * ? *]", "is not a cron expression", 0),
    ],
)
def test_what_aws_refuses_is_refused_at_its_place(text: str, message: str, offset: int) -> None:
    with pytest.raises(ScheduleError) as caught:
        parse_cron(text)
    assert message in caught.value.message
    assert caught.value.offset == offset


def test_a_ping_carries_hold_only_where_several_are_to_overlap() -> None:
    warm = Warm(input='{"instruction": "warmer"}', hold=120)
    assert warm.event(1) == '{"instruction": "warmer"}'
    assert warm.event(3) == '{"instruction": "warmer", "holdMs": 120}'
    assert warm.event(3, hold=900) == '{"instruction": "warmer", "holdMs": 900}'


@pytest.mark.parametrize("given", ["[1, 2]", "ping", "7", "false"])
def test_one_instance_may_get_any_json(given: str, draft_of: Callable[..., Draft]) -> None:
    draft_of(FUNCTION + f"{{input: {given}}}\n")


@pytest.mark.parametrize(
    ("warm", "faults"),
    [
        (
            "{input: ping, instances: 2}",
            ["9:12: with 2 instances the input must be a mapping: a ping adds 'holdMs' to it"],
        ),
        ("{every: rate(1 minutes)}", ["9:19: 'rate(1 minutes)' is not as AWS spells it: rate(1 minute)"]),
        ('{every: "cron(0 25 * * ? *)"}', ["9:27: '25' is not a valid hour (0 to 23)"]),
        ("{time-zone: Europe/Dublin}", ["9:12: 'time-zone' has no effect without a cron expression in 'every'"]),
        (
            '{every: "cron(0 5 * * ? *)", time-zone: Europe/Dublim}',
            ["9:51: there is no time zone 'Europe/Dublim'; did you mean 'Europe/Dublin'?"],
        ),
        (
            "{only: Mun-Fri 07:00-20:00 Europe/Dublin}",
            ["9:18: 'Mun' in 'Mun-Fri' is not a day: Mon, Tue, Wed, Thu, Fri, Sat or Sun"],
        ),
        ("{only: Mon-Fri 07:00-25:00 Europe/Dublin}", ["9:32: '25:00' is not a time of day"]),
        (
            "{only: office hours}",
            [
                (
                    "9:18: 'office hours' is not a window of days and hours, for instance 'Mon-Fri 07:00-20:00 "
                    "Europe/Dublin'"
                )
            ],
        ),
        (
            '{every: "cron(0 5 * * ? *)", only: Mon-Fri 07:00-20:00 Europe/Dublin}',
            ["9:40: a cron expression says itself on which days and hours: leave 'only' or take '5 minutes'"],
        ),
    ],
)
def test_faults_have_their_place(warm: str, faults: list[str], faults_of: Callable[..., list[str]]) -> None:
    assert faults_of(FUNCTION + warm + "\n") == faults


@pytest.mark.parametrize("every", ["7 minutes", "45 minutes", "90 minutes"])
def test_steps_that_cron_cannot_say_are_refused(every: str, faults_of: Callable[..., list[str]]) -> None:
    (fault,) = faults_of(FUNCTION + f"{{every: {every}, only: Mon-Fri 07:00-20:00 Europe/Dublin}}\n")
    assert fault.startswith("9:19: ")
    assert "do not go into an hour" in fault


def test_the_scheduler_cannot_hold_several_instances(faults_of: Callable[..., list[str]]) -> None:
    (fault,) = faults_of(FUNCTION + "{only: Mon-Fri 07:00-20:00 Europe/Dublin, instances: 2}\n")
    assert "at a moment of its own within the minute" in fault


def test_enabled_is_left_open_unless_it_is_told() -> None:
    told: dict[str, Any] = {"enabled": True}
    silent, spoken = build_warm({}), build_warm(told)
    assert silent is not None
    assert spoken is not None
    assert (silent.enabled, spoken.enabled) == (None, True)
