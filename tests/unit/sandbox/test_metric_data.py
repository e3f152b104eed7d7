from __future__ import annotations

from typing import Any

import pytest

from backendctl.sandbox.metrics import data, expressions, statistics
from backendctl.sandbox.metrics.expressions import Scope, Series
from backendctl.sandbox.metrics.faults import DataError
from backendctl.sandbox.metrics.store import Point

SERIES: dict[str, Series] = {"m1": {0: 10.0, 60: 20.0, 180: 40.0}, "m2": {0: 2.0, 60: 0.0, 120: 5.0}}


def _point(value: float, count: float = 1, moment: float = 0) -> Point:
    return Point(moment=moment, unit="None", count=count, total=value * count, low=value, high=value)


HUNDRED = [_point(value) for value in range(1, 101)]


def _evaluated(text: str) -> Series:
    return expressions.evaluate(
        text, Scope(series=SERIES.__getitem__, metrics=list(SERIES.items()), periods=[0, 60, 120, 180])
    )


@pytest.mark.parametrize(
    ("text", "series"),
    [
        ("m1", SERIES["m1"]),
        ("m1 / m2", {0: 5.0}),
        ("m1 + m2 * 2", {0: 14.0, 60: 20.0}),
        ("(m1 + m2) * 2", {0: 24.0, 60: 40.0}),
        ("100 * (1 - m2 / 10)", {0: 80.0, 60: 100.0, 120: 50.0}),
        ("-m2 ^ 2", {0: 4.0, 60: 0.0, 120: 25.0}),
        ("FILL(m2, 0)", {0: 2.0, 60: 0.0, 120: 5.0, 180: 0.0}),
        ("FILL(m1, REPEAT)", {0: 10.0, 60: 20.0, 120: 20.0, 180: 40.0}),
        ("FILL(m1, LINEAR)", {0: 10.0, 60: 20.0, 120: 30.0, 180: 40.0}),
        ("SUM([m1, m2])", {0: 12.0, 60: 20.0, 120: 5.0, 180: 40.0}),
        ("MAX(METRICS())", {0: 10.0, 60: 20.0, 120: 5.0, 180: 40.0}),
        ('SUM(METRICS("m2"))', SERIES["m2"]),
        ("m1 / SUM(m1)", {0: 10 / 70, 60: 20 / 70, 180: 40 / 70}),
    ],
)
def test_simple_metric_math(text: str, series: Series) -> None:
    assert _evaluated(text) == pytest.approx(series)


@pytest.mark.parametrize(
    "text",
    [
        *("m3", "m1 +", "(m1", "m1 m2", "1 + 1", "SUM(m1)", "[m1, m2]", "METRICS() * 2", "SEARCH('x', 'Sum', 60)"),
        *("m1 > 2", "RATE(m1)", "FILL(m1)", "M1", "m1;", ""),
    ],
)
def test_what_is_no_expression_or_unknown_is_refused_by_name(text: str) -> None:
    with pytest.raises(DataError, match=r"^Error in expression '"):
        _evaluated(text)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SampleCount", 100),
        ("Sum", 5050),
        ("Average", 50.5),
        ("Minimum", 1),
        ("Maximum", 100),
        ("p0", 1),
        ("p50", 50.5),
        ("p95", 95.05),
        ("p99.9", 99.901),
        ("p100", 100),
        ("tm50", 25.5),
        ("TM(25%:75%)", 50.5),
        ("IQM", 50.5),
        ("tc90", 90),
        ("ts10", 55),
        ("TM(:10%)", 5.5),
        ("TM(90%:)", 95.5),
    ],
)
def test_statistics(name: str, value: float) -> None:
    assert statistics.is_known(name)
    assert statistics.value(HUNDRED, name) == pytest.approx(value)


@pytest.mark.parametrize("name", ["sum", "p101", "p", "PR(1:2)", "p95%", "tm", "Median"])
def test_what_is_no_statistic(name: str) -> None:
    assert not statistics.is_known(name)


def test_values_that_came_together_have_no_percentile_and_counted_ones_do() -> None:
    together = Point(moment=0, unit="None", count=3, total=6, low=1, high=3)
    assert statistics.value([together], "p50") is None
    assert statistics.value([together], "Average") == 2
    assert statistics.value([_point(1, 99), _point(7, 1)], "p50") == 1
    assert statistics.value([], "Sum") is None


def test_points_are_gathered_by_period() -> None:
    points = [_point(1, moment=moment) for moment in (59.9, 60, 119, 300)]
    assert {start: len(some) for start, some in statistics.by_period(points, 60).items()} == {0: 1, 60: 2, 300: 1}


def _asked(*queries: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"StartTime": 0.0, "EndTime": 3600.0, "MetricDataQueries": list(queries), **more}


def _query(query_id: str = "m1", **stat: Any) -> dict[str, Any]:
    metric = {"Namespace": "n", "MetricName": "x"}
    return {"Id": query_id, "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Sum", **stat}}


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (_asked(*[_query(f"m{number}") for number in range(501)]), "size greater than 500"),
        (_asked(_query(), _query()), "not unique"),
        (_asked(_query("M")), "not matching the expected pattern"),
        (_asked(_query(Period=61)), "multiple of 60"),
        (_asked(_query(Period=2)), "multiple of 60"),
        (_asked(_query(Stat="Total")), "The value Total for parameter MetricDataQueries.member.1.MetricStat.Stat"),
        (_asked(_query(), StartTime=3600.0), "StartTime must be less than"),
        (_asked({"Id": "a"}), "both missing"),
        (_asked({**_query(), "Expression": "m1"}), "mutually exclusive"),
        (_asked({**_query(), "Label": "${AVG}"}), "dynamic labels"),
        (_asked(_query(), MaxDatapoints=100_801), "MaxDatapoints"),
    ],
)
def test_what_get_metric_data_refuses(asked: dict[str, Any], words: str) -> None:
    with pytest.raises(DataError, match=words):
        data.judge(asked)


@pytest.mark.parametrize("period", [1, 5, 10, 20, 30, 60, 300, 86_400])
def test_periods(period: int) -> None:
    data.judge(_asked(_query(Period=period)))


def test_a_query_is_called_what_it_says_or_what_its_metric_is_called() -> None:
    assert data.label(_query()) == "x"
    assert data.label({**_query(), "Label": "own"}) == "own"
    assert data.label({"Id": "e1", "Expression": "m1"}) == "e1"
