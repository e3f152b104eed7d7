"""Whole numbers in texts that somebody else wrote."""

from __future__ import annotations

_MOST = 18
"""Digits: more stand for no number of AWS, and Python refuses thousands of them."""


def whole(text: str) -> int | None:
    """The number that ASCII digits write, such as "007"; None for any other text, such as "²", "-1" or 5,000 digits."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= _MOST else None
