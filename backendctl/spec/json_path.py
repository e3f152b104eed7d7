"""JSON paths of a plain kind: `$.items[0].name`, `$['a b']`, `$.items[*].id`; pure."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterable, Iterator
from typing import Any

Step = str | int | None
"""A key, a place in a list, or None for every item and every value."""
_STEP = re.compile(r"""\.([A-Za-z_][\w-]*)|\[(\d+)\]|\[\*\]|\.\*|\['((?:[^'\\]|\\.)*)'\]""")


def parse(path: str) -> tuple[Step, ...]:
    """The steps of a path.

    Raises:
        ValueError: it is none, with where it ends to be one.
    """
    if not path.startswith("$"):
        raise ValueError(f"'{path}' is no JSON path: it begins with $, for instance $.items[0].name")
    steps: list[Step] = []
    at = 1
    while at < len(path):
        found = _STEP.match(path, at)
        if found is None:
            raise ValueError(f"'{path}' is no JSON path from '{path[at:]}' on")
        key, place, quoted = found.groups()
        steps.append(key if key is not None else int(place) if place is not None else _plain(quoted))
        at = found.end()
    return tuple(steps)


def select(document: Any, path: str) -> list[Any]:
    """Every value that a path leads to; none where it leads nowhere."""
    return [value for _, value in _walk(document, parse(path), ())]


def without(document: Any, paths: Iterable[str]) -> Any:
    """A copy that lacks what these paths lead to; an item of a list becomes None, so that others keep their place."""
    left = copy.deepcopy(document)
    for path in paths:
        for steps, _ in list(_walk(left, parse(path), ())):
            _drop(left, steps)
    return left


def differing(one: Any, other: Any, steps: tuple[str | int, ...] = ()) -> Iterator[str]:
    """The paths at which two documents differ, as deep as they can be named."""
    if isinstance(one, dict) and isinstance(other, dict):
        for key in sorted(one.keys() | other.keys()):
            if key not in one or key not in other:
                yield spelt((*steps, key))
            else:
                yield from differing(one[key], other[key], (*steps, key))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for place, (mine, yours) in enumerate(zip(one, other, strict=True)):
            yield from differing(mine, yours, (*steps, place))
    elif one != other or isinstance(one, bool) is not isinstance(other, bool):
        yield spelt(steps)


def spelt(steps: Iterable[str | int]) -> str:
    """Steps as a path that `parse` reads."""
    return "$" + "".join(_spelt(step) for step in steps)


def _spelt(step: str | int) -> str:
    if isinstance(step, int):
        return f"[{step}]"
    if re.fullmatch(r"[A-Za-z_][\w-]*", step):
        return f".{step}"
    return "['" + step.replace("\\", "\\\\").replace("'", "\\'") + "']"


def _plain(quoted: str | None) -> str | None:
    return None if quoted is None else re.sub(r"\\(.)", r"\1", quoted)


def _walk(
    value: Any, steps: tuple[Step, ...], way: tuple[str | int, ...]
) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    if not steps:
        yield way, value
        return
    step, rest = steps[0], steps[1:]
    if isinstance(value, dict):
        keys = list(value) if step is None else [step] if step in value else []
        for key in keys:
            yield from _walk(value[key], rest, (*way, key))
    elif isinstance(value, list):
        places = range(len(value)) if step is None else [step] if isinstance(step, int) and step < len(value) else []
        for place in places:
            yield from _walk(value[place], rest, (*way, place))


def _drop(document: Any, steps: tuple[str | int, ...]) -> None:
    if not steps:
        return
    holder = document
    for step in steps[:-1]:
        holder = holder[step]
    if isinstance(holder, list):
        holder[int(steps[-1])] = None
    else:
        holder.pop(steps[-1], None)
