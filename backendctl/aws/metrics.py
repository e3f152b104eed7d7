"""GetMetricData in bulk: many series, few calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from backendctl.aws.errors import BotoCoreError, ClientError, explain
from backendctl.errors import AwsError

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

LAG = 180
"""Seconds after which CloudWatch has a minute's figures, as a rule."""
MINUTE = 60
"""Seconds; CloudWatch keeps what AWS measures by the minute."""
_SOONEST = 1.0
"""Seconds that even a local AWS is late."""
_AT_ONCE = 500
"""Queries in one call, at most."""
_RESULT = "q_result"
_PARTLY = frozenset({"Complete", "PartialData"})  # PartialData goes on with the next page


@dataclass(frozen=True, kw_only=True, slots=True)
class Series:
    """One statistic of one metric.

    Attributes:
        dimensions: all of them; CloudWatch adds nothing up (A62).
        stat: Sum, SampleCount, p95 …
        period: seconds.
    """

    namespace: str
    metric: str
    dimensions: tuple[tuple[str, str], ...]
    stat: str = "Sum"
    period: int = 60

    def query(self, number: int) -> dict[str, Any]:
        """As GetMetricData wants it."""
        names = [{"Name": name, "Value": value} for name, value in self.dimensions]
        metric = {"Namespace": self.namespace, "MetricName": self.metric, "Dimensions": names}
        stat = {"Metric": metric, "Period": self.period, "Stat": self.stat}
        return {"Id": f"q{number}", "MetricStat": stat, "ReturnData": True}


Values = Mapping[int, float]
"""Seconds since the epoch → value; a time without data is missing, it is not 0."""


def fetch(aws: Aws, region: str, wanted: Iterable[Series], *, since: int, until: int) -> dict[Series, Values]:
    """Every series over that time, in seconds since the epoch.

    Raises:
        AwsError: CloudWatch refused, or gave no more than a part.
    """
    series = list(dict.fromkeys(wanted))
    found: dict[Series, dict[int, float]] = {one: {} for one in series}
    if until <= since:
        return dict(found)
    for start in range(0, len(series), _AT_ONCE):
        batch = series[start : start + _AT_ONCE]
        for result in _results(aws, region, batch, since=since, until=until):
            one = batch[int(result["Id"][1:])]
            for moment, value in zip(result["Timestamps"], result["Values"], strict=True):
                found[one][_seconds(moment)] = value
    return dict(found)


def evaluate(aws: Aws, region: str, metrics: Mapping[str, Series], math: str, *, since: int, until: int) -> Values:
    """A metric math expression over that time, in seconds since the epoch.

    Args:
        metrics: id → metric, all of one period, as the expression names them.

    Raises:
        AwsError: CloudWatch refused, for instance the expression, or gave no more than a part.
    """
    queries = [{**one.query(0), "Id": name, "ReturnData": False} for name, one in metrics.items()]
    queries.append({"Id": _RESULT, "Expression": math, "ReturnData": True})
    found: dict[int, float] = {}
    for result in _answers(aws, region, queries, since=since, until=until):
        if result["Id"] == _RESULT:
            found |= {_seconds(at): value for at, value in zip(result["Timestamps"], result["Values"], strict=True)}
    return found


def _results(aws: Aws, region: str, batch: Sequence[Series], *, since: int, until: int) -> Iterable[Any]:
    return _answers(aws, region, [one.query(n) for n, one in enumerate(batch)], since=since, until=until)


def _answers(aws: Aws, region: str, queries: Any, *, since: int, until: int) -> Iterable[Any]:
    pages = (
        aws.cloudwatch(region)
        .get_paginator("get_metric_data")
        .paginate(
            MetricDataQueries=queries,
            StartTime=datetime.fromtimestamp(since, UTC),
            EndTime=datetime.fromtimestamp(until, UTC),
            ScanBy="TimestampAscending",
        )
    )
    try:
        for page in pages:
            for result in page["MetricDataResults"]:
                code = result.get("StatusCode", "Complete")
                if code not in _PARTLY:
                    told = "; ".join(str(message.get("Value", "")) for message in result.get("Messages", ()))
                    raise AwsError(told or "no data", doing=f"read {region}/metrics", code=code)
                yield result
    except (ClientError, BotoCoreError) as error:
        raise explain(error, doing=f"read {region}/metrics") from error


def _seconds(moment: datetime) -> int:
    return int((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp())


def lag(aws: Aws) -> float:
    """Seconds after which CloudWatch tells of a minute."""
    return max(LAG * aws.time_scale, _SOONEST)


def resolution(aws: Aws) -> int:
    """Seconds by which metrics are counted: AWS's minute, at the pace of a local AWS."""
    return MINUTE if aws.time_scale >= 1 else max(1, round(MINUTE * aws.time_scale))
