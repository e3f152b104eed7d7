"""Metric math: numbers, series, and what can be done with them."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backendctl.sandbox.metrics.faults import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Series = dict[int, float]
"""Values by the beginning of their period, in seconds since the epoch."""

Value = float | Series | list[Series] | str

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)|(?P<name>[A-Za-z_]\w*)|(?P<sign>[-+*/^(),\[\]])"
    r"|(?P<text>\"[^\"]*\"|'[^']*'))"
)
_ID = re.compile(r"[a-z]\w*")
_SIGNS: Mapping[str, Callable[[float, float], float]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "^": operator.pow,
}
_OVER: Mapping[str, Callable[[Sequence[float]], float]] = {
    "AVG": lambda values: sum(values) / len(values),
    "MAX": max,
    "MIN": min,
    "SUM": sum,
}


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What an expression may refer to.

    Attributes:
        series: the series of a query, by its id; raises KeyError for an id of none.
        metrics: label and series of all queries of metrics, for METRICS().
        periods: beginnings of all periods of the request, for FILL().
    """

    series: Callable[[str], Series]
    metrics: Sequence[tuple[str, Series]]
    periods: Sequence[int]


def evaluate(text: str, scope: Scope) -> Series:
    """The series an expression makes.

    Raises:
        DataError: it is none, or uses what the sandbox does not know.
    """
    reader = _Reader(text, scope)
    found = reader.sum()
    reader.end()
    if not isinstance(found, dict):
        raise DataError(f"Error in expression '{text}': it must return one time series")
    return found


class _Reader:
    def __init__(self, text: str, scope: Scope) -> None:
        self._text = text
        self._scope = scope
        self._tokens: list[tuple[str, str]] = []
        place = 0
        while text[place:].strip():
            match = _TOKEN.match(text, place)
            if match is None or match.lastgroup is None:
                raise self._fault(f"unexpected '{text[place:].strip()[0]}'")
            self._tokens.append((match.lastgroup, match[match.lastgroup]))
            place = match.end()

    def end(self) -> None:
        if self._tokens:
            raise self._fault(f"unexpected '{self._tokens[0][1]}'")

    def sum(self) -> Value:
        return self._left(self._product, "+", "-")

    def _product(self) -> Value:
        return self._left(self._power, "*", "/")

    def _power(self) -> Value:
        base = self._single()
        return self._applied("^", base, self._power()) if self._took("^") else base

    def _left(self, part: Callable[[], Value], *signs: str) -> Value:
        found = part()
        while self._tokens and self._tokens[0] in [("sign", sign) for sign in signs]:
            sign = self._tokens.pop(0)[1]
            found = self._applied(sign, found, part())
        return found

    def _single(self) -> Value:
        kind, text = self._tokens.pop(0) if self._tokens else ("end", "end of expression")
        match kind, text:
            case "number", _:
                return float(text)
            case "text", _:
                return text[1:-1]
            case "sign", "-":
                return self._applied("*", -1.0, self._single())
            case "sign", "(":
                found = self.sum()
                self._expect(")")
                return found
            case "sign", "[":
                return self._series_of(self._until("]"))
            case "name", _:
                return self._call(text) if self._took("(") else self._named(text)
        raise self._fault(f"unexpected '{text}'")

    def _named(self, name: str) -> Value:
        if name in {"REPEAT", "LINEAR"}:
            return name
        if not _ID.fullmatch(name):
            raise self._fault(f"the sandbox does not know {name}")
        try:
            return self._scope.series(name)
        except KeyError:
            raise self._fault(f"there is no query with the id {name}") from None

    def _call(self, function: str) -> Value:
        arguments = self._until(")")
        match function, arguments:
            case "METRICS", []:
                return [series for _, series in self._scope.metrics]
            case "METRICS", [str(part)]:
                return [series for label, series in self._scope.metrics if part in label]
            case "FILL", [dict(series), float() | "REPEAT" | "LINEAR" as how]:
                return _filled(series, how, self._scope.periods)
            case _, [list(several)] if function in _OVER:
                moments = sorted({moment for series in several for moment in series})
                return {at: _OVER[function]([each[at] for each in several if at in each]) for at in moments}
            case _, [dict(series)] if function in _OVER:
                return float(_OVER[function](list(series.values()))) if series else {}
        known = function in {"METRICS", "FILL", *_OVER}
        raise self._fault(f"{function} cannot be used like that" if known else f"the sandbox does not know {function}")

    def _until(self, closing: str) -> list[Value]:
        found: list[Value] = []
        if self._took(closing):
            return found
        while True:
            found.append(self.sum())
            if not self._took(","):
                self._expect(closing)
                return found

    def _series_of(self, values: list[Value]) -> list[Series]:
        found = [value for value in values if isinstance(value, dict)]
        if len(found) < len(values):
            raise self._fault("a list is of time series")
        return found

    def _applied(self, sign: str, one: Value, other: Value) -> Value:
        match one, other:
            case float(), float():
                found = _computed(sign, one, other)
                return {} if found is None else found
            case dict(), float():
                return _each(sign, {moment: (value, other) for moment, value in one.items()})
            case float(), dict():
                return _each(sign, {moment: (one, value) for moment, value in other.items()})
            case dict(), dict():
                return _each(sign, {moment: (value, other[moment]) for moment, value in one.items() if moment in other})
        raise self._fault(f"{sign} is for numbers and single time series in the sandbox")

    def _took(self, sign: str) -> bool:
        if self._tokens and self._tokens[0] == ("sign", sign):
            self._tokens.pop(0)
            return True
        return False

    def _expect(self, sign: str) -> None:
        if not self._took(sign):
            raise self._fault(f"expected '{sign}'")

    def _fault(self, why: str) -> DataError:
        return DataError(f"Error in expression '{self._text}': {why}")


def _each(sign: str, pairs: Mapping[int, tuple[float, float]]) -> Series:
    computed = {moment: _computed(sign, *pair) for moment, pair in pairs.items()}
    return {moment: value for moment, value in computed.items() if value is not None}


def _computed(sign: str, one: float, other: float) -> float | None:
    try:
        found = _SIGNS[sign](one, other)
    except ArithmeticError:
        return None  # no point where there is no value
    return found if isinstance(found, (int, float)) else None


def _filled(series: Series, how: float | str, periods: Sequence[int]) -> Series:
    """A series with values in the periods which have none."""
    if isinstance(how, float):
        return {moment: series.get(moment, how) for moment in periods}
    known = sorted(series)
    found: Series = {}
    for moment in periods:
        before = [each for each in known if each <= moment]
        after = [each for each in known if each >= moment]
        if before and (how == "REPEAT" or moment in series):
            found[moment] = series[before[-1]]
        elif before and after:
            first, last = before[-1], after[0]
            found[moment] = series[first] + (series[last] - series[first]) * (moment - first) / (last - first)
    return found
