"""Filter patterns of CloudWatch Logs, in their three languages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backendctl.sandbox.logs import json_pattern, terms, word_pattern
from backendctl.sandbox.logs.faults import PatternError

if TYPE_CHECKING:
    from collections.abc import Callable


def parse(text: str) -> Callable[[str], bool]:
    """What decides whether a message fits a pattern; an empty one fits all.

    Raises:
        PatternError: CloudWatch Logs would refuse the pattern, or the sandbox does not know it.
    """
    bare = text.strip()
    for first, last, read in (("{", "}", json_pattern.parse), ("[", "]", word_pattern.parse)):
        if bare.startswith(first):
            if not bare.endswith(last):
                raise PatternError(f"Invalid filter pattern: {text}")
            return read(bare)
    return terms.parse(bare).matches
