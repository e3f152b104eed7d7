"""The functions of Logs Insights: of one row, and over many."""

from __future__ import annotations

import math
import operator
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backendctl.sandbox.insights.tokens import Period
from backendctl.sandbox.insights.tree import Moment, equal, is_true, number, order, text

Values = Sequence[Any]
"""Of one field, row by row, from the earliest to the latest; what is missing is left out."""


def _over_numbers(function: Callable[[list[float]], float]) -> Callable[[Values], Any]:
    def over(values: Values) -> Any:
        given = [each for value in values if (each := number(value)) is not None]
        return function(given) if given else None

    return over


def _least(values: Values) -> Any:
    return min((_plain(value) for value in values), key=order, default=None)


def _greatest(values: Values) -> Any:
    return max((_plain(value) for value in values), key=order, default=None)


def _plain(value: Any) -> Any:
    """A moment's least and greatest are told in milliseconds."""
    return int(value) if isinstance(value, int) else value


def percentile(values: Values, percent: Any) -> Any:
    """The value which so many percent of the values do not exceed."""
    given = sorted(each for value in values if (each := number(value)) is not None)
    share = number(percent)
    if not given or share is None:
        return None
    return given[max(0, math.ceil(share / 100 * len(given)) - 1)]


AGGREGATES: Mapping[str, Callable[..., Any]] = {
    "avg": _over_numbers(statistics.fmean),
    "count": len,
    "count_distinct": lambda values: len({text(value) for value in values}),
    "earliest": lambda values: values[0] if values else None,
    "latest": lambda values: values[-1] if values else None,
    "max": _greatest,
    "median": lambda values: percentile(values, 50),
    "min": _least,
    "pct": percentile,
    "percentile": percentile,
    "sortsfirst": lambda values: min(values, key=order, default=None),
    "sortslast": lambda values: max(values, key=order, default=None),
    "stddev": _over_numbers(lambda given: statistics.stdev(given) if len(given) > 1 else 0.0),
    "sum": _over_numbers(math.fsum),
}

TWO_ARGUMENTS = frozenset({"pct", "percentile"})


Function = Callable[..., Any]


def _numbers(function: Callable[..., float]) -> Function:
    """Of numbers only; None for anything else and for what cannot be computed."""

    def applied(*values: Any) -> Any:
        given = [number(value) for value in values]
        if any(each is None for each in given):
            return None
        try:
            return function(*(int(each) if isinstance(each, Moment) else each for each in given))
        except (ArithmeticError, ValueError):
            return None

    return applied


def _texts(function: Callable[..., Any]) -> Function:
    """Of values as texts; None when one is missing."""
    return lambda *values: None if None in values else function(*(text(value) for value in values))


def _compared(function: Callable[[Any, Any], bool]) -> Function:
    def applied(one: Any, other: Any) -> bool:
        if one is None or other is None:
            return False
        left, right = order(one), order(other)
        return left[0] == right[0] and function(left, right)

    return applied


def _substring(value: Any, start: Any, length: Any = None) -> str | None:
    begin, count = number(start), number(length)
    if value is None or begin is None:
        return None
    whole = text(value)
    return whole[int(begin) :] if count is None else whole[int(begin) : int(begin) + int(count)]


def _binned(moment: Any, period: Period) -> Moment | None:
    given = number(moment)
    return None if given is None else Moment(int(given) // period.milliseconds * period.milliseconds)


def _ceiled(moment: Any, period: Period) -> Moment | None:
    floor = _binned(moment, period)
    return floor if floor is None or floor == number(moment) else Moment(floor + period.milliseconds)


OPERATORS: Mapping[str, Function] = {
    "or": lambda one, other: is_true(one) or is_true(other),
    "and": lambda one, other: is_true(one) and is_true(other),
    "not": lambda value: not is_true(value),
    "=": lambda one, other: one is not None and other is not None and equal(one, other),
    "!=": lambda one, other: one is not None and other is not None and not equal(one, other),
    "<": _compared(operator.lt),
    "<=": _compared(operator.le),
    ">": _compared(operator.gt),
    ">=": _compared(operator.ge),
    "in": lambda one, *others: one is not None and any(equal(one, other) for other in others),
    "+": _numbers(operator.add),
    "-": _numbers(operator.sub),
    "*": _numbers(operator.mul),
    "/": _numbers(operator.truediv),
    "%": _numbers(operator.mod),
    "^": _numbers(operator.pow),
    "negative": _numbers(operator.neg),
}

FUNCTIONS: Mapping[str, tuple[int, int, Function]] = {
    # name: fewest and most arguments, and what it does
    "abs": (1, 1, _numbers(abs)),
    "ceil": (1, 1, _numbers(math.ceil)),
    "floor": (1, 1, _numbers(math.floor)),
    "greatest": (1, 99, lambda *values: max((one for one in values if one is not None), key=order, default=None)),
    "least": (1, 99, lambda *values: min(values, key=order)),
    "log": (1, 1, _numbers(math.log)),
    "sqrt": (1, 1, _numbers(math.sqrt)),
    "bin": (1, 2, _binned),
    "datefloor": (2, 2, _binned),
    "dateceil": (2, 2, _ceiled),
    "frommillis": (1, 1, lambda value: None if number(value) is None else Moment(int(number(value) or 0))),
    "tomillis": (1, 1, lambda value: None if number(value) is None else int(number(value) or 0)),
    "now": (0, 0, lambda: int(time.time())),
    "ispresent": (1, 1, lambda value: value is not None),
    "isempty": (1, 1, lambda value: value is None or text(value) == ""),
    "isblank": (1, 1, lambda value: value is None or not text(value).strip()),
    "coalesce": (1, 99, lambda *values: next((value for value in values if value is not None), None)),
    "concat": (1, 99, lambda *values: "".join(text(value) for value in values if value is not None)),
    "strlen": (1, 1, _texts(len)),
    "strcontains": (2, 2, _texts(lambda whole, part: part in whole)),
    "replace": (3, 3, _texts(lambda whole, old, new: whole.replace(old, new))),
    "substr": (2, 3, _substring),
    "tolower": (1, 1, _texts(str.lower)),
    "toupper": (1, 1, _texts(str.upper)),
    "trim": (1, 2, _texts(str.strip)),
    "ltrim": (1, 2, _texts(str.lstrip)),
    "rtrim": (1, 2, _texts(str.rstrip)),
}

ELSEWHERE = frozenset(
    {"isvalidip", "isvalidipv4", "isvalidipv6", "isipinsubnet", "isipv4insubnet", "isipv6insubnet"}
    | {"jsonparse", "jsonstringify", "urlencode", "urldecode", "base64encode", "base64decode", "datefield", "case"}
)
"""Functions of Logs Insights which the sandbox does not know."""
