"""What is to be measured, as the user asked for it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from backendctl.errors import UsageError
from backendctl.whole import whole

SMALLEST, LARGEST = 128, 10_240
"""MB (B54)."""
SIZES = "128,256,512,1024,1769,3008"
MOST_SIZES = 20
LEAST_RUNS, MOST_RUNS = 5, 1000
_LARGEST_PAYLOAD = 6 * 1024 * 1024
"""Bytes of a synchronous call."""


class Goal(StrEnum):
    """What a size is recommended by."""

    COST = "cost"
    SPEED = "speed"
    BALANCED = "balanced"


@dataclass(frozen=True, kw_only=True, slots=True)
class Payload:
    """What every call is given.

    Attributes:
        text: JSON. source: where it came from, as told to the user.
    """

    text: str = "{}"
    source: str = "{}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What to measure.

    Attributes:
        function: its name in the spec. sizes: MB, ascending. runs: warm calls of each size.
    """

    function: str
    sizes: tuple[int, ...]
    payload: Payload
    runs: int


def sizes_of(text: str) -> tuple[int, ...]:
    """MB, ascending, from "128,256".

    Raises:
        UsageError: something is no size that Lambda takes, or stands twice.
    """
    words = [word.strip() for word in text.split(",")]
    wrong = [word or "nothing" for word in words if not _is_size(word)]
    if wrong:
        raise UsageError(
            f"--memory: {', '.join(wrong)} is not a valid memory size: whole MB from {SMALLEST} to {LARGEST}, "
            "separated by commas"
        )
    sizes = sorted(map(int, words))
    twice = sorted({size for size in sizes if sizes.count(size) > 1})
    if twice:
        raise UsageError(f"--memory: {', '.join(map(str, twice))} is given twice")
    if len(sizes) > MOST_SIZES:
        raise UsageError(f"--memory: {len(sizes)} sizes are too many; at most {MOST_SIZES}")
    return tuple(sizes)


def payload_of(file: Path | None) -> Payload:
    """The payload in a file, `{}` without one.

    Raises:
        UsageError: it cannot be read, is not JSON, or is too large for a call.
    """
    if file is None:
        return Payload()
    try:
        content = file.read_bytes()
        text = content.decode("utf-8-sig")
        json.loads(text)
    except OSError as error:
        raise UsageError(f"--payload {file}: it cannot be read: {error.strerror}") from None
    except json.JSONDecodeError as error:
        raise UsageError(f"--payload {file}:{error.lineno}:{error.colno}: it is not JSON: {error.msg}") from None
    except UnicodeDecodeError:
        raise UsageError(f"--payload {file}: it is not UTF-8 text") from None
    except (ValueError, RecursionError):
        raise UsageError(f"--payload {file}: it is nested too deeply, or has a number of too many digits") from None
    if len(content) > _LARGEST_PAYLOAD:
        raise UsageError(f"--payload {file}: {len(content):,} bytes are more than a call takes ({_LARGEST_PAYLOAD:,})")
    return Payload(text=text, source=str(file))


def _is_size(word: str) -> bool:
    return SMALLEST <= (whole(word) or 0) <= LARGEST
