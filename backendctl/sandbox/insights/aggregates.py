"""Functions over many rows."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backendctl.sandbox.insights.tree import number, order, text

Values = Sequence[Any]
"""Of one field, row by row, from the earliest to the latest; what is missing is left out."""


def _numbers(function: Callable[[list[float]], float]) -> Callable[[Values], Any]:
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
    "avg": _numbers(statistics.fmean),
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
    "stddev": _numbers(lambda given: statistics.stdev(given) if len(given) > 1 else 0.0),
    "sum": _numbers(math.fsum),
}

TWO_ARGUMENTS = frozenset({"pct", "percentile"})
