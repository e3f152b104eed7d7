"""When schedules fire, on a clock that is moved by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from ministack.services import eventbridge, scheduler

from backendctl.sandbox.schedules import Schedules

KEY = ("123456789012", "us-east-1", "group/name")


class Time:
    def __init__(self, text: str) -> None:
        self.now = datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()

    def __call__(self) -> float:
        return self.now


def fired(expression: str, *, minutes: int, begin: str = "2026-06-01T05:00:00", **more: Any) -> list[str]:
    """The UTC times at which a schedule fires, swept every ten seconds from `begin`, made then."""
    clock, found = Time(begin), []
    schedule = {
        "State": "ENABLED",
        "ScheduleExpression": expression,
        "CreationDate": clock.now,
        "Target": {"Arn": "arn"},
        **more,
    }
    known = {KEY: schedule}
    module = SimpleNamespace(
        _schedules=SimpleNamespace(_data=known),
        _to_epoch=scheduler._to_epoch,
        get_account_id=lambda: "",
        get_region=lambda: "",
        set_request_account_id=lambda _: None,
        set_request_region=lambda _: None,
        new_uuid=lambda: "id",
    )
    events = SimpleNamespace(
        _parse_rate_seconds=eventbridge._parse_rate_seconds,
        _parse_cron_fields=eventbridge._parse_cron_fields,
        _cron_next_fire=eventbridge._cron_next_fire,
        _invoke_target=lambda *_: found.append(datetime.fromtimestamp(clock.now, UTC).strftime("%d %H:%M")),
    )
    swept = Schedules(scheduler=module, eventbridge=events, clock=clock)
    for _ in range(minutes * 6):
        swept.sweep()
        clock.now += 10
    return found


def test_office_hours_are_those_of_the_time_zone() -> None:
    """In June Dublin is one hour ahead of UTC."""
    zone = {"ScheduleExpressionTimezone": "Europe/Dublin"}
    assert fired("cron(0/20 7-8 ? * MON-FRI *)", minutes=300, **zone) == [
        "01 06:00", "01 06:20", "01 06:40", "01 07:00", "01 07:20", "01 07:40",
    ]  # fmt: skip
    assert fired("cron(0 7 ? * MON *)", minutes=150) == ["01 07:00"]


def test_a_rate_counts_from_when_it_was_made() -> None:
    assert fired("rate(10 minutes)", minutes=25) == ["01 05:10", "01 05:20"]


def test_one_moment_comes_once_and_may_take_its_schedule_with_it() -> None:
    zone = {"ScheduleExpressionTimezone": "Europe/Dublin"}
    assert fired("at(2026-06-01T06:05:00)", minutes=20, **zone) == ["01 05:05"]
    assert fired("at(2026-06-01T06:05:00)", minutes=20, ActionAfterCompletion="DELETE", **zone) == ["01 05:05"]


@pytest.mark.parametrize("more", [{"State": "DISABLED"}, {"EndDate": 1.0}, {"StartDate": 9e9}])
def test_what_is_off_or_out_of_its_dates_does_not_fire(more: dict[str, Any]) -> None:
    assert fired("rate(1 minute)", minutes=5, **more) == []
