"""Whether an answer is the recorded one, but for the values that AWS makes up."""

from __future__ import annotations

import contextlib
import json
import re
from datetime import datetime
from typing import Any

RECORDED_ACCOUNT = "111111111111"
_BARE = re.compile(r"(?<=_)date(?=\.)|second-invalid-target-id")
"""Placeholders without brackets, inside of a text."""

_PLACEHOLDER = re.compile(r"<([a-z][a-z0-9_-]*)(?::(\d+))?>", re.IGNORECASE)
_TIMES = {"datetime", "date", "timestamp", "<datetime>"}
_ANYTHING = {"target-arn", "target-id", "code-sha256"}
_STAMP = re.compile(r"\d{4}-\d\d-\d\dT.+|[A-Z][a-z]{2}, .+|\d+(\.\d+)?")


class Bindings:
    """What each placeholder of a case stands for: equal numbers are equal values, other numbers are other values."""

    def __init__(self, known: dict[str, str]) -> None:
        self._known = known
        self._values: dict[str, str] = {}

    def replace_known(self, text: str) -> str:
        for placeholder, value in self._known.items():
            text = text.replace(placeholder, value)
        return text

    def agree(self, kind: str, number: str, value: str) -> bool:
        name = f"{kind}:{number}"
        if name in self._values:
            return self._values[name] == value
        others = {each for key, each in self._values.items() if key.startswith(f"{kind}:")}
        if value in others:
            return False
        self._values[name] = value
        return True

    def snapshot(self) -> dict[str, str]:
        return dict(self._values)

    def restore(self, values: dict[str, str]) -> None:
        self._values = values


def difference(expected: Any, actual: Any, bindings: Bindings, at: str = "") -> str | None:
    """The first thing in which an answer differs from the recorded one, None when there is none."""
    if isinstance(expected, dict):
        return _objects(expected, actual, bindings, at)
    if isinstance(expected, list):
        return _lists(expected, actual, bindings, at)
    if isinstance(expected, str):
        return None if _text(expected, actual, bindings) else _unlike(expected, actual, at)
    same = expected == actual and isinstance(expected, bool) == isinstance(actual, bool)
    return None if same else _unlike(expected, actual, at)


def named(expected: Any, actual: Any) -> Any:
    """Of an answer only what is expected in part: the members that are named, at any depth."""
    if isinstance(expected, dict) and isinstance(actual, str):
        with contextlib.suppress(ValueError):
            actual = json.loads(actual)
    if isinstance(expected, dict) and isinstance(actual, dict):
        return {key: named(each, actual[key]) for key, each in expected.items() if key in actual}
    if isinstance(expected, list) and isinstance(actual, list) and len(expected) == len(actual):
        return [named(one, other) for one, other in zip(expected, actual, strict=True)]
    return actual


def _unlike(expected: Any, actual: Any, at: str) -> str:
    return f"{at or 'it'} is {actual!r:.300}, recorded {expected!r:.300}"


def _objects(expected: dict[str, Any], actual: Any, bindings: Bindings, at: str) -> str | None:
    if isinstance(actual, str):  # the recorder parsed texts that hold JSON
        try:
            actual = json.loads(actual)
        except ValueError:
            return _unlike(expected, actual, at)
    if not isinstance(actual, dict):
        return _unlike(expected, actual, at)
    absent, extra = sorted(expected.keys() - actual.keys()), sorted(actual.keys() - expected.keys())
    if absent or extra:
        return f"{at or 'it'} lacks {absent}, has {extra} which AWS does not give"
    each = (difference(value, actual[key], bindings, f"{at}.{key}".lstrip(".")) for key, value in expected.items())
    return next((found for found in each if found), None)


def _lists(expected: list[Any], actual: Any, bindings: Bindings, at: str) -> str | None:
    """In order, or in any: some lists were sorted by the recorder."""
    if not isinstance(actual, list) or len(actual) != len(expected):
        return _unlike(expected, actual, at)
    before = bindings.snapshot()
    in_order = (
        difference(one, other, bindings, f"{at}.{place}")
        for place, (one, other) in enumerate(zip(expected, actual, strict=True))
    )
    problem = next((found for found in in_order if found), None)
    if problem is None:
        return None
    bindings.restore(before)
    left = list(actual)
    for one in expected:
        fitting = next((other for other in left if _fits(one, other, bindings)), None)
        if fitting is None:
            return problem
        left.remove(fitting)
    return None


def _fits(expected: Any, actual: Any, bindings: Bindings) -> bool:
    before = bindings.snapshot()
    if difference(expected, actual, bindings) is None:
        return True
    bindings.restore(before)
    return False


def _text(expected: str, actual: Any, bindings: Bindings) -> bool:
    if expected in _TIMES and expected != actual:
        return isinstance(actual, (datetime, int, float)) or _STAMP.fullmatch(str(actual)) is not None
    expected = _BARE.sub(r"<\g<0>>", bindings.replace_known(expected))
    if expected in _ANYTHING:
        return bool(actual)
    if expected == actual:
        return True
    names: list[tuple[str, str]] = []

    def group(found: re.Match[str]) -> str:
        names.append((found[1], found[2]))
        return "(.+?)"

    parts = _PLACEHOLDER.split(expected)
    if len(parts) == 1:
        return False
    found = re.fullmatch(_pattern(expected, group), str(actual), re.DOTALL)
    if found is None:
        return False
    bound = [(kind, number, value) for (kind, number), value in zip(names, found.groups(), strict=True) if number]
    return all(bindings.agree(kind, number, value) for kind, number, value in bound)


def _pattern(expected: str, group: Any) -> str:
    pattern, end = "", 0
    for found in _PLACEHOLDER.finditer(expected):
        pattern += re.escape(expected[end : found.start()]) + group(found)
        end = found.end()
    return pattern + re.escape(expected[end:])
