"""Where two long values differ: structures by their leaves, templates and other texts line by line."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Sequence
from typing import Any

from backendctl.openapi.leaves import MISSING, leaves
from backendctl.openapi.pointer import Way

LONGEST = 60
_CONTEXT = 2  # lines of a template around what differs
_SHOWN = 12  # lines of one difference without -v


def is_long(*values: Any) -> bool:
    """Whether values are too long, or of too many lines, to stand beside each other."""
    texts = [one_line(value) for value in values if value is not None]
    return any(len(text) > LONGEST for text in texts) or any("\n" in v.strip() for v in values if isinstance(v, str))


def one_line(value: Any) -> str:
    """A value as one line of text, complete."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, ensure_ascii=False)
    return " ".join(text.split())


def lines_of(before: Any, after: Any, *, verbose: bool = False) -> list[str]:
    """`- …` and `+ …` lines that show where two values differ, each complete enough to tell them apart.

    Args:
        verbose: all of it.
    """
    old, new = _parsed(before), _parsed(after)
    if isinstance(old, dict | list) and isinstance(new, dict | list):
        found = [line for leaf in leaves(old, new) for line in _leaf(leaf.way, leaf.before, leaf.after)]
    elif isinstance(before, str) and isinstance(after, str):
        found = list(_texts(before, after))
    else:
        found = [*_side("-", before), *_side("+", after)]
    if verbose or len(found) <= _SHOWN:
        return found
    return [*found[:_SHOWN], f"… {len(found) - _SHOWN} more lines: -v shows all"]


def _parsed(value: Any) -> Any:
    """A text that holds JSON is compared as what it holds; a template with variables stays a text."""
    if not isinstance(value, str) or not value.lstrip().startswith(("{", "[")):
        return value
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value


def _leaf(way: Way, before: Any, after: Any) -> Iterator[str]:
    place = " > ".join(way)
    texts = isinstance(before, str) and isinstance(after, str) and is_long(before, after)
    if texts:
        yield from (f"{place}: {line}" if place else line for line in _texts(before, after))
        return
    for sign, value in (("-", before), ("+", after)):
        if value is not MISSING:
            yield f"{sign} {place}: {one_line(value)}" if place else f"{sign} {one_line(value)}"


def _side(sign: str, value: Any) -> Iterator[str]:
    if value is None or value is MISSING:
        return
    text = value if isinstance(value, str) else json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False)
    yield from (f"{sign} {line}" for line in text.splitlines())


def _texts(before: str, after: str) -> Iterator[str]:
    """A unified diff of lines; one long line is cut around what differs in it."""
    old, new = before.splitlines(), after.splitlines()
    if len(old) <= 1 and len(new) <= 1:
        yield from _one_line(before, after)
        return
    found = list(difflib.unified_diff(old, new, n=_CONTEXT, lineterm=""))[2:]
    if not found:  # only the end of the last line differs
        yield from (f"- {before!r}", f"+ {after!r}")
        return
    for line in found:
        yield line if line.startswith("@@") else f"{line[:1]} {line[1:]}"


def _one_line(before: str, after: str) -> Iterator[str]:
    start = _common(before, after)
    end = _common(before[start:][::-1], after[start:][::-1])
    for sign, text in (("-", before), ("+", after)):
        first, last = max(0, start - LONGEST // 3), min(len(text), len(text) - end + LONGEST // 3)
        yield f"{sign} {'…' if first else ''}{text[first:last]}{'…' if last < len(text) else ''}"


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((index for index, (left, right) in pairs if left != right), min(len(one), len(other)))
