"""Lengths of time as people write them."""

from __future__ import annotations

import re

KEPT = 455 * 86_400
"""Seconds for which CloudWatch keeps metrics."""

_DURATION = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>[smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def seconds_of(text: str) -> float:
    """`90s`, `30m`, `24h`, `7d`, `2w`; more than none.

    Raises:
        ValueError: with a sentence to follow the option's name.
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None or float(found["number"]) <= 0:
        raise ValueError(f"'{text}' is no duration: write for instance 90s, 30m, 24h or 7d")
    return float(found["number"]) * _SECONDS[found["unit"]]
