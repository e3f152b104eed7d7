"""The same question answered in several regions: where the answers differ."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backendctl.json_path import JsonPath, Way, written
from backendctl.secrets import KNOWN

_LINE = 80
"""Characters of a value that are shown."""
ABSENT = "(absent)"
"""Stands for what an answer does not have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One place where answers are not the same.

    Attributes:
        path: a JSON path. values: region → what it answered there, `ABSENT` for nothing.
    """

    path: str
    values: Mapping[str, Any]

    def __str__(self) -> str:
        told = ", ".join(f"{region}: {_short(value)}" for region, value in self.values.items())
        return f"{self.path}: {told}"

    @property
    def odd(self) -> set[str]:
        """The regions that do not answer as most do; all of them where no answer is the most frequent one."""
        alike = {
            region: sum(same(value, other) for other in self.values.values()) for region, value in self.values.items()
        }
        lead = max(alike.values(), default=0)
        leaders = [region for region, count in alike.items() if count == lead]
        return set(self.values).difference(leaders if len(leaders) == lead else ())


def differences(answers: Mapping[str, Any], ignore: Sequence[JsonPath] = ()) -> list[Difference]:
    """Where answers differ, in the order of the first one.

    Args:
        answers: region → value.
        ignore: parts that may differ.
    """
    ignored = {way for value in answers.values() for path in ignore for way, _ in path.select(value)}
    return list(_walk((), answers, ignored))


def decoded(text: str) -> Any:
    """The value of a JSON text; the text itself when it is none."""
    try:
        return json.loads(text, parse_constant=refuse_constant)
    except (ValueError, RecursionError):
        return text


def refuse_constant(name: str) -> Any:
    """For `json.loads`, which takes NaN and Infinity although JSON has no such values.

    Raises:
        ValueError: always.
    """
    raise ValueError(f"JSON has no {name}")


def _walk(way: Way, values: Mapping[str, Any], ignored: set[Way]) -> Iterator[Difference]:
    if way in ignored or not values:
        return
    first: Any = next(iter(values.values()))
    if all(isinstance(value, dict) for value in values.values()):
        for key in dict.fromkeys(key for value in values.values() for key in value):
            yield from _walk((*way, key), {name: value.get(key, ABSENT) for name, value in values.items()}, ignored)
    elif all(isinstance(value, list) and len(value) == len(first) for value in values.values()):
        for index in range(len(first)):
            yield from _walk((*way, index), {name: value[index] for name, value in values.items()}, ignored)
    elif any(not same(value, first) for value in values.values()):
        yield Difference(path=written(way), values=dict(values))


def same(one: Any, other: Any) -> bool:
    """As JSON: 1 and true are not the same, 1 and 1.0 are."""
    if isinstance(one, bool) is not isinstance(other, bool):
        return False
    return bool(one == other)


def _short(value: Any) -> str:
    text = value if value is ABSENT else json.dumps(value, ensure_ascii=False)
    return KNOWN.redact_short(text, _LINE)
