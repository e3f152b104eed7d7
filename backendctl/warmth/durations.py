"""Lengths of time as people write them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

KEPT = 455 * 86_400
"""Seconds for which CloudWatch keeps metrics."""

_LONGEST = 20 * 365 * 86_400
"""Seconds: AWS has nothing that is older, and its own calls take no moment before 1970."""
_DURATION = re.compile(r"(?P<number>[0-9]+(?:\.[0-9]+)?)\s*(?P<unit>[smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def seconds_of(text: str) -> float:
    """`90s`, `30m`, `24h`, `7d`, `2w`; more than none, and at most 20 years.

    Raises:
        ValueError: with a sentence to follow the option's name.
    """
    found = _DURATION.fullmatch(text.strip())
    if found is None or float(found["number"]) <= 0:
        raise ValueError(f"'{text}' is not a duration: write for instance 90s, 30m, 24h or 7d")
    seconds = float(found["number"]) * _SECONDS[found["unit"]]
    if seconds > _LONGEST:
        raise ValueError(f"{text[:40]!r} is longer than 20 years")
    return seconds


def moment_of(text: str, *, now: float) -> float:
    """Seconds since the epoch: so long ago, as `seconds_of` reads it, or a time of ISO 8601, UTC unless it says more.

    Raises:
        ValueError: with a sentence to follow the option's name.
    """
    if _DURATION.fullmatch(text.strip()):
        return now - seconds_of(text)
    try:
        given = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"'{text}' is not a time: write 15m, 24h, or 2026-11-28T16:00:00Z") from None
    found = (given if given.tzinfo else given.replace(tzinfo=UTC)).timestamp()
    if found > now:
        raise ValueError(f"'{text}' is in the future")
    if found < now - _LONGEST:
        raise ValueError(f"'{text}' is more than 20 years ago")
    return found
