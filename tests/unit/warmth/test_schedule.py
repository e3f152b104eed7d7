"""How often schedules fire in a month of 43,800 minutes."""

from __future__ import annotations

import pytest

from backendctl.warmth.schedule import MONTH_MINUTES, pings_per_month

DAYS = 365 / 12


@pytest.mark.parametrize(
    ("expression", "firings"),
    [
        ("rate(5 minutes)", 8760),
        ("rate(1 minute)", MONTH_MINUTES),
        ("rate(1 hour)", 730),
        ("rate(1 day)", DAYS),
        ("cron(0 12 * * ? *)", DAYS),
        ("cron(0/5 * * * ? *)", 8760),
        ("cron(0,30 8-17 * * ? *)", 20 * DAYS),
        ("cron(0/15 22-2 * * ? *)", 20 * DAYS),
        ("cron(0/5 7-20 ? * MON-FRI *)", 12 * 14 * DAYS * 5 / 7),
        ("cron(0/5 7-20 ? * 2-6 *)", 12 * 14 * DAYS * 5 / 7),
        ("cron(0 0 ? * FRI-MON *)", DAYS * 4 / 7),
    ],
)
def test_firings_of_a_month(expression: str, firings: float) -> None:
    assert pings_per_month(expression) == pytest.approx(firings)


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 0 1 * ? *)",
        "cron(0 0 L * ? *)",
        "cron(0 0 LW * ? *)",
        "cron(0 0 15W * ? *)",
        "cron(0 0 ? * 2#1 *)",
        "cron(0 0 ? * 6L *)",
        "cron(0 0 ? * FRIL *)",
    ],
)
def test_once_a_month_is_once_a_month(expression: str) -> None:
    assert pings_per_month(expression) == pytest.approx(1, rel=1e-3)  # 12 a year, of which some have 366 days


def test_years_that_are_named_count_their_own_months() -> None:
    assert pings_per_month("cron(0 0 * * ? 2026-2027)") == pytest.approx(DAYS)
    assert pings_per_month("cron(0 0 29 2 ? 2028)") == pytest.approx(DAYS / 366)


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("rate(1 minutes)", "write rate"),
        ("rate(5 minute)", "write rate"),
        ("rate(0 minutes)", "not a schedule"),
        ("5 minutes", "not a schedule"),
        ("cron(0 12 * * *)", "six fields"),
        ("cron(0 12 * * * *)", "must be '\\?'"),
        ("cron(0 12 ? * ? *)", "must be '\\?'"),
        ("cron(60 12 * * ? *)", "not a valid minute"),
        ("cron(0 25 * * ? *)", "not a valid hour"),
        ("cron(x 12 * * ? *)", "not a valid minute"),
        ("cron(0/x 12 * * ? *)", "a number above 0"),
        ("cron(0 12 ? * MOO *)", "not a valid day of the week"),
    ],
)
def test_what_eventbridge_would_refuse_is_refused(expression: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        pings_per_month(expression)
