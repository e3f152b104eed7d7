from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from backendctl.sandbox import schedules
from backendctl.sandbox.world import environment


@pytest.mark.parametrize(
    ("given", "seconds"),
    [(None, 60), ("", 60), ("2", 2), ("0.5", 0.5), ("0", 60), ("-1", 60), ("inf", 60), ("nan", 60), ("soon", 60)],
)
def test_a_minute_is_a_number_of_seconds_above_nothing(given: str | None, seconds: float) -> None:
    assert schedules.minute_seconds(given) == seconds


@pytest.mark.parametrize(("minute", "interval", "looks"), [(60, 300, 1.0), (6, 30, 0.1), (1, 5, 0.05)])
def test_rates_follow_the_minute_and_are_looked_at_often_enough(minute: float, interval: float, looks: float) -> None:
    eventbridge = SimpleNamespace(_parse_rate_seconds={"rate(5 minutes)": 300}.get, _SCHEDULER_TICK_INTERVAL=10)
    scheduler = SimpleNamespace(_SCHEDULE_TICK_INTERVAL=10)
    schedules.quicken(eventbridge, scheduler, minute)
    assert eventbridge._parse_rate_seconds("rate(5 minutes)") == interval
    assert eventbridge._parse_rate_seconds("cron(0 12 * * ? *)") is None
    intervals = [eventbridge._SCHEDULER_TICK_INTERVAL, scheduler._SCHEDULE_TICK_INTERVAL]
    assert intervals == [looks, looks]


def test_the_server_is_told_of_the_minute(tmp_path: Path) -> None:
    told = environment(port=1, data=tmp_path, host={"BACKENDCTL_SANDBOX_MINUTE_SECONDS": "2", "SECRET": "x"})
    assert told["BACKENDCTL_SANDBOX_MINUTE_SECONDS"] == "2"
    assert "SECRET" not in told
