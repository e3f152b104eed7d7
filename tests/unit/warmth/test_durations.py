"""Lengths of time as people write them."""

from __future__ import annotations

import pytest

from backendctl.warmth.durations import seconds_of


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("30m", 1800), ("24h", 86_400), ("1.5 h", 5400), ("7d", 604_800), ("2w", 1_209_600)],
)
def test_a_number_and_a_unit(text: str, seconds: float) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "30", "d", "0d", "-3d", "3x", "1e3s", "soon"])
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is no duration"):
        seconds_of(text)
