"""Lengths of time as people write them."""

from __future__ import annotations

import pytest

from backendctl.warmth.durations import moment_of, seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("24h", 86_400), ("1.5 h", 5400), ("7d", 604_800), ("2w", 1_209_600)],
)
def test_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "d", "0d", "-3d", "3x", "1e3s", "soon"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        seconds_of(text)


NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("15m", NOW - 900),
        ("2027-01-15T08:00:00Z", NOW),
        ("2027-01-15T07:59:59", NOW - 1),
        ("2027-01-15T09:00:00+01:00", NOW),
        ("2027-01-15", NOW - 8 * 3600),
    ],
)
def test_a_moment_is_so_long_ago_or_a_time_of_utc(text: str, moment: float) -> None:
    assert moment_of(text, now=NOW) == moment


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("2027-01-16", "in the future"),
        ("soon", "is not a time"),
        ("", "is not a time"),
        ("0001-01-01", "more than 20 years ago"),
        ("99999999999d", "longer than 20 years"),
        (f"{'9' * 5000}h", "longer than 20 years"),
    ],
)
def test_a_moment_that_is_none_or_has_not_come_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        moment_of(text, now=NOW)
